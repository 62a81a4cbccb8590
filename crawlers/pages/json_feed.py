"""JSON Feed (https://www.jsonfeed.org/version/1.1/) of any site."""

from collections.abc import Iterator
from functools import cached_property

from crawlers.items import AdItem, AdKind, ContactItem, LinkItem
from crawlers.pages import contacts
from crawlers.pages.base import PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.feed import fingerprint, place_of
from crawlers.pages.json_ld import load_json
from crawlers.pages.text import plain_text
from crawlers.pages.values import Json, at, list_at, text_at
from models.enums import RequestKind

_HEAD_CHARACTERS = 4096


class JsonFeed(PageObject):
    """A feed; each item is an ad with the text that the feed gives."""

    name = "json_feed"

    @cached_property
    def _feed(self) -> Json:
        head = self.page.text[:_HEAD_CHARACTERS]
        if not head.lstrip().startswith("{") or "jsonfeed.org" not in head:
            return None
        try:
            return load_json(self.page.text)
        except ValueError:
            self.page.miss("json_broken")
            return None

    def is_mine(self) -> bool:
        """Whether it says that it is one and has a list of items."""
        version = text_at(self._feed, "version") or ""
        return "jsonfeed.org/version/" in version and isinstance(at(self._feed, "items"), list)

    def ads(self) -> Iterator[AdItem]:
        """The items, each once."""
        seen: set[str] = set()
        for item in list_at(self._feed, "items"):
            if not isinstance(item, dict):
                self.page.miss("feed_item_broken")
                continue
            ad = self._read(item)
            if ad.external_id not in seen:
                seen.add(ad.external_id)
                yield ad

    def links(self) -> Iterator[LinkItem]:
        """Older items, where the feed is in parts."""
        following = self.page.absolute(text_at(self._feed, "next_url"))
        if following:
            yield LinkItem(following, RequestKind.LISTING)

    def _read(self, item: Json) -> AdItem:
        page = self.page
        title = page.html_line(text_at(item, "title"))
        texts = (
            page.html_text(text_at(item, "content_html")),
            plain_text(text_at(item, "content_text") or ""),
        )
        text = max(texts, key=len) or page.html_text(text_at(item, "summary"))
        link = page.absolute(text_at(item, "url"))
        url, elsewhere = place_of(link, page)
        native = text_at(item, "id") or link
        author = self._author(item)
        image = page.absolute(text_at(item, "image"))
        return AdItem(
            external_id=native[:512] if native else fingerprint(f"{title}\n{text}"),
            url=url,
            title=title,
            text=text,
            author=author or self._author(self._feed),
            contacts=contacts.once([elsewhere, self._outside(item)]),
            published_at=parse_date(text_at(item, "date_published"), page.fetched_at),
            kind=AdKind.ARTICLE,
            pictures=(image,) if image else (),
        )

    def _author(self, holder: Json) -> str | None:
        return text_at(holder, "authors", 0, "name") or text_at(holder, "author", "name")

    def _outside(self, item: Json) -> ContactItem | None:
        url = text_at(item, "external_url")
        return contacts.from_href(url) if url else None
