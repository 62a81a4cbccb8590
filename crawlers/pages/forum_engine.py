"""What is known of each forum engine: one YAML file in ``engines/`` says where its posts and links stand."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

_FOLDER = Path(__file__).resolve().parent / "engines"


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: ``selector``, ``selector@attribute`` or ``@attribute`` of the post itself.

    Attributes:
        pattern: of what stands there, its first group is the field; None = all of it.
    """

    css: str
    attribute: str | None
    pattern: re.Pattern[str] | None

    @classmethod
    def read(cls, fields: dict[str, str]) -> "Place":
        """Read a place as the files write it."""
        css, _, attribute = fields["css"].partition("@")
        pattern = fields.get("pattern")
        return cls(css, attribute or None, re.compile(pattern) if pattern else None)


@dataclass(frozen=True, slots=True)
class Engine:
    """One forum engine, as its file describes it; selectors are CSS.

    Attributes:
        marks: one of these words stands in the markup of every page of the engine.
        posts: the elements that hold a post each.
        link: links of a post that may lead to itself; the one that holds its number does.
        address: address of a post by its number, where no link says it.
        has_header_before: the element before a post belongs to it.
        drop: parts of a body that its author did not write.
        topics: links of a board to its topics.
        boards: links to boards.
        pager: links to the other pages of a board or topic.
        later_page: how the address of a topic's second or later page looks.
    """

    name: str
    marks: tuple[str, ...]
    posts: str
    id: Place
    body: str
    author: tuple[Place, ...]
    date: tuple[Place, ...]
    title: tuple[Place, ...]
    topics: str
    boards: str
    pager: str
    later_page: re.Pattern[str]
    link: str | None = None
    address: str | None = None
    has_header_before: bool = False
    drop: str | None = None


def _read(path: Path) -> Engine:
    text = path.read_text(encoding="utf-8")
    fields: dict[str, Any] = yaml.load(text, yaml.CSafeLoader)  # Any: checked by Engine's names
    for name in ("author", "date", "title"):
        fields[name] = tuple(Place.read(place) for place in fields[name])
    fields["id"] = Place.read(fields["id"])
    fields["marks"] = tuple(fields["marks"])
    fields["later_page"] = re.compile(fields["later_page"])
    return Engine(name=path.stem, **fields)


@cache
def engines() -> tuple[Engine, ...]:
    """All engines; of two that fit a page, the one with the more telling marks stands first."""
    found = [_read(path) for path in sorted(_FOLDER.glob("*.yaml"))]
    return tuple(sorted(found, key=lambda engine: engine.name == "phpbb2"))  # its marks stand in phpBB 3 too
