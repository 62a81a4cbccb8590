"""The four sample sites: which address shows what.

A site knows nothing of sockets: it is told a path, its query and an edition,
and gives an :class:`Answer`. The same question gets the same bytes, always.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus

from jinja2 import Environment
from markupsafe import escape

from crawlers.sample_web.ads import Damage, Host, SampleAd, in_edition, is_gone, load_ads
from crawlers.sample_web.rendering import base36, environment, slugify

HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"

PAGE_SIZE = 10
NESTED_TAGS = 2_100  # libxml2 stops at a depth of 255 by default, browsers at 512


@dataclass(frozen=True, slots=True)
class Answer:
    """What a site answers to one address.

    Attributes:
        modified_at: when anything on the page last changed; None on errors.
        shown: keys of the ads whose full text stands in ``body``.
        is_listing: the page leads to ads; a crawl begins with such pages.
    """

    status: HTTPStatus
    content_type: str
    body: bytes
    modified_at: datetime | None = None
    shown: frozenset[str] = frozenset()
    is_listing: bool = False


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of a site.

    Attributes:
        path: decoded, beginning with ``/``.
        query: the first value of each parameter.
        base: scheme and authority as asked for; a feed must write whole addresses.
    """

    path: str
    query: Mapping[str, str]
    base: str


@dataclass(frozen=True, slots=True)
class Slice:
    """One page of a listing: its ads, its number from 1, and how many pages there are."""

    ads: Sequence[SampleAd]
    number: int
    n_pages: int


def cut(ads: Sequence[SampleAd], query: Mapping[str, str]) -> Slice | None:
    """Take the page that ``?page=N`` names; None when there is no such page."""
    n_pages = max(1, math.ceil(len(ads) / PAGE_SIZE))
    asked = query.get("page", "1")
    if not asked.isascii() or not asked.isdigit() or not 1 <= int(asked[:6]) <= n_pages:
        return None
    number = int(asked[:6])
    return Slice(ads[(number - 1) * PAGE_SIZE : number * PAGE_SIZE], number, n_pages)


class Site(ABC):
    """One host of the sample web.

    Attributes:
        host: its name.
        disallow: the one path that its robots.txt closes.
    """

    host: Host
    disallow: str
    templates: Environment = environment()

    def __init__(self) -> None:
        self.ads = load_ads(self.host)

    @abstractmethod
    def ad_path(self, ad: SampleAd) -> str:
        """Return the address of an ad's own page on this host."""

    @abstractmethod
    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer a listing address from ``ads`` (newest first); None when it is none."""

    @abstractmethod
    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer the own page of a standing ad."""

    def answer(self, asked: Question, edition: int) -> Answer:
        """Answer one address as ``edition`` (1 or 2) shows it."""
        path = asked.path
        if path == "/robots.txt":
            return Answer(HTTPStatus.OK, PLAIN, f"User-agent: *\nDisallow: {self.disallow}\n".encode())
        standing = in_edition(self.ads, edition)
        for ad in standing:
            if path == self.ad_path(ad):
                return self.ad_page(ad)
        if any(path == self.ad_path(ad) for ad in self.ads if is_gone(ad, edition)):
            return self.error(HTTPStatus.GONE)
        answer = self.listing(asked, standing)
        return self._with_removals(answer, edition) if answer else self.error(HTTPStatus.NOT_FOUND)

    def _with_removals(self, answer: Answer, edition: int) -> Answer:
        """Date a listing by what left it, too."""
        times = [ad.gone_at for ad in self.ads if ad.gone_at and is_gone(ad, edition)]
        return replace(answer, modified_at=max(filter(None, (answer.modified_at, *times)), default=None))

    def error(self, status: HTTPStatus) -> Answer:
        """Answer that there is nothing here (404) or nothing any more (410)."""
        return self.html("error.html", status=status, ads=(), removed=status is HTTPStatus.GONE)

    def html(
        self,
        template: str,
        *,
        ads: Sequence[SampleAd],
        shown: Sequence[SampleAd] = (),
        status: HTTPStatus = HTTPStatus.OK,
        is_listing: bool = False,
        content_type: str = HTML,
        **context: object,
    ) -> Answer:
        """Render a template; ``ads`` are all that stand on the page, ``shown`` those with their full text."""
        folder = self.host.value.removesuffix(".example")
        text = self.templates.get_template(f"{folder}/{template}").render(ads=ads, site=self, **context)
        return Answer(
            status=status,
            content_type=content_type,
            body=text.encode(),
            modified_at=max((ad.changed_at or ad.published_at for ad in ads), default=None),
            shown=frozenset(ad.key for ad in shown),
            is_listing=is_listing,
        )


