"""From what pages say to rows: ads, their versions and contacts. Only a real change makes a version."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from crawlers.items import AdItem, ContactItem
from models.ad import Ad, AdVersion, Contact, mark_changed
from models.enums import AdState, check_transition
from models.errors import Rejected
from models.urls import BadUrl, canonical_url

MAX_ID_CHARACTERS = 512
MAX_TEXT_CHARACTERS = 1_000_000
MAX_CONTACT_CHARACTERS = 512
_PRICE_LIMIT = Decimal(10) ** 16
_FIRST_YEAR, _LAST_YEAR = 1990, 2100
_CHUNK = 400


class AdRefused(Rejected):
    """An ad cannot be stored; ``context["reason"]`` is a stable word for it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"The ad cannot be stored: {reason}.", reason=reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Sighting:
    """An ad as one page showed it.

    Attributes:
        is_incomplete: the page could not be read whole, so the ad may say more.
    """

    page_id: int
    item: AdItem
    seen_at: datetime
    is_incomplete: bool = False


@dataclass(slots=True)
class StoredAds:
    """What storing did; ids of versions and ads."""

    new_version_ids: list[int] = field(default_factory=list)
    n_new_ads: int = 0
    n_unchanged: int = 0


def check_ad(item: AdItem) -> tuple[AdItem, tuple[str, ...]]:
    """Bring an ad into a form that every database takes.

    Returns:
        The ad, and a word for each field that had to be left out.

    Raises:
        AdRefused: it has no identity, or is too long to be an ad.
    """
    if not item.external_id or len(item.external_id) > MAX_ID_CHARACTERS:
        raise AdRefused("bad_external_id")
    if len(item.title) + len(item.text) > MAX_TEXT_CHARACTERS:
        raise AdRefused("text_too_long")
    try:
        url = item.url if item.url.startswith("import:") else canonical_url(item.url)
    except BadUrl:
        raise AdRefused("bad_url") from None
    notes = []
    amount, currency, published_at = item.price_amount, item.price_currency, item.published_at
    if amount is not None and not (amount.is_finite() and abs(amount) < _PRICE_LIMIT):
        amount = currency = None
        notes.append("price_out_of_range")
    if currency is not None and not (len(currency) == 3 and currency.isascii()):
        currency = None
        notes.append("unknown_currency")
    if published_at is not None and not _FIRST_YEAR <= published_at.year <= _LAST_YEAR:
        published_at = None
        notes.append("published_at_out_of_range")
    contacts = tuple(dict.fromkeys(c for c in item.contacts if 0 < len(c.value) <= MAX_CONTACT_CHARACTERS))
    checked = replace(
        item,
        url=url,
        price_amount=amount,
        price_currency=currency,
        published_at=published_at,
        contacts=contacts,
    )
    return checked, tuple(notes)


def content_sha256(item: AdItem, *, is_incomplete: bool = False) -> str:
    """Hash of what makes a version: title, text, price and contacts, apart from white space.

    A text that was read only in part never stands for the whole one, so
    incompleteness is part of the hash.
    """
    price = None if item.price_amount is None else str(item.price_amount.quantize(Decimal("0.01")))
    fields = [
        _plain(item.title),
        _plain(item.text),
        price,
        item.price_currency,
        sorted([contact.kind.value, contact.value] for contact in item.contacts),
    ]
    if is_incomplete:
        fields.append("incomplete")
    return sha256(orjson.dumps(fields)).hexdigest()


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def store_ads(session: Session, source_id: int, sightings: Sequence[Sighting]) -> StoredAds:
    """Store ads that :func:`check_ad` passed, in the order they were seen; part of the caller's transaction.

    The same ad with the same content only moves ``last_seen_at``; a text that
    comes back after an edit becomes current again without a new version.
    """
    if not sightings:
        return StoredAds()
    stored = StoredAds()
    ads, stored.n_new_ads = _locked_ads(session, source_id, sightings)
    versions = _versions_of(session, ads.values())
    changed: dict[int, tuple[Ad, AdVersion]] = {}
    added: list[tuple[AdVersion, tuple[ContactItem, ...]]] = []
    for sighting in sightings:
        ad = ads[sighting.item.external_id]
        digest = content_sha256(sighting.item, is_incomplete=sighting.is_incomplete)
        known = versions[ad.id]
        version = known.get(digest)
        if version is None:
            version = _new_version(ad, sighting, digest, number=len(known) + 1)
            known[digest] = version
            added.append((version, sighting.item.contacts))
        else:
            stored.n_unchanged += 1
        if _note_sighting(ad, sighting):
            changed[ad.id] = (ad, version)
    _write_versions(session, added)
    stored.new_version_ids = [version.id for version, _ in added]
    _make_current(session, changed.values())
    return stored


