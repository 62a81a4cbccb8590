"""OLX: the state that its pages carry holds every ad with its full text.

Written after saved pages of olx.pl (2026-02), the same front end as olx.kz.
Phones are behind a check of the device and are left alone; ``contact.phone`` is a flag.
"""

import json
import re
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages.base import Page, PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.job_posting import own_url
from crawlers.pages.json_ld import load_json
from crawlers.pages.prices import Price, currency_code
from crawlers.pages.values import Json, at, decimal_at, list_at, text_at
from models.enums import RequestKind

_STATE = re.compile(r'window\.__PRERENDERED_STATE__\s*=\s*(?=")')
_HOSTS = ("olx.kz", "olx.pl", "olx.uz", "olx.ua", "olx.ro", "olx.bg", "olx.pt")


class _OlxPage(PageObject):
    @cached_property
    def _state(self) -> Json:
        """The page's state: JSON within a JSON string; None when the page has none."""
        found = _STATE.search(self.page.text)
        if found is None:
            return None
        try:
            inner, _ = json.JSONDecoder(strict=False).raw_decode(self.page.text, found.end())
            return load_json(inner)
        except (ValueError, TypeError):  # TypeError: the state is no string
            self.page.miss("state_broken")
            return None


class OlxListing(_OlxPage):
    """A listing or search page."""

    name = "olx_listing"
    hosts = _HOSTS
    reads = "olx_ad"

    @property
    def _listing(self) -> Json:
        return at(self._state, "listing", "listing")

    def is_mine(self) -> bool:
        """Whether the state holds a list of ads, be it empty."""
        return isinstance(at(self._listing, "ads"), list)

    def ads(self) -> Iterator[AdItem]:
        """All ads; promoted ones come again on every page, so each id once."""
        seen = set()
        for data in list_at(self._listing, "ads"):
            number = text_at(data, "id")
            if number is None:
                self.page.miss("ad_without_id")
            elif number not in seen:
                seen.add(number)
                yield _read_ad(data, number, self.page)

    def links(self) -> Iterator[LinkItem]:
        """The next page; the ads need no visit, their text is here."""
        number, n_pages = at(self._listing, "pageNumber"), at(self._listing, "totalPages")
        if isinstance(number, int) and isinstance(n_pages, int) and number + 1 < n_pages:
            parts = urlsplit(self.page.url)
            query = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != "page"]
            query.append(("page", str(number + 2)))  # the state counts from 0, addresses from 1
            url = self.page.absolute(urlunsplit(parts._replace(query=urlencode(query))))
            if url:
                yield LinkItem(url, RequestKind.LISTING)


class OlxAd(_OlxPage):
    """The page of one ad."""

    name = "olx_ad"
    hosts = _HOSTS

    @property
    def _ad(self) -> Json:
        return at(self._state, "ad", "ad")

    def is_mine(self) -> bool:
        """Whether the state holds an ad."""
        return text_at(self._ad, "id") is not None

    def ads(self) -> Iterator[AdItem]:
        """The one ad; the page's other cards are not in this part of the state."""
        yield _read_ad(self._ad, text_at(self._ad, "id") or "", self.page)

    def is_gone(self) -> bool:
        """Whether the ad is no longer active; the words for it stand in every page's scripts."""
        return at(self._ad, "isActive") is False


def _read_ad(data: Json, number: str, page: Page) -> AdItem:
    price = _price(data)
    return AdItem(
        external_id=number,
        url=own_url(data, page),
        title=page.html_line(text_at(data, "title")),
        text=page.html_text(text_at(data, "description")),
        author=text_at(data, "contact", "name") or text_at(data, "user", "name"),
        region=text_at(data, "location", "pathName"),
        price_amount=price.amount if price else None,
        price_currency=price.currency if price else None,
        published_at=parse_date(text_at(data, "createdTime"), page.fetched_at),
        kind=AdKind.JOB if at(data, "isJob") is True else AdKind.CLASSIFIED,
    )


def _price(data: Json) -> Price | None:
    amount = decimal_at(data, "price", "regularPrice", "value")
    if amount is not None:
        return Price(amount, currency_code(text_at(data, "price", "regularPrice", "currencyCode")))
    amount = decimal_at(data, "salary", "from") or decimal_at(data, "salary", "to")
    return (
        Price(amount, currency_code(text_at(data, "salary", "currencyCode"))) if amount is not None else None
    )
