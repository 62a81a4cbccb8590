"""From stored pages to ads: extraction in the parser child, then all that it found in one transaction."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from crawlers.following import follow_links
from crawlers.inserting import update_rows
from crawlers.items import Extraction
from crawlers.pictures.wanted import note_shown_pictures
from crawlers.profiles import note_pages, take_out_shrunken
from crawlers.records import RECORD, read_record
from crawlers.sources_config import Recheck, SourceConfig
from crawlers.stored_page import StoredPage, Understood
from crawlers.storing import AdRefused, Sighting, StoredAds, check_ad, mark_gone, store_ads
from models.crawl import CrawlRun, Page
from models.enums import GoneReason, ParseState
from models.logs import get_logger
from models.session import Database, is_passing

log = get_logger(__name__)

MAX_PROBLEMS = 50


class Parser(Protocol):
    """What extraction needs: the parser child, or in tests a plain function behind the same name."""

    def extract(
        self,
        body: bytes,
        *,
        url: str,
        content_type: str | None = None,
        page_object: str | None = None,
        fetched_at: datetime | None = None,
    ) -> Extraction:
        """Read one page; never raises for what it holds."""


@dataclass(frozen=True)
class ReadReport:
    """What reading pages brought; counts of rows."""

    n_pages: int = 0
    n_failed: int = 0
    n_ads: int = 0
    n_new_versions: int = 0
    n_new_requests: int = 0

    def __add__(self, other: "ReadReport") -> "ReadReport":
        return ReadReport(
            self.n_pages + other.n_pages,
            self.n_failed + other.n_failed,
            self.n_ads + other.n_ads,
            self.n_new_versions + other.n_new_versions,
            self.n_new_requests + other.n_new_requests,
        )


def read_pages(
    db: Database,
    parser: Parser,
    pages: Sequence[StoredPage],
    *,
    now: datetime,
    follow: SourceConfig | None = None,
) -> ReadReport:
    """Extract pages and store what they say, with one transaction for all; a bad page never stops the rest.

    Args:
        db: the database.
        parser: usually a :class:`crawlers.sandbox.ParserChild`.
        pages: pages of one source whose bytes and rows are stored.
        now: present time.
        follow: the source whose limits say which links go into the run's frontier; None = none.

    Raises:
        DBAPIError: the database is away or full; the pages that are not stored yet stay pending.
    """
    if not pages:
        return ReadReport()
    return store_read(db, [(page, extract(parser, page)) for page in pages], now=now, follow=follow)


def store_read(
    db: Database,
    understood: Sequence[Understood],
    *,
    now: datetime,
    follow: SourceConfig | None = None,
) -> ReadReport:
    """Store what pages say that were read already; otherwise as :func:`read_pages`, for at least one page."""
    try:
        with db.write() as session:
            return _store(session, understood, now, follow)
    except DBAPIError as error:
        if is_passing(error):
            raise
        if len(understood) == 1:
            return _fail(db, understood[0][0], type(error).__name__)
    log.warning("crawl.pages.stored_singly", source_id=understood[0][0].source_id, n=len(understood))
    report = ReadReport()
    for one in understood:
        report += _store_alone(db, one, now, follow)
    return report


def _store_alone(db: Database, one: Understood, now: datetime, follow: SourceConfig | None) -> ReadReport:
    try:
        with db.write() as session:
            return _store(session, [one], now, follow)
    except DBAPIError as error:
        if is_passing(error):
            raise
        return _fail(db, one[0], type(error).__name__)


def extract(parser: Parser, page: StoredPage) -> Extraction:
    """Read one page's bytes: a record of an imported file here, anything else in the parser child."""
    if page.page_object == RECORD:
        return read_record(page.body, page.content_type)
    return parser.extract(
        page.body,
        url=page.final_url,
        content_type=page.content_type,
        page_object=page.page_object,
        fetched_at=page.captured_at,
    )


