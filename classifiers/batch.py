"""What ``saqshy classify`` reads and prints: JSON lines or CSV in, one JSON line out per input."""

import csv
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from typing import Any, NamedTuple

import orjson

from classifiers.artifacts import Installed
from classifiers.indicators import Hit
from classifiers.parallel import in_processes
from classifiers.risk import ClassifiedText, ModelWord
from models.enums import TextPlace
from models.errors import Rejected

_BOM = b"\xef\xbb\xbf"
_CSV_FIELD_LIMIT = 64 * 1024 * 1024
_DELIMITERS = ",;\t"


class BadInput(Rejected):
    """One input line cannot be read; the message says why."""


@dataclass
class BatchCounts:
    """Running counts of a batch; ``n_failed`` decides the exit status."""

    n_done: int = 0
    n_failed: int = 0
    n_flagged: int = 0


def classify_lines(
    lines: Iterable[bytes],
    installed: Installed,
    counts: BatchCounts | None = None,
    on_progress: Callable[[int], None] | None = None,
    *,
    n_processes: int = 1,
) -> Iterator[bytes]:
    """Classify a stream of ads, in order.

    Args:
        lines: a file opened in binary mode: JSON lines, or CSV with a header
            (comma, semicolon or tab). Either has ``text`` and may have ``id``, ``title``.
        installed: the classifier.
        counts: filled while the result is consumed.
        on_progress: called with the bytes read so far: after each input, with several processes after
            some dozens.
        n_processes: with one, each input is answered before the next is read.

    Yields:
        One JSON line with its newline per input that is not blank: a result as
        in docs/operations.md, or ``{"id", "error"}``.

    Raises:
        ProcessEnded: one of several processes was ended from outside.
    """
    counts = counts if counts is not None else BatchCounts()
    n_bytes = 0

    def count(stream: Iterable[bytes]) -> Iterator[bytes]:
        nonlocal n_bytes
        for line in stream:
            n_bytes += len(line)
            yield line

    records = _records(count(lines))
    answers: Iterable[Sequence[Answer]]
    if n_processes > 1:
        answers = in_processes(partial(_answer, installed=installed), records, n_processes)
    else:
        answers = ([_answer(record, installed)] for record in records)
    for some in answers:
        for answer in some:
            counts.n_failed += answer.flagged is None
            counts.n_done += answer.flagged is not None
            counts.n_flagged += answer.flagged is True
            yield answer.line
        if on_progress is not None:
            on_progress(n_bytes)


class Answer(NamedTuple):
    """One line out, and whether the ad is flagged; None where it could not be read."""

    line: bytes
    flagged: bool | None


def _answer(record: Mapping[str, Any] | BadInput, installed: Installed) -> Answer:
    identifier: object = None
    try:
        if isinstance(record, BadInput):
            raise record
        identifier = record.get("id")
        result = _classify_record(record, installed)
    except Rejected as error:
        return Answer(_dump({"id": identifier, "error": error.message}), None)
    return Answer(_dump({"id": identifier, **as_json(result, installed.version)}), result.flagged)


def _records(lines: Iterator[bytes]) -> Iterator[Mapping[str, Any] | BadInput]:
    """Parse the stream as what its first line shows it to be."""
    first = next((line for line in _without_bom(lines) if line.strip()), None)
    if first is None:
        return
    stream = chain([first], lines)
    if _looks_like_header(first):
        yield from _parse_csv(stream)
    else:
        yield from (_parse_json(line) for line in stream if line.strip())


def _without_bom(lines: Iterator[bytes]) -> Iterator[bytes]:
    for line in lines:
        yield line.removeprefix(_BOM)


def _looks_like_header(line: bytes) -> bool:
    if line.lstrip()[:1] in {b"{", b"["}:
        return False
    names = line.decode("utf-8", "replace").lower()
    for delimiter in _DELIMITERS:
        names = names.replace(delimiter, "\n")
    return "text" in {name.strip(' "\r\n') for name in names.split("\n")}


def _parse_json(line: bytes) -> Mapping[str, Any] | BadInput:
    try:
        record = orjson.loads(line)
    except orjson.JSONDecodeError:
        # The standard parser takes lone surrogates, which a crawled text may hold.
        try:
            record = json.loads(line.decode("utf-8"))
        except UnicodeDecodeError:
            return BadInput("The line is not UTF-8.")
        except (ValueError, RecursionError):
            return BadInput("The line is not JSON.")
    return record if isinstance(record, dict) else BadInput("The line is not a JSON object.")


def _parse_csv(lines: Iterable[bytes]) -> Iterator[Mapping[str, Any] | BadInput]:
    csv.field_size_limit(_CSV_FIELD_LIMIT)
    stream = iter(lines)
    header = next(stream).decode("utf-8", "replace")
    delimiter = max(_DELIMITERS, key=header.count)
    names = [name.strip().lower() for name in next(csv.reader([header], delimiter=delimiter))]
    # Bytes that are no UTF-8 are carried along as surrogates and refused in their own row.
    rows = csv.reader(
        (line.decode("utf-8", "surrogateescape").replace("\0", " ") for line in stream), delimiter=delimiter
    )
    while True:
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield BadInput(f"The row is not CSV: {error}.")
            continue
        if row:
            yield dict(zip(names, row, strict=False))


def _classify_record(record: Mapping[str, Any], installed: Installed) -> ClassifiedText:
    text, title = record.get("text"), record.get("title")
    if text is None or text == "":
        raise BadInput("The field text is missing or empty.")
    if not isinstance(text, str) or not isinstance(title, str | None):
        raise BadInput("The fields text and title must be strings.")
    if _has_escaped_bytes(text):
        raise BadInput("The text is not UTF-8.")
    return installed.classify(text, title or None)


def _has_escaped_bytes(text: str) -> bool:
    if text.isascii():
        return False
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        # A high byte of a broken encoding; a lone surrogate written as \ud83d in JSON is read as a space.
        return "\udc80" <= text[error.start] <= "\udcff"
    return False


def as_json(result: ClassifiedText, version: str) -> dict[str, Any]:
    """Return a result as ``saqshy classify`` prints it (docs/operations.md); values are plain JSON types."""
    return {
        "language": result.language.value,
        "flagged": result.flagged,
        "priority": result.priority,
        "level": result.level.value,
        "purposes": {purpose.value: score for purpose, score in result.purposes.items()},
        "side": result.side.value,
        "indicators": [{**_span(hit), "weight": hit.weight} for hit in result.indicators if hit.counted],
        "counter_signs": [_span(hit) for hit in result.counter_signs if hit.counted],
        "model_words": [
            {**_place(word), "start": word.start, "end": word.end, "quote": word.quote, "weight": word.weight}
            for word in result.model_words
        ],
        "not_counted": [{**_span(hit), "reason": hit.reason} for hit in result.indicators if not hit.counted],
        "rules": list(result.rules),
        "is_minor": result.is_minor,
        "is_live_victim": result.is_live_victim,
        "classifier_version": version,
    }


def _span(hit: Hit) -> dict[str, Any]:
    span: dict[str, Any] = {"code": hit.code, "start": hit.start, "end": hit.end, "quote": hit.quote}
    return {**span, **_place(hit)}


def _place(span: Hit | ModelWord) -> dict[str, str]:
    return {} if span.place is TextPlace.TEXT else {"in": span.place.value}


def _dump(value: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # A lone surrogate in a quote or an id that is no plain value: escaped, still one line.
        return json.dumps(value, ensure_ascii=True, default=str).encode() + b"\n"
