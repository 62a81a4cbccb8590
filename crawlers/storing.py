"""From what pages say to rows: ads, their versions and contacts. Only a real change makes a version."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import sha256

import orjson
from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_in_order, insert_missing, update_rows
from crawlers.items import AdItem
from crawlers.pictures.wanted import ShownPictures
from crawlers.sources_config import Recheck
from models.ad import Ad, AdVersion, Contact, mark_changed
from models.enums import AdState, GoneReason, check_transition
from models.errors import Rejected
from models.urls import BadUrl, canonical_url

MAX_ID_CHARACTERS = 512
MAX_TEXT_CHARACTERS = 1_000_000
MAX_CONTACT_CHARACTERS = 512
MAX_PICTURES = 30
_MAX_VIEWS = 2**53
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
    """What storing did; ids of versions and of the pages that brought any, and those versions' pictures."""

    new_version_ids: list[int] = field(default_factory=list)
    fresh_page_ids: set[int] = field(default_factory=set)
    shown_pictures: list[ShownPictures] = field(default_factory=list)
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
    if len(item.pictures) > MAX_PICTURES:
        notes.append("pictures_left_out")
    n_views = item.n_views if item.n_views is not None and 0 <= item.n_views < _MAX_VIEWS else None
    checked = replace(
        item,
        url=url,
        price_amount=amount,
        price_currency=currency,
        published_at=published_at,
        contacts=contacts,
        pictures=item.pictures[:MAX_PICTURES],
        n_views=n_views,
    )
    return checked, tuple(notes)


def content_sha256(item: AdItem, *, is_incomplete: bool = False) -> str:
    """Hash of what makes a version: address, title, text, price and contacts, apart from white space.

    The address belongs to it because people sign for a text at an address.

    A text that was read only in part never stands for the whole one, so
    incompleteness is part of the hash.
    """
    price = None if item.price_amount is None else str(item.price_amount.quantize(Decimal("0.01")))
    fields = [
        item.url,
        _plain(item.title),
        _plain(item.text),
        price,
        item.price_currency,
        item.price_period,
        sorted([contact.kind.value, contact.value] for contact in item.contacts),
    ]
    if is_incomplete:
        fields.append("incomplete")
    return sha256(orjson.dumps(fields)).hexdigest()


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def store_ads(
    session: Session, source_id: int, sightings: Sequence[Sighting], recheck: Recheck | None = None
) -> StoredAds:
    """Store ads that :func:`check_ad` passed, in the order they were seen; part of the caller's transaction.

    The same ad with the same content only moves its times; a text that
    comes back after an edit becomes current again without a new version.

    Args:
        session: a write session.
        source_id: the source of them all.
        sightings: ads with the pages that showed them.
        recheck: how long an ad is left alone; None = as a source that says nothing about it.
    """
    recheck = recheck or Recheck()
    if not sightings:
        return StoredAds()
    stored = StoredAds()
    ads, stored.n_new_ads = _locked_ads(session, source_id, sightings)
    versions = _versions_of(session, ads.values())
    added: list[tuple[_Version, Sighting]] = []
    for sighting in sightings:
        ad = ads[sighting.item.external_id]
        digest = content_sha256(sighting.item, is_incomplete=sighting.is_incomplete)
        known = versions[ad.id]
        version = known.get(digest)
        if version is None:
            number = max((one.number for one in known.values()), default=0) + 1
            version = known[digest] = _Version(ad.id, number, digest, sighting.seen_at)
            added.append((version, sighting))
            if sighting.item.pictures:
                stored.shown_pictures.append(ShownPictures(ad.id, sighting.item.pictures))
            stored.fresh_page_ids.add(sighting.page_id)
        else:
            stored.n_unchanged += 1
        _note_sighting(ad, sighting, version, recheck)
    stored.new_version_ids = _write_versions(session, added)
    _write_ads(session, ads.values())
    return stored


@dataclass(slots=True)
class _Version:
    """A version of an ad, stored (with its id) or about to be."""

    ad_id: int
    number: int
    content_sha256: str
    observed_at: datetime
    id: int | None = None


@dataclass(slots=True)
class _LockedAd:
    """What storing needs of an ad's row, which stays locked until the transaction ends."""

    id: int
    external_id: str
    url: str
    state: AdState
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None = None
    gone_reason: GoneReason | None = None
    next_check_at: datetime | None = None
    current_version_id: int | None = None
    n_views: int | None = None
    shown: _Version | None = None


_READ = (
    Ad.id, Ad.external_id, Ad.url, Ad.state, Ad.first_seen_at, Ad.last_seen_at, Ad.gone_at, Ad.gone_reason,
    Ad.next_check_at, Ad.current_version_id, Ad.n_views,
)  # fmt: skip
_WRITTEN = (
    "id", "url", "state", "first_seen_at", "last_seen_at", "gone_at", "gone_reason", "next_check_at",
    "current_version_id", "n_views",
)  # fmt: skip


def _locked_ads(
    session: Session, source_id: int, sightings: Sequence[Sighting]
) -> tuple[dict[str, _LockedAd], int]:
    first = {sighting.item.external_id: sighting for sighting in reversed(sightings)}
    ads = _select_ads(session, source_id, list(first))
    missing = {external_id: seen for external_id, seen in first.items() if external_id not in ads}
    rows = [
        {
            "source_id": source_id,
            "external_id": external_id,
            "url": sighting.item.url,
            "first_seen_at": sighting.seen_at,
            "last_seen_at": sighting.seen_at,
        }
        for external_id, sighting in missing.items()
    ]
    new = insert_missing(session, Ad, rows, key="external_id")
    for external_id, ad_id in new.items():
        seen_at, url = missing[external_id].seen_at, missing[external_id].item.url
        ads[external_id] = _LockedAd(ad_id, external_id, url, AdState.LIVE, seen_at, seen_at)
    if len(new) < len(missing):  # another process stored them meanwhile
        ads.update(_select_ads(session, source_id, [name for name in missing if name not in new]))
    return ads, len(new)