def _store(
    session: Session,
    understood: Sequence[Understood],
    now: datetime,
    follow: SourceConfig | None,
) -> ReadReport:
    n_pages, source_id = len(understood), understood[0][0].source_id
    understood = take_out_shrunken(session, understood, now)
    if not understood:
        return ReadReport(n_pages=n_pages)
    sightings: list[Sighting] = []
    problems: dict[int, list[str]] = {}
    for page, extraction in understood:
        seen, refused = _sightings(page, extraction)
        sightings += seen
        problems[page.page_id] = [*extraction.problems, *refused]
    stored = store_ads(session, source_id, sightings, follow.recheck if follow else Recheck())
    run_id = understood[0][0].run_id if follow is not None else None
    note_shown_pictures(session, source_id, stored.shown_pictures, run_id=run_id, now=now)
    gone = dict.fromkeys(_gone_urls(understood), GoneReason.ARCHIVED)
    mark_gone(session, source_id, gone, now=now)
    note_pages(session, understood, now)
    n_requests = 0
    if follow is not None:
        fresh = stored.fresh_page_ids
        n_requests = follow_links(session, understood, follow, fresh_page_ids=fresh, now=now)
    _finish_pages(session, understood, problems)
    _count(session, understood, stored, n_ads=stored.n_new_ads)
    return ReadReport(
        n_pages=n_pages,
        n_ads=stored.n_new_ads,
        n_new_versions=len(stored.new_version_ids),
        n_new_requests=n_requests,
    )


def _sightings(page: StoredPage, extraction: Extraction) -> tuple[list[Sighting], list[str]]:
    seen, problems = [], []
    for item in extraction.ads:
        try:
            checked, notes = check_ad(item)
        except AdRefused as refusal:
            problems.append(f"ad_refused: {refusal.reason}")
            continue
        problems += notes
        seen.append(Sighting(page.page_id, checked, page.seen_at, not extraction.is_complete))
    return seen, problems


def _gone_urls(understood: Iterable[Understood]) -> list[str]:
    return [
        url
        for page, extraction in understood
        if extraction.is_gone
        for url in (page.url, page.final_url, *(ad.url for ad in extraction.ads))
    ]


def _finish_pages(session: Session, understood: Sequence[Understood], problems: dict[int, list[str]]) -> None:
    update_rows(
        session,
        Page,
        [_finished(page, extraction, problems[page.page_id]) for page, extraction in understood],
    )


def _finished(page: StoredPage, extraction: Extraction, noted: list[str]) -> dict[str, Any]:
    """Columns of a page that was read, with its key."""
    is_whole = extraction.is_complete and not any(p.startswith("ad_refused") for p in noted)
    return {
        "id": page.page_id,
        "parse_state": ParseState.PARSED if is_whole else ParseState.PARSE_INCOMPLETE,
        "parse_problems": noted[:MAX_PROBLEMS],
        "n_ads": len(extraction.ads),
        "page_object": extraction.page_object or page.page_object,
        "lease_token": None,
        "lease_expires_at": None,
        "next_try_at": None,
        "error": None,
        "attempts": 0,
    }


def _count(session: Session, understood: Sequence[Understood], stored: StoredAds, *, n_ads: int) -> None:
    run_id = understood[0][0].run_id
    if run_id is not None and (n_ads or stored.new_version_ids):
        session.execute(
            update(CrawlRun)
            .where(CrawlRun.id == run_id)
            .values(
                n_ads=CrawlRun.n_ads + n_ads,
                n_new_versions=CrawlRun.n_new_versions + len(stored.new_version_ids),
            )
            .execution_options(synchronize_session=False)
        )


def _fail(db: Database, page: StoredPage, kind: str) -> ReadReport:
    """Say on the page's row that it was read but could not be stored; it is never taken for clean."""
    with db.write() as session:
        row = session.get_one(Page, page.page_id)
        row.parse_state, row.error = ParseState.FAILED, f"not_stored: {kind}"
        row.lease_token = row.lease_expires_at = row.next_try_at = None
    log.error("crawl.page.not_stored", page_id=page.page_id, kind=kind)
    return ReadReport(n_pages=1, n_failed=1)
