"""Counting the waiting tasks by facet.

Two cross tables hold all that any choice of filters needs. Counting a hundred
thousand tasks takes a while, so a table is kept for a hundred times as long as it
took to make: at most a hundredth of the time goes into counting. A small queue,
counted in no time, is counted anew for every page.
"""

import time
from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from sqlalchemy.orm import Session

from review_api.tasks import repository
from review_api.tasks.schemas import Facets, FacetValue, QueueFilters

# The order of the parts of a cross table's keys; the plain table stops before the last.
FACET_NAMES = ("level", "side", "language", "region", "source_kind", "purpose")
KEPT_TIMES_AS_LONG = 100
MAX_KEPT_SECONDS = 60.0
NO_TIME_SECONDS = 0.05

CrossTable = Counter[tuple[str, ...]]


@dataclass(frozen=True)
class _Tables:
    plain: CrossTable
    by_purpose: CrossTable
    kept_until: float


class FacetCounter:
    """Counts for one database; one per process."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._tables: _Tables | None = None

    def count(self, session: Session, filters: QueueFilters, *, now: datetime) -> Facets:
        """Counts over the waiting tasks, each facet under the filters of all the others."""
        tables = self._current(session, now)
        chosen = {name: str(getattr(filters, name) or "") for name in FACET_NAMES}
        table = tables.by_purpose if chosen["purpose"] else tables.plain
        values = {
            name: _count_facet(name, tables.by_purpose if name == "purpose" else table, chosen)
            for name in FACET_NAMES
        }
        return Facets(n_waiting=sum(_matching(table, chosen).values()), **values)

    def _current(self, session: Session, now: datetime) -> _Tables:
        tables = self._tables
        if tables is not None and time.monotonic() < tables.kept_until:
            return tables
        # Those who come while one counts take what was counted last.
        if not self._lock.acquire(blocking=tables is None):
            return tables or self._make(session, now)
        try:
            self._tables = self._make(session, now)
            return self._tables
        finally:
            self._lock.release()

    def _make(self, session: Session, now: datetime) -> _Tables:
        start = time.monotonic()
        plain = repository.cross_table(session, now)
        by_purpose = repository.cross_table_by_purpose(session, now)
        end = time.monotonic()
        seconds = end - start if end - start > NO_TIME_SECONDS else 0.0
        return _Tables(plain, by_purpose, end + min(seconds * KEPT_TIMES_AS_LONG, MAX_KEPT_SECONDS))


def _matching(table: CrossTable, chosen: dict[str, str], *, but: str | None = None) -> CrossTable:
    """Rows of a cross table that fit the chosen values, those of the facet ``but`` left open."""
    wanted = [(place, chosen[name]) for place, name in enumerate(FACET_NAMES) if chosen[name] and name != but]
    return Counter(
        {key: n for key, n in table.items() if all(key[place] == value for place, value in wanted)}
    )


def _count_facet(name: str, table: CrossTable, chosen: dict[str, str]) -> tuple[FacetValue, ...]:
    place = FACET_NAMES.index(name)
    counts: Counter[str] = Counter()
    for key, n in _matching(table, chosen, but=name).items():
        if key[place]:
            counts[key[place]] += n
    return tuple(FacetValue(value, n) for value, n in counts.most_common())
