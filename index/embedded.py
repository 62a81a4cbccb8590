"""The embedded engine: tantivy in a folder of the installation.

Layout of the folder::

    CURRENT            name of the generation that searches use; replaced in one step
    g-…/               one tantivy index per generation
    writer.lock        held while documents are written: one writer among all processes
    rebuild.lock       held while a new generation is filled

Any number of processes read; each looks before a search whether a newer commit
or another generation is there.
"""

import re
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType

import orjson
import tantivy

from index import tantivy_queries as queries
from index.documents import SearchDocument, find_problem
from index.engine import (
    EngineHealth,
    Hit,
    IndexDamaged,
    IndexMissing,
    IndexUnavailable,
    ItemResult,
    Outcome,
    RebuildReport,
    SearchPage,
    WriteReport,
)
from index.fields import DISPLAY_FIELD, display_of, fields_of, show
from index.folder import IndexFolder, stamp_of
from index.queries import SearchQuery, prepare

WRITER_HEAP_BYTES = 64_000_000
_PAGE = 10_000
_INDEX_FILE = re.compile(r"[0-9a-f]{32}\.[\w.]+|meta\.json")


class EmbeddedEngine:
    """Search in a folder, without a server; keeps the contract of ``index.engine.SearchEngine``."""

    name = "embedded"

    def __init__(self, folder: Path) -> None:
        self._folder = IndexFolder(folder)
        self._lock = threading.Lock()
        self._index: tantivy.Index | None = None
        self._seen: tuple[object, ...] = ()

    def exists(self) -> bool:
        """Whether a generation is in use."""
        return self._folder.current() is not None

    def create(self) -> None:
        """Make an empty generation unless there is one."""
        if self.exists():
            return
        with self._folder.rebuild_lock(), self._folder.writer_lock():
            if not self.exists():
                generation = self._folder.new_generation()
                _begin(generation)
                self._folder.switch_to(generation)

    def write(self, documents: Sequence[SearchDocument]) -> WriteReport:
        """Store documents; on return they are on the disk and every process finds them."""
        with self._folder.writer_lock():
            index = _open(self._folder.require())
            known = queries.versions_of(
                index.searcher(), [d.id for d in documents if find_problem(d) is None]
            )
            results = [_judge(document, known) for document in documents]
            to_write = [d for d, r in zip(documents, results, strict=True) if r.outcome is Outcome.WRITTEN]
            if to_write:
                with _Writer(index) as writer:
                    for document in to_write:
                        writer.remove(document.id)
                        writer.add(document)
            return WriteReport(tuple(results))

    def delete(self, versions: Mapping[int, int]) -> WriteReport:
        """Remove documents unless a newer version is stored."""
        with self._folder.writer_lock():
            index = _open(self._folder.require())
            known = queries.versions_of(index.searcher(), list(versions))
            results = []
            with _Writer(index) as writer:
                for ad_id, version in versions.items():
                    is_stale = known.get(ad_id, 0) > version
                    results.append(ItemResult(ad_id, version, Outcome.STALE if is_stale else Outcome.WRITTEN))
                    if not is_stale:
                        writer.remove(ad_id)
            return WriteReport(tuple(results))

    def refresh(self) -> None:
        """Nothing to do: every search looks for the newest commit first."""

    def search(self, query: SearchQuery) -> SearchPage:
        """Answer a question; list, total and counts come from one view of the index."""
        prepared = prepare(query)
        searcher = self._searcher()
        whole = queries.build(prepared)
        counts = queries.count_facets(searcher, whole)
        found = queries.page_of(searcher, whole, prepared) if counts.total else []
        shown = found[: prepared.size]
        hits = []
        for item in shown:
            stored = searcher.doc(item.address)
            title, snippet = show(orjson.loads(bytes(stored[DISPLAY_FIELD][0])), prepared)
            hits.append(Hit(stored["id"][0], stored["version"][0], item.place.points, title, snippet))
        has_more = len(found) > prepared.size
        return SearchPage(
            hits=tuple(hits),
            total=counts.total,
            facets=counts.facets,
            next_cursor=prepared.cursor(shown[-1].place) if has_more else None,
        )

    def count(self) -> int:
        """Documents in the index."""
        return int(self._searcher().num_docs)

    def health(self) -> EngineHealth:
        """Open the index."""
        try:
            return EngineHealth(self.name, True, self.count())
        except (IndexDamaged, IndexMissing) as error:
            return EngineHealth(self.name, False, None, error.message)

    def find_damage(self) -> tuple[str, ...]:
        """Read every file of the index and compare it with its checksum."""
        return self._folder.damaged_files()

    def rebuild(self, documents: Iterable[SearchDocument]) -> RebuildReport:
        """Fill a new generation, then switch to it; whatever happens, one whole index stays."""
        with self._folder.rebuild_lock():
            self._folder.remove_unused()  # a rebuild that was killed leaves its half behind
            generation = self._folder.new_generation()
            try:
                report = _fill(_begin(generation), documents)
                with self._folder.writer_lock():
                    self._folder.switch_to(generation)
            finally:
                self._folder.remove_unused()
            return report

    def ids_and_versions(self) -> Iterator[tuple[int, int]]:
        """All documents of one view of the index, ids ascending."""
        searcher, last = self._searcher(), 0
        while found := queries.ids_after(searcher, last, _PAGE):
            yield from sorted(found.items())
            last = max(found)

    def versions_of(self, ids: Sequence[int]) -> dict[int, int]:
        """Versions of those documents that exist."""
        return queries.versions_of(self._searcher(), ids)

    def close(self) -> None:
        """Let go of the open files."""
        with self._lock:
            self._index, self._seen = None, ()

    def _searcher(self) -> tantivy.Searcher:
        """Return a view of the newest commit of the generation in use."""
        with self._lock:
            try:
                self._look_again()
            except (IndexDamaged, FileNotFoundError):
                # A rebuild may have switched generations between reading the name and opening the files.
                self._seen = ()
                self._look_again()
            if self._index is None:
                raise AssertionError("an index was opened or an error raised")
            return self._index.searcher()

    def _look_again(self) -> None:
        generation = self._folder.require()
        seen = (generation, stamp_of(generation))
        if seen == self._seen:
            return
        if self._index is None or not self._seen or self._seen[0] != generation:
            self._index = _open(generation)
        else:
            self._index.reload()
        self._seen = seen


