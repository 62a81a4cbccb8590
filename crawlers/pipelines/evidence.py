"""Item pipeline: an answer's bytes and row are durable before anybody reads them."""

from typing import Self, cast

from scrapy.crawler import Crawler
from scrapy.exceptions import DropItem

from crawlers.batching import Batcher
from crawlers.capture import Fetched, StoredPage, store_captures
from crawlers.spiders.frontier import FrontierSpider
from models.logs import get_logger
from models.urls import host_of

log = get_logger(__name__)


class EvidencePipeline:
    """Turns a :class:`Fetched` into a :class:`StoredPage`; what is no page ends here."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler
        self._spider = cast(FrontierSpider, crawler.spider)
        self._captures: Batcher[Fetched, StoredPage | None] = Batcher("capture", self._store)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build as Scrapy asks."""
        return cls(crawler)

    async def process_item(self, item: Fetched) -> StoredPage:
        """Store one answer.

        Raises:
            DropItem: stored, and not a page to read.
        """
        try:
            page = await self._captures.submit(item)
        except Exception as error:
            # The edge: disk full, database gone. Nothing is lost: leases run out; no more is fetched.
            log.error(
                "crawl.capture.failed",
                run_id=self._spider.run.run_id,
                request_id=item.request.id,
                kind=type(error).__name__,
            )
            self._spider.fail("capture_failed")
            raise DropItem("capture failed") from error
        if item.wait_until is not None:
            self._spider.pace.pause(host_of(item.request.url), item.wait_until)
        if page is None:
            self._spider.intake.finished(item.request)
            raise DropItem("no page to read")
        self._spider.on_their_way[page.page_id] = item.request
        return page

    def close_spider(self) -> None:
        """End the thread."""
        self._captures.close()

    def _store(self, batch: list[Fetched]) -> list[StoredPage | None]:
        spider = self._spider
        return store_captures(spider.db, spider.keeper, spider.run, batch, now=spider.clock())
