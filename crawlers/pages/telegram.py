"""The public preview of a Telegram channel, and sites that copy its markup."""

import re
from collections.abc import Iterator
from functools import cached_property

from selectolax.lexbor import LexborNode

from crawlers.items import AdItem, AdKind, LinkItem
from crawlers.pages import contacts
from crawlers.pages.base import PageObject
from crawlers.pages.dates import parse_date
from crawlers.pages.text import line, node_text
from models.enums import RequestKind

_MESSAGE = ".tgme_widget_message[data-post]"
# What the author wrote: text, the words of a poll, a place, a shared contact.
_WORDS = (
    "js-message_text", "tgme_widget_message_poll_question", "tgme_widget_message_poll_option_text",
    "tgme_widget_message_location_title", "tgme_widget_message_location_address",
    "tgme_widget_message_contact_name", "tgme_widget_message_contact_phone",
)  # fmt: skip
# Links beside the text: a channel's buttons, the page that a preview shows, where a message comes from.
_LINKS = (
    "tgme_widget_message_inline_button", "tgme_widget_message_link_preview",
    "tgme_widget_message_forwarded_from_name",
)  # fmt: skip
_PHONE, _PHOTO = "tgme_widget_message_contact_phone", "tgme_widget_message_photo_wrap"
_PICTURE = re.compile(r"background-image:\s*url\(['\"]?([^'\")]+)")
_VIEWS = re.compile(r"(\d{1,9})(?:\.(\d))?([KM]?)")
_EDITED = re.compile(r"(?:^|, )edited\b")
_TIMES = {"": 1, "K": 1000, "M": 1_000_000}
_CHANNEL_POST = re.compile(r"(https://t\.me/[A-Za-z]\w{3,31})/\d+(?:\?.*)?", re.ASCII)


class TelegramChannel(PageObject):
    """About twenty messages of one channel, oldest first; also a single message's page."""

    name = "telegram_channel"
    hosts = ("t.me",)

    def is_mine(self) -> bool:
        """Whether this is a preview; a channel without one is led to a page that has neither sign."""
        has_sign = "tgme_" in self.page.text  # spares other pages the tree
        return has_sign and self.page.first(f"{_MESSAGE}, .tgme_channel_history") is not None

    def blind_spot(self) -> str | None:
        """A channel without a preview leads to its page of invitation, which shows no message."""
        is_telegram = self.knows_host_of(self.page.url) and "tgme_page" in self.page.text
        return "no_preview" if is_telegram and not self.is_mine() else None

    def ads(self) -> Iterator[AdItem]:
        """Every message but the service ones, once, with or without text."""
        seen: set[str] = set()
        for message in self.page.css(_MESSAGE):
            post = message.attributes.get("data-post") or ""
            if "service_message" in (message.attributes.get("class") or "").split() or post in seen:
                continue
            seen.add(post)
            yield self._message(message, post)

    def links(self) -> Iterator[LinkItem]:
        """The page before this one."""
        for link in self.page.css('link[rel="prev"], a.tme_messages_more[data-before]'):
            url = self.page.absolute(link.attributes.get("href"))
            if url:
                yield LinkItem(url, RequestKind.LISTING, is_older=True)

    def _all(self, message: LexborNode, *classes: str) -> list[LexborNode]:
        """Elements of these classes in a message; it costs nothing to look for what the page nowhere has."""
        there = [name for name in classes if self._has(name)]
        return message.css(", ".join(f".{name}" for name in there)) if there else []

    def _has(self, name: str) -> bool:
        if name not in self._seen:
            self._seen[name] = name in self.page.text
        return self._seen[name]

    @cached_property
    def _seen(self) -> dict[str, bool]:
        """Whether a class stands anywhere in the page, as far as somebody asked."""
        return {}

    def _message(self, message: LexborNode, post: str) -> AdItem:
        date = message.css_first(".tgme_widget_message_date")
        stamp = date.css_first("time[datetime]") if date else None
        bodies = _bodies(self._all(message, *_WORDS), message)
        beside = [link.attributes.get("href") or "" for link in self._all(message, *_LINKS)]
        phones = [node_text(node) for node in self._all(message, _PHONE)]
        text = "\n".join(filter(None, map(node_text, bodies)))
        if not text:
            self.page.note("message_without_text")
        return AdItem(
            external_id=post,
            url=self.page.absolute(date.attributes.get("href") if date else None) or self.page.url,
            title="",
            text=text,
            author=_author(message),
            contacts=contacts.once(
                [
                    *(contact for body in bodies for contact in contacts.from_links(body)),
                    *(contacts.phone(number) for number in phones if number),
                    *(contacts.from_href(_CHANNEL_POST.sub(r"\1", href)) for href in beside),
                ]
            ),
            published_at=parse_date(
                stamp.attributes.get("datetime") if stamp else None, self.page.fetched_at
            ),
            kind=AdKind.POST,
            forwarded_from=_own_text(message, ".tgme_widget_message_forwarded_from_name"),
            pictures=self._pictures(message),
            n_views=_views(message),
            is_edited=_EDITED.search(_own_text(message, ".tgme_widget_message_meta") or "") is not None,
        )

    def _pictures(self, message: LexborNode) -> tuple[str, ...]:
        """Addresses of the photos; Telegram gives them as backgrounds."""
        styles = (node.attributes.get("style") or "" for node in self._all(message, _PHOTO))
        found = (_PICTURE.search(style) for style in styles)
        urls = (self.page.absolute(picture[1]) for picture in found if picture)
        return tuple(dict.fromkeys(url for url in urls if url))


def _views(message: LexborNode) -> int | None:
    """Views as shown: ``987``, ``1.2K``, ``3M``."""
    found = _VIEWS.fullmatch(_own_text(message, ".tgme_widget_message_views") or "")
    if found is None:
        return None
    return int(found[1]) * _TIMES[found[3]] + int(found[2] or 0) * _TIMES[found[3]] // 10


def _bodies(wanted: list[LexborNode], message: LexborNode) -> list[LexborNode]:
    """What the author wrote; bodies nest, so the outermost of each."""
    return [
        node
        for node in wanted
        if not _is_within(node, message, ("js-message_text", "tgme_widget_message_reply"))
    ]


def _is_within(node: LexborNode, top: LexborNode, classes: tuple[str, ...]) -> bool:
    above = node.parent
    while above is not None and above.mem_id != top.mem_id:
        names = (above.attributes.get("class") or "").split()
        if any(name in classes for name in names):
            return True
        above = above.parent
    return False


def _own_text(message: LexborNode, selector: str) -> str | None:
    node = message.css_first(selector)
    return line(node.text()) or None if node else None


def _author(message: LexborNode) -> str | None:
    """Signature of the writer if there is one, else the channel's title."""
    return _own_text(message, ".tgme_widget_message_from_author") or _own_text(
        message, ".tgme_widget_message_owner_name"
    )
