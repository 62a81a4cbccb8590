"""Asking servers: one request at a time over a kept connection.

Twisted opens the connections, guarded and with TLS. Its own client above them, which Scrapy
uses, has so many layers that it costs a crawl more than all else that is done for a page.
"""

import asyncio
from contextlib import suppress
from typing import Any, NamedTuple

from OpenSSL import crypto
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, ResponseDataLossError
from twisted.internet.endpoints import HostnameEndpoint, wrapClientTLS
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.python.failure import Failure

from crawlers.http_answer import Answer, AnswerReader, ConnectionLost

# A connection that stood idle for longer may be gone without a sign of it.
_MAX_IDLE_SECONDS = 240.0
# How long a server may take to agree to the end of a connection; TLS waits for that.
_LINGER_SECONDS = 5.0
_MOST_PLACES = 256


class StaleConnection(ConnectionLost):
    """Nothing came over a connection that had served before: the server had closed it meanwhile."""


class PageConnection(Protocol):
    """One connection; :meth:`ask` it only while it is open and idle.

    Attributes:
        certificates: of the server and those it sent with it, DER; empty without TLS.
        tls: protocol and cipher.
        peer: numeric address of the other end.
        is_open: False once it cannot be asked again.
    """

    certificates: tuple[bytes, ...] = ()
    tls: str | None = None
    peer: str | None = None
    is_open = False
    transport: Any  # Any: Twisted's transports share no class; None once it is gone

    _asked: tuple[AnswerReader, asyncio.Future[Answer]] | None = None
    _timer: asyncio.TimerHandle | None = None
    _has_spoken = False

    def connectionMade(self) -> None:
        """Twisted says that it stands; with TLS the handshake is still to come."""
        self.is_open = True
        self.peer = self.transport.getPeer().host

    async def ask(self, head: bytes, *, max_bytes: int) -> Answer:
        """Send a request's head and wait for the whole answer; cancelled, it ends the connection.

        Raises:
            HeadTooLong, NotHttp, ConnectionLost: there is no answer.
            ResponseDataLossError: its body is broken.
            DownloadCancelledError: its body is longer than ``max_bytes``.
        """
        self._stop_timer()
        reader = AnswerReader(max_bytes)
        done: asyncio.Future[Answer] = asyncio.get_running_loop().create_future()
        self._asked = reader, done
        self.transport.write(head)
        try:
            return await done
        except BaseException:
            self.abort()
            raise
        finally:
            reader.close()

    def abort(self) -> None:
        """End it at once."""
        self.is_open, self._asked = False, None
        if self.transport is not None:
            self.transport.abortConnection()

    def dataReceived(self, data: bytes) -> None:
        """Twisted brings bytes."""
        if self._asked is None:  # nobody waits for any
            self.abort()
            return
        if not self._has_spoken:
            self._has_spoken = True
            self.certificates, self.tls = _certificates_of(self.transport)
        reader, done = self._asked
        try:
            answer = reader.feed(data)
        except (DownloadFailedError, DownloadCancelledError, ResponseDataLossError) as error:
            self._settle(done, error)
            return
        if answer is not None:
            self._settle(done, answer, is_kept=reader.is_kept)

    def connectionLost(self, reason: Failure = connectionDone) -> None:  # noqa: ARG002 - Twisted's signature
        """Twisted says that it is gone."""
        self.is_open, self.transport = False, None
        self._stop_timer()
        if self._asked is None:
            return
        reader, done = self._asked
        if self._has_spoken and not reader.has_begun:
            self._settle(done, StaleConnection())
            return
        try:
            self._settle(done, reader.end())
        except (ConnectionLost, ResponseDataLossError) as error:
            self._settle(done, error)

    def _settle(
        self, done: asyncio.Future[Answer], outcome: Answer | Exception, *, is_kept: bool = False
    ) -> None:
        """Hand an answer, or the lack of one, to who waits for it; a connection that serves no more ends."""
        self._asked = None
        if done.done():  # who asked was cancelled, and ends it
            return
        if isinstance(outcome, Exception):
            done.set_exception(outcome)
            return
        if self.is_open:
            self.is_open = is_kept
            seconds = _MAX_IDLE_SECONDS if is_kept else _LINGER_SECONDS
            self._timer = asyncio.get_running_loop().call_later(seconds, self.abort)
            if not is_kept:
                self.transport.loseConnection()
        done.set_result(outcome)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Place(NamedTuple):
    """Where requests go."""

    scheme: str
    host: str
    port: int


