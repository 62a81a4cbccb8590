"""One capture as one WARC file (ISO 28500): what was asked, what came, and what is known of both.

Written by hand, not by warcio: that costs a crawl 0.28 ms per page, this 0.03. The tests
read every kind of file with warcio and compare its digests.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import uuid4

from crawlers.evidence.wire import Exchange, to_pem

_INFO = b"software: Saqshy\r\nformat: WARC File Format 1.1\r\n"
_END = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class CaptureFile:
    """A WARC file, and where in it the page's body lies: as it was received, or as scripts built it."""

    content: bytes
    payload_offset: int
    payload_bytes: int
    payload_sha256: str
    payload_encoding: str | None
    is_built: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """What a browser made of an answer.

    Attributes:
        body: the document written out as HTML, UTF-8.
        parts: what was fetched for it.
        facts: how it was made, in pairs of name and value.
    """

    body: bytes
    built_at: datetime
    parts: tuple[Exchange, ...]
    facts: tuple[tuple[str, str], ...]


BUILT_TYPE = "text/html; charset=utf-8"


def write_capture(exchanges: Sequence[Exchange], *, body: bytes, captured_at: datetime) -> CaptureFile:
    """Put the exchanges of one page into a file, redirects first, the page's answer last.

    Args:
        exchanges: at least one.
        body: of the last one, content encoding undone.
        captured_at: when the answer was whole, by our clock.
    """
    parts: list[bytes] = [_info(captured_at)]
    for exchange in exchanges[:-1]:
        parts += _exchange(exchange)
    last = exchanges[-1]
    digest = sha256(last.body).hexdigest()
    parts += [_request(last), _metadata(last), *_response(last, digest)]
    content = b"".join(parts)
    offset = len(content) - len(_END) - len(last.body)
    encoding = None if last.body == body else _field(last.response_head, b"content-encoding")
    return CaptureFile(content, offset, len(last.body), digest, encoding)


def write_built_capture(exchanges: Sequence[Exchange], built: Built, *, captured_at: datetime) -> CaptureFile:
    """The same for a page that scripts built: the exchanges whole, and behind them what was derived.

    The derived document is a ``conversion`` of the page's own response; a record of
    metadata says which browser made it, when, and what it was refused.
    """
    main_id, built_id = _new_id(), _new_id()
    target = f"WARC-Target-URI: {exchanges[-1].url}\r\n"
    digest = sha256(built.body).hexdigest()
    facts = "".join(f"{name}: {value}\r\n" for name, value in built.facts).encode()
    refers = f"{target}WARC-Refers-To: {built_id}\r\n"
    parts = [_info(captured_at)]
    for exchange in exchanges[:-1]:
        parts += _exchange(exchange)
    parts += _exchange(exchanges[-1], main_id)
    for exchange in built.parts:
        parts += _exchange(exchange)
    parts.append(_record("metadata", built.built_at, refers, "application/warc-fields", facts))
    derived = f"{target}WARC-Refers-To: {main_id}\r\nWARC-Payload-Digest: sha256:{digest}\r\n"
    n_bytes = len(built.body)
    parts += [_head("conversion", built.built_at, derived, BUILT_TYPE, n_bytes, built_id), built.body, _END]
    content = b"".join(parts)
    return CaptureFile(content, len(content) - len(_END) - n_bytes, n_bytes, digest, None, is_built=True)


def _exchange(exchange: Exchange, response_id: str | None = None) -> list[bytes]:
    digest = sha256(exchange.body).hexdigest()
    return [_request(exchange), _metadata(exchange), *_response(exchange, digest, response_id)]


def _new_id() -> str:
    return f"<urn:uuid:{uuid4()}>"


def _record(kind: str, at: datetime, headers: str, content_type: str, block: bytes) -> bytes:
    return _head(kind, at, headers, content_type, len(block)) + block + _END


def _head(
    kind: str, at: datetime, headers: str, content_type: str, n_bytes: int, record_id: str | None = None
) -> bytes:
    return (
        f"WARC/1.1\r\nWARC-Type: {kind}\r\nWARC-Record-ID: {record_id or _new_id()}\r\n"
        f"WARC-Date: {at:%Y-%m-%dT%H:%M:%SZ}\r\n{headers}"
        f"Content-Type: {content_type}\r\nContent-Length: {n_bytes}\r\n\r\n"
    ).encode()


def _info(at: datetime) -> bytes:
    return _record("warcinfo", at, "", "application/warc-fields", _INFO)


def _request(exchange: Exchange) -> bytes:
    head = f"WARC-Target-URI: {exchange.url}\r\n"
    return _record(
        "request", exchange.sent_at, head, "application/http; msgtype=request", exchange.request_head
    )


def _response(
    exchange: Exchange, digest: str, record_id: str | None = None
) -> tuple[bytes, bytes, bytes, bytes]:
    """The record in four parts, so that a long body is not copied for it."""
    head = f"WARC-Target-URI: {exchange.url}\r\nWARC-Payload-Digest: sha256:{digest}\r\n"
    if exchange.address:
        head += f"WARC-IP-Address: {exchange.address}\r\n"
    answer = _without_chunks(exchange.response_head)
    return (
        _head(
            "response",
            exchange.sent_at,
            head,
            "application/http; msgtype=response",
            len(answer) + len(exchange.body),
            record_id,
        ),
        answer,
        exchange.body,
        _END,
    )


def _without_chunks(head: bytes) -> bytes:
    """The head for a body whose chunks are joined: readers would look for chunks that are not there."""
    if b"ransfer-" not in head and b"RANSFER-" not in head:
        return head
    return b"".join(
        b"X-Archive-Orig-" + line if line[:18].lower() == b"transfer-encoding:" else line
        for line in head.splitlines(keepends=True)
    )


def _metadata(exchange: Exchange) -> bytes:
    """Our clock to the microsecond beside the server's Date, and who the server proved to be."""
    lines = [
        f"sentAt: {exchange.sent_at.isoformat(timespec='microseconds')}",
        f"receivedAt: {exchange.received_at.isoformat(timespec='microseconds')}",
        f"serverDate: {_field(exchange.response_head, b'date') or '-'}",
    ]
    if exchange.tls:
        lines.append(f"tls: {exchange.tls}")
    for n, certificate in enumerate(exchange.certificates):
        lines.append(f"tlsCertificate{n}Sha256: {sha256(certificate).hexdigest()}")
        lines.append(f"tlsCertificate{n}Pem: {_folded(to_pem(certificate))}")
    block = "\r\n".join([*lines, ""]).encode()
    head = f"WARC-Target-URI: {exchange.url}\r\n"
    return _record("metadata", exchange.sent_at, head, "application/warc-fields", block)


def _field(head: bytes, name: bytes) -> str | None:
    """Value of a header as it came; repeated ones joined."""
    lines = (line.partition(b":") for line in head.splitlines())
    values = [value.strip().decode("latin-1") for key, _, value in lines if key.strip().lower() == name]
    return ", ".join(values) or None


def _folded(text: str) -> str:
    """Lines of one field: each further one begins with a space."""
    return "\r\n ".join(text.strip().splitlines())
