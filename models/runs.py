"""Making crawl runs, and the order in which workers take them."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.crawl import CrawlRun, FrontierRequest, Host, Source
from models.enums import AlarmKind, RequestState, RunKind, RunState
from models.errors import NotFound
from models.urls import host_of
from models.watch import Alarm

OPEN_RUN_STATES = (RunState.DUE, RunState.RUNNING)
# Runs that follow links from the start addresses; the others fetch exactly what they were given.
LISTING_RUNS = (RunKind.SCHEDULED, RunKind.MANUAL)
# What a person waits for, and what two people decided on: a lane of its own never leaves these waiting.
URGENT_RUNS = (RunKind.HANDED_IN, RunKind.RECHECK)

# What a run says that met nobody at all: the hosts are away, or the network here is.
UNREACHABLE = "unreachable"

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


def ask_host_again(session: Session, name: str, now: datetime) -> bool:
    """Forget that a host refused us: its requests, their runs and its alarm wait for it no longer.

    Returns:
        False when the host was not resting; then nothing was changed.

    Raises:
        NotFound: no host of that name was ever asked.
    """
    host = session.scalars(select(Host).where(Host.name == name).with_for_update()).one_or_none()
    if host is None:
        raise NotFound(f"No host {name!r} was ever asked.", host=name)
    if not host.n_refusals and host.paused_until is None:
        return False
    host.n_refusals, host.paused_until = 0, None
    waiting = session.scalars(
        select(FrontierRequest).where(
            FrontierRequest.state == RequestState.PENDING,
            FrontierRequest.next_try_at > now,
            FrontierRequest.url.contains(name, autoescape=True),
        )
    ).all()
    run_ids = set()
    for request in waiting:
        if host_of(request.url) == name:
            request.next_try_at = None
            run_ids.add(request.crawl_run_id)
    for run in session.scalars(
        select(CrawlRun).where(CrawlRun.id.in_(run_ids), CrawlRun.state == RunState.DUE)
    ):
        run.next_try_at = None
    for alarm in session.scalars(
        select(Alarm).where(Alarm.kind == AlarmKind.SHUT_OUT, Alarm.subject == name, Alarm.ended_at.is_(None))
    ):
        alarm.ended_at = now
    return True
