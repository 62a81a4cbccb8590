"""Records of text files: JSON lines and CSV, also compressed, each with its own bytes and place."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, cast

from crawlers.decode import decode
from crawlers.records import JSON_LINE, csv_content_type

MAX_LINE_BYTES = 10 * 1024 * 1024
MAX_ROW_BYTES = 2 * 1024 * 1024
_SAMPLE_BYTES = 256 * 1024
_GZIP = b"\x1f\x8b"
_BROKEN_GZIP = (EOFError, zlib.error, gzip.BadGzipFile)


@dataclass(frozen=True, slots=True)
class RawRecord:
    """One record as it stands in a file.

    Attributes:
        place: where, for people: ``line 17``.
        body: its bytes; for a CSV row the header line comes first, so that it can be read alone.
        reason: why it cannot be read; None when it can.
        end: how far the file was read for it, in bytes; of a compressed file, in its compressed bytes.
    """

    place: str
    body: bytes
    content_type: str
    reason: str | None = None
    end: int = 0


def open_bytes(path: Path) -> IO[bytes]:
    """Open a file, decompressed if it is gzip by its first bytes, whatever its name.

    Raises:
        OSError: it cannot be opened.
    """
    with path.open("rb") as file:
        is_gzip = file.read(2) == _GZIP
    if is_gzip:
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _end_of(file: IO[bytes]) -> int:
    compressed = getattr(file, "fileobj", None)
    return int(compressed.tell() if compressed is not None else file.tell())


def json_records(path: Path) -> Iterator[RawRecord]:
    """Lines that are not blank; one that is too long, or where the file breaks off, has a reason."""
    with open_bytes(path) as file:
        for number, line, reason in _lines(file):
            body = line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
            if body.strip() or reason:
                yield RawRecord(f"line {number}", body.rstrip(b"\r\n"), JSON_LINE, reason, _end_of(file))


def _lines(file: IO[bytes]) -> Iterator[tuple[int, bytes, str | None]]:
    """Number, bytes and, where the line cannot be used, the reason; never more than one line in memory."""
    number = 0
    while True:
        number += 1
        try:
            line = file.readline(MAX_LINE_BYTES + 1)
            if not line:
                return
            if len(line) > MAX_LINE_BYTES:
                while line and not line.endswith(b"\n"):
                    line = file.readline(MAX_LINE_BYTES)
                yield number, b"", "line_too_long"
                continue
        except _BROKEN_GZIP:
            yield number, b"", "gzip_cut_off"
            return
        yield number, line, None


def csv_records(path: Path) -> Iterator[RawRecord]:
    """Rows, each behind the header line; a quote that never closes costs one line, not the rest."""
    delimiter, charset = _csv_form(path)
    content_type = csv_content_type(delimiter, charset)
    with open_bytes(path) as file:
        lines = _lines(file)
        _, header, reason = next(lines, (1, b"", None))
        if reason is not None:
            yield RawRecord("line 1", b"", content_type, reason)
            return
        if not header.endswith(b"\n"):
            header += b"\n"
        for number, row, reason in _rows(lines):
            if reason is not None or row.strip():
                yield RawRecord(f"line {number}", header + row, content_type, reason, _end_of(file))


def _csv_form(path: Path) -> tuple[str, str]:
    """Delimiter and charset of a file, from its beginning."""
    with open_bytes(path) as file:
        try:
            sample = file.read(_SAMPLE_BYTES)
        except _BROKEN_GZIP:
            sample = b""
    header = sample.split(b"\n", 1)[0]
    delimiter = max((";", ",", "\t"), key=lambda mark: header.count(mark.encode()))
    # Cut at a line's end: half a character at the edge would speak against UTF-8.
    whole_lines = sample.rpartition(b"\n")[0] or sample
    return delimiter, decode(whole_lines).charset


def _rows(lines: Iterator[tuple[int, bytes, str | None]]) -> Iterator[tuple[int, bytes, str | None]]:
    """Join lines to rows: a row goes on while one of its quotes is open."""
    pending: list[tuple[int, bytes, str | None]] = []
    while True:
        first = pending.pop(0) if pending else next(lines, None)
        if first is None:
            return
        number, row, reason = first
        if reason is not None or row.count(b'"') % 2 == 0:
            yield number, row, reason
            continue
        taken: list[tuple[int, bytes, str | None]] = []
        while row.count(b'"') % 2:
            following = pending.pop(0) if pending else next(lines, None)
            if following is None or following[2] or len(row) + len(following[1]) > MAX_ROW_BYTES:
                pending = [*taken, *([following] if following else []), *pending]
                yield number, b"", "unclosed_quote"
                break
            taken.append(following)
            row += following[1]
        else:
            yield number, row, None
