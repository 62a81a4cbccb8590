"""What a sample site is: it is asked for an address and answers.

A site knows nothing of sockets: it is told a path, its query and an edition,
and gives an :class:`Answer`. The same question gets the same bytes, always.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from urllib.parse import urlencode

from jinja2 import Environment

from crawlers.sample_web.ads import Host, SampleAd, in_edition, is_gone, load_ads
from crawlers.sample_web.rendering import environment

HTML = "text/html; charset=utf-8"
PLAIN = "text/plain; charset=utf-8"
RSS = "application/rss+xml; charset=utf-8"

PAGE_SIZE = 10


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

    @property
    def target(self) -> str:
        """Path and query as one word, the same for every order of parameters."""
        return f"{self.path}?{urlencode(sorted(self.query.items()))}"


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
        self._path_of = {ad.key: self.spell_path(ad) for ad in self.ads}
        self._key_at = {path: key for key, path in self._path_of.items()}

    def ad_path(self, ad: SampleAd) -> str:
        """Return the address of an ad's own page on this host; it keeps the title of edition 1."""
        return self._path_of[ad.key]

    @abstractmethod
    def spell_path(self, ad: SampleAd) -> str:
        """Make the address of an ad's own page."""

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
        if path.startswith(self.disallow):
            return self.error(HTTPStatus.FORBIDDEN)
        standing = in_edition(self.ads, edition)
        if path in self._key_at:
            return self._own_page(self._key_at[path], standing, edition)
        answer = self.listing(asked, standing)
        return self._with_removals(answer, edition) if answer else self.error(HTTPStatus.NOT_FOUND)

    def _own_page(self, key: str, standing: Sequence[SampleAd], edition: int) -> Answer:
        for ad in standing:
            if ad.key == key:
                return self.ad_page(ad)
        was_there = any(ad.key == key and is_gone(ad, edition) for ad in self.ads)
        return self.error(HTTPStatus.GONE if was_there else HTTPStatus.NOT_FOUND)

    def _with_removals(self, answer: Answer, edition: int) -> Answer:
        """Date a listing by what left it, too."""
        times = [ad.gone_at for ad in self.ads if ad.gone_at and is_gone(ad, edition)]
        return replace(answer, modified_at=max(filter(None, (answer.modified_at, *times)), default=None))

    def error(self, status: HTTPStatus) -> Answer:
        """Answer that there is nothing here (404), nothing any more (410) or no entry (403)."""
        return self.html("error.html", status=status, ads=())

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
        text = self.templates.get_template(f"{folder}/{template}").render(
            ads=ads, site=self, status=status, **context
        )
        return Answer(
            status=status,
            content_type=content_type,
            body=text.encode(),
            modified_at=max((ad.changed_at or ad.published_at for ad in ads), default=None),
            shown=frozenset(ad.key for ad in shown),
            is_listing=is_listing,
        )
