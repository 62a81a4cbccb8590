"""Item pipeline: a stored page is read in the parser child and its ads, links and state become rows."""

from typing import Self, cast

from scrapy.crawler import Crawler

from crawlers.batching import Batcher
from crawlers.capture import StoredPage
from crawlers.spiders.frontier import FrontierSpider
from models.logs import get_logger

log = get_logger(__name__)


class AdsPipeline:
    """Takes each :class:`StoredPage` to its end."""

    def __init__(self, crawler: Crawler) -> None:
        self._spider = cast(FrontierSpider, crawler.spider)
        self._pages: Batcher[StoredPage, None] = Batcher("extract", self._read)

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """Build as Scrapy asks."""
        return cls(crawler)

    async def process_item(self, item: StoredPage) -> StoredPage:
        """Read one page; a failure leaves it pending for ``extract_pending``."""
        request = self._spider.on_their_way.pop(item.page_id)
        try:
            await self._pages.submit(item)
        except Exception as error:  # the edge: the page's bytes are safe, and it stays visible as pending
            log.error("crawl.extract.failed", page_id=item.page_id, kind=type(error).__name__)
            self._spider.fail("extract_failed")
        else:
            self._spider.intake.finished(request)
        return item

    def close_spider(self) -> None:
        """End the thread."""
        self._pages.close()

    def _read(self, batch: list[StoredPage]) -> list[None]:
        self._spider.read(batch)
        return [None] * len(batch)
