"""The grown engine: an Elasticsearch 8.19 or 9 cluster, by settings.

Searches and writes use an alias; behind it stands one index with a name of its
own. A rebuild fills another index and moves the alias in one step.
"""

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from uuid import uuid4

from elasticsearch import ApiError, Elasticsearch

from index.documents import SearchDocument
from index.elastic_bulk import Bulk, bulk_batches
from index.elastic_client import plain_errors
from index.elastic_queries import MAPPING, SETTINGS, Json, body
from index.engine import (
    NO_INDEX,
    EngineHealth,
    Hit,
    IndexUnavailable,
    ItemResult,
    Outcome,
    RebuildReport,
    SearchPage,
    WriteReport,
)
from index.facets import facet_counts
from index.fields import DISPLAY_FIELD, show
from index.queries import COUNTED_FACETS, Place, PreparedQuery, SearchQuery, prepare
from models.errors import SaqshyError

SEARCH_SECONDS = 10.0
LEFTOVER_SECONDS = 86_400.0
"""A half-filled index older than that belongs to a rebuild that was killed."""

_PAGE = 5_000


class ElasticsearchEngine:
    """Search in a cluster; keeps the contract of ``index.engine.SearchEngine``.

    Args:
        client: see ``index.elastic_client.make_client``.
        prefix: begins the names of everything this installation keeps in the cluster.
        sleep: how to wait between tries of a refused item.
        clock: seconds since 1970.
    """

    name = "elasticsearch"

    def __init__(
        self,
        client: Elasticsearch,
        *,
        prefix: str,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._alias = f"{prefix}-ads"
        self._bulk = Bulk(client, sleep)
        self._clock = clock

    def exists(self) -> bool:
        """Whether the alias stands."""
        with plain_errors():
            return bool(self._client.indices.exists_alias(name=self._alias))

    def create(self) -> None:
        """Make an empty index under the alias unless there is one."""
        if self.exists():
            return
        with plain_errors():
            try:
                # An alias has one write index at most: of two creators the second is refused.
                self._create_index(aliases={self._alias: {"is_write_index": True}})
            except ApiError:
                if not self.exists():
                    raise

    def write(self, documents: Sequence[SearchDocument]) -> WriteReport:
        """Store documents; on return the cluster has them on disk, searches find them after ``refresh``."""
        results: list[ItemResult] = []
        for batch in bulk_batches(documents):
            results += self._bulk.write(self._alias, batch, require_alias=True)
        return WriteReport(tuple(results))

    def delete(self, versions: Mapping[int, int]) -> WriteReport:
        """Remove documents unless a newer version is stored."""
        return WriteReport(tuple(self._bulk.delete(self._alias, versions)))

    def refresh(self) -> None:
        """Make all that was written visible to searches."""
        with plain_errors():
            self._client.indices.refresh(index=self._alias)

    def search(self, query: SearchQuery) -> SearchPage:
        """Answer a question; list, total and counts come from one request."""
        prepared = prepare(query)
        with plain_errors():
            answer = self._client.options(request_timeout=SEARCH_SECONDS).search(
                index=self._alias, allow_partial_search_results=False, **body(prepared)
            )
        found = answer["hits"]["hits"]
        shown = found[: prepared.size]
        has_more = len(found) > prepared.size
        return SearchPage(
            hits=tuple(_hit(hit, prepared) for hit in shown),
            total=answer["hits"]["total"]["value"],
            facets={
                facet: facet_counts(answer["aggregations"][facet.value]["buckets"])
                for facet in COUNTED_FACETS
            },
            next_cursor=prepared.cursor(_place(shown[-1], prepared)) if has_more else None,
        )

    def count(self) -> int:
        """Documents in the index that searches find."""
        with plain_errors():
            return int(self._client.count(index=self._alias)["count"])

    def health(self) -> EngineHealth:
        """Ask the cluster how it is."""
        try:
            if not self.exists():
                return EngineHealth(self.name, False, None, NO_INDEX)
            with plain_errors():
                status = self._client.options(request_timeout=SEARCH_SECONDS).cluster.health(
                    index=self._alias, timeout="2s"
                )["status"]
            if status == "red":
                return EngineHealth(self.name, False, None, "Part of the search index is lost (status red).")
            return EngineHealth(self.name, True, self.count())
        except SaqshyError as error:
            return EngineHealth(self.name, False, None, error.message)

    def find_damage(self) -> tuple[str, ...]:
        """Names of our indices of which the cluster has lost a part; it checks its own files."""
        with plain_errors():
            found = self._client.cluster.health(index=self._alias, level="indices")["indices"]
        return tuple(sorted(name for name, facts in found.items() if facts["status"] == "red"))

    def rebuild(self, documents: Iterable[SearchDocument]) -> RebuildReport:
        """Fill a new index, move the alias to it in one step, then drop the old one."""
        with plain_errors():
            self._drop_leftovers()
            # No refresh while filling: nobody searches it yet.
            name = self._create_index(settings={"refresh_interval": "-1"})
            try:
                report = self._fill(name, documents)
                self._client.indices.put_settings(index=name, settings={"refresh_interval": None})
                self._client.indices.refresh(index=name)
                self._move_alias(name)
            except BaseException:
                self._client.indices.delete(index=name, ignore_unavailable=True)
                raise
            return report

    def ids_and_versions(self) -> Iterator[tuple[int, int]]:
        """All documents of one view of the index, ids ascending."""
        with plain_errors():
            view = self._client.open_point_in_time(index=self._alias, keep_alive="5m")["id"]
        try:
            last = 0
            while found := self._ids_after(view, last):
                yield from found
                last = found[-1][0]
        finally:
            with plain_errors():
                self._client.close_point_in_time(id=view)

    def versions_of(self, ids: Sequence[int]) -> dict[int, int]:
        """Versions of those documents that exist, searchable yet or not."""
        if not ids:
            return {}
        with plain_errors():
            answer = self._client.mget(index=self._alias, ids=[str(ad_id) for ad_id in ids], source=False)
        return {int(doc["_id"]): int(doc["_version"]) for doc in answer["docs"] if doc.get("found")}

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def _create_index(self, *, settings: Json | None = None, aliases: Json | None = None) -> str:
        name = f"{self._alias}-{uuid4().hex[:12]}"
        self._client.indices.create(
            index=name, mappings=MAPPING, settings={**SETTINGS, **(settings or {})}, aliases=aliases
        )
        return name

    def _fill(self, name: str, documents: Iterable[SearchDocument]) -> RebuildReport:
        n_written = 0
        refused: list[ItemResult] = []
        for batch in bulk_batches(documents):
            for item in self._bulk.write(name, batch, require_alias=False):
                if item.outcome is Outcome.DEFERRED:
                    raise IndexUnavailable(
                        f"The search server takes no more documents ({item.reason}); the old index stays.",
                        delay_seconds=60,
                    )
                n_written += item.outcome is Outcome.WRITTEN
                if item.outcome is Outcome.FAILED:
                    refused.append(item)
        return RebuildReport(n_written, tuple(refused))

    def _move_alias(self, name: str) -> None:
        old = list(self._client.indices.get_alias(name=self._alias)) if self.exists() else []
        removals: list[Json] = [{"remove_index": {"index": index}} for index in old]
        addition: Json = {"add": {"index": name, "alias": self._alias, "is_write_index": True}}
        self._client.indices.update_aliases(actions=[*removals, addition])

    def _drop_leftovers(self) -> None:
        """Remove indices of rebuilds that were killed: ours, behind no alias, more than a day old."""
        found = self._client.indices.get(
            index=f"{self._alias}-*", features=["aliases", "settings"], expand_wildcards="all"
        )
        ours = re.compile(
            rf"{re.escape(self._alias)}-[0-9a-f]{{12}}"
        )  # not those of a prefix that begins alike
        for name, facts in found.items():
            if not ours.fullmatch(name):
                continue
            age = self._clock() - int(facts["settings"]["index"]["creation_date"]) / 1000
            if not facts["aliases"] and age > LEFTOVER_SECONDS:
                self._client.indices.delete(index=name, ignore_unavailable=True)

    def _ids_after(self, view: str, last: int) -> list[tuple[int, int]]:
        with plain_errors():
            answer = self._client.search(
                pit={"id": view, "keep_alive": "5m"},
                query={"range": {"id": {"gt": last}}},
                sort=[{"id": "asc"}],
                size=_PAGE,
                source=False,
                version=True,
                track_total_hits=False,
                allow_partial_search_results=False,
            )
        return [(int(hit["_id"]), int(hit["_version"])) for hit in answer["hits"]["hits"]]


def _hit(hit: Json, prepared: PreparedQuery) -> Hit:
    stored = hit["_source"]
    title, snippet = show(stored[DISPLAY_FIELD], prepared)
    return Hit(stored["id"], stored["version"], _place(hit, prepared).points, title, snippet)


def _place(hit: Json, prepared: PreparedQuery) -> Place:
    values = hit["sort"]
    return Place(int(values[0]), int(values[1])) if prepared.bonus else Place(0, int(values[0]))
