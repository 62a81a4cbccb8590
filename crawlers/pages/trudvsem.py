"""Open data of trudvsem.ru, Russia's state job board (trudvsem.ru/opendata/api); no saved answer exists."""

from collections.abc import Iterator

from crawlers.items import AdItem, AdKind, ContactItem, LinkItem
from crawlers.pages import contacts
from crawlers.pages.dates import parse_date
from crawlers.pages.job_posting import field_text
from crawlers.pages.json_page import JsonPage
from crawlers.pages.prices import currency_code_in
from crawlers.pages.values import Json, at, decimal_at, list_at, text_at
from models.enums import RequestKind
from models.urls import host_of

_MOST_A_PAGE = 100


class Trudvsem(JsonPage):
    """A page of vacancies, each with its whole text."""

    name = "trudvsem"
    hosts = ("opendata.trudvsem.ru",)

    def is_mine(self) -> bool:
        """Whether it is an answer with results, be they none."""
        return text_at(self.data, "status") == "200" and isinstance(at(self.data, "results"), dict | list)

    def ads(self) -> Iterator[AdItem]:
        """The vacancies, each once."""
        seen: set[str] = set()
        for item in list_at(self.data, "results", "vacancies"):
            vacancy = at(item, "vacancy")
            number = text_at(vacancy, "id")
            if number is None:
                self.page.miss("vacancy_without_id")
            elif number not in seen:
                seen.add(number)
                yield self._read(vacancy, number)

    def links(self) -> Iterator[LinkItem]:
        """The next page; ``offset`` counts pages, not vacancies."""
        limit, offset = self.asked.get("limit", str(_MOST_A_PAGE)), self.asked.get("offset", "0")
        n_items = len(list_at(self.data, "results", "vacancies"))
        if limit.isdecimal() and offset.isdecimal() and n_items >= min(int(limit), _MOST_A_PAGE) > 0:
            url = self.page.absolute(self.address(offset=str(int(offset) + 1)))
            if url:
                yield LinkItem(url, RequestKind.LISTING)

    def _read(self, vacancy: Json, number: str) -> AdItem:
        page = self.page
        url = page.absolute(text_at(vacancy, "vac_url"))
        host = host_of(url or "")
        amount = decimal_at(vacancy, "salary_min") or decimal_at(vacancy, "salary_max")
        parts = [text_at(vacancy, "duty"), text_at(vacancy, "requirement", "qualification")]
        places = [text_at(place, "location") for place in list_at(vacancy, "addresses", "address")]
        region = ", ".join(dict.fromkeys(filter(None, [text_at(vacancy, "region", "name"), *places])))
        return AdItem(
            external_id=number[:512],
            url=url if url and (host == "trudvsem.ru" or host.endswith(".trudvsem.ru")) else page.own_url,
            title=page.html_line(text_at(vacancy, "job-name")),
            text="\n".join(filter(None, (field_text(part, page) for part in parts))),
            author=text_at(vacancy, "company", "name"),
            contacts=contacts.once(_contacts(vacancy)),
            region=page.html_line(region) or None,
            price_amount=amount or None,
            price_currency=(currency_code_in(text_at(vacancy, "currency") or "") or "RUB")
            if amount
            else None,
            price_period="month" if amount else None,
            published_at=parse_date(text_at(vacancy, "creation-date"), page.fetched_at),
            kind=AdKind.JOB,
        )


def _contacts(vacancy: Json) -> Iterator[ContactItem | None]:
    values = [text_at(contact, "contact_value") for contact in list_at(vacancy, "contact_list")]
    for value in [*values, text_at(vacancy, "company", "email"), text_at(vacancy, "company", "phone")]:
        if value and "@" in value:
            yield contacts.email(value)
        elif value and sum(letter.isdecimal() for letter in value) >= 6:
            yield contacts.phone(value)
