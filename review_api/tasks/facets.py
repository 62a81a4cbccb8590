"""Counting the waiting tasks by facet.

The tasks are read once by all facets together; any choice of filters is then
counted in memory. A small queue is read anew for every page. Reading a hundred
thousand tasks takes a while, so a large table is kept for a hundred times as long
as it took to read, and read anew behind the requests, by one thread: nobody who
asks for a page waits for it. ``Facets.counted_at`` says how old the counts are.
"""

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import compress
from operator import and_
from threading import Lock, Thread

import structlog
from sqlalchemy.orm import Session

from models.review import cut_region, split_purposes
from models.session import Database
from review_api.tasks import repository
from review_api.tasks.repository import COUNTED_COLUMNS
from review_api.tasks.schemas import Facets, FacetValue, QueueFilters

log = structlog.get_logger(__name__)

KEPT_TIMES_AS_LONG = 100
MAX_KEPT_SECONDS = 60.0
# Nobody asked for so long, or reading fails: then it is the asker who waits, and who sees the error.
MAX_AGE_SECONDS = 180.0
# As many tasks are counted within a few milliseconds.
N_COUNTED_ANEW = 2000


@dataclass
class _Table:
    """The waiting tasks as columns, in the order of COUNTED_COLUMNS, and the counts made from them so far."""

    columns: tuple[Sequence[str], ...]
    counted_at: datetime
    fresh_until: float
    kept_until: float
    counted: dict[QueueFilters, Facets] = field(default_factory=dict)


class FacetCounter:
    """Counts for one database; one per process."""

    def __init__(self, db: Database) -> None:
        self._db = db
        self._lock = Lock()
        self._table: _Table | None = None

    def count(self, session: Session, filters: QueueFilters, *, now: datetime) -> Facets:
        """Counts over the waiting tasks, each facet under the filters of all the others."""
        table = self._current(session, now)
        facets = table.counted.get(filters)
        if facets is None:
            facets = table.counted[filters] = _count(table, filters)
        return facets

    def _current(self, session: Session, now: datetime) -> _Table:
        table, moment = self._table, time.monotonic()
        if table is None or moment >= table.kept_until:
            self._table = table = _read(session, now)
        elif moment >= table.fresh_until and self._lock.acquire(blocking=False):
            Thread(target=self._renew, args=(now,), name="facets").start()
        return table

    def _renew(self, now: datetime) -> None:
        try:
            with self._db.read() as session:
                self._table = _read(session, now)
        except Exception:
            log.exception("facets.not_counted")
        finally:
            self._lock.release()


def _read(session: Session, now: datetime) -> _Table:
    start = time.monotonic()
    columns = repository.list_counted(session, now)
    end = time.monotonic()
    if len(columns[0]) <= N_COUNTED_ANEW:
        return _Table(columns, now, end, end)
    seconds = min((end - start) * KEPT_TIMES_AS_LONG, MAX_KEPT_SECONDS)
    return _Table(columns, now, end + seconds, end + MAX_AGE_SECONDS)


def _count(table: _Table, filters: QueueFilters) -> Facets:
    """A task counts in a facet if it fits the filters of all the others."""
    fits = {
        name: _fitting(name, column, value)
        for name, column in zip(COUNTED_COLUMNS, table.columns, strict=True)
        if (value := getattr(filters, name)) is not None
    }
    counts = {}
    for name, column in zip(COUNTED_COLUMNS, table.columns, strict=True):
        others = [fit for other, fit in fits.items() if other != name]
        values = Counter(compress(column, _all_of(others)) if others else column)
        counts[name] = _most_common(_split(values) if name == "purpose" else values)
    n_waiting = sum(_all_of(list(fits.values()))) if fits else len(table.columns[0])
    return Facets(n_waiting, counted_at=table.counted_at, **counts)


def _fitting(name: str, column: Iterable[str], value: str) -> list[bool]:
    if name == "purpose":
        return [f"|{value}|" in purposes for purposes in column]
    wanted = cut_region(value) if name == "region" else value
    return [held == wanted for held in column]


def _all_of(fits: Sequence[Iterable[bool]]) -> Iterable[bool]:
    all_fit, *rest = fits
    for fit in rest:
        all_fit = map(and_, all_fit, fit)
    return all_fit


def _split(joined: Counter[str]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for purposes, n in joined.items():
        for purpose in split_purposes(purposes):
            counts[purpose] += n
    return counts


def _most_common(counts: Counter[str]) -> tuple[FacetValue, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetValue(value, n) for value, n in ordered if value)