class _Writer:
    """A tantivy writer for one batch: commits at the end, throws all away on an error."""

    def __init__(self, index: tantivy.Index) -> None:
        try:
            self._writer = index.writer(heap_size=WRITER_HEAP_BYTES, num_threads=1)
        except ValueError as error:
            raise IndexUnavailable(
                "The search index is locked by another program.", delay_seconds=30
            ) from error

    def add(self, document: SearchDocument) -> None:
        values = {**fields_of(document), DISPLAY_FIELD: orjson.dumps(display_of(document))}
        made = tantivy.Document.from_dict(values, queries.SCHEMA)
        with _disk_errors():
            self._writer.add_document(made)

    def remove(self, ad_id: int) -> None:
        self._writer.delete_documents_by_term("id", ad_id)

    def __enter__(self) -> "_Writer":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is not None:
            with suppress(ValueError):  # a writer whose disk is full cannot even roll back
                self._writer.rollback()
            return
        with _disk_errors():
            self._writer.commit()
            # Without this wait no merge would ever end, and the index would fall into thousands of segments.
            self._writer.wait_merging_threads()


@contextmanager
def _disk_errors() -> Iterator[None]:
    try:
        yield
    except (ValueError, OSError) as error:  # tantivy wraps the system's errors into ValueError
        raise IndexUnavailable(
            "The search index could not be written. Check the space and the rights of its disk.",
            delay_seconds=60,
        ) from error


def _open(generation: Path) -> tantivy.Index:
    try:
        return queries.open_index(str(generation))
    except (ValueError, OSError) as error:
        match = _INDEX_FILE.search(str(error))
        file = match.group() if match else "a file"
        raise IndexDamaged(
            f"The search index {generation.name} cannot be read: {file} is missing, "
            "damaged or of another program version. Run: saqshy reindex",
            delay_seconds=60,
        ) from error


def _begin(generation: Path) -> tantivy.Index:
    with _disk_errors():
        return queries.open_index(str(generation))


def _judge(document: SearchDocument, known: dict[int, int]) -> ItemResult:
    """Decide whether a document may be written, and remember its version for later ones of the batch."""
    problem = find_problem(document)
    if problem is not None:
        return ItemResult(document.id, document.version, Outcome.FAILED, problem)
    if known.get(document.id, 0) > document.version:
        return ItemResult(document.id, document.version, Outcome.STALE)
    known[document.id] = document.version
    return ItemResult(document.id, document.version, Outcome.WRITTEN)


def _fill(index: tantivy.Index, documents: Iterable[SearchDocument]) -> RebuildReport:
    n_written, refused = 0, []
    with _Writer(index) as writer:
        for document in documents:
            problem = find_problem(document)
            if problem is None:
                writer.add(document)
                n_written += 1
            else:
                refused.append(ItemResult(document.id, document.version, Outcome.FAILED, problem))
    return RebuildReport(n_written, tuple(refused))