def _select_ads(session: Session, source_id: int, external_ids: Sequence[str]) -> dict[str, _LockedAd]:
    found: dict[str, _LockedAd] = {}
    for start in range(0, len(external_ids), _CHUNK):
        rows = session.execute(
            select(*_READ)
            .where(Ad.source_id == source_id, Ad.external_id.in_(external_ids[start : start + _CHUNK]))
            .order_by(Ad.id)  # everyone locks in the same order
            .with_for_update()
        )
        found.update((row.external_id, _LockedAd(*row)) for row in rows)
    return found


def _versions_of(session: Session, ads: Iterable[_LockedAd]) -> dict[int, dict[str, _Version]]:
    """Versions by what their page said; of those that differ by words in pictures alone, the newest."""
    versions: dict[int, dict[str, _Version]] = defaultdict(dict)
    ids = [ad.id for ad in ads if ad.current_version_id is not None]
    for start in range(0, len(ids), _CHUNK):
        rows = session.execute(
            select(
                AdVersion.ad_id,
                AdVersion.number,
                func.coalesce(AdVersion.page_sha256, AdVersion.content_sha256),
                AdVersion.observed_at,
                AdVersion.id,
            )
            .where(AdVersion.ad_id.in_(ids[start : start + _CHUNK]))
            .order_by(AdVersion.number)
        )
        for row in rows:
            versions[row.ad_id][row[2]] = _Version(*row)
    return versions


def _note_sighting(ad: _LockedAd, sighting: Sighting, version: _Version, recheck: Recheck) -> None:
    """Move the ad's times; the text of the newest sighting is the present one."""
    ad.first_seen_at = min(ad.first_seen_at, sighting.seen_at)
    if sighting.seen_at >= ad.last_seen_at:
        ad.last_seen_at, ad.url, ad.shown = sighting.seen_at, sighting.item.url, version
        ad.n_views = sighting.item.n_views if sighting.item.n_views is not None else ad.n_views
        ad.next_check_at = recheck.next_at(sighting.seen_at, version.observed_at)
    elif ad.current_version_id is None and ad.shown is None:
        ad.shown = version


def _write_versions(session: Session, added: Sequence[tuple[_Version, Sighting]]) -> list[int]:
    rows = [_version_row(version, seen) for version, seen in added]
    ids = insert_in_order(session, AdVersion, rows, key=("ad_id", "number"))
    contacts = []
    for (version, sighting), version_id in zip(added, ids, strict=True):
        version.id = version_id
        contacts += [
            {"ad_version_id": version_id, "kind": contact.kind, "value": contact.value}
            for contact in sighting.item.contacts
        ]
    if contacts:
        session.execute(insert(Contact), contacts)
    return ids


def _version_row(version: _Version, sighting: Sighting) -> dict[str, object]:
    item = sighting.item
    return {
        "ad_id": version.ad_id,
        "number": version.number,
        "content_sha256": version.content_sha256,
        "url": item.url,
        "title": item.title,
        "text": item.text,
        "author": item.author,
        "forwarded_from": item.forwarded_from,
        "region": item.region,
        "price_amount": item.price_amount,
        "price_currency": item.price_currency,
        "price_period": item.price_period,
        "kind": item.kind.value if item.kind else None,
        "published_at": item.published_at,
        "observed_at": sighting.seen_at,
        "page_id": sighting.page_id,
        "is_parse_incomplete": sighting.is_incomplete,
        "pictures": list(item.pictures),
        "is_edited": item.is_edited,
    }


def _write_ads(session: Session, ads: Iterable[_LockedAd]) -> None:
    rows, changed = [], []
    for ad in ads:
        if ad.shown is not None:
            if ad.shown.id != ad.current_version_id or ad.state is not AdState.LIVE:
                changed.append(ad.id)
            if ad.state is not AdState.LIVE:
                ad.state, ad.gone_at, ad.gone_reason = check_transition(ad.state, AdState.LIVE), None, None
            ad.current_version_id = ad.shown.id
        rows.append({name: getattr(ad, name) for name in _WRITTEN})
    update_rows(session, Ad, rows)
    mark_changed(session, *changed)


def mark_gone(session: Session, source_id: int, urls: Mapping[str, GoneReason], *, now: datetime) -> int:
    """Date the end of the live ads that stood at these addresses; their last text stays.

    Args:
        session: a write session.
        source_id: the source.
        urls: how the site says so, by address.
        now: present time.

    Returns:
        How many ads went.
    """
    if not urls:
        return 0
    ads = list(
        session.scalars(
            select(Ad)
            .where(Ad.source_id == source_id, Ad.url.in_(sorted(urls)), Ad.state == AdState.LIVE)
            .order_by(Ad.id)
            .with_for_update()
        )
    )
    for ad in ads:
        ad.state, ad.gone_at = check_transition(ad.state, AdState.GONE), now.astimezone(UTC)
        ad.gone_reason = urls[ad.url]
    session.flush()
    mark_changed(session, *(ad.id for ad in ads))
    return len(ads)
