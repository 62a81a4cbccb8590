"""Saved pages and what they say: ``fixtures/pages/<page object>/<case>/{page.json,input.html,output.json}``.

``python -m tests.crawlers.pages.saved`` writes every ``output.json`` anew. Read the
difference before committing it: a wrong line there is a wrong page object.
"""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from crawlers.extraction import extract_page
from crawlers.items import Extraction, readable_json

PAGES = Path(__file__).resolve().parents[2] / "fixtures" / "pages"


def cases() -> list[Path]:
    return sorted(folder.parent for folder in PAGES.glob("*/*/input.html"))


def extract_case(case: Path) -> Extraction:
    facts = json.loads((case / "page.json").read_text())
    return extract_page(
        (case / "input.html").read_bytes(),
        url=facts["url"],
        content_type=facts["content_type"],
        page_object=case.parent.name,
        fetched_at=datetime.fromisoformat(facts["fetched_at"]),
    )


def renew() -> Iterator[Path]:
    for case in cases():
        output = json.dumps(readable_json(extract_case(case)), ensure_ascii=False, indent=1) + "\n"
        (case / "output.json").write_text(output, encoding="utf-8")
        yield case


if __name__ == "__main__":
    for renewed in renew():
        print(renewed.relative_to(PAGES))  # noqa: T201 - a command for people
