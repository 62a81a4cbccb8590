"""What the rest of Saqshy sees of a search engine; tests/index/test_contract.py holds both engines to it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from index.documents import SearchDocument
from index.highlights import Segment
from index.queries import Facet, SearchQuery
from models.errors import Retryable

BATCH = 500
"""Documents a bulk request or a commit holds at most."""

NO_INDEX = "There is no search index yet; the next index job makes one."


class IndexUnavailable(Retryable):
    """The engine does not answer or takes no writes now; the ads stay pending."""


class IndexMissing(Retryable):
    """There is no index yet, or it was deleted; the next index job makes a new one."""


class IndexDamaged(Retryable):
    """The index cannot be read; ``saqshy reindex`` rebuilds it from the database."""


class Outcome(StrEnum):
    """What became of one document of a write.

    ``stale``: the index already holds a newer version. ``failed``: the document
    itself is wrong. ``deferred``: the engine would not take it now.
    """

    WRITTEN = "written"
    STALE = "stale"
    FAILED = "failed"
    DEFERRED = "deferred"


@dataclass(frozen=True)
class ItemResult:
    """Fate of one document; ``reason`` never holds ad text."""

    id: int
    version: int
    outcome: Outcome
    reason: str | None = None


@dataclass(frozen=True)
class WriteReport:
    """One result for each document that was given, in the same order."""

    items: tuple[ItemResult, ...]

    def of(self, outcome: Outcome) -> tuple[ItemResult, ...]:
        """Items with that outcome."""
        return tuple(item for item in self.items if item.outcome is outcome)

    def count(self, outcome: Outcome) -> int:
        """How many items had that outcome."""
        return len(self.of(outcome))


@dataclass(frozen=True)
class RebuildReport:
    """What a rebuild put into the new index; ``refused`` are documents that are wrong in themselves."""

    n_written: int
    refused: tuple[ItemResult, ...]


@dataclass(frozen=True)
class FacetCount:
    """How many ads of the whole result have this value."""

    value: str
    count: int


@dataclass(frozen=True)
class Hit:
    """One ad of a result page.

    Attributes:
        ad_id: row to load; what is shown comes from the database.
        version: revision of the ad that the index knows.
        points: relevance, 0 unless sorted by it.
        title: the title, marked.
        snippet: the best window of the text, marked.
    """

    ad_id: int
    version: int
    points: int
    title: tuple[Segment, ...]
    snippet: tuple[Segment, ...]


@dataclass(frozen=True)
class SearchPage:
    """One page of a result; ``total`` and ``facets`` count the whole of it, by the same query as the list."""

    hits: tuple[Hit, ...]
    total: int
    facets: Mapping[Facet, tuple[FacetCount, ...]]
    next_cursor: str | None


@dataclass(frozen=True)
class EngineHealth:
    """State of an engine in a form a person can read; ``problem`` says what to do."""

    engine: str
    is_ready: bool
    n_documents: int | None
    problem: str | None = None


class SearchEngine(Protocol):
    """A search index of ads: one document per ad, versions never go back.

    All methods raise ``IndexUnavailable``, ``IndexMissing`` or ``IndexDamaged``
    when the engine, not the request, is at fault.
    """

    name: str

    def exists(self) -> bool:
        """Whether there is an index to write to."""

    def create(self) -> None:
        """Make an empty index unless there is one."""

    def write(self, documents: Sequence[SearchDocument]) -> WriteReport:
        """Store documents durably; an equal version is written again, an older one is stale."""

    def delete(self, versions: Mapping[int, int]) -> WriteReport:
        """Remove documents (id to version) unless the index holds a newer version; absent ones are done."""

    def refresh(self) -> None:
        """Make all that was written visible to searches."""

    def search(self, query: SearchQuery) -> SearchPage:
        """Answer a question.

        Raises:
            BadQuery: the question breaks a limit.
        """

    def count(self) -> int:
        """Documents in the index."""

    def health(self) -> EngineHealth:
        """Look at the engine, quickly; never raises."""

    def find_damage(self) -> tuple[str, ...]:
        """Look at everything that is stored; names of the files or indices that are damaged."""

    def rebuild(self, documents: Iterable[SearchDocument]) -> RebuildReport:
        """Fill a new index beside the old one and swap them in one step; on any error the old one stays.

        Writes that reach the old index meanwhile are not carried over:
        ``index.jobs.reindex`` compares with the database afterwards.
        """

    def ids_and_versions(self) -> Iterator[tuple[int, int]]:
        """All documents in ascending order of their ids."""

    def versions_of(self, ids: Sequence[int]) -> dict[int, int]:
        """Versions of those documents that exist."""

    def close(self) -> None:
        """Let go of files and connections."""
