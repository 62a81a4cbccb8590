"""Structured data of a page: JSON-LD blocks, read with patience, and microdata in the same shape."""

import json
import re
from collections.abc import Iterator
from html import unescape

import orjson
from selectolax.lexbor import LexborNode

from crawlers.pages.base import Page
from crawlers.pages.text import node_text
from crawlers.pages.values import Json

_WRAPPING = re.compile(
    r"^\s*(?:<!--|//\s*<!\[CDATA\[|/\*\s*<!\[CDATA\[\s*\*/|<!\[CDATA\[)|(?:-->|//\s*\]\]>|\]\]>)\s*$"
)
_MAX_NODES = 100_000


def load_json(text: str) -> Json:
    """Read JSON as sites write it: with control characters, entities, a stray ``;`` or ``}`` behind.

    Raises:
        ValueError: no JSON value can be read at its beginning, or it is nested too deep.
    """
    try:
        return orjson.loads(text)
    except ValueError:
        pass
    mended = _WRAPPING.sub("", text).strip()
    for attempt in (mended, unescape(mended)):
        try:
            value, end = json.JSONDecoder(strict=False).raw_decode(attempt)
        except (ValueError, RecursionError):
            continue
        if not attempt[end:].strip(" \t\r\n;,}]"):
            return value
    raise ValueError("no JSON")


def find_items(page: Page, wanted: str) -> Iterator[dict[str, Json]]:
    """Items of a schema.org type in all JSON-LD blocks, wherever they are nested, in page order."""
    for text in page.json_ld:
        if not text.strip():
            continue
        try:
            data = load_json(text)
        except ValueError:
            problem = "json_ld_broken"
            page.miss(problem) if wanted in text else page.note(problem)
            continue
        yield from _of_type(data, wanted)


def _of_type(data: Json, wanted: str) -> Iterator[dict[str, Json]]:
    waiting, seen = [data], 0
    while waiting and seen < _MAX_NODES:
        node, seen = waiting.pop(), seen + 1
        if isinstance(node, list):
            waiting.extend(reversed(node))
        elif isinstance(node, dict):
            if has_type(node, wanted):
                yield node
            else:
                waiting.extend(value for value in reversed(node.values()) if isinstance(value, dict | list))


def has_type(item: dict[str, Json], wanted: str) -> bool:
    """Whether ``@type`` names the type, alone or in a list, with or without the vocabulary's address."""
    types = item.get("@type")
    names = types if isinstance(types, list) else [types]
    return any(isinstance(name, str) and re.split(r"[/#:]", name)[-1] == wanted for name in names)


def find_microdata(page: Page, wanted: str) -> Iterator[dict[str, Json]]:
    """Items of a schema.org type written as microdata, in the shape that JSON-LD gives them."""
    for node in page.css(f'[itemscope][itemtype$="schema.org/{wanted}"]'):
        yield _microdata(node)


def _microdata(scope: LexborNode) -> dict[str, Json]:
    item: dict[str, Json] = {"@type": (scope.attributes.get("itemtype") or "").rsplit("/", 1)[-1]}
    for node in scope.css("[itemprop]"):
        if _owner(node) != scope.mem_id:
            continue
        value = _microdata(node) if "itemscope" in node.attributes else _property(node)
        for name in (node.attributes.get("itemprop") or "").split():
            item.setdefault(name, value)
    return item


def _owner(node: LexborNode) -> int | None:
    above = node.parent
    while above is not None and "itemscope" not in above.attributes:
        above = above.parent
    return above.mem_id if above is not None else None


def _property(node: LexborNode) -> str:
    for attribute in ("content", "datetime", "href", "src"):
        value = node.attributes.get(attribute)
        if value:
            return value
    return node_text(node)
