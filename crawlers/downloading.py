"""Scrapy's way to the network, noting what goes over the wire; plain HTTP for names led to loopback."""

import asyncio
import re
import time
from typing import TYPE_CHECKING, cast

from scrapy import Request
from scrapy.core.downloader.contextfactory import _load_context_factory_from_settings
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError, NotSupported
from scrapy.http import Headers, Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.httpobj import urlparse_cached

from crawlers.evidence.wire import Exchange, note_exchange, prepare_exchanges
from crawlers.fetch_errors import FetchRefused, not_sent
from crawlers.http_answer import HeadTooLong
from crawlers.http_client import HttpClient, Place
from crawlers.politeness import HostPaused
from crawlers.resolver import OUR_SETTINGS
from models.enums import FetchResult
from models.worker import utc_now

if TYPE_CHECKING:
    from crawlers.spiders.frontier import FrontierSpider

_PORTS = {"http": 80, "https": 443}
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_SECRET = b"Authorization"  # a key that is sent to an API does not become evidence


class GuardedDownloadHandler(BaseDownloadHandler):
    """Fetches through the guarded reactor.

    A demo or test server on loopback has no certificate for another site's name:
    an https address whose host is overridden is asked in plain HTTP.
    """

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._max_bytes = settings.getint("DOWNLOAD_MAXSIZE")
        self._seconds = settings.getfloat("DOWNLOAD_TIMEOUT")
        tls = _load_context_factory_from_settings(crawler)
        self._client = HttpClient(tls, connect_seconds=self._seconds)
        self._overridden = frozenset(settings[OUR_SETTINGS].host_overrides)

    async def download_request(self, request: Request) -> Response:
        """Fetch one address as Scrapy asks for it.

        Raises:
            FetchRefused: its host rests, or the answer's head is longer than any that a page needs.
            DownloadFailedError, DownloadTimeoutError, DownloadCancelledError, ResponseDataLossError,
                NotSupported: there is no answer.
        """
        host = urlparse_cached(request).hostname or ""
        try:
            # The request may have stood in the host's queue while the one before it met a refusal.
            cast("FrontierSpider", self.crawler.spider).pace.check(host)
        except HostPaused as paused:
            raise not_sent(paused) from None
        prepare_exchanges(request)
        try:
            async with asyncio.timeout(self._seconds):
                return await self._fetch(request)
        except TimeoutError:
            raise DownloadTimeoutError(f"No whole answer within {self._seconds:g} s.") from None
        except HeadTooLong:
            raise FetchRefused(FetchResult.OVERSIZE, "too_large") from None

    async def close(self) -> None:
        """Let go of the connections."""
        self._client.close()

    async def _fetch(self, request: Request) -> Response:
        """Ask for an address and note what was said."""
        url = request.url.partition("#")[0]  # what stands behind # is never sent
        place, head = self._place(request), _request_head(request)
        shown_head = head if _SECRET not in request.headers else _request_head(request, withheld=_SECRET)
        sent_at, started_at = utc_now(), time.monotonic()
        with wrap_twisted_exceptions():
            answer, connection = await self._client.ask(place, head, max_bytes=self._max_bytes)
        request.meta["download_latency"] = answer.head_at - started_at
        exchange = Exchange(
            url=url,
            sent_at=sent_at,
            received_at=utc_now(),
            request_head=shown_head,
            response_head=answer.head,
            body=answer.body,
            address=connection.peer,
            certificates=connection.certificates,
            tls=connection.tls,
        )
        note_exchange(request, exchange)
        return Response(url, answer.status, Headers(answer.headers), answer.body)

    def _place(self, request: Request) -> Place:
        parts = urlparse_cached(request)
        host = parts.hostname or ""
        scheme = "http" if host in self._overridden else parts.scheme
        return Place(scheme, host, parts.port or _PORTS[scheme])


def _request_head(request: Request, *, withheld: bytes | None = None) -> bytes:
    """What is sent.

    Args:
        request: for an absolute address of http or https.
        withheld: name of a header whose value shall not show.

    Raises:
        NotSupported: it does not ask for a page.
        ValueError: the address holds what no request may.
    """
    parts = urlparse_cached(request)
    target = request.url.partition("#")[0].partition("://")[2][len(parts.netloc) :]
    target = target if target.startswith("/") else f"/{target}"
    host = parts.netloc.rpartition("@")[2].removesuffix(f":{_PORTS[parts.scheme]}")
    if request.method != "GET":
        raise NotSupported("Only pages are asked for.")
    if _VISIBLE.fullmatch(host + target) is None:
        raise ValueError("The address is no URI.")
    lines = [f"GET {target} HTTP/1.1\r\nHost: {host}\r\n".encode()]
    for name, values in request.headers.items():
        for value in values:
            shown = value if name != withheld else b"[withheld]"
            lines.append(b"%b: %b\r\n" % (name, b" ".join(shown.splitlines())))
    return b"".join((*lines, b"\r\n"))
