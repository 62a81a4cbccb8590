"""Content encodings of stored raw bytes undone, with a cap: a small body can be a very large page."""

import zlib
from collections.abc import Callable
from dataclasses import dataclass

import brotli
from backports import zstd

MAX_STEPS = 3
# Window that a zstd stream may ask for; RFC 8878 recommends decoders to allow 8 MiB.
_ZSTD_WINDOW_LOG = 23
_TRAILER_BYTES = 8


@dataclass(frozen=True, slots=True)
class Undone:
    """A body without its content encodings, as far as it could be read.

    Attributes:
        problems: ``oversize``, ``content_encoding_cut``, ``content_encoding_wrong: NAME``,
            ``content_encoding_unknown: NAME``, ``too_many_content_encodings``.
        is_complete: False when bytes of the page are missing or still encoded.
    """

    body: bytes
    problems: tuple[str, ...] = ()

    @property
    def is_complete(self) -> bool:
        """Whether the whole page is there."""
        return not self.problems


class _Broken(Exception):
    """The bytes are not of the encoding they are said to be."""


def undo_content_encoding(body: bytes, content_encoding: str | None, *, max_bytes: int) -> Undone:
    """Undo what a ``Content-Encoding`` header names, last applied first.

    Args:
        body: as received.
        content_encoding: ``gzip``, ``br, gzip`` and the like; None or "" = nothing to undo.
        max_bytes: no result, and no step on the way, gets longer; memory stays within
            about twice that and the windows of the decoders.
    """
    names = [name.strip().lower() for name in (content_encoding or "").split(",")]
    names = [name for name in names if name not in ("", "identity")]
    if len(names) > MAX_STEPS:
        return Undone(body[:max_bytes], ("too_many_content_encodings",))
    for name in reversed(names):
        step = _STEPS.get(name)
        if step is None:
            return Undone(body[:max_bytes], (f"content_encoding_unknown: {name[:20]}",))
        try:
            body, is_whole = step(body, max_bytes + 1)
        except _Broken:
            return Undone(body[:max_bytes], (f"content_encoding_wrong: {name}",))
        if len(body) > max_bytes:
            break
        if not is_whole:
            return Undone(body, ("content_encoding_cut",))
    return Undone(body[:max_bytes], ("oversize",)) if len(body) > max_bytes else Undone(body)


def _gzip(body: bytes, room: int) -> tuple[bytes, bool]:
    """Undo gzip, all members; bytes behind the last are no part of the page."""
    out = bytearray()
    while body and len(out) < room:
        member, is_whole, rest = _zlib(body, 31, room - len(out), has_more=bool(out))
        out += member
        if not is_whole:
            return bytes(out), False
        body = rest if rest.startswith(b"\x1f\x8b") else b""
    return bytes(out), True


def _deflate(body: bytes, room: int) -> tuple[bytes, bool]:
    """Undo deflate: with zlib's frame as the standard says, or bare as many servers send it."""
    try:
        out, is_whole, _ = _zlib(body, zlib.MAX_WBITS, room)
    except _Broken:
        out, is_whole, _ = _zlib(body, -zlib.MAX_WBITS, room)
    return out, is_whole


def _zlib(body: bytes, wbits: int, room: int, *, has_more: bool = False) -> tuple[bytes, bool, bytes]:
    """Undo one stream; return its bytes, whether it ended as it should, and what stands behind it."""
    decoder = zlib.decompressobj(wbits)
    out = bytearray()
    waiting = [
        body[-_TRAILER_BYTES:],
        body[:-_TRAILER_BYTES],
    ]  # the check sum apart: if wrong, the rest was read
    try:
        while waiting and not decoder.eof and len(out) < room:
            out += decoder.decompress(waiting.pop(), room - len(out))
            if decoder.unconsumed_tail:
                waiting.append(decoder.unconsumed_tail)
    except zlib.error:
        if not out and not has_more:
            raise _Broken from None
        return bytes(out), False, b""
    return bytes(out), decoder.eof, decoder.unused_data + b"".join(reversed(waiting))


def _brotli(body: bytes, room: int) -> tuple[bytes, bool]:
    decoder = brotli.Decompressor()
    out = bytearray()
    try:
        out += decoder.process(body, output_buffer_limit=room)
        while not decoder.is_finished() and not decoder.can_accept_more_data() and len(out) < room:
            out += decoder.process(b"", output_buffer_limit=room - len(out))
    except brotli.error:
        if not out:
            raise _Broken from None
        return bytes(out), False
    return bytes(out), decoder.is_finished()


def _zstd(body: bytes, room: int) -> tuple[bytes, bool]:
    out = bytearray()
    while body and len(out) < room:
        decoder = zstd.ZstdDecompressor(
            options={zstd.DecompressionParameter.window_log_max: _ZSTD_WINDOW_LOG}
        )
        try:
            out += decoder.decompress(body, room - len(out))
            while not decoder.eof and not decoder.needs_input and len(out) < room:
                out += decoder.decompress(b"", room - len(out))
        except zstd.ZstdError:
            if not out:
                raise _Broken from None
            return bytes(out), False
        if not decoder.eof:
            return bytes(out), False
        body = decoder.unused_data
    return bytes(out), True


_STEPS: dict[str, Callable[[bytes, int], tuple[bytes, bool]]] = {
    "gzip": _gzip,
    "x-gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
    "zstd": _zstd,
}