def _locked_ads(session: Session, source_id: int, sightings: Sequence[Sighting]) -> tuple[dict[str, Ad], int]:
    first = {sighting.item.external_id: sighting for sighting in reversed(sightings)}
    ads = _select_ads(session, source_id, list(first))
    missing = [
        {
            "source_id": source_id,
            "external_id": external_id,
            "url": sighting.item.url,
            "first_seen_at": sighting.seen_at,
            "last_seen_at": sighting.seen_at,
        }
        for external_id, sighting in first.items()
        if external_id not in ads
    ]
    n_new = 0
    if missing:
        n_new = insert_missing(session, Ad, missing)
        ads.update(_select_ads(session, source_id, [str(row["external_id"]) for row in missing]))
    return ads, n_new


def _select_ads(session: Session, source_id: int, external_ids: Sequence[str]) -> dict[str, Ad]:
    found: dict[str, Ad] = {}
    for start in range(0, len(external_ids), _CHUNK):
        rows = session.scalars(
            select(Ad)
            .where(Ad.source_id == source_id, Ad.external_id.in_(external_ids[start : start + _CHUNK]))
            .order_by(Ad.id)  # everyone locks in the same order
            .with_for_update()
        )
        found.update((ad.external_id, ad) for ad in rows)
    return found


def _versions_of(session: Session, ads: Iterable[Ad]) -> dict[int, dict[str, AdVersion]]:
    versions: dict[int, dict[str, AdVersion]] = defaultdict(dict)
    ids = [ad.id for ad in ads if ad.current_version_id is not None]
    for start in range(0, len(ids), _CHUNK):
        rows = session.scalars(select(AdVersion).where(AdVersion.ad_id.in_(ids[start : start + _CHUNK])))
        for version in rows:
            versions[version.ad_id][version.content_sha256] = version
    return versions


def _new_version(ad: Ad, sighting: Sighting, digest: str, *, number: int) -> AdVersion:
    item = sighting.item
    return AdVersion(
        ad_id=ad.id,
        number=number,
        content_sha256=digest,
        title=item.title,
        text=item.text,
        author=item.author,
        region=item.region,
        price_amount=item.price_amount,
        price_currency=item.price_currency,
        kind=item.kind.value if item.kind else None,
        published_at=item.published_at,
        observed_at=sighting.seen_at,
        page_id=sighting.page_id,
        is_parse_incomplete=sighting.is_incomplete,
    )


def _note_sighting(ad: Ad, sighting: Sighting) -> bool:
    """Move the ad's times; says whether this sighting is the newest, whose text is the present one."""
    ad.first_seen_at = min(ad.first_seen_at, sighting.seen_at)
    if sighting.seen_at < ad.last_seen_at:
        return ad.current_version_id is None
    ad.last_seen_at = sighting.seen_at
    ad.url = sighting.item.url
    return True


def _write_versions(session: Session, added: Sequence[tuple[AdVersion, tuple[ContactItem, ...]]]) -> None:
    session.add_all(version for version, _ in added)
    session.flush()
    session.add_all(
        Contact(ad_version_id=version.id, kind=contact.kind, value=contact.value)
        for version, contacts in added
        for contact in contacts
    )


def _make_current(session: Session, changed: Iterable[tuple[Ad, AdVersion]]) -> None:
    touched = []
    for ad, version in changed:
        if ad.current_version_id != version.id or ad.state is not AdState.LIVE:
            touched.append(ad.id)
        ad.current_version_id = version.id
        if ad.state is not AdState.LIVE:
            ad.state, ad.gone_at = check_transition(ad.state, AdState.LIVE), None
    session.flush()
    mark_changed(session, *touched)


def mark_gone(session: Session, source_id: int, *, urls: Iterable[str], now: datetime) -> int:
    """Date the end of the live ads that stood at these addresses; their last text stays.

    Returns:
        How many ads went.
    """
    wanted = sorted(set(urls))
    if not wanted:
        return 0
    ads = list(
        session.scalars(
            select(Ad)
            .where(Ad.source_id == source_id, Ad.url.in_(wanted), Ad.state == AdState.LIVE)
            .order_by(Ad.id)
            .with_for_update()
        )
    )
    for ad in ads:
        ad.state, ad.gone_at = check_transition(ad.state, AdState.GONE), now.astimezone(UTC)
    session.flush()
    mark_changed(session, *(ad.id for ad in ads))
    return len(ads)
