"""Responses of a web archive, one by one: what is damaged is named, and reading goes on behind it."""

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import IO, Any

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.exceptions import ArchiveLoadFailed

from crawlers.content_encoding import undo_content_encoding
from crawlers.decode import storable
from crawlers.sources_config import MAX_BODY_BYTES

_GZIP_MEMBER = b"\x1f\x8b\x08"
_RECORD = b"WARC/1."
_SEARCH_BYTES = 1024 * 1024
_CHUNK_BYTES = 16 * 1024
_UNREADABLE = ("no_record", "not_a_warc_record")
_PAGE_TYPES = ("html", "xml", "json", "text/plain")
_FIRST_YEAR = 1990
_BROKEN = (ArchiveLoadFailed, EOFError, zlib.error, gzip.BadGzipFile, ValueError, AttributeError, KeyError)


@dataclass(frozen=True, slots=True)
class ArchivedResponse:
    """One response, or the reason why one could not be read.

    Attributes:
        place: for people: ``record at byte 1234``.
        captured_at: when the archive says it was fetched.
        skipped: what the record is, if it is no page at all (a request, an image); no damage.
        end: where in the file the next record begins, in bytes.
    """

    place: str
    url: str = ""
    captured_at: datetime | None = None
    status: int = 0
    headers: dict[str, str] | None = None
    body: bytes = b""
    reason: str | None = None
    skipped: str | None = None
    end: int = 0


class _QuietIterator(ArchiveIterator):  # type: ignore[misc] # warcio has no types
    """warcio would write bytes of the archive to standard error when a length lies."""

    INC_RECORD = ""


def archived_responses(path: Path, *, now: datetime) -> Iterator[ArchivedResponse]:
    """Read an archive, compressed or not.

    Args:
        path: the file.
        now: present time; a capture from the future is refused.
    """
    with path.open("rb") as file:
        is_gzip = file.read(3) == _GZIP_MEMBER
        size = path.stat().st_size
        offset = 0
        while offset < size:
            response, length = _read_at(file, offset, now)
            start, mark = offset, _GZIP_MEMBER if is_gzip else b"\n" + _RECORD
            if length is None:
                offset = _find(file, mark, offset + 1)
            else:
                offset = _after_blank_lines(file, offset + length)
            if (
                response.reason in _UNREADABLE
                and offset >= size
                and _breaks_off(file, start, is_gzip=is_gzip)
            ):
                response = replace(response, reason="cut_off")
            yield replace(response, end=offset)


def _read_at(file: IO[bytes], offset: int, now: datetime) -> tuple[ArchivedResponse, int | None]:
    """Read the record that begins here; the length is None when it cannot be trusted."""
    place = f"record at byte {offset}"
    file.seek(offset)
    iterator = _QuietIterator(file, check_digests=True)
    try:
        record = next(iterator, None)
        if record is None:
            return ArchivedResponse(place, reason="no_record"), None
        response, is_whole = _response_of(record, place, now)
        if not is_whole:
            return response, None
        length = iterator.get_record_length()
        if iterator.err_count:
            return ArchivedResponse(place, reason="length_lies"), None
    except _BROKEN as error:
        return ArchivedResponse(place, reason=_word(error)), None
    finally:
        iterator.close()
    return response, max(1, int(length))


def _breaks_off(file: IO[bytes], start: int, *, is_gzip: bool) -> bool:
    """Whether the file's last record began as one should and ends before its head does."""
    file.seek(start)
    if not is_gzip:
        return file.read(len(_RECORD)) == _RECORD
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        while not member.eof and (chunk := file.read(_CHUNK_BYTES)):
            member.decompress(chunk, _SEARCH_BYTES)
            if member.unconsumed_tail:
                return False  # longer than any head
    except zlib.error:
        return False
    return not member.eof


def _word(error: Exception) -> str:
    if isinstance(error, EOFError | zlib.error | gzip.BadGzipFile):
        return "cut_off"
    return "not_a_warc_record"


