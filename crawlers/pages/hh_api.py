"""Vacancies of hh by its API (api.hh.ru/openapi/redoc): a search leads to them, each answers for itself.

One search shows 2000 vacancies at most and leaves out parameters that it does not
know without a word, so a search that finds more is split by date, and what it says
it understood is compared with what was asked.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages import contacts
from crawlers.pages.dates import parse_iso
from crawlers.pages.hh import HhVacancy, read_contacts
from crawlers.pages.job_posting import field_text
from crawlers.pages.json_page import JsonPage
from crawlers.pages.prices import currency_code, period_name
from crawlers.pages.values import at, decimal_at, list_at, text_at
from models.enums import RequestKind

_HOSTS = ("api.hh.ru",)
MOST_SHOWN = 2000
# hh rounds dates to five minutes: a window can hardly be narrower.
_NARROWEST = timedelta(minutes=10)
_LONGEST = timedelta(days=30)
# They say how to answer, not what to find.
_NOT_FILTERS = frozenset(
    {"page", "per_page", "order_by", "host", "locale", "describe_arguments", "clusters", "no_magic",
     "responses_count_enabled", "date_from", "date_to", "period"}
)  # fmt: skip


class HhApiSearch(JsonPage):
    """A page of a search."""

    name = "hh_api_search"
    hosts = _HOSTS
    reads = "hh_api_vacancy"

    def is_mine(self) -> bool:
        """Whether it is an answer with vacancies and their number, be it none."""
        return isinstance(at(self.data, "items"), list) and isinstance(at(self.data, "found"), int)

    def ads(self) -> Iterator[AdItem]:
        """None: a search shortens the texts."""
        yield from ()

    def links(self) -> Iterator[LinkItem]:
        """Both halves of a search that finds too much; else the vacancies and the next page."""
        self._check_arguments()
        halves = self._halves() if at(self.data, "found") > MOST_SHOWN else []
        for address in halves:
            yield from self._link(address, RequestKind.LISTING)
        if halves:
            return
        for item in list_at(self.data, "items"):
            number = text_at(item, "id")
            if number is None or not number.isdecimal():
                self.page.miss("vacancy_without_id")
                continue
            changed_at = parse_iso(text_at(item, "published_at") or "")
            yield from self._link(f"https://api.hh.ru/vacancies/{number}", RequestKind.AD, changed_at)
        number, n_pages = at(self.data, "page"), at(self.data, "pages")
        if isinstance(number, int) and isinstance(n_pages, int) and number + 1 < n_pages:
            yield from self._link(self.address(page=str(number + 1)), RequestKind.LISTING)

    def _link(self, address: str, kind: RequestKind, at: datetime | None = None) -> Iterator[LinkItem]:
        url = self.page.absolute(address)
        if url:
            yield LinkItem(url, kind, at)

    def _check_arguments(self) -> None:
        """Note each filter that was asked for and is not among those that hh says it understood."""
        described = at(self.data, "arguments")
        if isinstance(described, list):
            known = {text_at(argument, "argument") for argument in described}
        else:
            known = set(parse_qs(urlsplit(text_at(self.data, "alternate_url") or "").query))
        for name in sorted(set(self.asked) - _NOT_FILTERS - known):
            self.page.miss(f"parameter_ignored: {name[:40]}")

    def _halves(self) -> list[str]:
        """Addresses of the same search for the older and the newer half of its time."""
        end = parse_iso(self.asked.get("date_to", "")) or self.page.fetched_at
        if end is None:
            return self._too_much("no_time")
        days = self.asked.get("period", "")
        window = timedelta(days=int(days)) if days.isdecimal() and len(days) < 4 else _LONGEST
        start = parse_iso(self.asked.get("date_from", "")) or end - min(window, _LONGEST)
        middle = start + (end - start) / 2
        if end - start < _NARROWEST:
            return self._too_much("narrow")
        return [
            self.address(date_from=_stamp(a), date_to=_stamp(b), period=None, page=None)
            for a, b in ((middle, end), (start, middle))
        ]

    def _too_much(self, why: str) -> list[str]:
        self.page.miss(f"search_finds_more_than_it_shows: {why}")
        return []


class HhApiVacancy(JsonPage):
    """One vacancy with its whole text."""

    name = "hh_api_vacancy"
    hosts = _HOSTS

    def is_mine(self) -> bool:
        """Whether it is a vacancy."""
        return text_at(self.data, "id") is not None and text_at(self.data, "name") is not None

    def ads(self) -> Iterator[AdItem]:
        """The one vacancy."""
        data, page = self.data, self.page
        pay = at(data, "salary_range") or at(data, "salary")
        amount = decimal_at(pay, "from") or decimal_at(pay, "to")
        text = text_at(data, "description") or text_at(data, "branded_description")
        if text is None:
            page.miss("no_description")
        yield AdItem(
            external_id=text_at(data, "id") or "",
            url=self._url(),
            title=page.html_line(text_at(data, "name")),
            text=field_text(text, page),
            author=text_at(data, "employer", "name"),
            contacts=contacts.once(read_contacts(at(data, "contacts"))),
            region=text_at(data, "area", "name"),
            price_amount=amount,
            price_currency=currency_code(text_at(pay, "currency")) if amount is not None else None,
            price_period=period_name(text_at(pay, "mode", "id")) if amount is not None else None,
            published_at=parse_iso(text_at(data, "published_at") or ""),
            kind=AdKind.JOB,
        )

    def is_gone(self) -> bool:
        """Whether the vacancy is archived; it still answers with 200."""
        return at(self.data, "archived") is True

    def _url(self) -> str:
        """The page for people, which a decision names; only on a site of hh's own."""
        url = self.page.absolute(text_at(self.data, "alternate_url"))
        return url if url and HhVacancy.knows_host_of(url) else self.page.own_url


def _stamp(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S+0000")
