"""What stays of the pictures that an ad showed, for those whom evidence is given: hashes and words."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from models.ad import AdVersion
from models.enums import PictureProblem
from models.picture import ERASED, AdPicture, ReadPicture
from review_api.evidence.schemas import PictureFacts


def list_ad_pictures(session: Session, ad_id: int) -> tuple[PictureFacts, ...]:
    """Pictures of all versions of an ad, each address once, in the order in which they were met."""
    versions = session.scalars(select(AdVersion).where(AdVersion.ad_id == ad_id)).all()
    shown_by: dict[str, list[str | None]] = {}
    for version in versions:
        for url in version.pictures or ():
            shown_by.setdefault(url, []).append(version.picture_text)
    rows = session.scalars(
        select(AdPicture)
        .where(AdPicture.ad_id == ad_id)
        .options(joinedload(AdPicture.picture))
        .order_by(AdPicture.id)
    )
    return tuple(_facts(row, _is_erased(row.picture, shown_by.get(row.url, ()))) for row in rows)


def _is_erased(picture: ReadPicture | None, texts: Sequence[str | None]) -> bool:
    """Whether this ad's evidence no longer holds the words, though another ad's may."""
    if picture is None or picture.text == "":
        return False
    return picture.problem is PictureProblem.ERASED or (ERASED in texts and not any(texts))


def _facts(row: AdPicture, is_erased: bool) -> PictureFacts:
    picture = row.picture
    return PictureFacts(
        url=row.url,
        state=row.state,
        problem=PictureProblem.ERASED if is_erased else row.problem,
        answered_at=row.answered_at,
        sha256=picture.sha256 if picture else None,
        perceptual_hash=picture.perceptual_hash if picture else None,
        size_bytes=picture.size_bytes if picture else None,
        format=picture.format if picture else None,
        width=picture.width if picture else None,
        height=picture.height if picture else None,
        words=picture.text if picture and not is_erased else None,
        confidence=picture.confidence if picture else None,
        reader=picture.reader if picture else None,
    )


def picture_lines(pictures: Iterable[PictureFacts]) -> bytes:
    """The same for machines: one JSON line each, times as ISO 8601 in UTC."""
    lines = (
        asdict(one) | {"answered_at": one.answered_at and one.answered_at.isoformat()} for one in pictures
    )
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()
