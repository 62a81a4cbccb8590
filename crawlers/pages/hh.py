"""A vacancy of hh.ru, hh.kz and their country sites.

The page carries its whole state as JSON in a template element, and a JobPosting.
It also shows cards of other vacancies, so nothing is ever read from the markup.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cached_property
from urllib.parse import urlsplit

from crawlers.items import AdItem, AdKind, ContactItem
from crawlers.pages import contacts
from crawlers.pages.base import PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.job_posting import field_text, read_posting
from crawlers.pages.json_ld import find_items, load_json
from crawlers.pages.prices import currency_code, period_name
from crawlers.pages.values import Json, at, decimal_at, list_at, text_at

_STATE = re.compile(r'<template\b[^>]*\bid="HH-Lux-InitialState"[^>]*>(.*?)</template>', re.DOTALL)


class HhVacancy(PageObject):
    """The page of one vacancy."""

    name = "hh_vacancy"
    hosts = ("hh.ru", "hh.kz", "hh.uz", "headhunter.kg", "headhunter.ge", "rabota.by")

    @cached_property
    def _view(self) -> Json:
        """The vacancy in the page's state; None when the page has no readable state."""
        found = _STATE.search(self.page.text)
        if found is None:
            return None
        try:
            return at(load_json(found[1]), "vacancyView")
        except ValueError:
            self.page.note("state_broken")
            return None

    @cached_property
    def _postings(self) -> list[dict[str, Json]]:
        return list(find_items(self.page, "JobPosting"))

    def is_mine(self) -> bool:
        """Whether the state holds a vacancy, or the page is hh's and has a JobPosting."""
        if text_at(self._view, "vacancyId"):
            return True
        return self.knows_host_of(self.page.url) and bool(self._postings)

    def ads(self) -> Iterator[AdItem]:
        """The one vacancy, from the state; from the JobPosting where the state cannot be read."""
        if text_at(self._view, "vacancyId"):
            yield self._from_state()
        else:
            posting = self._postings[0]
            ad = read_posting(posting, self.page, is_alone=True)
            number = text_at(posting, "identifier", "value") or ad.external_id
            yield replace(ad, external_id=number, url=self._url(number))

    def is_gone(self) -> bool:
        """Whether the vacancy is archived; its page stays with status 200."""
        return at(self._view, "status", "archived") is True

    def _from_state(self) -> AdItem:
        view, page = self._view, self.page
        number = text_at(view, "vacancyId") or ""
        pay = at(view, "compensation")
        amount = decimal_at(pay, "from") or decimal_at(pay, "to")
        places = dict.fromkeys(
            filter(None, (text_at(view, "area", "name"), text_at(view, "area", "regionName")))
        )
        return AdItem(
            external_id=number,
            url=self._url(number),
            title=page.html_line(text_at(view, "name")),
            text=field_text(text_at(view, "description"), page),
            author=text_at(view, "company", "visibleName") or text_at(view, "company", "name"),
            contacts=contacts.once(read_contacts(at(view, "contactInfo"))),
            region=", ".join(places) or None,
            price_amount=amount,
            price_currency=currency_code(text_at(pay, "currencyCode")) if amount is not None else None,
            price_period=period_name(text_at(pay, "mode")) if amount is not None else None,
            published_at=parse_date(text_at(view, "publicationDate"), page.fetched_at),
            kind=AdKind.JOB,
        )

    def _url(self, number: str) -> str:
        """Address of the vacancy on the site that showed it, without what a search left in the query."""
        here = self.page.own_url
        parts = urlsplit(here)
        is_ours = self.knows_host_of(self.page.url) and number.isdigit()
        return parts._replace(path=f"/vacancy/{number}", query="").geturl() if is_ours else here


def read_contacts(info: Json) -> Iterator[ContactItem | None]:
    """Mail and phones, as the page's state and the API both write them."""
    mail = text_at(info, "email")
    yield contacts.email(mail) if mail else None
    for number in [*list_at(info, "phones", "phones"), *list_at(info, "phones")]:
        digits = "".join(text_at(number, part) or "" for part in ("country", "city", "number"))
        yield contacts.phone("+" + digits.lstrip("+")) if digits else None
