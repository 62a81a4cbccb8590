"""layboard.com, jobs abroad. Written after addresses that others found; no saved page exists.

Its layout is not known: a vacancy is read from its JobPosting, or for want of one by its main text.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages.base import PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.generic import read_whole
from crawlers.pages.job_posting import read_posting
from crawlers.pages.json_ld import find_items
from crawlers.pages.values import Json, text_at
from models.enums import RequestKind

_HOSTS = ("layboard.com",)
_VACANCY = re.compile(r"/[a-z]{2}/vakansiya/(\d{1,12})(?:/|$)")
_LIST = re.compile(r"/[a-z]{2}/vakansii(?:/|$|\?)")


class LayboardListing(PageObject):
    """The vacancies of a country or of one of its specialities."""

    name = "layboard_listing"
    hosts = _HOSTS
    reads = "layboard_vacancy"

    @cached_property
    def _own(self) -> list[str]:
        urls = (self.page.absolute(link.attributes.get("href")) for link in self.page.css("a[href]"))
        return list(dict.fromkeys(url for url in urls if url and self.knows_host_of(url)))

    def is_mine(self) -> bool:
        """Whether it is a list by its address and leads to a vacancy, or on to other lists."""
        is_list = self.knows_host_of(self.page.url) and _LIST.search(self.page.url) is not None
        return is_list and any(_VACANCY.search(url) or _LIST.search(url) for url in self._own)

    def ads(self) -> Iterator[AdItem]:
        """None: the cards are shortened."""
        yield from ()

    def links(self) -> Iterator[LinkItem]:
        """The vacancies, then the specialities and further pages of the same country."""
        for url in self._own:
            if _VACANCY.search(url):
                yield LinkItem(url, RequestKind.AD)
        here = self.page.own_url.partition("?")[0]
        for url in self._own:
            if url.startswith((f"{here}?page=", f"{here}/")) and url != self.page.own_url:
                yield LinkItem(url, RequestKind.LISTING)


class LayboardVacancy(PageObject):
    """The page of one vacancy."""

    name = "layboard_vacancy"
    hosts = _HOSTS

    @cached_property
    def _posting(self) -> dict[str, Json] | None:
        return next(find_items(self.page, "JobPosting"), None)

    def is_mine(self) -> bool:
        """Whether its address is a vacancy's and it has a heading."""
        is_vacancy = self.knows_host_of(self.page.url) and _VACANCY.search(self.page.url) is not None
        return is_vacancy and (self._posting is not None or self.page.first("h1") is not None)

    def ads(self) -> Iterator[AdItem]:
        """The one vacancy."""
        number = _VACANCY.search(self.page.url)
        if self._posting is not None:
            ad = read_posting(self._posting, self.page, is_alone=True)
        else:
            self.page.note("no_job_posting")
            ad = read_whole(self.page, AdKind.JOB)
        yield replace(ad, external_id=number[1] if number else ad.external_id, url=self.page.own_url)

    def is_gone(self) -> bool:
        """Whether the day that its JobPosting is good for has passed; it then still answers with 200."""
        until = parse_date(text_at(self._posting, "validThrough"), self.page.fetched_at)
        return until is not None and self.page.fetched_at is not None and until < self.page.fetched_at
