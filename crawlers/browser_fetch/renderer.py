"""Pages of a crawl that need a browser: which of them, and their parts through the crawl's own downloader.

A part goes the way of every other request: address rules, robots.txt, the
host's turn, limits, and the guard where the socket is opened.
"""

import asyncio
from collections.abc import Mapping
from concurrent.futures import Future
from datetime import datetime
from hashlib import sha256
from pathlib import Path

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.http import Response

from crawlers.answers import is_bare_shell
from crawlers.browser_fetch.rendering import Answer, Asked, Rendering, render
from crawlers.evidence.warc_file import Built
from crawlers.evidence.wire import Exchange, exchanges_of
from crawlers.fetch_errors import refusal_of
from crawlers.middlewares import PART_OF_PAGE
from crawlers.sources_config import SourceConfig
from models.enums import FetchResult
from models.worker import utc_now

# Scripts are the same for all pages of a site: each is fetched once in a run.
_MAX_KEPT_BYTES = 16 * 1024 * 1024
# Codes of a page that is longer than it may be.
TOO_LONG = frozenset({"rendered_too_large", "browser_message_too_long"})
# Parts of one page, in pages of the greatest allowed length.
_MAX_PAGE_LENGTHS = 4


def is_built_by_scripts(result: FetchResult, headers: Mapping[str, str], body: bytes, url: str) -> bool:
    """Whether an answer is shown to the browser: HTML, and no wall but the emptiness that scripts fill."""
    if "html" not in headers.get("content-type", "html").lower():
        return False
    return result is FetchResult.PAGE or (
        result is FetchResult.WALL and is_bare_shell(headers, body, final_url=url)
    )


class Renderer:
    """Shows pages of one run to Chromium, one after the other.

    Args:
        browser: the executable.
        config: of the source.
        crawler: fetches the parts.
    """

    def __init__(self, browser: Path, config: SourceConfig, crawler: Crawler) -> None:
        self._browser, self._config, self._crawler = browser, config, crawler
        self._kept: dict[str, Answer] = {}

    async def render(self, response: Response, headers: Mapping[str, str]) -> Built:
        """Have a page built by its scripts.

        Raises:
            BrowserEnded: it could not be; ``context["why"]`` is a code.
        """
        parts = _Parts(self, asyncio.get_running_loop())
        began_at = utc_now()
        rendering = await asyncio.to_thread(
            render,
            self._browser,
            response.url,
            Answer(response.status, headers, response.body),
            parts.start,
            user_agent=self._crawler.settings["USER_AGENT"],
            max_bytes=self._config.limits.max_body_bytes,
        )
        facts = _facts(rendering, parts.kept, began_at)
        return Built(rendering.dom, utc_now(), tuple(parts.exchanges), facts)

    def kept(self, url: str) -> Answer | None:
        """A script that the run has already fetched."""
        return self._kept.get(url)

    def keep(self, url: str, answer: Answer) -> None:
        """Remember a script for the pages to come, the oldest give way."""
        self._kept[url] = answer
        while sum(len(kept.body) for kept in self._kept.values()) > _MAX_KEPT_BYTES:
            del self._kept[next(iter(self._kept))]

    def is_wanted(self, url: str) -> bool:
        """Whether a part lies where parts of this source's pages may lie."""
        return url.startswith(("http://", "https://")) and self._config.is_part_place(url)

    @property
    def max_bytes(self) -> int:
        """Of all parts of one page."""
        return _MAX_PAGE_LENGTHS * self._config.limits.max_body_bytes

    async def download(self, request: Request) -> Response:
        """Fetch as the crawl fetches everything."""
        if self._crawler.engine is None:
            raise AssertionError("parts are fetched while the crawl runs")
        return await self._crawler.engine.download_async(request)


class _Parts:
    """The parts of one page; asked for in the browser's thread, fetched in the reactor's."""

    def __init__(self, renderer: Renderer, loop: asyncio.AbstractEventLoop) -> None:
        self._renderer, self._loop = renderer, loop
        self._n_bytes = 0
        self.exchanges: list[Exchange] = []
        self.kept: dict[str, str] = {}

    def start(self, asked: Asked) -> "Future[Answer | str]":
        """Begin to fetch one part."""
        return asyncio.run_coroutine_threadsafe(self._fetch(asked), self._loop)

    async def _fetch(self, asked: Asked) -> Answer | str:
        url = asked.url.partition("#")[0]
        kept = self._renderer.kept(url) if asked.is_script else None
        if kept is not None:
            self.kept[url] = sha256(kept.body).hexdigest()
            return kept
        if not self._renderer.is_wanted(url):
            return "other_site"
        if self._n_bytes > self._renderer.max_bytes:
            return "too_many_bytes"
        request = Request(url, headers=dict(asked.headers), meta={PART_OF_PAGE: True}, dont_filter=True)
        try:
            response = await self._renderer.download(request)
        except Exception as error:  # the edge: whatever a download ends with has its word
            return refusal_of(error).error
        self.exchanges += exchanges_of(response.request)
        self._n_bytes += len(response.body)
        answer = Answer(response.status, _plain(response), response.body)
        if asked.is_script and response.status == 200:
            self._renderer.keep(url, answer)
        return answer


def _facts(rendering: Rendering, kept: Mapping[str, str], began_at: datetime) -> tuple[tuple[str, str], ...]:
    """What the file says of how a page was built."""
    return (
        ("software", f"Saqshy, {rendering.browser}"),
        ("derivedBy", "scripts of the page; written out as HTML when they had come to rest"),
        ("startedAt", began_at.isoformat(timespec="microseconds")),
        ("partsAnswered", str(rendering.n_parts)),
        *((f"partsRefused-{why}", str(n)) for why, n in sorted(rendering.refused.items())),
        *(("scriptOfEarlierPage", f"{url} sha256:{digest}") for url, digest in kept.items()),
    )


def _plain(response: Response) -> dict[str, str]:
    """Headers as the browser is told them."""
    return {
        name.decode("latin-1").lower(): ", ".join(value.decode("latin-1") for value in values)
        for name, values in response.headers.items()
    }
