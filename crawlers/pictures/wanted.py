"""Which pictures of ads are wanted, and asking for them in a run's frontier: one address, one request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from crawlers.frontier import UNSETTLED, NewRequest, add_requests
from crawlers.inserting import insert_missing
from crawlers.pictures.reader import find_tesseract
from crawlers.pictures.versions import add_picture_texts
from crawlers.sources_config import SourceConfig, config_of
from models.ad import Ad
from models.crawl import FrontierRequest, Source
from models.enums import AdPictureState, PictureProblem, RequestKind, RequestState
from models.picture import AdPicture, picture_key
from models.urls import BadUrl, canonical_url

_CHUNK = 400


@dataclass(frozen=True, slots=True)
class ShownPictures:
    """Addresses of the pictures that an ad's new version shows, in page order."""

    ad_id: int
    urls: tuple[str, ...]


def note_shown_pictures(
    session: Session, source_id: int, shown: Sequence[ShownPictures], *, run_id: int | None, now: datetime
) -> None:
    """What storing does about the pictures of new versions; part of its transaction.

    Those whose source asks for it are wanted, and asked for in the run that
    found them. Words that are known of an address already are added at once,
    so that extracting anew fetches nothing.

    Args:
        session: a write session.
        source_id: the source of them all.
        shown: of versions that were not here before.
        run_id: a run that still fetches; None = the source's next run asks for them.
        now: present time.
    """
    if not shown:
        return
    source = session.get_one(Source, source_id)
    if source.settings.get("pictures"):
        config = config_of(source)
        if want_pictures(session, source_id, shown, config, now) and run_id is not None:
            ask_for_pictures(session, run_id, source_id, config, now)
    add_picture_texts(session, {pictures.ad_id for pictures in shown})


def sources_with_pictures(session: Session) -> list[str]:
    """Names of the sources that are on and ask for the pictures of their ads."""
    sources = session.scalars(select(Source).where(Source.is_enabled).order_by(Source.name))
    return [source.name for source in sources if source.settings.get("pictures")]


def leave_pictures(session: Session, run_id: int) -> None:
    """End a run's requests for pictures once it waits for nothing else: no slot is missed for their sake.

    They stay wanted, and the source's next run asks for them.
    """
    is_open = (FrontierRequest.crawl_run_id == run_id) & FrontierRequest.state.in_(UNSETTLED)
    is_picture = FrontierRequest.kind == RequestKind.PICTURE
    if session.scalar(select(FrontierRequest.id).where(is_open, ~is_picture).limit(1)) is not None:
        return
    session.execute(
        update(FrontierRequest)
        .where(is_open, is_picture)
        .values(state=RequestState.FAILED, error="left_for_next_run", lease_token=None, lease_expires_at=None)
        .execution_options(synchronize_session=False)
    )


def add_waiting_texts(session: Session, source_id: int) -> int:
    """At the end of a run: words that wait for another picture of their ad wait no longer."""
    is_waiting = select(AdPicture.ad_id).where(_is_wanted(source_id))
    ad_ids = session.scalars(
        select(AdPicture.ad_id).where(AdPicture.ad_id.in_(is_waiting), AdPicture.picture_id.is_not(None))
    )
    return add_picture_texts(session, set(ad_ids), is_final=True)


def want_pictures(
    session: Session, source_id: int, shown: Sequence[ShownPictures], config: SourceConfig, now: datetime
) -> int:
    """Note the pictures of new versions, for a source whose file asks for them; part of the storing.

    What may not be asked for is noted with its reason; an address that is
    known from another ad of the source is answered at once.

    Returns:
        How many are wanted.
    """
    rows = [row for pictures in shown for row in _rows(pictures, config, now)]
    if not rows:
        return 0
    known = _answers(session, source_id, sorted({str(row["url_sha256"]) for row in rows}))
    for row in rows:
        before = known.get(str(row["url_sha256"]))
        if before is not None and row["state"] is AdPictureState.WANTED:
            row |= {
                "state": before.state,
                "problem": before.problem,
                "picture_id": before.picture_id,
                "answered_at": now,
            }
    insert_missing(session, AdPicture, rows)
    return sum(row["state"] is AdPictureState.WANTED for row in rows)


def _rows(pictures: ShownPictures, config: SourceConfig, now: datetime) -> Iterable[dict[str, object]]:
    wish = config.pictures
    if wish is None:
        return
    for place, url in enumerate(dict.fromkeys(pictures.urls)):
        problem = None
        if not _is_address(url) or not config.is_picture_place(url):
            problem = PictureProblem.OTHER_HOST
        elif place >= wish.max_per_ad:
            problem = PictureProblem.TOO_MANY
        yield {
            "ad_id": pictures.ad_id,
            "url": url,
            "url_sha256": picture_key(url),
            "state": AdPictureState.NOT_READ if problem else AdPictureState.WANTED,
            "problem": problem,
            "wanted_at": now,
            "answered_at": now if problem else None,
            "picture_id": None,
        }


def _is_address(url: str) -> bool:
    try:
        return canonical_url(url) == url
    except BadUrl:
        return False


def _answers(session: Session, source_id: int, keys: Sequence[str]) -> dict[str, AdPicture]:
    """Rows of the source's ads with these addresses whose picture has been looked at."""
    found: dict[str, AdPicture] = {}
    for start in range(0, len(keys), _CHUNK):
        rows = session.scalars(
            select(AdPicture)
            .join(Ad, AdPicture.ad_id == Ad.id)
            .where(
                AdPicture.url_sha256.in_(keys[start : start + _CHUNK]),
                AdPicture.picture_id.is_not(None),
                Ad.source_id == source_id,
            )
        )
        found.update((row.url_sha256, row) for row in rows)
    return found


def ask_for_pictures(
    session: Session, run_id: int, source_id: int, config: SourceConfig, now: datetime
) -> int:
    """Add the wanted pictures of a source to its run's frontier; without a recogniser none is fetched.

    Returns:
        How many were added.
    """
    if config.pictures is None:
        return 0
    has_reader = find_tesseract() is not None
    _note_reader(session, source_id, has_reader=has_reader)
    if not has_reader:
        return 0
    urls = session.scalars(
        select(AdPicture.url)
        .where(_is_wanted(source_id))
        .order_by(AdPicture.id.desc())  # the newest ads first
        .limit(config.pictures.max_per_run)
    )
    wanted = [
        NewRequest(url, RequestKind.PICTURE) for url in dict.fromkeys(urls) if config.is_picture_place(url)
    ]
    return add_requests(session, run_id, wanted, max_pages=config.pictures.max_per_run, now=now)


def _is_wanted(source_id: int) -> ColumnElement[bool]:
    of_source = select(Ad.id).where(Ad.source_id == source_id)
    return (AdPicture.state == AdPictureState.WANTED) & AdPicture.ad_id.in_(of_source)


def _note_reader(session: Session, source_id: int, *, has_reader: bool) -> None:
    """Say of what waits whether it waits for a recogniser."""
    problem = None if has_reader else PictureProblem.NO_READER
    session.execute(
        update(AdPicture)
        .where(_is_wanted(source_id), AdPicture.problem.is_distinct_from(problem))
        .values(problem=problem)
        .execution_options(synchronize_session=False)
    )
