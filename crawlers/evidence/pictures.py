"""The job that takes pictures of stored pages: of flagged ads by itself, of others when a person asks."""

from datetime import datetime
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError
from sqlalchemy import select, update

from crawlers.bytes_first import evidence_ids
from crawlers.chromium import find_browser
from crawlers.evidence.browser import MAX_HEIGHT, WIDTH, NoPicture, photograph
from crawlers.evidence.payload import body_of
from crawlers.inserting import insert_missing
from models.ad import AdVersion
from models.blobs import Blob, BlobDamaged, BlobMissing, BlobStore
from models.crawl import Page
from models.enums import EvidenceKind, PictureState
from models.evidence import Evidence, Picture
from models.leases import JobReport, hold_back, lease_rows, release
from models.logs import get_logger
from models.review import ReviewTask
from models.session import Database

log = get_logger(__name__)

_AT_ONCE = 5
_WANTED_AT_ONCE = 100
_LEASE_SECONDS = 300.0
_AS_TEXT = "text/plain; charset=utf-8"
_SHOWN_AS_THEY_ARE = ("text/html", "application/xhtml+xml")


def want_pictures(db: Database, *, now: datetime) -> JobReport:
    """Want a picture of every page that a flagged ad stands on."""
    known = select(Picture.id).where(Picture.evidence_id == Evidence.id).exists()
    wanted = (
        select(Evidence.id)
        .distinct()
        .join(Page, Page.evidence_id == Evidence.id)
        .join(AdVersion, AdVersion.page_id == Page.id)
        .join(ReviewTask, ReviewTask.ad_version_id == AdVersion.id)
        .where(~known, Evidence.erased_at.is_(None))
        .limit(_WANTED_AT_ONCE)
    )
    with db.read() as session:
        ids = session.scalars(wanted).all()
    if not ids:
        return JobReport()
    with db.write() as session:
        rows = [{"evidence_id": evidence_id, "wanted_at": now} for evidence_id in ids]
        n_made = len(insert_missing(session, Picture, rows))
    return JobReport(n_made)


def take_pictures(db: Database, store: BlobStore, *, now: datetime) -> JobReport:
    """Take some pictures that are wanted; without a browser, say so on each row until there is one."""
    browser = find_browser(db.settings)
    with db.write() as session:
        if browser is None:
            session.execute(
                update(Picture)
                .where(Picture.state == PictureState.WANTED)
                .values(state=PictureState.NO_BROWSER)
                .execution_options(synchronize_session=False)
            )
            return JobReport()
        _, ids = lease_rows(
            session,
            Picture,
            where=Picture.state.in_([PictureState.WANTED, PictureState.NO_BROWSER]),
            order_by=[Picture.id],
            n=_AT_ONCE,
            now=now,
            seconds=_LEASE_SECONDS,
        )
    report = JobReport()
    for picture_id in ids:
        is_taken = _take(db, store, browser, picture_id, now)
        report += JobReport(int(is_taken), int(not is_taken))
    return report


def _take(db: Database, store: BlobStore, browser: Path, picture_id: int, now: datetime) -> bool:
    with db.read() as session:
        evidence_id = session.get_one(Picture, picture_id).evidence_id
        evidence = session.get_one(Evidence, evidence_id)
        page = session.scalars(
            select(Page).where(Page.evidence_id == evidence_id).order_by(Page.id).limit(1)
        ).one()
    try:
        body = body_of(store.get(evidence.sha256), evidence)
        shot = photograph(browser, body, url=page.final_url, content_type=_shown_as(page.content_type))
        blob = store.put(encode_anew(shot.png))
    except (NoPicture, BlobMissing, BlobDamaged) as error:
        _note_failure(db, picture_id, error.code, now)
        return False
    _keep(db, picture_id, blob, shot.browser, now)
    return True


def _shown_as(content_type: str | None) -> str:
    """Pages as the server named them; JSON, feeds and records as text."""
    said = content_type or "text/html"
    return said if said.lower().startswith(_SHOWN_AS_THEY_ARE) else _AS_TEXT


def _note_failure(db: Database, picture_id: int, code: str, now: datetime) -> None:
    with db.write() as session:
        picture = session.get_one(Picture, picture_id)
        if not hold_back(picture, code, now=now):
            picture.state = PictureState.FAILED
    log.warning("evidence.picture.failed", picture_id=picture_id, kind=code)


def _keep(db: Database, picture_id: int, blob: Blob, browser: str, now: datetime) -> None:
    with db.write() as session:
        picture = session.get_one(Picture, picture_id)
        picture.png_id = evidence_ids(session, [blob], [now], kind=EvidenceKind.PICTURE)[blob.sha256]
        picture.state, picture.taken_at, picture.browser = PictureState.TAKEN, now, browser[:64]
        release(picture)


def encode_anew(png: bytes) -> bytes:
    """The pixels in a PNG of our own writing: nothing else of what a browser wrote goes on.

    Raises:
        NoPicture: it is no picture of the expected size.
    """
    try:
        with Image.open(BytesIO(png), formats=["PNG"]) as image:
            if image.width > WIDTH or image.height > MAX_HEIGHT:
                raise NoPicture("The picture is larger than was asked for.")
            out = BytesIO()
            image.convert("RGB").save(out, "PNG")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise NoPicture("The browser's picture cannot be read.") from error
    return out.getvalue()
