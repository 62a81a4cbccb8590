"""A fetched picture into rows: read where its bytes are new, answered for every ad that gave its address."""

from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.batching import Batcher
from crawlers.capture import Fetched, RunContext, comes_again, note_hosts, put_back
from crawlers.frontier import Ending, held_ids, settle
from crawlers.inserting import insert_missing
from crawlers.pictures.items import PictureReading
from crawlers.pictures.reader import find_tesseract, read_picture
from crawlers.pictures.versions import add_picture_texts
from models.ad import Ad
from models.enums import AdPictureState, FetchResult, PictureProblem, check_transition
from models.picture import AdPicture, PictureBand, ReadPicture, bands_of
from models.session import Database

_PROBLEMS = {
    FetchResult.GONE: PictureProblem.GONE,
    FetchResult.OVERSIZE: PictureProblem.OVERSIZE,
    FetchResult.WALL: PictureProblem.REFUSED,
    FetchResult.REFUSED: PictureProblem.REFUSED,
    FetchResult.ROBOTS_DISALLOWED: PictureProblem.REFUSED,
    FetchResult.BLOCKED_ADDRESS: PictureProblem.REFUSED,
}


def picture_batcher(db: Database, run: RunContext, clock: Callable[[], datetime]) -> Batcher[Fetched]:
    """Reads and stores answers to requests for pictures: one at a time, as reading one fills a processor."""

    def work(batch: list[Fetched]) -> None:
        store_pictures(db, run, batch, now=clock())

    return Batcher("pictures", work, max_items=1, gather_seconds=0)


def store_pictures(db: Database, run: RunContext, batch: Sequence[Fetched], *, now: datetime) -> None:
    """Read pictures and write down what came of them, each in a transaction of its own.

    No byte of a picture reaches the disk. Should this process die over one, the
    lease of its request runs out and it is fetched again. On a machine that lost
    its recogniser meanwhile a picture goes on being wanted.
    """
    for fetched in batch:
        is_lost = fetched.result is FetchResult.PAGE and find_tesseract() is None
        picture = _read(db, fetched) if fetched.result is FetchResult.PAGE and not is_lost else None
        fetched.body, fetched.exchanges = None, ()
        with db.write() as session:
            if not held_ids(session, [fetched.request]):
                continue
            if is_lost:
                settle(session, [Ending(fetched.request.id, fetched.result, None, PictureProblem.NO_READER)])
                continue
            picture_id = None if picture is None else _keep(session, *picture, now)
            if not comes_again(fetched):
                settle(session, [Ending(fetched.request.id, fetched.result, None, fetched.error)])
                _answer(session, run, fetched, picture_id, now)
            elif put_back(session, [fetched], run, now):
                _answer(session, run, fetched, picture_id, now)
            note_hosts(session, [fetched], now)


def _read(db: Database, fetched: Fetched) -> tuple[str, int, PictureReading | None]:
    """Hash and size of the bytes, and what they say unless they have been read before."""
    body = fetched.body or b""
    digest = sha256(body).hexdigest()
    with db.read() as session:
        is_known = session.scalar(select(ReadPicture.id).where(ReadPicture.sha256 == digest)) is not None
    return digest, len(body), None if is_known else read_picture(body)


def _keep(
    session: Session, digest: str, size_bytes: int, reading: PictureReading | None, now: datetime
) -> int:
    """Row of the picture; another process may have read the same one meanwhile."""
    if reading is not None:
        row = {
            "sha256": digest,
            "size_bytes": size_bytes,
            "format": reading.format,
            "width": reading.width,
            "height": reading.height,
            "perceptual_hash": reading.perceptual_hash,
            "problem": reading.problem,
            "text": reading.text,
            "confidence": reading.confidence,
            "reader": reading.reader,
            "read_at": now,
        }
        for picture_id in insert_missing(session, ReadPicture, [row]).values():
            bands = bands_of(reading.perceptual_hash) if reading.perceptual_hash else ()
            session.add_all(PictureBand(picture_id=picture_id, band=band, key=key) for band, key in bands)
    return session.scalars(select(ReadPicture.id).where(ReadPicture.sha256 == digest)).one()


def _answer(
    session: Session, run: RunContext, fetched: Fetched, picture_id: int | None, now: datetime
) -> None:
    """Note the answer for all ads of the source that wait for this address."""
    waiting = (
        select(AdPicture.ad_id)
        .join(Ad, AdPicture.ad_id == Ad.id)
        .where(
            AdPicture.url_sha256 == fetched.request.url_sha256,
            AdPicture.state == AdPictureState.WANTED,
            Ad.source_id == run.source_id,
        )
    )
    # Ads are locked before what hangs on them, as everywhere.
    ad_ids = session.scalars(select(Ad.id).where(Ad.id.in_(waiting)).order_by(Ad.id).with_for_update()).all()
    problem = _problem(session, fetched, picture_id)
    for row in session.scalars(
        select(AdPicture).where(
            AdPicture.url_sha256 == fetched.request.url_sha256, AdPicture.ad_id.in_(ad_ids)
        )
    ):
        state = AdPictureState.READ if problem is None else AdPictureState.NOT_READ
        row.state, row.problem = check_transition(row.state, state), problem
        row.picture_id, row.answered_at = picture_id, now
    session.flush()
    add_picture_texts(session, ad_ids)


def _problem(session: Session, fetched: Fetched, picture_id: int | None) -> PictureProblem | None:
    if picture_id is None:
        return _PROBLEMS.get(fetched.result, PictureProblem.NOT_FETCHED)
    return session.get_one(ReadPicture, picture_id).problem
