"""Blogs and news of WordPress, Joomla and Blogspot: lists lead to posts, a post is one ad."""

import re
from collections.abc import Iterator
from functools import cached_property
from urllib.parse import urlsplit

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages.base import PageObject
from crawlers.pages.generic import read_whole
from crawlers.pages.text import node_text
from models.enums import RequestKind
from models.urls import host_of

_MARKS = ("wp-content", "WordPress", "Joomla", "blogger", "blogspot")
_TITLES = (
    ".entry-title a, .post-title a, .type-post h2 a, .hentry h2 a, .hentry h3 a, article h2 a, "
    ".item-title a, .page-header h2 a, .type-post.hentry > a"
)
_TEXTS = (
    ".entry-content, .post-content, .td-post-content, .post-body, [itemprop=articleBody], .item-page, #single"
)
_PAGER = (
    "link[rel=next], a[rel=next], a.next, .nav-links a, .pagination a, a.page-numbers, .navigation a, "
    "a.blog-pager-older-link, .nav-previous a"
)
# WordPress says on <body> what a page is.
_LIST_WORDS = frozenset({"archive", "blog", "home", "paged", "search", "featured"})
# Blogspot says in the address: /2026/11/name.html is a post, /p/name.html a page.
_POST_PATH = re.compile(r"/(?:\d{4}/\d{2}|p)/[^/]+\.html$")
# Shorter ones are teasers.
_LEAST_CHARACTERS = 200


class Blog(PageObject):
    """A page of a blog: a list of posts, or one post."""

    name = "blog"
    is_recognisable = False

    @cached_property
    def _titles(self) -> list[str]:
        """Addresses of the posts that the page has titles of, without its own."""
        host = host_of(self.page.url).removeprefix("www.")
        urls = (self.page.absolute(link.attributes.get("href")) for link in self.page.css(_TITLES))
        wanted = (url for url in urls if url and host_of(url).removeprefix("www.") == host)
        return [url for url in dict.fromkeys(wanted) if url != self.page.own_url]

    @cached_property
    def _is_list(self) -> bool:
        body = self.page.tree.body
        words = set(((body.attributes.get("class") or "") if body else "").split())
        if "single" in words or _POST_PATH.search(urlsplit(self.page.url).path):
            return False
        return bool(words & _LIST_WORDS) or len(self._titles) >= 2

    def is_mine(self) -> bool:
        """Whether one of the three made it, and it is a post or leads to some."""
        is_known = any(mark in self.page.text for mark in _MARKS)
        return is_known and (bool(self._titles) if self._is_list else self.page.tree.body is not None)

    def ads(self) -> Iterator[AdItem]:
        """The post; a list only shortens its posts."""
        if not self._is_list:
            texts = [node_text(node) for node in self.page.css(_TEXTS)]
            longest = max(texts, key=len, default="")
            text = longest if len(longest) >= _LEAST_CHARACTERS else None
            yield read_whole(self.page, AdKind.ARTICLE, text)

    def links(self) -> Iterator[LinkItem]:
        """The posts, then older lists; a post leads nowhere."""
        if not self._is_list:
            return
        for url in self._titles:
            yield LinkItem(url, RequestKind.AD)
        host = host_of(self.page.url)
        for link in self.page.css(_PAGER):
            further = self.page.absolute(link.attributes.get("href"))
            if further and further != self.page.own_url and host_of(further) == host:
                yield LinkItem(further, RequestKind.LISTING)
