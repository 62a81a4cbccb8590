"""Our own bulk loop: every item of an answer is looked at, refused ones are tried again on their own."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson
from elasticsearch import ApiError, Elasticsearch

from index.documents import SearchDocument, find_problem
from index.elastic_client import plain_errors
from index.elastic_queries import Json
from index.engine import BATCH, IndexMissing, ItemResult, Outcome
from index.fields import DISPLAY_FIELD, display_of, fields_of

BATCH_CHARACTERS = 2_000_000
PAUSES_SECONDS = (0.5, 1.0, 2.0, 4.0)
_TRY_AGAIN = frozenset({429, 502, 503, 504})


@dataclass(frozen=True)
class _Action:
    """Lines of one item of a bulk request."""

    id: int
    version: int
    lines: tuple[bytes, ...]


def bulk_batches(documents: Iterable[SearchDocument]) -> Iterator[list[SearchDocument]]:
    """Cut documents into requests that no server refuses for their size."""
    batch: list[SearchDocument] = []
    n_characters = 0
    for document in documents:
        batch.append(document)
        n_characters += len(document.title) + len(document.text)
        if len(batch) == BATCH or n_characters >= BATCH_CHARACTERS:
            yield batch
            batch, n_characters = [], 0
    if batch:
        yield batch


class Bulk:
    """Sends batches; ``sleep`` waits between tries."""

    def __init__(self, client: Elasticsearch, sleep: Callable[[float], None]) -> None:
        self._client = client
        self._sleep = sleep

    def write(
        self, target: str, documents: Sequence[SearchDocument], *, require_alias: bool
    ) -> list[ItemResult]:
        """Store one batch; a document that is wrong in itself never reaches the server."""
        problems = [find_problem(document) for document in documents]
        actions = [
            _write_action(d) for d, problem in zip(documents, problems, strict=True) if problem is None
        ]
        sent = iter(self._send(target, actions, require_alias=require_alias))
        return [
            next(sent) if problem is None else ItemResult(d.id, d.version, Outcome.FAILED, problem)
            for d, problem in zip(documents, problems, strict=True)
        ]

    def delete(self, target: str, versions: Mapping[int, int]) -> list[ItemResult]:
        """Remove documents unless a newer version is stored."""
        return self._send(target, [_delete_action(i, v) for i, v in versions.items()], require_alias=True)

    def _send(self, target: str, actions: Sequence[_Action], *, require_alias: bool) -> list[ItemResult]:
        results: dict[int, ItemResult] = {}
        waiting = list(range(len(actions)))
        for pause in (*PAUSES_SECONDS, None):
            if not waiting:
                break
            again = []
            answers = self._request(
                target, [actions[place] for place in waiting], require_alias=require_alias
            )
            for place, answer in zip(waiting, answers, strict=True):
                results[place] = _judge(actions[place], answer)
                if results[place].outcome is Outcome.DEFERRED and answer["status"] in _TRY_AGAIN:
                    again.append(place)
            waiting = again
            if waiting and pause is not None:
                self._sleep(pause)
        return [results[place] for place in range(len(actions))]

    def _request(self, target: str, actions: Sequence[_Action], *, require_alias: bool) -> list[Json]:
        """Send items once; a refusal of the whole request counts as a refusal of each."""
        lines = [line for action in actions for line in action.lines]
        with plain_errors():
            try:
                answer = self._client.bulk(index=target, operations=lines, require_alias=require_alias)  # type: ignore[arg-type]
            except ApiError as error:
                if error.status_code not in _TRY_AGAIN:
                    raise
                return [{"status": error.status_code, "error": {"type": error.error}} for _ in actions]
        # An item is {"index": {...}} or {"delete": {...}}.
        return [next(iter(item.values())) for item in answer["items"]]


def _write_action(document: SearchDocument) -> _Action:
    source = {**fields_of(document), DISPLAY_FIELD: display_of(document)}
    return _Action(
        document.id, document.version, (_head("index", document.id, document.version), orjson.dumps(source))
    )


def _delete_action(ad_id: int, version: int) -> _Action:
    return _Action(ad_id, version, (_head("delete", ad_id, version),))


def _head(kind: str, ad_id: int, version: int) -> bytes:
    return orjson.dumps({kind: {"_id": str(ad_id), "version": version, "version_type": "external_gte"}})


def _judge(action: _Action, answer: Json) -> ItemResult:
    status, error = answer["status"], answer.get("error") or {}
    # Only the kind of an error is kept: its text may quote the ad.
    kind = str(error.get("type", ""))
    if status in (200, 201) or (status == 404 and not error):
        return ItemResult(action.id, action.version, Outcome.WRITTEN)
    if status == 409:
        return ItemResult(action.id, action.version, Outcome.STALE)
    if kind == "index_not_found_exception":
        raise IndexMissing(
            "The search index was deleted; the next index job makes a new one.", delay_seconds=10
        )
    is_held_up = status in _TRY_AGAIN or kind == "cluster_block_exception"
    outcome = Outcome.DEFERRED if is_held_up else Outcome.FAILED
    return ItemResult(action.id, action.version, outcome, f"{status} {kind}".strip())
