"""What a worker calls: due crawls, each in a process of its own, and what a crash left to do."""

import threading
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crawlers.blind_spots import note_blind_spots
from crawlers.browser_fetch.missing import end_without_browser, lacks_browser
from crawlers.fetch_errors import NO_ANSWER
from crawlers.frontier import give_up_pending, has_unparsed_pages, next_pending_at, return_leases
from crawlers.order import EXIT_CANNOT_STORE, Order
from crawlers.pictures.wanted import add_waiting_texts, leave_pictures
from crawlers.run_reader import RunReader
from crawlers.schedule import adapt_interval
from crawlers.starter import STARTER, CrawlProcess
from models.config import Settings
from models.crawl import CrawlRun, FrontierRequest, Source
from models.disk import check_room
from models.enums import FetchResult, RequestKind, RequestState, RunKind, RunState, check_transition
from models.leases import JobReport, hold_back, lease_rows, release
from models.logs import get_logger
from models.runs import LISTING_RUNS, OPEN_RUN_STATES, UNREACHABLE
from models.session import Database
from models.worker import utc_now

log = get_logger(__name__)

_RETRY_SECONDS = 10.0
# A run whose next request is further away ends without it: later slots would be missed for its sake.
LONGEST_WAIT = timedelta(days=1)
_ANSWERED = (FetchResult.PAGE, FetchResult.NOT_MODIFIED)


@dataclass(frozen=True)
class _HeldRun:
    id: int
    token: str


def run_due_crawl(
    db: Database,
    settings: Settings,
    *,
    now: datetime,
    stop: threading.Event | None = None,
    kinds: Sequence[RunKind] = tuple(RunKind),
) -> JobReport:
    """Crawl one due run, or one whose worker died, in a process of its own; returns when that has ended.

    Args:
        db: the database.
        settings: ours, passed on to the process.
        now: present time.
        stop: ends the process early; the run goes on where it stopped.
        kinds: only runs of these kinds.

    Raises:
        DiskFull: no run was taken; they wait until there is room.
    """
    check_room(settings.evidence_dir)
    held = _take_run(db, settings, now, kinds)
    if held is None:
        return JobReport()
    with db.read() as session:
        is_lacking = lacks_browser(session, held.id, settings)
    if is_lacking:
        with db.write() as session:
            end_without_browser(session, session.get_one(CrawlRun, held.id), now)
        log.error("crawl.run.no_browser", run_id=held.id)
        return JobReport(n_failed=1)
    log.info("crawl.run.started", run_id=held.id)
    status = _crawl_in_child(db, settings, held, stop or threading.Event())
    with db.write() as session:
        state = _end_run(session, held, status, utc_now(), was_stopped=stop is not None and stop.is_set())
    log.info("crawl.run.ended", run_id=held.id, status=status, state=state.value if state else "lost")
    is_good = status == 0
    return JobReport(n_done=int(is_good), n_failed=int(not is_good))


def _take_run(db: Database, settings: Settings, now: datetime, kinds: Sequence[RunKind]) -> _HeldRun | None:
    with db.write() as session:
        token, ids = lease_rows(
            session,
            CrawlRun,
            where=CrawlRun.state.in_(OPEN_RUN_STATES) & CrawlRun.kind.in_(kinds),
            order_by=[CrawlRun.rank_at, CrawlRun.id],
            n=1,
            now=now,
            seconds=settings.lease_seconds,
            values={"state": RunState.RUNNING},
        )
        if not ids:
            return None
        run = session.get_one(CrawlRun, ids[0])
        run.started_at = run.started_at or now
        # Whoever held this run before is gone: its lease is over. What it held is free.
        return_leases(session, run.id)
        return _HeldRun(run.id, token)


def _crawl_in_child(db: Database, settings: Settings, held: _HeldRun, stop: threading.Event) -> int:
    process = STARTER.start(Order(held.id, settings))
    try:
        with RunReader(db, run_id=held.id, stop=stop):
            return _wait(db, settings, held, process, stop)
    finally:
        process.end()


