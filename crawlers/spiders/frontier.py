"""The one spider: asks what the frontier holds and keeps every answer."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response
from twisted.python.failure import Failure

from crawlers.answers import judge
from crawlers.api_answers import judge_api
from crawlers.batching import Batcher
from crawlers.browser_fetch.renderer import TOO_LONG, Renderer, is_built_by_scripts
from crawlers.capture import Fetched, RunContext
from crawlers.capture_process import CaptureFailed, CaptureProcess
from crawlers.chromium import BrowserEnded
from crawlers.decode import storable
from crawlers.evidence.warc_file import BUILT_TYPE
from crawlers.evidence.wire import exchanges_of
from crawlers.fetch_errors import refusal_of
from crawlers.frontier import ANSWERS, LeasedRequest
from crawlers.intake import Intake
from crawlers.pace import Pace
from crawlers.pictures.answers import picture_batcher
from crawlers.politeness import retry_after_of
from models.enums import FetchResult, RequestKind
from models.logs import get_logger
from models.session import Database
from models.urls import host_of

log = get_logger(__name__)

_MAX_HEADERS = 100
_MAX_HEADER_CHARACTERS = 4096
# Answers whose bytes are kept as they show what the server did; of others there will be a later try.
_KEPT = frozenset({FetchResult.PAGE, FetchResult.WALL, FetchResult.REFUSED, FetchResult.GONE})
# Requests for the page of one ad: being led elsewhere may mean that it is no more.
_OF_ONE_AD = frozenset({RequestKind.AD, RequestKind.RECHECK, RequestKind.HANDED_IN})


class FrontierSpider(Spider):
    """Fetches one run's frontier until it is empty."""

    name = "frontier"

    def __init__(
        self,
        db: Database,
        capture: CaptureProcess,
        run: RunContext,
        pace: Pace,
        clock: Callable[[], datetime],
        browser: Path | None,
        **kwargs: Any,  # Any: Scrapy's own arguments
    ) -> None:
        super().__init__(**kwargs)
        self.run, self.pace, self.clock = run, pace, clock
        self.intake = Intake(db, run, clock=clock)
        self.failure: str | None = None
        self._browser = browser
        self._pictures = picture_batcher(db, run, clock)
        self._answers: Batcher[Fetched] = Batcher("capture", capture.store)

    async def start(self) -> AsyncIterator[Request]:
        """Requests, as the frontier gives them."""
        async for leased in self.intake.requests():
            yield self._request(leased)

    def fail(self, reason: str) -> None:
        """End the crawl because its results cannot be kept."""
        if self.failure is not None:
            return
        self.failure = reason
        self.intake.stop()
        self._closing = asyncio.ensure_future(self.crawler.engine.close_spider_async(reason=reason))

    def _request(self, leased: LeasedRequest) -> Request:
        headers = {"If-None-Match": leased.etag, "If-Modified-Since": leased.last_modified}
        if self._browser is not None:
            headers = {}  # an unchanged shell says nothing of what its scripts would show today
        if leased.kind is RequestKind.PICTURE:
            headers["Accept"] = "image/*"
        return Request(
            leased.url,
            callback=self.fetched,
            errback=self.failed,
            headers={name: value for name, value in headers.items() if value},
            cb_kwargs={"leased": leased},
            dont_filter=True,
        )

    async def fetched(self, response: Response, leased: LeasedRequest) -> None:
        """An answer came."""
        headers = _plain_headers(response)
        body: bytes | None = response.body
        now = self.clock()
        result = judge(response.status, headers, response.body, final_url=response.url)
        built = None
        may_be_built = self._browser is not None and leased.kind is not RequestKind.PICTURE
        if may_be_built and is_built_by_scripts(result, headers, response.body, response.url):
            try:
                built = await self._renderer.render(response, headers)
            except BrowserEnded as error:
                await self._keep(self._not_built(response, leased, str(error.context["why"])))
                return
            as_built = {**headers, "content-type": BUILT_TYPE}
            result = judge(response.status, as_built, built.body, final_url=response.url)
        if result is FetchResult.PAGE and leased.kind in _OF_ONE_AD:
            is_gone = self.run.config.is_gone_redirect(leased.url, response.url)
            result = FetchResult.GONE if is_gone else result
        is_final = result is not FetchResult.BROKEN or response.status < 500
        if result not in _KEPT and not (result is FetchResult.BROKEN and is_final):
            body = None
        wait_until = None
        if result is FetchResult.SLOW_DOWN:
            wait_until = retry_after_of(headers.get("retry-after"), now)
        answer = Fetched(
            leased,
            result,
            now,
            final_url=response.url,
            http_status=response.status,
            headers=headers,
            body=body,
            exchanges=exchanges_of(response.request),
            built=built if body is not None else None,
            error=None if result in ANSWERS else _error_of(response),
            is_final=is_final and result is not FetchResult.SLOW_DOWN,
            wait_until=wait_until,
        )
        await self._keep(answer)

    @cached_property
    def _renderer(self) -> Renderer:
        if self._browser is None:
            raise AssertionError("only sources that need a browser have one")
        return Renderer(self._browser, self.run.config, self.crawler)

    def _not_built(self, response: Response, leased: LeasedRequest, why: str) -> Fetched:
        """What a page counts as that its scripts did not bring to an end: never as fetched."""
        is_too_long = why in TOO_LONG
        return Fetched(
            leased,
            FetchResult.OVERSIZE if is_too_long else FetchResult.BROKEN,
            self.clock(),
            final_url=response.url,
            http_status=response.status,
            headers=_plain_headers(response),
            error=why,
            is_final=is_too_long,
        )

    async def failed(self, failure: Failure) -> None:
        """No answer came."""
        leased: LeasedRequest = failure.request.cb_kwargs["leased"]  # type: ignore[attr-defined]
        refusal = refusal_of(failure.value)
        answer = Fetched(
            leased,
            refusal.result,
            self.clock(),
            final_url=failure.request.url,  # type: ignore[attr-defined]
            error=refusal.error,
            is_final=refusal.is_final,
            wait_until=refusal.wait_until,
            was_sent=refusal.was_sent,
        )
        await self._keep(answer)

    async def _keep(self, answer: Fetched) -> None:
        """Store one answer; until that is done, Scrapy counts its body as in memory."""
        try:
            is_picture = answer.request.kind is RequestKind.PICTURE
            await (self._pictures if is_picture else self._answers).submit(answer)
        except Exception as error:
            # The edge: disk full, database gone. Nothing is lost: leases run out; no more is fetched.
            log.error(
                "crawl.capture.failed",
                run_id=self.run.run_id,
                request_id=answer.request.id,
                kind=error.context["kind"] if isinstance(error, CaptureFailed) else type(error).__name__,
            )
            self.fail("capture_failed")
            return
        if answer.wait_until is not None:
            self.pace.pause(host_of(answer.request.url), answer.wait_until)
        self.intake.finished(answer.request)

    def closed(self, _reason: str) -> None:
        """Scrapy says that nothing more comes."""
        self._answers.close()
        self._pictures.close()


def _error_of(response: Response) -> str:
    of_api = judge_api(response.status, response.body, final_url=response.url)
    return of_api.error if of_api else f"http_{response.status}"


def _plain_headers(response: Response) -> dict[str, str]:
    """Headers as text: names in lower case, repeated ones joined, absurd amounts cut."""
    plain = {}
    for name, values in list(response.headers.items())[:_MAX_HEADERS]:
        text = ", ".join(value.decode("utf-8", "replace") for value in values)
        plain[name.decode("latin-1").lower()] = storable(text)[0][:_MAX_HEADER_CHARACTERS]
    return plain
