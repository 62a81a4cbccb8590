"""Pictures of an ad as a case shows them: what a machine read in each, and where else the picture stands."""

from collections.abc import Iterable, Sequence

from sqlalchemy import distinct, func, select
from sqlalchemy.orm import Session, joinedload

from models.ad import AdVersion
from models.enums import PictureProblem
from models.picture import ERASED, MAX_BITS_APART, AdPicture, PictureBand, ReadPicture, bands_of, bits_apart
from review_api.tasks.case_schemas import ShownPicture

# A hash that thousands of pictures share (an empty page) says nothing; beyond this the count is "at least".
_MAX_CANDIDATES = 2000


def show_pictures(session: Session, version: AdVersion) -> tuple[ShownPicture, ...]:
    """The pictures of a version in page order; ``state`` None: nobody asked for that one."""
    urls = list(dict.fromkeys(version.pictures or ()))
    if not urls:
        return ()
    rows = session.scalars(
        select(AdPicture)
        .where(AdPicture.ad_id == version.ad_id, AdPicture.url.in_(urls))
        .options(joinedload(AdPicture.picture))
    )
    known = {row.url: row for row in rows}
    places = _places(version.picture_text or "", (known[url] for url in urls if url in known))
    return tuple(
        _show(session, number, url, known.get(url), places, version) for number, url in enumerate(urls, 1)
    )


def _places(text: str, rows: Iterable[AdPicture]) -> dict[int, tuple[int, int]]:
    """Where each picture's words stand in the version's words of all; one shown twice stands once."""
    places: dict[int, tuple[int, int]] = {}
    end = 0
    for row in rows:
        picture = row.picture
        if picture is None or not picture.text or picture.id in places:
            continue
        start = text.find(picture.text, end)
        if start >= 0:  # another version of the ad may know fewer of its pictures
            end = start + len(picture.text)
            places[picture.id] = (start, end)
    return places


def _show(
    session: Session,
    number: int,
    url: str,
    row: AdPicture | None,
    places: dict[int, tuple[int, int]],
    version: AdVersion,
) -> ShownPicture:
    picture = row.picture if row else None
    start, end = places.pop(picture.id, (0, 0)) if picture else (0, 0)
    return ShownPicture(
        number=number,
        url=url,
        state=row.state if row else None,
        problem=_problem(row, version) if row else None,
        answered_at=row.answered_at if row else None,
        start=start,
        end=end,
        confidence=picture.confidence if picture else None,
        sha256=picture.sha256 if picture else None,
        perceptual_hash=picture.perceptual_hash if picture else None,
        n_elsewhere=_count_elsewhere(session, picture, version.ad_id) if picture else 0,
    )


def _problem(row: AdPicture, version: AdVersion) -> PictureProblem | None:
    """Why the picture was not read; or that its words are erased here, though others may hold them."""
    if row.problem is not None or row.picture is None:
        return row.problem
    is_erased = version.picture_text == ERASED and row.picture.text != ""
    return PictureProblem.ERASED if is_erased else row.picture.problem


def _count_elsewhere(session: Session, picture: ReadPicture, ad_id: int) -> int:
    """Other ads that show the same picture, as far as a perceptual hash can tell."""
    ids = _alike(session, picture)
    return (
        session.scalar(
            select(func.count(distinct(AdPicture.ad_id))).where(
                AdPicture.picture_id.in_(ids), AdPicture.ad_id != ad_id
            )
        )
        or 0
    )


def _alike(session: Session, picture: ReadPicture) -> Sequence[int]:
    own = picture.perceptual_hash
    if own is None:
        return [picture.id]
    found = {picture.id}
    for band, key in bands_of(own):
        rows = session.execute(
            select(ReadPicture.id, ReadPicture.perceptual_hash)
            .join(PictureBand, PictureBand.picture_id == ReadPicture.id)
            .where(PictureBand.band == band, PictureBand.key == key)
            .order_by(ReadPicture.id.desc())
            .limit(_MAX_CANDIDATES)
        )
        found.update(row.id for row in rows if bits_apart(own, row.perceptual_hash or own) <= MAX_BITS_APART)
    return sorted(found)
