"""What went over the wire for one page: heads as sent and as received, the server's certificates.

Scrapy gives headers with their names tidied and their order lost; evidence
needs the bytes. Its protocol and parser are extended where they write the
request's head and read the answer's lines.
"""

import ssl
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast
from urllib.parse import urldefrag

from OpenSSL import crypto
from scrapy import Request
from scrapy.core.downloader.handlers.http11 import (
    _BindAddressAgent,
    _LenientHTTP11ClientFactory,
    _LenientHTTP11ClientProtocol,
    _LenientHTTPClientParser,
    _ScrapyAgent,
)
from twisted.internet.defer import Deferred
from twisted.web._newclient import STATUS
from twisted.web.client import URI
from twisted.web.iweb import IResponse

_EXCHANGES = "saqshy_exchanges"  # key in a request's meta; redirects hand the same list on
_SECRET_HEADER = b"authorization:"
_MOST_HOSTS = 256
MAX_HEAD_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        request_head: as written, but for the value of a key of ours.
        response_head: as received, with its line ends.
        body: as received, chunks joined, content encoding kept.
        certificates: of the server and those it sent with it, DER; empty without TLS.
    """

    url: str
    sent_at: datetime
    received_at: datetime
    request_head: bytes
    response_head: bytes
    body: bytes
    address: str | None
    certificates: tuple[bytes, ...] = ()
    tls: str | None = None


@dataclass(slots=True)
class _Heads:
    """What one request's protocol noted, on its way to the handler."""

    sent: list[bytes]
    received: list[bytes]
    certificates: tuple[bytes, ...]
    tls: str | None


class _Tee:
    """Stands for a transport while a request's head is written, and notes it."""

    def __init__(self, transport: Any, lines: list[bytes]) -> None:
        self._transport, self._lines = transport, lines  # Any: Twisted's transports share no class

    def writeSequence(self, lines: Sequence[bytes]) -> None:
        """Note and pass on."""
        self._lines.extend(lines)
        self._transport.writeSequence(lines)


class HeadTooLong(Exception):
    """The server sends more headers than any page needs."""


class _NotingParser(_LenientHTTPClientParser):
    """Keeps the lines of the answer's head as they came, up to a limit."""

    saqshy_lines: list[bytes]
    saqshy_bytes = 0

    def lineReceived(self, line: bytes) -> None:
        """Note and read on.

        Raises:
            HeadTooLong: Twisted then gives the connection up.
        """
        if self.state == STATUS:
            self.saqshy_lines.clear()  # of an answer that only said "continue"
        self.saqshy_lines.append(line + b"\n")
        self.saqshy_bytes += len(line)
        if self.saqshy_bytes > MAX_HEAD_BYTES:
            raise HeadTooLong
        super().lineReceived(line)

    def lineLengthExceeded(self, line: bytes) -> None:  # noqa: ARG002 - Twisted's own signature
        """One line is longer than Twisted takes.

        Raises:
            HeadTooLong: always.
        """
        raise HeadTooLong


class _NotingProtocol(_LenientHTTP11ClientProtocol):
    """Notes both heads of every request, and once per connection the server's certificates."""

    _tls: tuple[tuple[bytes, ...], str | None] | None = None

    def request(self, request: Any) -> Deferred[IResponse]:  # Any: Twisted's own request, untyped
        """Send a request; its answer carries what was noted."""
        sent: list[bytes] = []
        received: list[bytes] = []
        write: Callable[[Any, Any], None] = request._writeHeaders
        request._writeHeaders = lambda transport, length: write(_Tee(transport, sent), length)
        answer = super().request(request)
        # Twisted names the parser's class in its code; Scrapy changes it in the same way.
        parser = cast(Any, self._parser)
        parser.__class__ = _NotingParser
        parser.saqshy_lines = received

        def note(response: Any) -> Any:  # Any: Twisted's response carries what is put on it
            if self._tls is None:
                self._tls = _certificates_of(self.transport)
            response.saqshy_heads = _Heads(sent, received, *self._tls)
            return response

        return answer.addCallback(note)


