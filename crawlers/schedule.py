"""Due slots as rows: one run per source and slot, missed slots named, one of them caught up."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from crawlers.slots import Schedule, slots
from crawlers.sources_config import config_of
from models.ad import Ad
from models.crawl import CrawlRun, Source
from models.enums import RunKind, RunState, SourceKind
from models.leases import JobReport
from models.logs import get_logger
from models.review import ReviewTask
from models.runs import open_listing_run, rank_of

log = get_logger(__name__)

MAX_MISSED_SLOTS = 1000
OVERDUE_SLOTS = 2
# Nothing is asked of these by the clock: people bring what they hold.
WITHOUT_SLOTS = (SourceKind.IMPORT, SourceKind.HANDED_IN)
_NEXT_SLOT_WITHIN = timedelta(days=62)
_YIELD_OVER = timedelta(days=30)
_FLAGGED_WEIGHT = 10


def schedule_of(source: Source) -> Schedule:
    """The source's schedule as it stands now: its interval may have followed what it yields."""
    schedule = config_of(source).schedule
    if source.interval_minutes is None or not schedule.is_adaptive:
        return schedule
    return schedule.model_copy(update={"every_minutes": schedule.within_bounds(source.interval_minutes)})


def adapt_interval(source: Source, *, has_news: bool) -> None:
    """Ask twice as often after news, half as often after none, within the bounds of the source's file."""
    schedule = schedule_of(source)
    if schedule.is_adaptive and schedule.every_minutes is not None:
        wanted = schedule.every_minutes // 2 if has_news else schedule.every_minutes * 2
        source.interval_minutes = schedule.within_bounds(wanted)


def scheduled_sources(session: Session, *, is_locking: bool = False) -> list[Source]:
    """Sources that slots are made for: on, not paused, and with an address to start from."""
    query = (
        select(Source)
        .where(Source.is_enabled, Source.paused_at.is_(None), Source.kind.not_in(WITHOUT_SLOTS))
        .order_by(Source.id)
    )
    return list(session.scalars(query.with_for_update() if is_locking else query))


def start_due_crawls(session: Session, now: datetime) -> JobReport:
    """Make a run for each source's newest due slot; older ones that nobody made are recorded as missed.

    A source that still has an open run gets no second one: the slot counts as
    missed. Any number of schedulers may call this at once; a slot is made once.
    """
    report = JobReport()
    for source in scheduled_sources(session, is_locking=True):
        report += _start_source(session, source, now)
        next_slot = next(slots(schedule_of(source), now, now + _NEXT_SLOT_WITHIN), None)
        if source.next_slot_at != next_slot:
            source.next_slot_at = next_slot
    return report


def _start_source(session: Session, source: Source, now: datetime) -> JobReport:
    due = _due_slots(session, source, now)
    if not due:
        return JobReport()
    states = [RunState.MISSED] * len(due)
    if open_listing_run(session, source.id) is None:
        states[-1] = RunState.DUE
    share = yield_share(session, source.id, now)
    rows = [
        {
            "source_id": source.id,
            "slot_at": slot,
            "state": state,
            "kind": RunKind.SCHEDULED,
            "rank_at": rank_of(RunKind.SCHEDULED, slot, yield_share=share),
        }
        for slot, state in zip(due, states, strict=True)
    ]
    n_made = len(insert_missing(session, CrawlRun, rows))
    n_missed = states.count(RunState.MISSED)
    if n_missed:
        log.warning("crawl.slots.missed", source_id=source.id, n=n_missed)
    return JobReport(n_done=n_made)


def yield_share(session: Session, source_id: int, now: datetime) -> float:
    """What a source gave of late, from 0 to 1: new texts per page asked, a flagged one counts ten times."""
    since = now - _YIELD_OVER
    n_pages, n_new = session.execute(
        select(
            func.coalesce(func.sum(CrawlRun.n_pages), 0), func.coalesce(func.sum(CrawlRun.n_new_versions), 0)
        ).where(CrawlRun.source_id == source_id, CrawlRun.slot_at >= since)
    ).one()
    if not n_pages:
        return 1.0  # nothing is known yet: a new source does not wait for the others
    n_flagged = session.scalar(
        select(func.count())
        .select_from(ReviewTask)
        .join(Ad, ReviewTask.ad_id == Ad.id)
        .where(Ad.source_id == source_id, ReviewTask.opened_at >= since)
    )
    return min(1.0, (int(n_new) + _FLAGGED_WEIGHT * (n_flagged or 0)) / int(n_pages))


def _last_asked_at(session: Session, source_id: int) -> datetime | None:
    """When a person last asked for a run."""
    of_people = (CrawlRun.source_id == source_id) & (CrawlRun.kind == RunKind.MANUAL)
    return session.scalar(select(func.max(CrawlRun.slot_at)).where(of_people))


def _due_slots(session: Session, source: Source, now: datetime) -> list[datetime]:
    """Slots up to now that have no row yet; the newest 1000 after a very long pause.

    A new source that a person had crawled already waits for the next slot.
    """
    schedule = schedule_of(source)
    last = session.scalar(
        select(func.max(CrawlRun.slot_at)).where(
            CrawlRun.source_id == source.id,
            CrawlRun.kind == RunKind.SCHEDULED,
            CrawlRun.slot_at <= now,  # a clock that stood in the future made others; they hold up nothing
        )
    )
    if last is None:
        since = source.terms_read_at or source.created_at
        asked_at = _last_asked_at(session, source.id)
        if asked_at is not None and asked_at >= since:
            since = asked_at
        elif schedule.every_minutes is not None:
            # A source that is new here is crawled at once, for the slot that is running now.
            since = max(since, now) - timedelta(minutes=schedule.every_minutes)
            return list(slots(schedule, since, now))[-1:]
        last = since
    last = max(last, source.resumed_at or last)
    due = list(islice(slots(schedule, last, now), 100_000))
    if len(due) > MAX_MISSED_SLOTS:
        log.warning("crawl.slots.not_listed", source_id=source.id, n=len(due) - MAX_MISSED_SLOTS)
    return due[-MAX_MISSED_SLOTS:]


@dataclass(frozen=True)
class OverdueSource:
    """A source whose last success is older than two of its slots."""

    source_id: int
    name: str
    last_success_at: datetime | None
    n_slots: int


def overdue_sources(session: Session, now: datetime) -> list[OverdueSource]:
    """Sources that had two slots or more since their last successful run, since they were on at all."""
    overdue = []
    for source in sorted(scheduled_sources(session), key=lambda source: source.name):
        times = (source.last_success_at or source.terms_read_at or source.created_at, source.resumed_at)
        since = max(filter(None, times))
        n_slots = sum(1 for _ in islice(slots(schedule_of(source), since, now), MAX_MISSED_SLOTS))
        if n_slots >= OVERDUE_SLOTS:
            overdue.append(OverdueSource(source.id, source.name, source.last_success_at, n_slots))
    return overdue
