"""Erasing what a machine read in pictures: the words go wherever a row holds them; rows and hashes stay."""

from collections.abc import Iterator, Sequence
from itertools import islice

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from models.ad import Ad, AdVersion, Contact, mark_changed
from models.classification import Classification, IndicatorHit
from models.crawl import Page
from models.enums import PictureProblem, TextPlace
from models.evidence import Evidence
from models.picture import ERASED, AdPicture, ReadPicture

_MAX_NAMED = 20


def erase_picture_words(session: Session, evidence: Evidence) -> tuple[int, tuple[int, ...]]:
    """Erase the words of pictures from all ad versions that stand on an erased page.

    Of a version go the words themselves and every quote of them: in hits, in
    what the statistical part read, in facts and contacts; the search follows.
    The picture's own words go once no stored page shows it that is not erased,
    and are not read again then.

    Args:
        session: a write session.
        evidence: marked as erased in it.

    Returns:
        How many versions had words, and the first items of evidence whose ads
        still show one of the pictures and hold its words.
    """
    on_page = select(AdVersion.ad_id).join(Page).where(Page.evidence_id == evidence.id)
    # Ads are locked before what hangs on them, as everywhere.
    session.scalars(select(Ad.id).where(Ad.id.in_(on_page)).order_by(Ad.id).with_for_update()).all()
    versions = session.scalars(
        select(AdVersion)
        .join(Page)
        .where(Page.evidence_id == evidence.id, AdVersion.picture_text.is_not(None))
        .order_by(AdVersion.id)
    ).all()
    for version in versions:
        _erase_from_version(session, version)
    still = [item for picture in _pictures_of(session, versions) for item in _erase_picture(session, picture)]
    mark_changed(session, *{version.ad_id for version in versions})
    return len(versions), tuple(sorted(set(still)))[:_MAX_NAMED]


def _erase_from_version(session: Session, version: AdVersion) -> None:
    version.picture_text = ERASED
    # Whoever is reading the words right now stores nothing of them: the row is read again without.
    version.lease_token = version.lease_expires_at = None
    session.flush()
    session.execute(
        delete(Contact).where(Contact.ad_version_id == version.id, Contact.place == TextPlace.PICTURE)
    )
    for found in session.scalars(select(Classification).where(Classification.ad_version_id == version.id)):
        session.execute(
            update(IndicatorHit)
            .where(IndicatorHit.classification_id == found.id, IndicatorHit.place == TextPlace.PICTURE)
            .values(quote="")
        )
        found.model_words = [
            word | {"quote": ""} if word["place"] == TextPlace.PICTURE else word for word in found.model_words
        ]
        if found.explanation is not None:
            facts = [fact for fact in found.explanation["facts"] if fact["place"] != TextPlace.PICTURE]
            found.explanation = found.explanation | {"facts": facts}


def _pictures_of(session: Session, versions: Sequence[AdVersion]) -> list[ReadPicture]:
    shown = {(version.ad_id, url) for version in versions for url in version.pictures or ()}
    rows = session.scalars(
        select(AdPicture)
        .where(AdPicture.ad_id.in_({ad_id for ad_id, _ in shown}), AdPicture.picture_id.is_not(None))
        .order_by(AdPicture.id)
    )
    pictures = {row.picture for row in rows if (row.ad_id, row.url) in shown and row.picture is not None}
    return sorted((picture for picture in pictures if picture.text), key=lambda picture: picture.id)


def _erase_picture(session: Session, picture: ReadPicture) -> list[int]:
    """Erase a picture's words unless they are held elsewhere; items of evidence that hold them."""
    holders = list(islice(_holders(session, picture), _MAX_NAMED))
    if not holders:
        picture.text, picture.problem = None, PictureProblem.ERASED
    return holders


def _holders(session: Session, picture: ReadPicture) -> Iterator[int]:
    """Stored pages, not erased, of versions that show the picture."""
    rows = session.execute(
        select(Evidence.id, AdVersion.pictures, AdPicture.url)
        .join(Page, Page.evidence_id == Evidence.id)
        .join(AdVersion, AdVersion.page_id == Page.id)
        .join(AdPicture, AdPicture.ad_id == AdVersion.ad_id)
        .where(AdPicture.picture_id == picture.id, Evidence.erased_at.is_(None))
        .order_by(Evidence.id)
    )
    for evidence_id, urls, url in rows:
        if url in (urls or ()):
            yield evidence_id