class NotingFactory(_LenientHTTP11ClientFactory):
    """Builds connections that note what goes over them."""

    def buildProtocol(self, _addr: Any) -> _NotingProtocol:
        """A connection, as Twisted asks for it."""
        return _NotingProtocol(self._quiescentCallback)  # type: ignore[no-untyped-call]


class KnownHostsAgent(_BindAddressAgent):
    """Twisted's agent, kept for all requests: how to reach a host is worked out once, with TLS that is dear.

    Its name is resolved, and the address guarded, for every connection all the same.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # Any: Twisted's own arguments
        super().__init__(*args, **kwargs)
        self._known: dict[tuple[bytes, bytes, int], Any] = {}  # Any: Twisted's endpoints share no class

    def _getEndpoint(self, uri: URI) -> Any:
        key = (uri.scheme, uri.host, uri.port)
        if key not in self._known:
            if len(self._known) >= _MOST_HOSTS:
                self._known.clear()
            self._known[key] = super()._getEndpoint(uri)  # type: ignore[no-untyped-call]
        return self._known[key]


class NotingAgent(_ScrapyAgent):
    """Scrapy's agent for one request; keeps what its connection noted.

    Args:
        agents: Twisted's agents by timeout, for all requests of the crawl; a proxy or an own
            address that a request asks for is not heeded.
        kwargs: Scrapy's own.
    """

    heads: _Heads | None = None

    def __init__(self, agents: dict[float, KnownHostsAgent], **kwargs: Any) -> None:  # Any: Scrapy's own
        super().__init__(**kwargs)
        self._agents = agents

    def _get_agent(self, _request: Request, timeout: float) -> KnownHostsAgent:
        from twisted.internet import reactor  # only now is it the one that Scrapy installed

        if timeout not in self._agents:
            self._agents[timeout] = KnownHostsAgent(
                reactor, self._contextFactory, connectTimeout=timeout, pool=self._pool
            )
        return self._agents[timeout]

    def _cb_bodyready(self, txresponse: Any, request: Request) -> Any:
        self.heads = getattr(txresponse, "saqshy_heads", None)
        return super()._cb_bodyready(txresponse, request)


def _certificates_of(transport: Any) -> tuple[tuple[bytes, ...], str | None]:
    """Certificates that a TLS connection's server sent, its own first, and the protocol's name."""
    with suppress(AttributeError):
        connection = transport.getHandle()
        chain = connection.get_peer_cert_chain() or []
        ders = tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, one) for one in chain)
        return ders, f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
    return (), None


def prepare_exchanges(request: Request) -> None:
    """Make the list that this request, and those it is redirected to, note their exchanges in."""
    request.meta.setdefault(_EXCHANGES, [])


def note_exchange(
    request: Request,
    agent: NotingAgent,
    *,
    body: bytes,
    address: str | None,
    sent_at: datetime,
    received_at: datetime,
) -> None:
    """Add an exchange to the request's list."""
    heads = agent.heads
    if heads is None:
        return
    request.meta[_EXCHANGES].append(
        Exchange(
            url=urldefrag(request.url).url,  # what stands behind # is never sent
            sent_at=sent_at,
            received_at=received_at,
            request_head=b"".join(map(_without_key, heads.sent)),
            response_head=b"".join(heads.received),
            body=body,
            address=address,
            certificates=heads.certificates,
            tls=heads.tls,
        )
    )


def exchanges_of(request: Request | None) -> tuple[Exchange, ...]:
    """All exchanges that led to an answer, the answer's own last."""
    return tuple(request.meta.get(_EXCHANGES, ())) if request is not None else ()


def _without_key(line: bytes) -> bytes:
    """A line of the request's head; a key that is sent to an API does not become evidence."""
    if line[: len(_SECRET_HEADER)].lower() != _SECRET_HEADER:
        return line
    return line[: len(_SECRET_HEADER)] + b" [withheld]\r\n"


def to_pem(certificate: bytes) -> str:
    """A certificate as text."""
    return ssl.DER_cert_to_PEM_cert(certificate)
