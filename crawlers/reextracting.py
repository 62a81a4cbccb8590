"""Reading stored pages: of a running crawl, left unread by any, or again by a mended page object."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Row, func, select

from crawlers.evidence.payload import body_of
from crawlers.frontier import has_unparsed_pages
from crawlers.reading import Parser, ReadReport, read_pages
from crawlers.records import RECORD
from crawlers.sources_config import SourceConfig, config_of, one_by_one
from crawlers.stored_page import StoredPage
from models.blobs import BlobDamaged, BlobMissing, BlobStore
from models.crawl import CrawlRun, FrontierRequest, Page, Source
from models.enums import FetchResult, ParseState, SourceKind
from models.evidence import Evidence
from models.leases import JobReport, hold_back, lease_rows
from models.logs import get_logger
from models.progress import Progress
from models.runs import LISTING_RUNS, OPEN_RUN_STATES
from models.session import Database

log = get_logger(__name__)

_AT_ONCE = 128  # what a crawl stores at once is read at once


def extract_pending(
    db: Database, store: BlobStore, parser: Parser, *, now: datetime, lease_seconds: float
) -> JobReport:
    """Read some pages that are stored but unread, as after a crash; links go into runs that are still open.

    Returns:
        Pages read; 0 when none was waiting.
    """
    pages = lease_unparsed(db, store.get, run_id=None, now=now, seconds=lease_seconds)
    report = JobReport()
    for (_, run_id), group in _grouped(pages).items():
        follow = _open_run_config(db, run_id)
        read = read_pages(db, parser, group, now=now, follow=follow)
        report += JobReport(read.n_pages - read.n_failed, read.n_failed)
    return report


def read_run(
    db: Database,
    store: BlobStore,
    parser: Parser,
    *,
    run_id: int,
    follow: SourceConfig,
    now: datetime,
    lease_seconds: float,
) -> int:
    """Read some pages of a run that is fetching meanwhile; returns how many were there to read."""
    with db.read() as session:
        if not has_unparsed_pages(session, run_id):
            return 0
    pages = lease_unparsed(db, store.get, run_id=run_id, now=now, seconds=lease_seconds)
    read_pages(db, parser, pages, now=now, follow=follow)
    return len(pages)


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
    return _load(db, ids, load, now) if ids else []


def _load(db: Database, ids: Sequence[int], load: Callable[[str], bytes], now: datetime) -> list[StoredPage]:
    """Pages with their bytes; those whose bytes are unusable are held back."""
    with db.read() as session:
        rows = session.execute(_STORED.where(Page.id.in_(ids))).all()
    pages, unusable = [], {}
    for row in rows:
        try:
            pages.append(_stored_page(row, body_of(load(row.sha256), row)))
        except (BlobMissing, BlobDamaged) as error:
            log.error("extract.bytes.unusable", page_id=row.id, kind=error.code)
            unusable[row.id] = error.code
    if unusable:
        with db.write() as session:
            for page in session.scalars(select(Page).where(Page.id.in_(unusable))):
                if not hold_back(page, unusable[page.id], now=now):
                    page.parse_state = ParseState.FAILED
    return pages


# A page and what its reader needs beside it, in few columns: pages are many, objects for them dear.
_STORED = (
    select(
        Page.id,
        Page.source_id,
        Page.crawl_run_id,
        Page.url,
        Page.final_url,
        Page.content_type,
        Page.page_object,
        Page.result,
        Page.fetched_at,
        Evidence.sha256,
        Evidence.captured_at,
        Evidence.payload_offset,
        Evidence.payload_bytes,
        Evidence.payload_encoding,
        FrontierRequest.depth,
        FrontierRequest.n_stale,
    )
    .join(Evidence, Page.evidence_id == Evidence.id)
    .outerjoin(
        FrontierRequest,
        (FrontierRequest.crawl_run_id == Page.crawl_run_id) & (FrontierRequest.url_sha256 == Page.url_sha256),
    )
    .order_by(Page.id)
)


def _stored_page(row: Row[*tuple[Any, ...]], body: bytes) -> StoredPage:  # Any: the columns of _STORED
    return StoredPage(
        page_id=row.id,
        source_id=row.source_id,
        run_id=row.crawl_run_id,
        url=row.url,
        final_url=row.final_url,
        content_type=row.content_type,
        page_object=row.page_object,
        # The server has these bytes longer than it was asked for them this time.
        captured_at=row.captured_at if row.result is FetchResult.NOT_MODIFIED else row.fetched_at,
        seen_at=row.fetched_at,
        depth=row.depth or 0,
        body=body,
        n_stale=row.n_stale or 0,
    )


def _grouped(pages: Sequence[StoredPage]) -> dict[tuple[int, int | None], list[StoredPage]]:
    groups: dict[tuple[int, int | None], list[StoredPage]] = {}
    for page in pages:
        groups.setdefault((page.source_id, page.run_id), []).append(page)
    return groups


def _as_of_today(db: Database, source_id: int, pages: Sequence[StoredPage]) -> list[StoredPage]:
    """The pages for today's page objects: what recognised one last time is no hint."""
    with db.read() as session:
        source = session.get_one(Source, source_id)
    config = None if source.kind is SourceKind.IMPORT else config_of(source)

    def page_object(page: StoredPage) -> str | None:
        if page.page_object == RECORD:
            return RECORD
        return config.page_object_for(page.url) if config else None

    return [replace(page, run_id=None, page_object=page_object(page)) for page in pages]


def _open_run_config(db: Database, run_id: int | None) -> SourceConfig | None:
    """The source's settings while the run may still fetch; None when its links come too late."""
    if run_id is None:
        return None
    with db.read() as session:
        run = session.get(CrawlRun, run_id)
        if run is None or run.state not in OPEN_RUN_STATES:
            return None
        return config_of_run(run)


def config_of_run(run: CrawlRun) -> SourceConfig:
    """The settings that a run's pages are read under; one that was given its addresses follows no links."""
    config = config_of(run.source)
    return config if run.kind in LISTING_RUNS else one_by_one(config)


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
        with db.read() as session:
            ids = session.scalars(
                select(Page.id).where(where, Page.id > last_id).order_by(Page.id).limit(_AT_ONCE)
            ).all()
        if not ids:
            return report
        last_id = ids[-1]
        for (source_id, _), group in _grouped(_load(db, ids, store.get, now)).items():
            report += read_pages(db, parser, _as_of_today(db, source_id, group), now=now)
        if progress is not None:
            progress.advance(len(ids))
