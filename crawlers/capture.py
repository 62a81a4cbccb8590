"""A fetched answer into rows: bytes on the disk, then page, evidence and request in one transaction."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crawlers.bytes_first import ByteKeeper
from crawlers.evidence.warc_file import (
    BUILT_TYPE,
    Built,
    CaptureFile,
    write_built_capture,
    write_capture,
)
from crawlers.evidence.wire import Exchange
from crawlers.frontier import Ending, LeasedRequest, held_ids, postpone, settle, try_later
from crawlers.inserting import insert_in_order, insert_missing
from crawlers.politeness import note_refusal
from crawlers.sources_config import SourceConfig
from crawlers.storing import mark_gone
from models.blobs import Blob
from models.crawl import CrawlRun, FrontierRequest, Host, Page, Validator
from models.enums import EvidenceKind, FetchResult, GoneReason, ParseState, RequestState, RunKind
from models.evidence import Evidence
from models.session import Database
from models.urls import host_of

_REFUSALS = frozenset({FetchResult.REFUSED, FetchResult.SLOW_DOWN, FetchResult.WALL})
_ANSWERED = frozenset({FetchResult.PAGE, FetchResult.NOT_MODIFIED})
# Worth another try: nothing is known yet of the page itself.
_PASSING = frozenset({FetchResult.BROKEN, FetchResult.SLOW_DOWN})
_GONE_STATUSES = {404: GoneReason.NOT_FOUND, 410: GoneReason.REMOVED}


@dataclass(frozen=True)
class RunContext:
    """What a crawl process knows of its run."""

    run_id: int
    source_id: int
    config: SourceConfig
    lease_seconds: float
    started_at: datetime
    kind: RunKind = RunKind.SCHEDULED


@dataclass(slots=True)
class Fetched:
    """One answer, or the lack of one.

    Attributes:
        headers: names in lower case; repeated ones joined with ", ".
        body: content encoding undone; None when nothing was received that may be kept.
        exchanges: what went over the wire for it, redirects first.
        built: what the page's own scripts made of it, where the source asks for a browser.
        file: body and exchanges as one file, once :meth:`seal` made it of them.
        error: short word for what went wrong; never text of the page.
        is_final: trying again will not help (a redirect loop, a body over the limit).
        wait_until: when the host may be asked again (Retry-After, pause).
        was_sent: False when politeness kept the request back.
    """

    request: LeasedRequest
    result: FetchResult
    fetched_at: datetime
    final_url: str
    http_status: int | None = None
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    exchanges: tuple[Exchange, ...] = ()
    built: Built | None = None
    file: CaptureFile | None = None
    error: str | None = None
    is_final: bool = False
    wait_until: datetime | None = None
    was_sent: bool = True

    def seal(self) -> None:
        """Put body and exchanges, if they are to be kept, into a file and let go of them."""
        if self.built is not None:
            self.file = write_built_capture(self.exchanges, self.built, captured_at=self.fetched_at)
        elif self.body is not None:
            self.file = write_capture(self.exchanges, body=self.body, captured_at=self.fetched_at)
        self.body, self.built, self.exchanges = None, None, ()


def store_captures(
    db: Database, keeper: ByteKeeper, run: RunContext, batch: Sequence[Fetched], *, now: datetime
) -> None:
    """Make a batch of sealed answers durable, with one transaction for all; pages then wait for their reader.

    What the transaction learnt of hosts' pauses stands in the answers' ``wait_until``.
    """
    files = {id(fetched): fetched.file for fetched in batch if fetched.file is not None}
    blobs = dict(zip(files, keeper.keep([file.content for file in files.values()]), strict=True))
    with db.write() as session:
        held = held_ids(session, [fetched.request for fetched in batch])
        ours = [fetched for fetched in batch if fetched.request.id in held]
        page_ids = _add_pages(session, run, [f for f in ours if id(f) in blobs], blobs, files)
        n_pages = len(page_ids)
        page_ids |= _add_unchanged(session, run, ours)
        later = [fetched for fetched in ours if comes_again(fetched)]
        endings = [_ending(fetched, page_ids) for fetched in ours if not comes_again(fetched)]
        settle(session, endings)
        n_failed = sum(ending.state is RequestState.FAILED for ending in endings)
        n_failed += put_back(session, later, run, now)
        note_hosts(session, ours, now)
        _keep_validators(session, run, ours, page_ids)
        gone = {f.request.url: _gone_reason(f) for f in ours if f.result is FetchResult.GONE}
        mark_gone(session, run.source_id, gone, now=now)
        _count(session, run, n_pages=n_pages, n_failed=n_failed)


def _add_pages(
    session: Session,
    run: RunContext,
    kept: Sequence[Fetched],
    blobs: dict[int, Blob],
    files: dict[int, CaptureFile],
) -> dict[int, int]:
    """Rows of answers whose bytes are kept; their ids by the identity of the answer."""
    ids = insert_missing(
        session, Evidence, [_evidence_row(f, blobs[id(f)], files[id(f)]) for f in kept], key="sha256"
    )
    rows = [_page_row(run, f, ids[blobs[id(f)].sha256]) for f in kept]
    return dict(zip(map(id, kept), insert_in_order(session, Page, rows, key=("url_sha256",)), strict=True))


def _evidence_row(fetched: Fetched, blob: Blob, file: CaptureFile) -> dict[str, Any]:
    return {
        "sha256": blob.sha256,
        "size_bytes": blob.size_bytes,
        "captured_at": fetched.fetched_at,
        "kind": EvidenceKind.BUILT if file.is_built else EvidenceKind.CAPTURE,
        "payload_offset": file.payload_offset,
        "payload_bytes": file.payload_bytes,
        "payload_sha256": file.payload_sha256,
        "payload_encoding": file.payload_encoding,
    }


def _add_unchanged(session: Session, run: RunContext, ours: Sequence[Fetched]) -> dict[int, int]:
    """Rows of pages that the server says are still the same: seen now, with the bytes of the known page."""
    unchanged = [f for f in ours if f.result is FetchResult.NOT_MODIFIED]
    if not unchanged:
        return {}
    known = {
        page.id: page
        for page in session.scalars(
            select(Page).where(
                Page.id.in_([f.request.known_page_id for f in unchanged]), Page.evidence_id.is_not(None)
            )
        )
    }
    again = [f for f in unchanged if f.request.known_page_id in known]
    rows = []
    for fetched in again:
        page = known[fetched.request.known_page_id or 0]
        same = {"final_url": page.final_url, "content_type": page.content_type}
        rows.append(_page_row(run, fetched, page.evidence_id) | same)
    return dict(zip(map(id, again), insert_in_order(session, Page, rows, key=("url_sha256",)), strict=True))


def _page_row(run: RunContext, fetched: Fetched, evidence_id: int | None) -> dict[str, Any]:
    is_to_read = fetched.result in _ANSWERED
    return {
        "source_id": run.source_id,
        "crawl_run_id": run.run_id,
        "url": fetched.request.url,
        "url_sha256": fetched.request.url_sha256,
        "final_url": fetched.final_url,
        "fetched_at": fetched.fetched_at,
        "http_status": fetched.http_status,
        "headers": fetched.headers,
        "content_type": BUILT_TYPE
        if fetched.file is not None and fetched.file.is_built
        else fetched.headers.get("content-type"),
        "result": fetched.result,
        "evidence_id": evidence_id,
        "page_object": run.config.page_object_for(fetched.request.url),
        "parse_state": ParseState.PENDING if is_to_read else ParseState.NOT_PARSED,
    }


def _gone_reason(fetched: Fetched) -> GoneReason:
    return _GONE_STATUSES.get(fetched.http_status or 0, GoneReason.REDIRECTED)


def comes_again(fetched: Fetched) -> bool:
    """Whether the request goes back into the frontier instead of ending."""
    return not fetched.was_sent or (fetched.result in _PASSING and not fetched.is_final)


def _ending(fetched: Fetched, page_ids: dict[int, int]) -> Ending:
    page_id = page_ids.get(id(fetched), fetched.request.known_page_id)
    return Ending(fetched.request.id, fetched.result, page_id, fetched.error)


def put_back(session: Session, later: Sequence[Fetched], run: RunContext, now: datetime) -> int:
    """Put requests back for another try; returns how many had used up theirs."""
    n_failed = 0
    for fetched in later:
        row = session.get_one(FrontierRequest, fetched.request.id)
        if not fetched.was_sent:
            postpone(row, until=fetched.wait_until or now, error=fetched.error or "postponed")
            continue
        try_later(
            row,
            fetched.result,
            error=fetched.error or f"http_{fetched.http_status}",
            now=now,
            delay_seconds=run.config.limits.retry_seconds,
        )
        if fetched.wait_until is not None and row.next_try_at is not None:
            row.next_try_at = max(row.next_try_at, fetched.wait_until)
        n_failed += row.state is RequestState.FAILED
    return n_failed


def note_hosts(session: Session, ours: Sequence[Fetched], now: datetime) -> None:
    """Forgive hosts that answer their refusals; one that refuses rests, and its answers say until when."""
    answered = {host_of(f.request.url) for f in ours if f.result in _ANSWERED}
    if answered:
        session.execute(
            update(Host)
            .where(Host.name.in_(answered), Host.n_refusals > 0)
            .values(n_refusals=0, paused_until=None)
            .execution_options(synchronize_session=False)
        )
    for fetched in ours:
        if fetched.was_sent and fetched.result in _REFUSALS:
            host = host_of(fetched.request.url)
            paused = note_refusal(session, host, now=now, retry_after=fetched.wait_until)
            fetched.wait_until = paused


def _keep_validators(
    session: Session, run: RunContext, ours: Sequence[Fetched], page_ids: dict[int, int]
) -> None:
    fresh = {
        f.request.url_sha256: f
        for f in ours
        if f.result is FetchResult.PAGE and ("etag" in f.headers or "last-modified" in f.headers)
    }
    if not fresh:
        return
    known = {
        row.url_sha256: row
        for row in session.scalars(
            select(Validator).where(Validator.source_id == run.source_id, Validator.url_sha256.in_(fresh))
        )
    }
    for digest, fetched in fresh.items():
        row = known.get(digest)
        if row is None:
            row = Validator(source_id=run.source_id, url_sha256=digest)
            session.add(row)
        row.etag, row.last_modified = fetched.headers.get("etag"), fetched.headers.get("last-modified")
        row.page_id = page_ids[id(fetched)]


def _count(session: Session, run: RunContext, *, n_pages: int, n_failed: int) -> None:
    if n_pages or n_failed:
        session.execute(
            update(CrawlRun)
            .where(CrawlRun.id == run.run_id)
            .values(n_pages=CrawlRun.n_pages + n_pages, n_failed=CrawlRun.n_failed + n_failed)
            .execution_options(synchronize_session=False)
        )