class HttpClient:
    """Asks servers, over connections that are kept for the next request: one for each place.

    Args:
        tls: whom to trust; Any: Twisted's interfaces say nothing to a type checker.
        connect_seconds: longest wait for a connection.
    """

    def __init__(self, tls: Any, *, connect_seconds: float) -> None:
        self._tls, self._connect_seconds = tls, connect_seconds
        self._kept: dict[Place, PageConnection] = {}
        self._ways: dict[Place, Any] = {}  # Any: Twisted's endpoints share no class
        self._factory = Factory.forProtocol(PageConnection)
        self._factory.noisy = False

    async def ask(self, place: Place, head: bytes, *, max_bytes: int) -> tuple[Answer, PageConnection]:
        """Send a request's head; returns the whole answer and the connection that it came over.

        Raises:
            HeadTooLong, NotHttp, ConnectionLost, ResponseDataLossError, DownloadCancelledError: as
                :meth:`PageConnection.ask`; a connection that the server had closed is replaced first.
            Exception: Twisted's own, where none could be opened.
        """
        connection = self._kept.pop(place, None)
        if connection is None or not connection.is_open:
            connection = await self._connect(place)
        try:
            answer = await connection.ask(head, max_bytes=max_bytes)
        except StaleConnection:
            connection = await self._connect(place)
            answer = await connection.ask(head, max_bytes=max_bytes)
        self._keep(place, connection)
        return answer, connection

    def close(self) -> None:
        """Let go of all connections."""
        for connection in self._kept.values():
            connection.abort()
        self._kept.clear()

    def _keep(self, place: Place, connection: PageConnection) -> None:
        if not connection.is_open:
            return
        other = self._kept.pop(place, None)
        if other is None and len(self._kept) >= _MOST_PLACES:
            other = self._kept.pop(next(iter(self._kept)))
        if other is not None:
            other.abort()
        self._kept[place] = connection

    async def _connect(self, place: Place) -> PageConnection:
        made = self._way(place).connect(self._factory)
        connection: PageConnection = await made.asFuture(asyncio.get_running_loop())
        return connection

    def _way(self, place: Place) -> Any:  # Any: see above
        """How a place is reached, worked out once: with TLS that is dear.

        A name is resolved, and its address guarded, for every connection all the same.
        """
        from twisted.internet import reactor  # only now is it the one that Scrapy installed

        if place not in self._ways:
            if len(self._ways) >= _MOST_PLACES:
                self._ways.clear()
            host = place.host.encode("ascii")
            way: Any = HostnameEndpoint(reactor, host, place.port, timeout=self._connect_seconds)
            if place.scheme == "https":
                way = wrapClientTLS(self._tls.creatorForNetloc(host, place.port), way)
            self._ways[place] = way
        return self._ways[place]


def _certificates_of(transport: Any) -> tuple[tuple[bytes, ...], str | None]:  # Any: see PageConnection
    """Certificates that a TLS connection's server sent, its own first, and the protocol's name."""
    with suppress(AttributeError):
        connection = transport.getHandle()
        chain = connection.get_peer_cert_chain() or []
        ders = tuple(crypto.dump_certificate(crypto.FILETYPE_ASN1, one) for one in chain)
        return ders, f"{connection.get_protocol_version_name()} {connection.get_cipher_name()}"
    return (), None
