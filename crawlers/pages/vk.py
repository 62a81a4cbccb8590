"""Walls and searches of VK, as ``wall.get`` and ``newsfeed.search`` answer (https://dev.vk.com/ru/method)."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from functools import cached_property
from html import unescape

from crawlers.items import AdItem, AdKind, ContactItem, LinkItem
from crawlers.pages import contacts
from crawlers.pages.json_page import JsonPage
from crawlers.pages.text import plain_text
from crawlers.pages.values import Json, at, list_at, text_at
from models.enums import RequestKind

# «[club5|Имя]»: readers see the name, and it leads to vk.com/club5.
_MENTION = re.compile(r"\[((?:id|club|public|event)\d{1,12})\|([^\[\]\n]{1,200})\]")
_BREAK = re.compile(r"<br\s*/?>", re.IGNORECASE)
_OLD_PHOTO = re.compile(r"photo_(\d{1,5})")
_BLIND_SPOTS = {15: "closed_wall", 30: "private_profile"}


class VkWall(JsonPage):
    """Posts of one wall, newest first and a pinned one before them; or what a search found."""

    name = "vk_wall"
    hosts = ("api.vk.com", "api.vk.ru")

    def is_mine(self) -> bool:
        """Whether it is an answer with a list of items, be it empty."""
        return isinstance(at(self.data, "response", "items"), list)

    def blind_spot(self) -> str | None:
        """A wall that its owner closed."""
        code = at(self.data, "error", "error_code")
        return _BLIND_SPOTS.get(code) if isinstance(code, int) else None

    def ads(self) -> Iterator[AdItem]:
        """The posts, each once; items of other sorts (new friends, photos) are none."""
        seen: set[str] = set()
        for item in list_at(self.data, "response", "items"):
            if text_at(item, "type") not in (None, "post") or at(item, "is_deleted") is True:
                continue
            name = _name(item)
            if name is None:
                self.page.miss("post_without_id")
            elif name not in seen:
                seen.add(name)
                yield self._post(item, name)

    def links(self) -> Iterator[LinkItem]:
        """What is older: by offset on a wall, by ``next_from`` in a search."""
        n_items = len(list_at(self.data, "response", "items"))
        total, offset = _count(at(self.data, "response", "count")), self.asked.get("offset", "0")
        following = text_at(self.data, "response", "next_from")
        url = None
        if "/wall.get" in self.page.url:
            if n_items and total is not None and offset.isdecimal() and int(offset) + n_items < total:
                url = self.address(offset=str(int(offset) + n_items))
        elif following:
            url = self.address(start_from=following)
        url = self.page.absolute(url)
        if url:
            yield LinkItem(url, RequestKind.LISTING, is_older=True)

    @cached_property
    def _names(self) -> dict[str, str]:
        """Names of people and groups by id; groups have negative ones."""
        names = {}
        for person in list_at(self.data, "response", "profiles"):
            full = " ".join(filter(None, (text_at(person, "first_name"), text_at(person, "last_name"))))
            names[text_at(person, "id") or ""] = full
        for group in list_at(self.data, "response", "groups"):
            names[f"-{text_at(group, 'id')}"] = text_at(group, "name") or ""
        return names

    def _post(self, item: Json, name: str) -> AdItem:
        copied = next((copy for copy in list_at(item, "copy_history") if isinstance(copy, dict)), None)
        parts = [item] if copied is None else [item, copied]
        texts = [_BREAK.sub("\n", unescape(text_at(part, "text") or "")) for part in parts]
        text = plain_text("\n".join(_MENTION.sub(r"\2", text) for text in texts if text))
        if not text:
            self.page.note("post_without_text")
        origin = _owner(copied)
        return AdItem(
            external_id=name,
            url=f"https://vk.com/wall{name}",
            title="",
            text=text,
            author=self._names.get(text_at(item, "signer_id") or "")
            or self._names.get(text_at(item, "from_id") or "")
            or None,
            contacts=contacts.once(_contacts(parts, texts, origin)),
            region=text_at(item, "geo", "place", "city") or text_at(item, "geo", "place", "title"),
            published_at=_time(at(item, "date")),
            kind=AdKind.POST,
            forwarded_from=(self._names.get(origin) or _page_of(origin)) if origin else None,
            pictures=tuple(dict.fromkeys(url for part in parts for url in self._pictures(part))),
            n_views=_count(at(item, "views", "count")),
            is_edited=bool(at(item, "edited")),
        )

    def _pictures(self, part: Json) -> Iterator[str]:
        """Addresses of the photos, each in its largest size."""
        for attachment in list_at(part, "attachments"):
            photo = at(attachment, "photo")
            sizes = [(_count(at(s, "width")) or 0, text_at(s, "url")) for s in list_at(photo, "sizes")]
            if isinstance(photo, dict):
                sizes += [
                    (int(found[1]), text_at(photo, key))
                    for key in photo
                    if (found := _OLD_PHOTO.fullmatch(key)) is not None
                ]
            url = self.page.absolute(max(sizes, key=lambda size: size[0])[1]) if sizes else None
            if url:
                yield url


def _owner(item: Json) -> str | None:
    return text_at(item, "owner_id") or text_at(item, "source_id") or text_at(item, "to_id")


def _name(item: Json) -> str | None:
    """``<owner>_<post>``, as VK's own addresses name a post."""
    owner, number = _owner(item), text_at(item, "id") or text_at(item, "post_id")
    is_named = (
        owner is not None and number is not None and re.fullmatch(r"-?\d{1,15}_\d{1,15}", f"{owner}_{number}")
    )
    return f"{owner}_{number}" if is_named else None


def _page_of(owner: str) -> str:
    return f"vk.com/club{owner[1:]}" if owner.startswith("-") else f"vk.com/id{owner}"


def _contacts(parts: list[Json], texts: list[str], origin: str | None) -> Iterator[ContactItem | None]:
    for text in texts:
        for mention in _MENTION.finditer(text):
            yield contacts.link(f"vk.com/{mention[1]}")
    for part in parts:
        for attachment in list_at(part, "attachments"):
            url = text_at(attachment, "link", "url")
            yield contacts.from_href(url) if url else None
    yield contacts.link(_page_of(origin)) if origin and re.fullmatch(r"-?\d{1,15}", origin) else None


def _time(seconds: Json) -> datetime | None:
    is_time = isinstance(seconds, int) and not isinstance(seconds, bool) and 0 < seconds < 2**32
    return datetime.fromtimestamp(seconds, UTC) if is_time else None


def _count(value: Json) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None
