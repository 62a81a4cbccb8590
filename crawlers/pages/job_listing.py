"""The list of a job board whose vacancy pages describe themselves as JobPosting."""

import re
from collections import defaultdict
from collections.abc import Iterator
from urllib.parse import urlsplit

from crawlers.items import AdItem, LinkItem
from crawlers.pages.base import PageObject
from crawlers.pages.json_ld import find_items
from crawlers.pages.values import list_at, text_at
from models.enums import RequestKind
from models.urls import host_of

_NUMBER = re.compile(r"\d+")
_PAGING = re.compile(r"/page[/-]?\d")


class JobListing(PageObject):
    """Leads to vacancies; holds none itself.

    The vacancies are those of the page's ItemList. Without one they are the links
    of the own site that differ from one another in a number of their path only,
    in the largest such group: ``/vacancy/101``, ``/vacancy/102``…
    """

    name = "job_listing"
    reads = "job_posting"
    is_recognisable = False

    def is_mine(self) -> bool:
        """Whether the page leads to any vacancy."""
        return any(link.kind is RequestKind.AD for link in self.links())

    def ads(self) -> Iterator[AdItem]:
        """None: the cards are shortened."""
        yield from ()

    def links(self) -> Iterator[LinkItem]:
        """The vacancies, then the next page."""
        for url in self._listed() or self._alike():
            yield LinkItem(url, RequestKind.AD)
        for link in self.page.css('link[rel="next"], a[rel="next"]'):
            following = self.page.absolute(link.attributes.get("href"))
            if following:
                yield LinkItem(following, RequestKind.LISTING)

    def _listed(self) -> list[str]:
        urls = []
        for items in find_items(self.page, "ItemList"):
            for item in list_at(items, "itemListElement"):
                urls.append(self.page.absolute(text_at(item, "url") or text_at(item, "item", "url")))
        return self._own(urls)

    def _alike(self) -> list[str]:
        groups: dict[str, list[str]] = defaultdict(list)
        for url in self._own(
            [self.page.absolute(link.attributes.get("href")) for link in self.page.css("a[href]")]
        ):
            path = urlsplit(url).path
            if _NUMBER.search(path) and not _PAGING.search(path):
                groups[_NUMBER.sub("#", path)].append(url)
        return max(groups.values(), key=len, default=[])

    def _own(self, urls: list[str | None]) -> list[str]:
        host = host_of(self.page.url)
        return list(dict.fromkeys(url for url in urls if url and host_of(url) == host))
