"""Scrapy's HTTP handler, and plain HTTP for names that our settings lead to loopback."""

from typing import TYPE_CHECKING, cast

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawlers.fetch_errors import not_sent
from crawlers.politeness import HostPaused
from crawlers.resolver import OUR_SETTINGS

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
        self._overridden = frozenset(crawler.settings[OUR_SETTINGS].host_overrides)

    async def download_request(self, request: Request) -> Response:
        """Fetch one address as Scrapy asks for it."""
        parts = urlparse_cached(request)
        try:
            # The request may have stood in the host's queue while the one before it met a refusal.
            cast("FrontierSpider", self._crawler.spider).pace.check(parts.hostname or "")
        except HostPaused as paused:
            raise not_sent(paused) from None
        if parts.scheme != "https" or parts.hostname not in self._overridden:
            return await super().download_request(request)
        plain = request.replace(url=f"http{request.url.removeprefix('https')}")
        response = await super().download_request(plain)
        request.meta["download_latency"] = plain.meta.get("download_latency")
        return response.replace(url=request.url)
