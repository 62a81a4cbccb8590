"""Forums of any site: each post of a topic is an ad; boards and indexes lead to topics.

What differs between the engines stands in ``engines/``, one file each.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property

from selectolax.lexbor import LexborNode

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages import contacts
from crawlers.pages.base import PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.forum_engine import Engine, Place, engines
from crawlers.pages.text import line, node_text
from models.enums import RequestKind
from models.urls import host_of

# Longer ones are no dates or names; patterns may take time that grows with the square.
_MAX_FIELD = 300
_SECONDS = re.compile(r"1\d{9}")
# With a 12-hour clock the month stands first; everyone else of these engines writes the day first.
_AMERICAN = re.compile(r"(\d{1,2})-(\d{1,2})-(\d{4}),?\s+(\d{1,2}:\d{2}\s*[AP]M)", re.IGNORECASE)


class Forum(PageObject):
    """A page of a topic, a board, or the index of boards."""

    name = "forum"

    @cached_property
    def _engine(self) -> Engine | None:
        """The engine whose marks the page bears and whose posts or links it holds."""
        for engine in engines():
            if any(mark in self.page.text for mark in engine.marks):
                places = ", ".join((engine.posts, engine.topics, engine.boards))
                if self.page.first(places) is not None:
                    return engine
        return None

    def is_mine(self) -> bool:
        """Whether an engine is known and there are posts, topics or boards."""
        return self._engine is not None

    def ads(self) -> Iterator[AdItem]:
        """The posts, each once; only the one that opens the topic has its title."""
        engine = self._engine
        if engine is None:
            return
        seen: set[str] = set()
        title = self._title(engine)
        for post in self.page.css(engine.posts):
            number = _field(engine, post, engine.id)
            if number is None:
                self.page.miss("post_without_id")
            elif number not in seen:
                yield self._post(engine, post, number, title if not seen else "")
                seen.add(number)

    def links(self) -> Iterator[LinkItem]:
        """Topics, boards, the other pages of this one; on the page's own host."""
        engine = self._engine
        if engine is None:
            return
        kinds = {
            engine.topics: RequestKind.AD,
            engine.boards: RequestKind.LISTING,
            f"link[rel=next], a[rel=next], {engine.pager}": RequestKind.LISTING,
        }
        here, host = self.page.own_url, host_of(self.page.url)
        for selector, kind in kinds.items():
            for link in self.page.css(selector):
                url = self.page.absolute(link.attributes.get("href"))
                if url and url != here and host_of(url) == host:
                    yield LinkItem(url, kind)

    def _title(self, engine: Engine) -> str:
        """Title of the topic; "" on its later pages, whose first post opened nothing."""
        is_later = engine.later_page.search(self.page.url) or self.page.first("link[rel=prev], a[rel=prev]")
        root = self.page.tree.root
        if is_later or root is None:
            return ""
        return next(filter(None, (_field(engine, root, place) for place in engine.title)), "")

    def _post(self, engine: Engine, post: LexborNode, number: str, title: str) -> AdItem:
        page = self.page
        body = post.css_first(engine.body)
        if body is None:
            page.miss("post_without_body")
        elif engine.drop:
            while (foreign := body.css_first(engine.drop)) is not None:
                foreign.decompose()
        text = node_text(body)
        if not text:
            page.note("post_without_text")
        return AdItem(
            external_id=f"{host_of(page.url).removeprefix('www.')}/{number}"[:512],
            url=self._address(engine, post, number),
            title=title,
            text=text,
            author=self._first(engine, post, engine.author),
            contacts=contacts.once(contacts.from_links(body)),
            published_at=self._date(engine, post),
            kind=AdKind.POST,
        )

    def _first(self, engine: Engine, post: LexborNode, places: tuple[Place, ...]) -> str | None:
        return next(filter(None, (_field(engine, post, place) for place in places)), None)

    def _address(self, engine: Engine, post: LexborNode, number: str) -> str:
        """Address of the post alone; the page's own where the engine has none."""
        digits = re.sub(r"\D", "", number)
        if engine.address:
            return self.page.absolute(engine.address.format(id=digits)) or self.page.own_url
        for part in _parts(engine, post):
            for link in part.css(engine.link or "a"):
                href = link.attributes.get("href") or ""
                url = self.page.absolute(href) if digits in href else None
                if url and host_of(url) == host_of(self.page.url):
                    return url
        return self.page.own_url

    def _date(self, engine: Engine, post: LexborNode) -> datetime | None:
        text = self._first(engine, post, engine.date)
        if text is None:
            return None
        if _SECONDS.fullmatch(text):
            return datetime.fromtimestamp(int(text), UTC)
        american = _AMERICAN.fullmatch(text)
        return _american(american) if american else parse_date(text, self.page.fetched_at)


def _american(found: re.Match[str]) -> datetime | None:
    month, day, year, clock = found.groups()
    try:
        moment = datetime.strptime(
            f"{year}-{month}-{day} {clock.replace(' ', '')} +0500", "%Y-%m-%d %I:%M%p %z"
        )
    except ValueError:
        return None
    return moment.astimezone(UTC)


def _parts(engine: Engine, post: LexborNode) -> Iterator[LexborNode]:
    """The element of a post, and the one before it where the engine splits posts in two."""
    yield post
    before = post.prev if engine.has_header_before else None
    while before is not None and not (before.tag or "-")[0].isalpha():
        before = before.prev
    if before is not None:
        yield before


def _field(engine: Engine, post: LexborNode, place: Place) -> str | None:
    """What stands at a place of a post, on one line; None when nothing does or it does not fit."""
    for part in _parts(engine, post):
        for node in part.css(place.css) if place.css else (part,):
            text = line(node.attributes.get(place.attribute) if place.attribute else node_text(node))
            found = place.pattern.search(text[:_MAX_FIELD]) if place.pattern else None
            if place.pattern is None and text:
                return text
            if found:
                return found[1]
    return None