def _wait(
    db: Database,
    settings: Settings,
    held: _HeldRun,
    process: CrawlProcess,
    stop: threading.Event,
) -> int:
    """Wait for the child and keep the run's lease alive; a lease that was lost ends the child."""
    renew_every = timedelta(seconds=settings.lease_seconds / 3)
    renew_at = utc_now() + renew_every
    while True:
        try:
            return process.wait(0.2)
        except TimeoutError:
            pass
        if stop.is_set():
            return process.end()
        if utc_now() >= renew_at:
            renew_at = utc_now() + renew_every
            if not _renew(db, held, settings.lease_seconds):
                log.error("crawl.run.lease_lost", run_id=held.id)
                return process.end()


def _renew(db: Database, held: _HeldRun, seconds: float) -> bool:
    with db.write() as session:
        ids = session.scalars(
            update(CrawlRun)
            .where(CrawlRun.id == held.id, CrawlRun.lease_token == held.token)
            .values(lease_expires_at=utc_now() + timedelta(seconds=seconds))
            .returning(CrawlRun.id)
            .execution_options(synchronize_session=False)
        ).all()
    return bool(ids)


def _end_run(
    session: Session, held: _HeldRun, status: int, now: datetime, *, was_stopped: bool
) -> RunState | None:
    """Write down how the run stands; None when it is no longer ours."""
    run = session.scalars(select(CrawlRun).where(CrawlRun.id == held.id).with_for_update()).one()
    if run.lease_token != held.token:
        return None
    return_leases(session, run.id, was_stopped=was_stopped)
    if was_stopped:
        release(run)
        run.state = check_transition(run.state, RunState.DUE)
    elif status != 0:
        error = "cannot_store" if status == EXIT_CANNOT_STORE else f"crawl_process_ended_{status}"
        may_retry = hold_back(run, error, now=now, first_delay_seconds=_RETRY_SECONDS)
        run.state = check_transition(run.state, RunState.DUE if may_retry else RunState.FAILED)
        run.finished_at = None if may_retry else now
    else:
        _conclude(session, run, now)
    return run.state


def _conclude(session: Session, run: CrawlRun, now: datetime) -> None:
    """The process ended well: the run is over, or waits for what cannot be asked yet."""
    leave_pictures(session, run.id)
    next_at = next_pending_at(session, run.id, now)
    if has_unparsed_pages(session, run.id):
        next_at = now + timedelta(seconds=1)
    source = session.get_one(Source, run.source_id)
    n_left = 0
    if next_at is not None and next_at > now + LONGEST_WAIT:
        n_left, next_at = give_up_pending(session, run.id, "host_paused"), None
    if next_at is not None and source.is_crawled:
        release(run)
        run.state, run.next_try_at = check_transition(run.state, RunState.DUE), next_at
        run.error = UNREACHABLE if _is_unreachable(session, run.id) else None
        return
    results = _results(session, run.id)
    is_good = any(results[result] for result in _ANSWERED)
    release(run)
    run.state = check_transition(run.state, RunState.DONE if is_good else RunState.FAILED)
    run.finished_at, run.n_failed = now, run.n_failed + n_left
    note_blind_spots(session, run, now)
    add_waiting_texts(session, run.source_id)
    if is_good and run.kind in LISTING_RUNS:
        source.last_success_at = now
        adapt_interval(source, has_news=run.n_new_versions > 0)
    if run.n_new_versions:
        source.last_new_at = now
    if n_left:
        run.error = "host_paused"
    elif _is_unreachable(session, run.id):
        run.error = UNREACHABLE
    elif not is_good:
        run.error = results.most_common(1)[0][0].value if results else "nothing_fetched"


def _is_unreachable(session: Session, run_id: int) -> bool:
    """Whether all that was asked for met nobody; then nothing is known of any page."""
    errors = session.scalars(
        select(FrontierRequest.error)
        .where(FrontierRequest.crawl_run_id == run_id, FrontierRequest.result.is_not(None))
        .distinct()
    ).all()
    return bool(errors) and NO_ANSWER.issuperset(errors)


def _results(session: Session, run_id: int) -> Counter[FetchResult]:
    rows = session.execute(
        select(FrontierRequest.result, func.count())
        .where(
            FrontierRequest.crawl_run_id == run_id,
            FrontierRequest.state.in_((RequestState.DONE, RequestState.FAILED)),
            FrontierRequest.result.is_not(None),
            FrontierRequest.kind != RequestKind.PICTURE,  # says nothing of the pages
        )
        .group_by(FrontierRequest.result)
    )
    return Counter({result: n for result, n in rows if result is not None})
