"""Every page object against damaged pages: cut anywhere, values of another type, nothing at all."""

import json
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from crawlers.extraction import extract_page
from crawlers.items import from_json, to_json
from tests.crawlers.pages.saved import PAGES, cases

ODD = [None, True, 0, -1, 1e400, "", "\u0000", "\ud800", [], {}, [None], {"a": None}, "9" * 400]


def damaged(body: bytes, dice: random.Random) -> Iterator[bytes]:
    """The page cut, with a piece doubled, with quotes and brackets lost, with other values in its JSON."""
    for _ in range(6):
        at = dice.randrange(len(body) + 1)
        yield body[:at]
        yield body[:at] + body[at // 2 :]
        yield body.replace(dice.choice([b'"', b">", b"<", b":", b"}", b"id"]), b"", dice.randrange(1, 9))
    try:
        data = json.loads(body)
    except ValueError:
        return
    for _ in range(25):
        yield json.dumps(_changed(data, dice)).encode()


def _changed(value: object, dice: random.Random) -> object:
    if dice.random() < 0.12:
        return dice.choice(ODD)
    if isinstance(value, dict):
        return {key: _changed(inner, dice) for key, inner in value.items() if dice.random() > 0.05}
    return [_changed(inner, dice) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("case", cases(), ids=lambda case: "/".join(case.relative_to(PAGES).parts))
def test_no_damage_raises(case: Path) -> None:
    facts = json.loads((case / "page.json").read_text())
    dice = random.Random(case.name)
    for body in damaged((case / "input.html").read_bytes(), dice):
        found = extract_page(
            body, url=facts["url"], content_type=facts["content_type"], page_object=case.parent.name
        )
        assert from_json(to_json(found)) == found
