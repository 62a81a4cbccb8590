"""Counting the waiting tasks by facet.

The tasks are counted once by all facets together; that table holds whatever any
choice of filters needs. A small queue is counted anew for every page. Counting a
hundred thousand tasks takes a while, so a large table is kept for a hundred times
as long as it took to make: at most a hundredth of the time goes into counting.
"""

import time
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from models.review import cut_region, split_purposes
from review_api.tasks import repository
from review_api.tasks.repository import TaskKind
from review_api.tasks.schemas import Facets, FacetValue, QueueFilters

KEPT_TIMES_AS_LONG = 100
MAX_KEPT_SECONDS = 60.0
# As many tasks are counted within a few milliseconds.
N_COUNTED_ANEW = 2000
FACET_NAMES = ("level", "side", "language", "region", "source_kind", "purpose")

# The values of tasks of one kind per facet, in the order of FACET_NAMES; purposes are none, one or many.
Values = tuple[tuple[str, ...], ...]


@dataclass
class _Table:
    """How many waiting tasks there are of each kind, and the counts already made from it."""

    kinds: list[tuple[Values, int]]
    kept_until: float
    counted: dict[QueueFilters, Facets] = field(default_factory=dict)


class FacetCounter:
    """Counts for one database; one per process."""

    def __init__(self) -> None:
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
        table = self._table
        if table is not None and time.monotonic() < table.kept_until:
            return table
        # Those who come while one counts take what was counted last.
        if not self._lock.acquire(blocking=table is None):
            return table or _make_table(session, now)
        try:
            self._table = _make_table(session, now)
            return self._table
        finally:
            self._lock.release()


def _make_table(session: Session, now: datetime) -> _Table:
    start = time.monotonic()
    counted = repository.count_kinds(session, now)
    kinds = [(_values(kind), n) for kind, n in counted.items()]
    end = time.monotonic()
    seconds = min((end - start) * KEPT_TIMES_AS_LONG, MAX_KEPT_SECONDS)
    return _Table(kinds, end + seconds if counted.total() > N_COUNTED_ANEW else end)


def _values(kind: TaskKind) -> Values:
    *single, purposes = kind
    return (*((value,) if value else () for value in single), tuple(split_purposes(purposes)))


def _count(table: _Table, filters: QueueFilters) -> Facets:
    """One pass: a task counts in all facets if every filter fits, in one if only that filter does not."""
    counts: tuple[dict[str, int], ...] = tuple(defaultdict(int) for _ in FACET_NAMES)
    chosen = [
        (place, cut_region(value) if name == "region" else value)
        for place, name in enumerate(FACET_NAMES)
        if (value := getattr(filters, name)) is not None
    ]
    n_waiting = 0
    for values, n in table.kinds:
        misfits = [place for place, value in chosen if value not in values[place]]
        if len(misfits) > 1:
            continue
        if not misfits:
            n_waiting += n
        for place in misfits or range(len(FACET_NAMES)):
            for value in values[place]:
                counts[place][value] += n
    return Facets(n_waiting, **dict(zip(FACET_NAMES, map(_most_common, counts), strict=True)))


def _most_common(counts: dict[str, int]) -> tuple[FacetValue, ...]:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return tuple(FacetValue(value, n) for value, n in ordered)
