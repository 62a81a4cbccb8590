"""A page as it was fetched, and what a page object is: told a page, it answers fields.

A page object never fetches, stores or guesses. Absent is None; a page that is
not of its sort is refused by ``is_mine`` before any field is read.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from datetime import datetime
from functools import cached_property
from typing import ClassVar
from urllib.parse import urljoin

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from crawlers.decode import storable
from crawlers.items import AdItem, LinkItem
from crawlers.pages.soup import Tamed, tame
from crawlers.pages.text import line, node_text, plain_text
from models.urls import BadUrl, canonical_url, host_of


class Page:
    """One stored page.

    Args:
        text: the decoded body, without NUL and lone surrogates.
        url: where it was in the end, after redirects.
        content_type: as the server said, or None.
        fetched_at: aware; what «сегодня» on the page means. None = relative dates stay unread.
    """

    def __init__(
        self, text: str, *, url: str, content_type: str | None = None, fetched_at: datetime | None = None
    ) -> None:
        self.text = text
        self.url = url
        self.content_type = content_type
        self.fetched_at = fetched_at
        self.problems: list[str] = []
        self.is_complete = True
        self.was_cut = False

    def miss(self, problem: str) -> None:
        """Note that something of the page was not read."""
        self.note(problem)
        self.is_complete = False

    def note(self, problem: str) -> None:
        """Note something odd that lost nothing."""
        if problem not in self.problems:
            self.problems.append(problem)

    @cached_property
    def tree(self) -> LexborHTMLParser:
        """The HTML tree, built by the rules that browsers follow, of markup made safe for it."""
        return _parse(self._tamed.html)

    @cached_property
    def body_text(self) -> str:
        """Text of all that the page shows."""
        return node_text(self.tree.body)

    @property
    def json_ld(self) -> tuple[str, ...]:
        """Texts of the page's JSON-LD blocks; costs no tree."""
        return self._tamed.json_ld

    @cached_property
    def _tamed(self) -> Tamed:
        return self._tame(self.text)

    def html_text(self, html: str | None) -> str:
        """Text of a piece of HTML that the page holds as a string, for example in JSON; "" for None."""
        if not html:
            return ""
        html, problems = storable(html)  # JSON escapes bring back what decoding removed
        for problem in problems:
            self.note(problem)
        if "<" not in html and "&" not in html:
            return plain_text(html)
        return node_text(_parse(self._tame(html).html).body)

    def html_line(self, html: str | None) -> str:
        """Text of such a piece on one line."""
        return line(self.html_text(html))

    def _tame(self, html: str) -> Tamed:
        tamed = tame(html)
        for problem in tamed.problems:
            self.was_cut = True
            self.miss(problem)
        return tamed

    def css(self, selector: str) -> list[LexborNode]:
        """All elements that match, in page order."""
        return self.tree.css(selector)

    def first(self, selector: str) -> LexborNode | None:
        """The first element that matches."""
        return self.tree.css_first(selector)

    @cached_property
    def own_url(self) -> str:
        """Canonical address of the page itself."""
        return self.absolute(self.url) or self.url

    @cached_property
    def base_url(self) -> str:
        """What relative addresses on the page refer to."""
        base = self.first("base[href]")
        return urljoin(self.url, base.attributes.get("href") or "") if base else self.url

    def absolute(self, href: str | None) -> str | None:
        """Canonical address of a link on the page; None when it leads to no web page."""
        if not href:
            return None
        href = href.strip()
        is_whole = href.lower().startswith(("https://", "http://"))  # spares the look for <base> in the tree
        try:
            return canonical_url(href if is_whole else urljoin(self.base_url, href))
        except (BadUrl, ValueError):  # ValueError: urljoin on "http://[", which is no address either
            return None


def _parse(safe: str) -> LexborHTMLParser:
    try:
        return LexborHTMLParser(safe)
    except SelectolaxError as error:  # a string is refused for want of memory only
        raise MemoryError("no memory for the tree of the page") from error


class PageObject(ABC):
    """One sort of page of one site, or of a standard that many sites follow.

    Attributes:
        name: what sources and page rows call it.
        hosts: hosts it was written for, with their subdomains; empty = any site.
        reads: name of the page object for the ads this one links to; its own name when "".
        is_recognisable: whether ``is_mine`` alone is proof; if not, a source must name it.
    """

    name: ClassVar[str]
    hosts: ClassVar[tuple[str, ...]] = ()
    reads: ClassVar[str] = ""
    is_recognisable: ClassVar[bool] = True

    def __init__(self, page: Page) -> None:
        self.page = page

    @classmethod
    def knows_host_of(cls, url: str) -> bool:
        """Whether it was written for the host of an address."""
        host = host_of(url) if cls.hosts else ""
        return any(host == own or host.endswith("." + own) for own in cls.hosts)

    @abstractmethod
    def is_mine(self) -> bool:
        """Whether the page is of this sort at all; a wall or an error page is not."""

    @abstractmethod
    def ads(self) -> Iterator[AdItem]:
        """The ads of the page, in its order."""

    def links(self) -> Iterator[LinkItem]:
        """Addresses worth a visit: further listing pages, ads."""
        yield from ()

    def blind_spot(self) -> str | None:
        """Why the site shows nothing here, if this page is its word for that; never "no ads"."""
        return None

    def is_gone(self) -> bool:
        """Whether the page says that its ad is closed or removed."""
        return False
