"""Making crawl runs, and the order in which workers take them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.crawl import CrawlRun, Source
from models.enums import RunKind, RunState

OPEN_RUN_STATES = (RunState.DUE, RunState.RUNNING)
# Runs that follow links from the start addresses; the others fetch exactly what they were given.
LISTING_RUNS = (RunKind.SCHEDULED, RunKind.MANUAL)
# What a person waits for, and what two people decided on: a lane of its own never leaves these waiting.
URGENT_RUNS = (RunKind.HANDED_IN, RunKind.RECHECK)

_HEAD_START: Mapping[RunKind, timedelta] = {
    RunKind.HANDED_IN: timedelta(days=3650),
    RunKind.RECHECK: timedelta(days=365),
    RunKind.MANUAL: timedelta(days=30),
    RunKind.SCHEDULED: timedelta(0),
}
# So far a source that yields much goes before one that yields nothing; nobody waits longer for it.
YIELD_HEAD_START = timedelta(hours=1)


def rank_of(kind: RunKind, slot_at: datetime, *, yield_share: float = 0.0) -> datetime:
    """When a run stands in the order of the workers; the earliest is taken first.

    Args:
        kind: why it is made.
        slot_at: its slot.
        yield_share: how much its source yields, from 0 to 1.
    """
    return slot_at - _HEAD_START[kind] - YIELD_HEAD_START * min(1.0, max(0.0, yield_share))


def open_listing_run(session: Session, source_id: int) -> CrawlRun | None:
    """The run from the start addresses that waits or is under way, if there is one."""
    return session.scalars(
        select(CrawlRun)
        .where(
            CrawlRun.source_id == source_id,
            CrawlRun.state.in_(OPEN_RUN_STATES),
            CrawlRun.kind.in_(LISTING_RUNS),
        )
        .limit(1)
    ).first()


def add_run(session: Session, source_id: int, kind: RunKind, now: datetime) -> CrawlRun:
    """A run for this moment, outside the schedule."""
    run = CrawlRun(source_id=source_id, slot_at=now, kind=kind, rank_at=rank_of(kind, now))
    session.add(run)
    session.flush()
    return run


def start_manual_run(session: Session, source: Source, now: datetime) -> CrawlRun:
    """Make a run for this moment; an open run is returned instead of a second one."""
    return open_listing_run(session, source.id) or add_run(session, source.id, RunKind.MANUAL, now)
