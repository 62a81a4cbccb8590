"""Scrapy's HTTP handler, and plain HTTP for names that our settings lead to loopback."""

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawlers.resolver import OUR_SETTINGS


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
        if parts.scheme != "https" or parts.hostname not in self._overridden:
            return await super().download_request(request)
        plain = request.replace(url=f"http{request.url.removeprefix('https')}")
        response = await super().download_request(plain)
        request.meta["download_latency"] = plain.meta.get("download_latency")
        return response.replace(url=request.url)
