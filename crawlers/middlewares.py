"""What stands between the frontier and the network: address rules, robots.txt, limits, redirects, pace."""

import asyncio
import zlib
from typing import TYPE_CHECKING, Self, cast

import brotli
from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.downloadermiddlewares.httpcompression import HttpCompressionMiddleware
from scrapy.downloadermiddlewares.redirect import RedirectMiddleware
from scrapy.downloadermiddlewares.robotstxt import RobotsTxtMiddleware
from scrapy.exceptions import IgnoreRequest
from scrapy.http import Response
from scrapy.utils.httpobj import urlparse_cached

from crawlers.fetch_errors import FetchRefused, not_sent
from crawlers.politeness import HostPaused, retry_after_of
from models.enums import FetchResult, RequestKind
from models.urls import BadUrl, canonical_url

if TYPE_CHECKING:
    from scrapy.robotstxt import RobotParser

    from crawlers.spiders.frontier import FrontierSpider

MAX_CRAWL_DELAY_SECONDS = 120.0
# Key in a request's meta: it is for a part of a page that a browser shows, not for a page.
PART_OF_PAGE = "saqshy_part_of_page"


def _spider(crawler: Crawler) -> "FrontierSpider":
    return cast("FrontierSpider", crawler.spider)


class AddressRules:
    """Refuses addresses of a forbidden form, and redirects that leave the source's hosts."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build as Scrapy asks."""
        return cls(crawler)

    def process_request(self, request: Request) -> None:
        """Check a request, be it the first or a redirect's.

        Raises:
            FetchRefused: it may not be sent.
        """
        try:
            canonical_url(request.url)
        except BadUrl:
            raise FetchRefused(FetchResult.BLOCKED_ADDRESS, "bad_address") from None
        if request.meta.get("redirect_times") and not self._is_in_place(request):
            raise FetchRefused(FetchResult.BROKEN, "redirected_off_site")

    def _is_in_place(self, request: Request) -> bool:
        """Whether a redirect stays where the source's pages, their parts or pictures of ads may be."""
        config, leased = _spider(self._crawler).run.config, request.cb_kwargs.get("leased")
        if PART_OF_PAGE in request.meta:
            return config.is_part_place(request.url)
        if leased is not None and leased.kind is RequestKind.PICTURE:
            return config.is_picture_place(request.url)
        return config.is_on_site(request.url)


class _UnreachableRobots:
    """Stands for a robots.txt that could not be had: nothing is allowed, for that reason."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def allowed(self, _url: str, _user_agent: str | bytes) -> bool:
        raise self._error


class PoliteRobots(RobotsTxtMiddleware):
    """Scrapy's robots.txt, read as RFC 9309 says.

    Scrapy takes an error page for rules and lets everything pass when the file
    cannot be had; here a 4xx means no rules, and anything else that is no file
    means that nothing may be fetched for now.
    """

    def process_request_2(self, rp: "RobotParser | None", request: Request) -> None:
        """Refuse what the file disallows.

        Raises:
            FetchRefused: disallowed.
        """
        try:
            super().process_request_2(rp, request)
        except FetchRefused:
            raise
        except IgnoreRequest:
            raise FetchRefused(FetchResult.ROBOTS_DISALLOWED, "robots_disallowed") from None

    async def _parse_robots(self, response: Response, netloc: str, request: Request) -> None:
        if response.status >= 500 or response.status == 429:
            raise FetchRefused(FetchResult.BROKEN, f"robots_http_{response.status}", is_final=False)
        if response.status != 200:
            response = response.replace(body=b"")
        await super()._parse_robots(response, netloc, request)
        parser = getattr(self._parsers[netloc], "rp", None)
        delay = parser.crawl_delay(self._default_useragent) if parser is not None else None
        if delay:
            host = urlparse_cached(request).hostname or ""
            _spider(self.crawler).pace.slow_down(host, min(float(delay), MAX_CRAWL_DELAY_SECONDS))

    def _robots_error(self, exc: Exception, netloc: str) -> None:
        waiting = self._parsers[netloc]
        unreachable = _UnreachableRobots(exc)
        self._parsers[netloc] = unreachable  # type: ignore[assignment]
        waiting.callback(unreachable)  # type: ignore[union-attr,arg-type]

    async def robot_parser(self, request: Request) -> "RobotParser | None":
        """Rules for a request's host: fetched once, and again after a failure."""
        netloc = urlparse_cached(request).netloc
        if isinstance(self._parsers.get(netloc), _UnreachableRobots):
            del self._parsers[netloc]
        return await super().robot_parser(request)


class BoundedDecompression(HttpCompressionMiddleware):
    """Scrapy's decompression under the size limit, with typed failures."""

    def process_response(  # type: ignore[override] # the base's spider argument is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        """Undo the content encoding.

        Raises:
            FetchRefused: the content is too long, or not in the encoding it claims.
        """
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            raise FetchRefused(FetchResult.OVERSIZE, "decompressed_too_large") from None
        except (zlib.error, brotli.error, OSError, EOFError, ValueError):
            raise FetchRefused(FetchResult.BROKEN, "bad_content_encoding") from None


class GuardedRedirects(RedirectMiddleware):
    """Scrapy's redirects (http and https only), with a typed end of the patience."""

    def process_response(  # type: ignore[override] # the base's spider argument is deprecated
        self, request: Request, response: Response
    ) -> Request | Response:
        """Follow a redirect.

        Raises:
            FetchRefused: more hops than allowed, or a Location that is no address.
        """
        try:
            return super().process_response(request, response)
        except IgnoreRequest:
            raise FetchRefused(FetchResult.BROKEN, "too_many_redirects") from None
        except ValueError:
            raise FetchRefused(FetchResult.BLOCKED_ADDRESS, "bad_redirect") from None

    def _engine_started(self) -> None:
        """No Referer is ever sent, so there is none to carry over a redirect."""
        self._referer_spider_middleware = None


class HostPace:
    """Lets a request through when its host may be asked again, counted over all workers."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build as Scrapy asks."""
        middleware = cls(crawler)
        # This signal comes before the slot's next request goes out; later would be one request too late.
        crawler.signals.connect(middleware.note_answer, signal=signals.response_downloaded)
        return middleware

    async def process_request(self, request: Request) -> None:
        """Wait for the host's turn.

        Raises:
            FetchRefused: the host is resting; the request was not sent.
        """
        host = urlparse_cached(request).hostname or ""
        try:
            wait_seconds = await _spider(self._crawler).pace.wait_seconds(host)
        except HostPaused as paused:
            raise not_sent(paused) from None
        if wait_seconds > 0:
            await asyncio.sleep(wait_seconds)

    def note_answer(self, response: Response, request: Request) -> None:
        """Stop asking a host at the moment it asks for that."""
        if response.status in (429, 503):
            header = response.headers.get("Retry-After")
            spider = _spider(self._crawler)
            until = retry_after_of(header.decode("latin-1") if header else None, spider.clock())
            spider.pace.pause(urlparse_cached(request).hostname or "", until)