class Baraholka(Site):
    """Classifieds: a home page, categories with paging, one page per ad."""

    host = Host.BARAHOLKA
    disallow = "/moi-obyavleniya/"
    sections = {
        "rabota": "Работа",
        "uslugi": "Услуги",
        "detskiy-mir": "Детский мир",
        "zdorovie": "Красота и здоровье",
        "zhivotnye": "Животные и хозяйство",
        "raznoe": "Разное и объявления о розыске",
    }

    def ad_path(self, ad: SampleAd) -> str:
        """Return ``/d/<slug>-ID<base36>.html``; the slug keeps the first title."""
        first = next(one for one in self.ads if one.number == ad.number)
        return f"/d/{slugify(first.title)}-ID{base36(ad.number)}.html"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/`` (newest), ``/obyavleniya/`` (all) and ``/<category>/``, paged by ``?page=N``."""
        path = asked.path
        if path == "/":
            return self.html("home.html", ads=ads[:PAGE_SIZE], is_listing=True)
        section = path.strip("/")
        if path != f"/{section}/" or section not in {"obyavleniya", *self.sections}:
            return None
        page = cut([ad for ad in ads if section in ("obyavleniya", ad.section)], asked.query)
        if page is None:
            return None
        heading = self.sections.get(section, "Все объявления")
        return self.html(
            "category.html", ads=page.ads, is_listing=True, page=page, path=path, heading=heading
        )

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one ad; a broken one is damaged as its data say."""
        answer = self.html("ad.html", ads=[ad], shown=[ad], ad=ad, nested=0)
        if ad.damage is Damage.NESTED:
            return self.html("ad.html", ads=[ad], shown=[ad], ad=ad, nested=NESTED_TAGS)
        if ad.damage is Damage.CUT:
            return replace(answer, body=cut_in_a_tag(answer.body))
        return answer


def cut_in_a_tag(body: bytes) -> bytes:
    """Break a page off in the middle of the tag that closes its description, as a torn connection does."""
    return body[: body.index(b"</article") + len(b"</art")]


class Jumys(Site):
    """Job board: one listing with paging, vacancy pages with JSON-LD."""

    host = Host.JUMYS
    disallow = "/employer/"

    def ad_path(self, ad: SampleAd) -> str:
        """Return ``/vacancy/<id>``."""
        return f"/vacancy/{ad.number}"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/`` and ``/vacancies``, both the same list, by ``?page=N``."""
        page = cut(ads, asked.query) if asked.path in ("/", "/vacancies") else None
        if page is None:
            return None
        return self.html("vacancies.html", ads=page.ads, is_listing=True, page=page)

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one vacancy."""
        return self.html("vacancy.html", ads=[ad], shown=[ad], ad=ad, posting=job_posting(ad))


def job_posting(ad: SampleAd) -> dict[str, object]:
    """Describe a vacancy in the words of schema.org JobPosting."""
    posting: dict[str, object] = {
        "@context": "https://schema.org/",
        "@type": "JobPosting",
        "title": ad.title,
        "description": "".join(f"<p>{escape(line)}</p>" for line in ad.text.split("\n") if line),
        "identifier": {"@type": "PropertyValue", "name": ad.author, "value": str(ad.number)},
        "datePosted": ad.published_at.isoformat(),
        "hiringOrganization": {"@type": "Organization", "name": ad.author},
        "jobLocation": {
            "@type": "Place",
            "address": {"@type": "PostalAddress", "addressCountry": "KZ", "addressLocality": ad.region},
        },
    }
    if ad.pay:
        low, high = ad.pay
        amounts = {name: amount for name, amount in (("minValue", low), ("maxValue", high)) if amount}
        value = {"@type": "QuantitativeValue", "unitText": "MONTH", **amounts}
        posting["baseSalary"] = {"@type": "MonetaryAmount", "currency": "KZT", "value": value}
    if "schema_type" in ad.details:
        posting["employmentType"] = ad.details["schema_type"]
    return posting


class Kanal(Site):
    """Channel previews with the markup of a public Telegram preview page."""

    host = Host.KANAL
    disallow = "/share/"
    channels = {
        "jumys_bar_kz": "Жұмыс бар! Қазақстан 🇰🇿",
        "shymkent_bazar": "Шымкент базар | объявления",
    }

    def ad_path(self, ad: SampleAd) -> str:
        """Return ``/<channel>/<number>``."""
        return f"/{ad.section}/{ad.number}"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/s/<channel>``: the last ten messages, or the ten before ``?before=N``; oldest first."""
        channel = asked.path.removeprefix("/s/")
        if asked.path != f"/s/{channel}" or channel not in self.channels:
            return None
        before = asked.query.get("before", "")
        limit = int(before[:9]) if before.isascii() and before.isdigit() else None
        earlier = [ad for ad in ads if ad.section == channel and (limit is None or ad.number < limit)]
        earlier.sort(key=lambda ad: ad.number, reverse=True)
        messages = earlier[:PAGE_SIZE][::-1]
        older = messages[0].number if len(earlier) > PAGE_SIZE else None
        return self.html(
            "channel.html", ads=messages, shown=messages, is_listing=True, channel=channel, older=older
        )

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one message alone."""
        return self.html("channel.html", ads=[ad], shown=[ad], channel=ad.section, older=None)


class Habar(Site):
    """A feed of short notices and the page of each."""

    host = Host.HABAR
    disallow = "/print/"

    def ad_path(self, ad: SampleAd) -> str:
        """Return ``/item/<id>``."""
        return f"/item/{ad.number}"

    def listing(self, asked: Question, ads: Sequence[SampleAd]) -> Answer | None:
        """Answer ``/feed.xml`` (every notice in full) and ``/`` (titles)."""
        if asked.path == "/feed.xml":
            return self.html(
                "feed.xml", ads=ads, shown=ads, is_listing=True, content_type=RSS, base=asked.base
            )
        return self.html("home.html", ads=ads, is_listing=True) if asked.path == "/" else None

    def ad_page(self, ad: SampleAd) -> Answer:
        """Answer one notice."""
        return self.html("item.html", ads=[ad], shown=[ad], ad=ad)


def all_sites() -> dict[str, Site]:
    """Return the sites by host name."""
    return {site.host.value: site for site in (Baraholka(), Jumys(), Kanal(), Habar())}
