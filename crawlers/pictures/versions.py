"""The words of an ad's pictures make a version of it: the page's text, with them as a part of their own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.ad import Ad, AdVersion, Contact, mark_changed
from models.enums import AdPictureState
from models.picture import AdPicture, ReadPicture

SEPARATOR = "\n\n"
_CHUNK = 400
_COPIED = (
    "ad_id", "url", "title", "text", "author", "forwarded_from", "region", "price_amount", "price_currency",
    "price_period", "kind", "published_at", "observed_at", "page_id", "is_parse_incomplete", "pictures",
    "is_edited",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Known:
    """What is known of one of an ad's pictures; without a hash it was not looked at."""

    state: AdPictureState
    sha256: str | None
    text: str | None


def add_picture_texts(session: Session, ad_ids: Collection[int], *, is_final: bool = False) -> int:
    """Make versions with the words of pictures that have been read; part of the caller's transaction.

    The version without them stays, and one that people have before them stays
    as it is: a new version asks for a new look. Twice changes nothing.

    Args:
        session: a write session.
        ad_ids: ads to look at; those with pictures are locked.
        is_final: take what there is; else versions wait until none of their pictures is wanted.

    Returns:
        How many versions were made.
    """
    ids = sorted(set(ad_ids))
    n_made = 0
    for start in range(0, len(ids), _CHUNK):
        known = _known_pictures(session, ids[start : start + _CHUNK])
        ads = session.scalars(select(Ad).where(Ad.id.in_(known)).order_by(Ad.id).with_for_update()).all()
        for ad in ads:
            n_made += _complete(session, ad, known[ad.id], is_final=is_final)
    return n_made


def _known_pictures(session: Session, ad_ids: Sequence[int]) -> dict[int, dict[str, _Known]]:
    rows = session.execute(
        select(AdPicture.ad_id, AdPicture.url, AdPicture.state, ReadPicture.sha256, ReadPicture.text)
        .outerjoin(ReadPicture, AdPicture.picture_id == ReadPicture.id)
        .where(AdPicture.ad_id.in_(ad_ids))
    )
    found: dict[int, dict[str, _Known]] = {}
    for ad_id, url, state, digest, text in rows:
        found.setdefault(ad_id, {})[url] = _Known(state, digest, text)
    return found


def _complete(session: Session, ad: Ad, known: Mapping[str, _Known], *, is_final: bool) -> int:
    versions = session.scalars(
        select(AdVersion).where(AdVersion.ad_id == ad.id).order_by(AdVersion.number)
    ).all()
    newest = {version.page_sha256 or version.content_sha256: version for version in versions}
    hashes = {version.content_sha256 for version in versions}
    number = versions[-1].number if versions else 0
    n_made = 0
    for page_sha256, version in newest.items():
        shown = [known[url] for url in version.pictures or () if url in known]
        if not is_final and any(picture.state is AdPictureState.WANTED for picture in shown):
            continue
        parts = {picture.sha256: picture.text for picture in shown if picture.text}
        digest = sha256(orjson.dumps([page_sha256, *parts.items()])).hexdigest()
        if not parts or digest in hashes:
            continue
        n_made += 1
        made = _copy(session, version, number + n_made, digest, page_sha256)
        made.picture_text = SEPARATOR.join(text for text in parts.values() if text)
        session.add(made)
        session.flush()
        if ad.current_version_id == version.id:
            ad.current_version_id = made.id
            session.flush()
            mark_changed(session, ad.id)
    return n_made


def _copy(session: Session, version: AdVersion, number: int, digest: str, page_sha256: str) -> AdVersion:
    """The version with another hash and no words of pictures; the page's own contacts go with it."""
    made = AdVersion(**{name: getattr(version, name) for name in _COPIED})
    made.number, made.content_sha256, made.page_sha256 = number, digest, page_sha256
    fields = session.scalars(
        select(Contact).where(Contact.ad_version_id == version.id, Contact.place.is_(None))
    )
    made.contacts = [Contact(kind=contact.kind, value=contact.value) for contact in fields]
    return made
