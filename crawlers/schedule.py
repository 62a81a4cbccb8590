"""Due slots as rows: one run per source and slot, missed slots named, one of them caught up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from crawlers.sources_config import config_of
from models.crawl import CrawlRun, Source
from models.enums import RunState, SourceKind
from models.leases import JobReport
from models.logs import get_logger

if TYPE_CHECKING:
    from crawlers.sources_config import Schedule

log = get_logger(__name__)

# Slots are counted from here, so that every machine and every restart finds the same ones.
_EPOCH = datetime(2000, 1, 3, tzinfo=UTC)
MAX_MISSED_SLOTS = 1000
OVERDUE_SLOTS = 2
OPEN_STATES = (RunState.DUE, RunState.RUNNING)


def trigger_of(schedule: "Schedule") -> BaseTrigger:
    """APScheduler's trigger for a schedule.

    Raises:
        ValueError: days or hours are not in its language.
    """
    zone = ZoneInfo(schedule.zone)
    if schedule.every_minutes is not None:
        return IntervalTrigger(minutes=schedule.every_minutes, start_date=_EPOCH, timezone=zone)
    return CronTrigger(
        day_of_week=schedule.days, hour=schedule.hours, minute=schedule.minute, second=0, timezone=zone
    )


def slots(schedule: "Schedule", after: datetime, until: datetime) -> Iterator[datetime]:
    """Slots later than ``after`` and not later than ``until``, in order, UTC."""
    trigger = trigger_of(schedule)
    slot = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    while slot is not None and slot <= until:
        yield slot.astimezone(UTC)
        slot = trigger.get_next_fire_time(None, slot + timedelta(microseconds=1))


def start_due_crawls(session: Session, now: datetime) -> JobReport:
    """Make a run for each source's newest due slot; older ones that nobody made are recorded as missed.

    A source that still has an open run gets no second one: the slot counts as
    missed. Any number of schedulers may call this at once; a slot is made once.
    """
    report = JobReport()
    for source in session.scalars(select(Source).where(Source.is_enabled).order_by(Source.id)):
        if source.kind is not SourceKind.IMPORT:
            report += _start_source(session, source, now)
    return report


def _start_source(session: Session, source: Source, now: datetime) -> JobReport:
    due = _due_slots(session, source, now)
    if not due:
        return JobReport()
    has_open_run = session.scalar(
        select(CrawlRun.id).where(CrawlRun.source_id == source.id, CrawlRun.state.in_(OPEN_STATES)).limit(1)
    )
    states = [RunState.MISSED] * len(due)
    if has_open_run is None:
        states[-1] = RunState.DUE
    rows = [
        {"source_id": source.id, "slot_at": slot, "state": state}
        for slot, state in zip(due, states, strict=True)
    ]
    n_made = len(insert_missing(session, CrawlRun, rows))
    n_missed = states.count(RunState.MISSED)
    if n_missed:
        log.warning("crawl.slots.missed", source_id=source.id, n=n_missed)
    return JobReport(n_done=n_made)


def _due_slots(session: Session, source: Source, now: datetime) -> list[datetime]:
    """Slots up to now that have no row yet; the newest 1000 after a very long pause."""
    schedule = config_of(source).schedule
    last = session.scalar(
        select(func.max(CrawlRun.slot_at)).where(CrawlRun.source_id == source.id, ~CrawlRun.is_manual)
    )
    if last is None:
        since = source.terms_read_at or source.created_at
        if schedule.every_minutes is not None:
            # A source that is new here is crawled at once, for the slot that is running now.
            since = max(since, now) - timedelta(minutes=schedule.every_minutes)
            return list(slots(schedule, since, now))[-1:]
        last = since
    due = list(islice(slots(schedule, last, now), 100_000))
    if len(due) > MAX_MISSED_SLOTS:
        log.warning("crawl.slots.not_listed", source_id=source.id, n=len(due) - MAX_MISSED_SLOTS)
    return due[-MAX_MISSED_SLOTS:]


def start_manual_run(session: Session, source: Source, now: datetime) -> CrawlRun:
    """Make a run for this moment, outside the schedule; an open run is returned instead of a second one."""
    open_run = session.scalar(
        select(CrawlRun).where(CrawlRun.source_id == source.id, CrawlRun.state.in_(OPEN_STATES)).limit(1)
    )
    if open_run is not None:
        return open_run
    run = CrawlRun(source_id=source.id, slot_at=now, is_manual=True)
    session.add(run)
    session.flush()
    return run


@dataclass(frozen=True)
class OverdueSource:
    """A source whose last success is older than two of its slots."""

    source_id: int
    name: str
    last_success_at: datetime | None
    n_slots: int


def overdue_sources(session: Session, now: datetime) -> list[OverdueSource]:
    """Enabled sources that had two slots or more since their last successful run."""
    overdue = []
    for source in session.scalars(select(Source).where(Source.is_enabled).order_by(Source.name)):
        if source.kind is SourceKind.IMPORT:
            continue
        since = source.last_success_at or source.terms_read_at or source.created_at
        n_slots = sum(1 for _ in islice(slots(config_of(source).schedule, since, now), MAX_MISSED_SLOTS))
        if n_slots >= OVERDUE_SLOTS:
            overdue.append(OverdueSource(source.id, source.name, source.last_success_at, n_slots))
    return overdue
