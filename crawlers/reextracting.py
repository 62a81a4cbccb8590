"""Reading stored pages: those a crash left unread, and any again when a page object was mended."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from crawlers.capture import StoredPage
from crawlers.reading import Parser, ReadReport, read_pages
from crawlers.records import RECORD
from crawlers.sources_config import SourceConfig, config_of
from models.blobs import BlobDamaged, BlobMissing, BlobStore
from models.crawl import CrawlRun, Page, Source
from models.enums import FetchResult, ParseState, RunState, SourceKind
from models.evidence import Evidence
from models.leases import JobReport, hold_back, lease_rows
from models.logs import get_logger
from models.progress import Progress
from models.session import Database

log = get_logger(__name__)

_AT_ONCE = 32
_OPEN_STATES = (RunState.DUE, RunState.RUNNING)


def extract_pending(
    db: Database, store: BlobStore, parser: Parser, *, now: datetime, lease_seconds: float
) -> JobReport:
    """Read some pages that are stored but unread, as after a crash; links go into runs that are still open.

    Returns:
        Pages read; 0 when none was waiting.
    """
    pages = lease_unparsed(db, store.get, run_id=None, now=now, seconds=lease_seconds)
    report = JobReport()
    for (source_id, run_id), group in _grouped(pages).items():
        follow = _open_run_config(db, source_id, run_id)
        read = read_pages(db, parser, group, now=now, follow=follow)
        report += JobReport(read.n_pages - read.n_failed, read.n_failed)
    return report


def lease_unparsed(
    db: Database, load: Callable[[str], bytes], *, run_id: int | None, now: datetime, seconds: float
) -> list[StoredPage]:
    """Take pages that wait for extraction.

    Args:
        db: the database.
        load: gives stored bytes by hash.
        run_id: only of this run; None = of any.
        now: present time.
        seconds: how long they are held.
    """
    where = Page.parse_state == ParseState.PENDING
    if run_id is not None:
        where &= Page.crawl_run_id == run_id
    with db.write() as session:
        _, ids = lease_rows(
            session, Page, where=where, order_by=[Page.id], n=_AT_ONCE, now=now, seconds=seconds
        )
        if not ids:
            return []
        return _load(session, Page.id.in_(ids), load, now)


def _load(
    session: Session, where: ColumnElement[bool], load: Callable[[str], bytes], now: datetime
) -> list[StoredPage]:
    loaded = []
    rows = session.execute(
        select(Page, Evidence, Source)
        .join(Evidence, Page.evidence_id == Evidence.id)
        .join(Source, Page.source_id == Source.id)
        .where(where)
        .order_by(Page.id)
    )
    for page, evidence, source in rows:
        try:
            body = load(evidence.sha256)
        except (BlobMissing, BlobDamaged) as error:
            log.error("extract.bytes.unusable", page_id=page.id, kind=error.code)
            if not hold_back(page, error.code, now=now):
                page.parse_state = ParseState.FAILED
            continue
        loaded.append(_stored_page(page, source, body))
    return loaded


def _stored_page(page: Page, source: Source, body: bytes) -> StoredPage:
    is_record = page.page_object == RECORD
    is_import = source.kind is SourceKind.IMPORT
    return StoredPage(
        page_id=page.id,
        source_id=page.source_id,
        run_id=page.crawl_run_id,
        url=page.url,
        final_url=page.final_url,
        content_type=page.content_type,
        # What recognised the page last time is no hint: a mended or newer page object may know better.
        page_object=RECORD
        if is_record
        else None
        if is_import
        else config_of(source).page_object_for(page.url),
        captured_at=page.fetched_at,
        seen_at=page.fetched_at,
        depth=0,
        body=body,
    )


def _grouped(pages: Sequence[StoredPage]) -> dict[tuple[int, int | None], list[StoredPage]]:
    groups: dict[tuple[int, int | None], list[StoredPage]] = {}
    for page in pages:
        groups.setdefault((page.source_id, page.run_id), []).append(page)
    return groups


def _open_run_config(db: Database, source_id: int, run_id: int | None) -> SourceConfig | None:
    """The source's settings while the run may still fetch; None when its links come too late."""
    if run_id is None:
        return None
    with db.read() as session:
        run = session.get(CrawlRun, run_id)
        if run is None or run.state not in _OPEN_STATES:
            return None
        return config_of(session.get_one(Source, source_id))


def reextract(
    db: Database,
    store: BlobStore,
    parser: Parser,
    *,
    now: datetime,
    source_name: str | None = None,
    page_ids: Sequence[int] = (),
    progress: Progress | None = None,
) -> ReadReport:
    """Run today's page objects again over stored pages, oldest first; other texts become versions.

    Args:
        db: the database.
        store: the stored bytes.
        parser: the parser child.
        now: present time.
        source_name: only pages of this source.
        page_ids: only these pages.
        progress: told of each page.
    """
    where = (Page.result == FetchResult.PAGE) & Page.evidence_id.is_not(None)
    if source_name is not None:
        where &= Page.source_id.in_(select(Source.id).where(Source.name == source_name))
    if page_ids:
        where &= Page.id.in_(page_ids)
    if progress is not None:
        with db.read() as session:
            progress.set_total(session.scalar(select(func.count()).select_from(Page).where(where)) or 0)
    report, last_id = ReadReport(), 0
    while True:
        with db.write() as session:
            ids = session.scalars(
                select(Page.id).where(where, Page.id > last_id).order_by(Page.id).limit(_AT_ONCE)
            ).all()
            if not ids:
                return report
            pages = _load(session, Page.id.in_(ids), store.get, now)
        last_id = ids[-1]
        for (_, _), group in _grouped(pages).items():
            report += read_pages(db, parser, [replace(page, run_id=None) for page in group], now=now)
        if progress is not None:
            progress.advance(len(ids))
