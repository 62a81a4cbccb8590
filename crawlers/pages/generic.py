"""Any page at all, for want of a better: its main text as one ad."""

import re
from collections.abc import Iterator
from functools import cached_property

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages import contacts
from crawlers.pages.base import Page, PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.main_text import main_text
from crawlers.pages.text import line, node_text
from models.enums import ContactKind, RequestKind
from models.urls import host_of

# Less is no page worth reading.
_LEAST_CHARACTERS = 40
_HEAD_CHARACTERS = 8192
_MARKUP = re.compile(r"<(?:!doctype html|html|head|body|title|meta|div|p|table|article)\b", re.IGNORECASE)


class Generic(PageObject):
    """A page that no other page object knows; it is asked last, and its ads are of the kind ``page``."""

    name = "generic"
    is_recognisable = False

    def is_mine(self) -> bool:
        """Whether it is HTML and shows some text."""
        is_html = "html" in (self.page.content_type or "html").lower()
        has_markup = is_html and _MARKUP.search(self.page.text, 0, _HEAD_CHARACTERS) is not None
        return has_markup and len(self.page.body_text) >= _LEAST_CHARACTERS

    def ads(self) -> Iterator[AdItem]:
        """The page as one ad."""
        yield read_whole(self.page, AdKind.PAGE)


class GenericSite(PageObject):
    """The links of a page to others of its host: for sites without a feed or a sitemap."""

    name = "generic_listing"
    reads = "generic"
    is_recognisable = False

    @cached_property
    def _found(self) -> tuple[LinkItem, ...]:
        here, host = self.page.own_url, host_of(self.page.url)
        urls = (self.page.absolute(link.attributes.get("href")) for link in self.page.css("a[href]"))
        own = dict.fromkeys(url for url in urls if url and url != here and host_of(url) == host)
        return tuple(LinkItem(url, RequestKind.AD) for url in own)

    def is_mine(self) -> bool:
        """Whether it leads anywhere."""
        return bool(self._found)

    def ads(self) -> Iterator[AdItem]:
        """None: the pages it leads to are read."""
        yield from ()

    def links(self) -> Iterator[LinkItem]:
        """The pages of the own host; ``follow`` of the source says which are wanted."""
        yield from self._found


def read_whole(page: Page, kind: AdKind, text: str | None = None) -> AdItem:
    """A page as one ad; its main text where no text is given."""
    if text is None:
        text = main_text(page)
    author = page.first('meta[name="author"]')
    found = contacts.from_links(page.tree.body)
    return AdItem(
        external_id=page.own_url[:512],
        url=page.own_url,
        title=_title(page),
        text=text,
        author=line(author.attributes.get("content")) or None if author else None,
        contacts=contacts.once(contact for contact in found if contact.kind is not ContactKind.LINK),
        published_at=parse_date(_published(page), page.fetched_at),
        kind=kind,
    )


def _title(page: Page) -> str:
    """What the page calls itself: for sharing, in its heading, or in the browser's."""
    shared = page.first('meta[property="og:title"]')
    texts = (
        shared.attributes.get("content") if shared else None,
        node_text(page.first("h1")),
        node_text(page.first("title")),
    )
    return next(filter(None, map(line, texts)), "")


def _published(page: Page) -> str | None:
    """Time of publication, where a standard says so."""
    places = {
        'meta[property="article:published_time"]': "content",
        '[itemprop="datePublished"][datetime]': "datetime",
        'meta[itemprop="datePublished"]': "content",
        "article time[datetime]": "datetime",
    }
    for selector, attribute in places.items():
        node = page.first(selector)
        value = node.attributes.get(attribute) if node else None
        if value:
            return value
    return None
