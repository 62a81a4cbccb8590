"""Every page object against its own small saved pages."""

import json
from pathlib import Path

import pytest

from crawlers.items import from_json, readable_json, to_json
from crawlers.pages.registry import page_objects
from tests.crawlers.pages.saved import PAGES, cases, extract_case


@pytest.mark.parametrize("case", cases(), ids=lambda case: "/".join(case.relative_to(PAGES).parts))
def test_page_says_what_was_checked_by_eye(case: Path) -> None:
    expected = json.loads((case / "output.json").read_text(encoding="utf-8"))
    extraction = extract_case(case)
    assert readable_json(extraction) == expected
    assert from_json(to_json(extraction)) == extraction


@pytest.mark.parametrize("name", page_objects())
def test_every_page_object_has_two_saved_pages(name: str) -> None:
    assert len(list((PAGES / name).glob("*/output.json"))) >= 2
