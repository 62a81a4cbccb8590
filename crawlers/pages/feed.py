"""Feeds of any site: RSS 0.9 to 2.0, RDF and Atom, also broken ones."""

import re
from collections.abc import Iterator
from functools import cached_property
from hashlib import sha256
from io import BytesIO
from typing import Any

import feedparser  # type: ignore[import-untyped]  # ships no types

from crawlers.items import AdItem, AdKind, ContactItem
from crawlers.pages import contacts
from crawlers.pages.base import Page, PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.xml_root import DOCTYPE, HEAD_CHARACTERS, root_name
from models.urls import host_of

_ROOTS = frozenset({"rss", "feed", "RDF"})
_DOCTYPE = re.compile(DOCTYPE, re.S)
_END = re.compile(r"</(?:\w+:)?(?:rss|feed|RDF)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.S)
_ITEM = re.compile(r"<(?:\w+:)?(?:item|entry)(?=[\s>/])")
_CDATA_OR_COMMENT = re.compile(r"<!\[CDATA\[.*?\]\]>|<!--.*?-->", re.S)


class Feed(PageObject):
    """A feed; each item is an ad with the text that the feed gives."""

    name = "feed"

    def is_mine(self) -> bool:
        """Whether the root element is that of a feed."""
        return root_name(self.page.text) in _ROOTS

    def ads(self) -> Iterator[AdItem]:
        """The items, each once; what a broken feed holds up to its end."""
        seen: set[str] = set()
        for entry in self._entries:
            ad = self._read(entry)
            if ad.external_id not in seen:
                seen.add(ad.external_id)
                yield ad

    @cached_property
    def _entries(self) -> list[Any]:
        """What feedparser reads; Any, because it gives attributes as it finds them."""
        # A stream, never a string: feedparser would fetch or open what looks like an address or a path.
        text = self.page.text
        if "<!ENTITY" in text[:HEAD_CHARACTERS]:
            # Own entities can grow without bound or name files of ours; what they stand for stays unread.
            text = _DOCTYPE.sub("", text, count=1)
            self.page.miss("feed_entities_not_read")
        # Many sites send blank lines first. Nothing may stand before the declaration of XML, and what
        # reads broken feeds takes three times as long and knows no namespaces.
        stream = BytesIO(text.lstrip().encode())
        headers = {"content-type": "application/xml; charset=utf-8"}
        parsed = feedparser.parse(
            stream, response_headers=headers, sanitize_html=False, resolve_relative_uris=False
        )
        if parsed.bozo:
            self.page.note(f"feed_not_well_formed: {type(parsed.bozo_exception).__name__}")
        if not _END.search(self.page.text[-HEAD_CHARACTERS:]):
            self.page.miss("feed_cut")
        n_items = len(_ITEM.findall(_CDATA_OR_COMMENT.sub("", self.page.text)))
        if n_items > len(parsed.entries):
            self.page.miss(f"feed_items_not_read: {n_items - len(parsed.entries)}")
        return list(parsed.entries)

    def _read(self, entry: Any) -> AdItem:  # Any: see above
        page = self.page
        title = page.html_line(entry.get("title"))
        text = max((page.html_text(html) for html in _texts(entry)), key=len, default="")
        link = page.absolute(entry.get("link"))
        url, elsewhere = place_of(link, page)
        return AdItem(
            external_id=_external_id(entry, link, f"{title}\n{text}"),
            url=url,
            title=title,
            text=text,
            author=page.html_line(entry.get("author")) or None,
            contacts=contacts.once([elsewhere]),
            published_at=parse_date(entry.get("published") or entry.get("updated"), page.fetched_at),
            kind=AdKind.ARTICLE,
        )


def _texts(entry: Any) -> Iterator[str]:  # Any: see above
    """Every body of an item; the longest is the text, the others are its shortened forms."""
    for content in entry.get("content", ()):
        yield content.get("value") or ""
    yield entry.get("summary") or ""


def _external_id(entry: Any, link: str | None, content: str) -> str:  # Any: see above
    native = entry.get("id") or link
    return native[:512] if native else fingerprint(content)


def fingerprint(content: str) -> str:
    """Id of an item that has none of its own."""
    return "sha256:" + sha256(content.encode(errors="replace")).hexdigest()


def place_of(link: str | None, page: Page) -> tuple[str, ContactItem | None]:
    """Address of an item, and where it leads when that is elsewhere; the feed's own address then stands."""
    if link is None or _same_site(link, page.own_url):
        return link or page.own_url, None
    return page.own_url, contacts.link(link)


def _same_site(link: str, here: str) -> bool:
    """Whether an item points to the feed's own site; a feed must not put its words on another's page."""
    ours, theirs = (host_of(url).removeprefix("www.") for url in (here, link))
    return theirs == ours or theirs.endswith("." + ours) or ours.endswith("." + theirs)
