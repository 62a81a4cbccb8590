"""Vacancies of any site that describes them as schema.org JobPosting (JSON-LD, or microdata)."""

import re
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from html import unescape

from crawlers.items import AdItem, AdKind, ContactItem
from crawlers.pages import contacts
from crawlers.pages.base import Page, PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.json_ld import find_items, find_microdata
from crawlers.pages.prices import Price, currency_code, parse_price, period_name
from crawlers.pages.values import Json, at, decimal_at, list_at, text_at
from models.urls import host_of

# Fields that sites use for the rest of the text instead of the description.
_MORE_TEXT = (
    "responsibilities", "qualifications", "experienceRequirements", "skills", "jobBenefits",
    "incentiveCompensation", "workHours", "specialCommitments",
)  # fmt: skip
_ESCAPED_TAG = re.compile(r"&lt;/?[a-z]", re.IGNORECASE)
_TAG = re.compile(r"</?[a-z]", re.IGNORECASE)
_WORD = re.compile(r"\w")


class JobPosting(PageObject):
    """A page with one or more JobPosting items."""

    name = "job_posting"

    @cached_property
    def _postings(self) -> list[dict[str, Json]]:
        return list(find_items(self.page, "JobPosting")) or list(find_microdata(self.page, "JobPosting"))

    def is_mine(self) -> bool:
        """Whether the page has a JobPosting."""
        return "JobPosting" in self.page.text and bool(self._postings)

    def ads(self) -> Iterator[AdItem]:
        """One ad per posting; a posting that stands twice is one."""
        seen = set()
        for posting in self._postings:
            ad = read_posting(posting, self.page, is_alone=len(self._postings) == 1)
            if ad.external_id not in seen:
                seen.add(ad.external_id)
                yield ad


def read_posting(posting: dict[str, Json], page: Page, *, is_alone: bool) -> AdItem:
    """Turn one JobPosting item into an ad."""
    title = page.html_line(text_at(posting, "title") or text_at(posting, "name"))
    author = text_at(posting, "hiringOrganization", "name") or text_at(posting, "hiringOrganization")
    url = own_url(posting, page)
    price = read_salary(at(posting, "baseSalary"))
    return AdItem(
        external_id=_external_id(
            posting, url, is_alone=is_alone or url != page.own_url, fingerprint=f"{title}\n{author}"
        ),
        url=url,
        title=title,
        text=_text(posting, page),
        author=page.html_line(author) or None,
        contacts=contacts.once(_contacts(posting)),
        region=read_region(posting, page),
        price_amount=price.amount if price else None,
        price_currency=price.currency if price else None,
        price_period=price.period if price else None,
        published_at=parse_date(text_at(posting, "datePosted"), page.fetched_at),
        kind=AdKind.JOB,
    )


def own_url(item: dict[str, Json], page: Page) -> str:
    """Address that an item gives itself, if it is of the page's own site; else the page's.

    A page could otherwise name a page of somebody else's as the place of its ad.
    """
    claimed = page.absolute(text_at(item, "url") or text_at(item, "@id"))
    here = page.own_url
    if claimed is None or claimed == here:
        return here
    ours, theirs = host_of(here).removeprefix("www."), host_of(claimed).removeprefix("www.")
    return claimed if theirs == ours or theirs.endswith("." + ours) else here


def _external_id(posting: dict[str, Json], url: str, *, is_alone: bool, fingerprint: str) -> str:
    """The board's own number if it stands in the address too; else the address, if no other ad has it.

    The standard means ``identifier`` to be the employer's number, and two
    employers of one board may both have a vacancy 77.
    """
    places = (("identifier", "value"), ("identifier", 0, "value"), ("identifier",))
    native = next(filter(None, (text_at(posting, *place) for place in places)), None)
    if native and _stands_in(native, url):
        return native[:512]
    if is_alone:
        return url[:512]
    return f"{url[:480]}#{sha256((native or fingerprint).encode(errors='replace')).hexdigest()[:16]}"


def _stands_in(number: str, url: str) -> bool:
    """Whether a number stands in an address as a word of its own."""
    before, found, after = f" {url}".partition(number)
    while found:
        if not _WORD.fullmatch(before[-1]) and not _WORD.match(after):
            return True
        skipped, found, after = after.partition(number)
        before = number + skipped
    return False


def _text(posting: dict[str, Json], page: Page) -> str:
    parts = [field_text(text_at(posting, "description"), page)]
    for name in _MORE_TEXT:
        for value in list_at(posting, name):
            words = text_at(value) or text_at(value, "description") or text_at(value, "name")
            part = field_text(words, page)
            if part and not any(part in other for other in parts):
                parts.append(part)
    return "\n".join(part for part in parts if part)


def field_text(html: str | None, page: Page) -> str:
    """Text of a field; escaped HTML (``&lt;p&gt;``) is unescaped once more, as sites mean it."""
    if html and _ESCAPED_TAG.search(html) and not _TAG.search(html):
        html = unescape(html)
    return page.html_text(html)


def _contacts(posting: dict[str, Json]) -> Iterator[ContactItem | None]:
    for place in (("applicationContact",), ("hiringOrganization",), ("hiringOrganization", "contactPoint")):
        for holder in list_at(posting, *place):
            number, mail = text_at(holder, "telephone"), text_at(holder, "email")
            yield contacts.phone(number) if number else None
            yield contacts.email(mail) if mail else None


def read_region(posting: dict[str, Json], page: Page) -> str | None:
    """Places of work as ``locality, region; …``; the country where nothing nearer is said."""
    places = []
    for place in list_at(posting, "jobLocation") or list_at(posting, "applicantLocationRequirements"):
        address = at(place, "address")
        near = [text_at(address, part) for part in ("addressLocality", "addressRegion")]
        country = text_at(address, "addressCountry") or text_at(address, "addressCountry", "name")
        far = text_at(address) or country or text_at(place, "name") or text_at(place)
        words = ", ".join(dict.fromkeys(page.html_line(word) for word in near if word))
        words = words or page.html_line(far)
        if words:
            places.append(words)
    return "; ".join(dict.fromkeys(places)) or None


def read_salary(salary: Json) -> Price | None:
    """Pay as MonetaryAmount, plain number or words; the lower end of a range."""
    if isinstance(salary, list):
        salary = at(salary, 0)
    if salary is None:
        return None
    if isinstance(salary, str):
        return parse_price(salary)
    currency = currency_code(text_at(salary, "currency") or text_at(salary, "value", "currency"))
    period = period_name(text_at(salary, "value", "unitText") or text_at(salary, "unitText"))
    places = [
        ("value", "minValue"),
        ("value", "value"),
        ("value", "maxValue"),
        ("value",),
        ("minValue",),
        ("maxValue",),
        (),
    ]
    for place in places:
        amount = decimal_at(salary, *place)
        if amount:
            return Price(amount, currency, period)
    words = parse_price(text_at(salary, "value", "value") or text_at(salary, "value"))
    return Price(words.amount, currency or words.currency, period) if words else None
