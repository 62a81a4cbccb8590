"""enbek.kz, the state job board: rendered on the server (Laravel with Livewire); no saved page exists.

Written after what others found there (2026-09): the number behind ``~`` names a
vacancy, a closed one answers with 200 and a notice, a false number with 410.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from html import unescape
from urllib.parse import parse_qsl, urlencode, urlsplit

from selectolax.lexbor import LexborNode

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages import contacts
from crawlers.pages.base import PageObject
from crawlers.pages.job_posting import read_posting
from crawlers.pages.json_ld import find_items, load_json
from crawlers.pages.prices import parse_price
from crawlers.pages.text import line, node_text
from crawlers.pages.values import at
from models.enums import RequestKind

_HOSTS = ("enbek.kz",)
_NUMBER = re.compile(r"/vacancy/(?:[^/?#]*~)?(\d{1,12})(?:[/?#]|$)")
_SNAPSHOT = re.compile(r'wire:snapshot="([^"]{2,200000})"')
_CLOSED = re.compile(r"ваканси\w+ находится в архиве", re.IGNORECASE)
# Of a vacancy; the block of its employer below is an .item-list too, without a key.
_CARD = r"div.item-list[wire\:key^=item-] a[href*='/vacancy/']"


class EnbekListing(PageObject):
    """A search page: ten cards without descriptions."""

    name = "enbek_listing"
    hosts = _HOSTS
    reads = "enbek_vacancy"

    @cached_property
    def _n_pages(self) -> int | None:
        """Number of pages that the state of the list says; None without one."""
        for snapshot in _SNAPSHOT.finditer(self.page.text):
            try:
                count = at(load_json(unescape(snapshot[1])), "data", "countPage")
            except ValueError:
                continue
            if isinstance(count, int):
                return count
        return None

    def is_mine(self) -> bool:
        """Whether it has cards, or the state of a list that found nothing."""
        is_ours = self.knows_host_of(self.page.url)
        return is_ours and (self._n_pages is not None or self.page.first(_CARD) is not None)

    def ads(self) -> Iterator[AdItem]:
        """None: cards have no text."""
        yield from ()

    def links(self) -> Iterator[LinkItem]:
        """The vacancies, then the next page."""
        for card in self.page.css(_CARD):
            url = self.page.absolute(card.attributes.get("href"))
            if url and _NUMBER.search(url):
                yield LinkItem(url, RequestKind.AD)
        parts = urlsplit(self.page.url)
        asked = dict(parse_qsl(parts.query))
        number = int(asked["page"]) if re.fullmatch(r"\d{1,6}", asked.get("page", "")) else 1
        if self._n_pages is not None and number < self._n_pages:
            query = urlencode({**asked, "page": str(number + 1)})
            url = self.page.absolute(parts._replace(query=query).geturl())
            if url:
                yield LinkItem(url, RequestKind.LISTING)


class EnbekVacancy(PageObject):
    """The page of one vacancy; its JobPosting holds all but the text."""

    name = "enbek_vacancy"
    hosts = _HOSTS

    @property
    def _body(self) -> LexborNode | None:
        return self.page.first(".page.vacancy")

    def is_mine(self) -> bool:
        """Whether it is a vacancy; a page of error has none."""
        has_sign = self.knows_host_of(self.page.url) and "vacancy" in self.page.text
        return has_sign and self._body is not None and _NUMBER.search(self.page.own_url) is not None

    def ads(self) -> Iterator[AdItem]:
        """The one vacancy, its text put together from the labelled lines of the page."""
        page, body = self.page, self._body
        posting = next(find_items(page, "JobPosting"), {})
        base = read_posting(posting, page, is_alone=True)
        number = _NUMBER.search(page.own_url)
        if body is None or number is None:
            return
        lines = dict(_labelled(body))
        if not lines and self.is_gone():
            return  # what it said last stays
        if not lines:
            page.miss("no_labelled_lines")
        text = "\n".join(f"{label}: {value}" for label, value in lines.items())
        price = parse_price(line(node_text(body.css_first(".price"))))
        title = line(node_text(body.css_first(".title"))) or base.title
        yield replace(
            base,
            external_id=number[1],
            url=urlsplit(page.own_url)._replace(query="").geturl(),
            title=title,
            text=text or base.text,
            contacts=contacts.once([*base.contacts, *contacts.from_links(body.css_first(".text"))]),
            region=line(lines.get("Регион") or lines.get("Өңір")) or base.region,
            price_amount=price.amount if price else base.price_amount,
            price_currency=price.currency if price else base.price_currency,
            price_period="month" if price else base.price_period,
            kind=AdKind.JOB,
        )

    def is_gone(self) -> bool:
        """Whether a notice says that the vacancy is in the archive."""
        return any(_CLOSED.search(node_text(notice)) for notice in self.page.css(".alert"))


def _labelled(body: LexborNode) -> Iterator[tuple[str, str]]:
    """Label and value of each line: conditions first, then the text."""
    for node in body.css("ul.info li, .single-line"):
        label = node.css_first(".label")
        value = node.css_first(".value") or (label.next if label else None)
        while value is not None and not (value.tag or "-")[0].isalpha():
            value = value.next
        text = node_text(value)
        if label is not None and text and line(node_text(label)):
            yield line(node_text(label)).rstrip(":"), text
