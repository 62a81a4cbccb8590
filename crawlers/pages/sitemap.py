"""Sitemaps of any site, and indexes of sitemaps: addresses only, what changed last first."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime

from crawlers.items import AdItem, LinkItem
from crawlers.pages.base import PageObject
from crawlers.pages.dates import parse_iso
from crawlers.pages.xml_root import root_name
from models.enums import RequestKind

# A sitemap may name 50 000 addresses; a run asks for far fewer, and these are the newest.
MAX_LINKS = 5000
_TOKEN = re.compile(r"<(sitemap|url|loc|lastmod)(?=[\s>])[^>]{0,200}>\s*(?:<!\[CDATA\[)?([^<]{0,2100})(?=<)")
_END = re.compile(r"</(?:urlset|sitemapindex)\s*>\s*(?:<!--.*?-->\s*)*\Z", re.S)
_KINDS = {"sitemapindex": RequestKind.LISTING, "urlset": RequestKind.AD}
_LONG_AGO = datetime(1, 1, 2, tzinfo=UTC)


class Sitemap(PageObject):
    """A sitemap or an index of sitemaps (gzip is undone before)."""

    name = "sitemap"

    def is_mine(self) -> bool:
        """Whether the root element is one of the two."""
        return root_name(self.page.text) in _KINDS

    def ads(self) -> Iterator[AdItem]:
        """None: a sitemap has addresses only."""
        yield from ()

    def links(self) -> Iterator[LinkItem]:
        """The addresses with the time of their last change, newest first; those without a time last."""
        kind = _KINDS[root_name(self.page.text) or ""]
        if not _END.search(self.page.text[-2000:]):
            self.page.miss("sitemap_cut")
        found = sorted(self._entries(kind), key=lambda link: link.modified_at or _LONG_AGO)
        newest = {link.url: link for link in found}  # one that stands twice counts as changed the later time
        if len(newest) > MAX_LINKS:
            self.page.note(f"sitemap_links_left_out: {len(newest) - MAX_LINKS}")
        wanted = sorted(newest.values(), key=lambda link: link.modified_at or _LONG_AGO, reverse=True)
        yield from wanted[:MAX_LINKS]

    def _entries(self, kind: RequestKind) -> Iterator[LinkItem]:
        url: str | None = None
        modified_at: datetime | None = None
        for token in _TOKEN.finditer(self.page.text):
            name, text = token[1], token[2].removesuffix("]]>").strip()
            if name == "loc":
                url = self._address(text)
            elif name == "lastmod":
                modified_at = parse_iso(text)
            else:
                if url:
                    yield LinkItem(url, _kind_of(url, kind), modified_at)
                url = modified_at = None
        if url:
            yield LinkItem(url, _kind_of(url, kind), modified_at)

    def _address(self, text: str) -> str | None:
        url = self.page.absolute(text.replace("&amp;", "&")) if text.lower().startswith("http") else None
        if url is None:
            self.page.miss("sitemap_bad_address")
        return url


def _kind_of(url: str, kind: RequestKind) -> RequestKind:
    """Some sites name further sitemaps among their pages."""
    return RequestKind.LISTING if url.endswith((".xml", ".xml.gz")) else kind
