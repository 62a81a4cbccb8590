"""Scrapy's HTTP handler, noting what goes over the wire; plain HTTP for names that we lead to loopback."""

from typing import TYPE_CHECKING, cast

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadFailedError
from scrapy.http import Response
from scrapy.utils._download_handlers import wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from scrapy.utils.httpobj import urlparse_cached

from crawlers.evidence.wire import (
    HeadTooLong,
    KnownHostsAgent,
    NotingAgent,
    NotingFactory,
    note_exchange,
    prepare_exchanges,
)
from crawlers.fetch_errors import FetchRefused, not_sent
from crawlers.politeness import HostPaused
from crawlers.resolver import OUR_SETTINGS
from models.enums import FetchResult
from models.worker import utc_now

if TYPE_CHECKING:
    from crawlers.spiders.frontier import FrontierSpider


class GuardedDownloadHandler(HTTP11DownloadHandler):
    """Fetches through the guarded reactor.

    A demo or test server on loopback has no certificate for another site's name:
    an https address whose host is overridden is asked in plain HTTP.
    """

    lazy = True

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._pool._factory = NotingFactory
        self._agents: dict[float, KnownHostsAgent] = {}
        self._overridden = frozenset(crawler.settings[OUR_SETTINGS].host_overrides)

    async def download_request(self, request: Request) -> Response:
        """Fetch one address as Scrapy asks for it."""
        parts = urlparse_cached(request)
        try:
            # The request may have stood in the host's queue while the one before it met a refusal.
            cast("FrontierSpider", self._crawler.spider).pace.check(parts.hostname or "")
        except HostPaused as paused:
            raise not_sent(paused) from None
        prepare_exchanges(request)
        if parts.scheme != "https" or parts.hostname not in self._overridden:
            return await self._fetch(request, request)
        plain = request.replace(url=f"http{request.url.removeprefix('https')}")
        response = await self._fetch(plain, request)
        request.meta["download_latency"] = plain.meta.get("download_latency")
        return response.replace(url=request.url)

    async def _fetch(self, request: Request, asked: Request) -> Response:
        """As the base class does it, with an agent that keeps what its connection noted.

        Args:
            request: what is sent.
            asked: what the frontier asked for; its address is noted.

        Raises:
            FetchRefused: the answer's head is longer than any that a page needs.
        """
        agent = NotingAgent(
            self._agents,
            contextFactory=self._contextFactory,
            pool=self._pool,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=True,
            crawler=self._crawler,
        )
        sent_at = utc_now()
        try:
            with wrap_twisted_exceptions():
                response: Response = await maybe_deferred_to_future(agent.download_request(request))
        except DownloadFailedError as error:
            reasons = getattr(error.__cause__, "reasons", ())
            if any(reason.check(HeadTooLong) for reason in reasons):
                raise FetchRefused(FetchResult.OVERSIZE, "too_large") from None
            raise
        note_exchange(
            asked,
            agent,
            body=response.body,
            address=str(response.ip_address) if response.ip_address else None,
            sent_at=sent_at,
            received_at=utc_now(),
        )
        return response