def _response_of(record: Any, place: str, now: datetime) -> tuple[ArchivedResponse, bool]:  # Any: warcio's
    if not record.rec_type:
        return ArchivedResponse(place, reason="not_a_warc_record"), False
    if record.rec_type != "response" or record.http_headers is None:
        return ArchivedResponse(place, skipped=str(record.rec_type)), True
    headers = _headers(record)
    content_type = headers.get("content-type", "text/html").lower()
    if not any(kind in content_type for kind in _PAGE_TYPES):
        return ArchivedResponse(place, skipped="not_a_page"), True
    body, problem = _payload(record, headers)
    # The digest of the payload alone is often another tool's mistake (warcio#74); that of the block is none.
    if any(said.startswith("block digest failed") for said in record.digest_checker.problems):
        problem = "digest_differs"
    if problem in ("cut_off", "length_lies"):
        return ArchivedResponse(place, reason=problem), False
    status_line = str(record.http_headers.get_statuscode() or "")
    captured_at = _date(record.rec_headers.get_header("WARC-Date"), now)
    reason = problem
    if captured_at is None:
        reason = "bad_date"
    elif not status_line.isdigit():
        reason = "bad_status"
    url = str(record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
    status = int(status_line) if status_line.isdigit() else 0
    return ArchivedResponse(place, url, captured_at, status, headers, body, reason), True


def _headers(record: Any) -> dict[str, str]:
    plain: dict[str, str] = {}
    for name, value in record.http_headers.headers[:100]:
        key = name.strip().lower()
        text = storable(value)[0][:4096]
        plain[key] = f"{plain[key]}, {text}" if key in plain else text
    return plain


def _payload(record: Any, headers: dict[str, str]) -> tuple[bytes, str | None]:
    """The body without transfer and content encoding, and what is wrong with it."""
    stream = record.raw_stream
    raw = stream.read(MAX_BODY_BYTES * 2)
    parts = [raw]
    total = len(raw)
    while raw and total <= MAX_BODY_BYTES * 2:
        raw = stream.read(MAX_BODY_BYTES)
        parts.append(raw)
        total += len(raw)
    raw = b"".join(parts)
    if b"\r\n\r\n" + _RECORD in raw:
        return b"", "length_lies"
    if getattr(stream, "limit", 0) > 0 and total <= MAX_BODY_BYTES * 2:
        return b"", "cut_off"
    if headers.get("transfer-encoding", "").lower() == "chunked":
        raw = _dechunked(raw)
    if len(raw) > MAX_BODY_BYTES:
        return b"", "oversize"
    undone = undo_content_encoding(raw, headers.get("content-encoding"), max_bytes=MAX_BODY_BYTES)
    return undone.body, undone.problems[0] if undone.problems else None


def _dechunked(raw: bytes) -> bytes:
    """Undo chunks; archives that say so but stored plain bytes are common, and left as they are."""
    return bytes(ChunkedDataReader(BytesIO(raw)).read(MAX_BODY_BYTES * 2))


def _date(text: str | None, now: datetime) -> datetime | None:
    try:
        when = datetime.fromisoformat((text or "").strip().replace("Z", "+00:00"))
    except ValueError:
        return None
    when = when if when.tzinfo else when.replace(tzinfo=UTC)
    is_believable = when.year >= _FIRST_YEAR and when.year < 9999 and when.astimezone(UTC) <= now
    return when.astimezone(UTC) if is_believable else None


def _after_blank_lines(file: IO[bytes], offset: int) -> int:
    """Where the next record begins: between uncompressed records stand empty lines."""
    file.seek(offset)
    waiting = file.read(64)
    return offset + len(waiting) - len(waiting.lstrip(b"\r\n"))


def _find(file: IO[bytes], mark: bytes, start: int) -> int:
    """Where, from ``start`` on, the next record may begin; the file's end if none does.

    A leading line feed in the mark belongs to what stands before the record.
    """
    before = len(mark) - len(mark.lstrip(b"\n"))
    position, tail = start - before, b""
    file.seek(position)
    while chunk := file.read(_SEARCH_BYTES):
        found = (tail + chunk).find(mark)
        if found >= 0:
            return position - len(tail) + found + before
        position += len(chunk)
        tail = (tail + chunk)[-len(mark) :]
    return position
