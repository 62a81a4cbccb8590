"""Reading of pages: time per page of every page object, and the share of pages that need a main-text library.

Every saved page of the tests is read again and again, as the parser child reads it, together with
the vacancy of the crawl benchmark (12 KB, as job boards write them). A page object's figure is the
median over its saved pages of each page's median. The goal stands for pages with structured
data; reading the main text of any page, which a library guesses, is for few pages and shown apart.
Beside each stands what the tree builder alone takes (lexbor): nothing that needs a tree is faster.

    .venv/bin/python -m benchmarks.parse
"""

import json
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from unittest import mock

from selectolax.lexbor import LexborHTMLParser

from benchmarks.crawl_site import HOSTS, vacancy
from crawlers.decode import decode
from crawlers.extraction import extract_page
from crawlers.pages.main_text import main_text

SAVED = Path(__file__).resolve().parents[1] / "tests" / "fixtures" / "pages"
TARGET_MS, TARGET_GENERIC_SHARE = 0.3, 0.1
GENERIC = "generic"
MOST_TIMES, MOST_SECONDS = 300, 0.5


@dataclass(frozen=True)
class Saved:
    """A page and what its page object is told of it."""

    page_object: str
    body: bytes
    url: str
    content_type: str | None
    fetched_at: datetime


def saved_pages() -> list[Saved]:
    """The tests' pages, and one of the crawl benchmark."""
    pages = []
    for path in sorted(SAVED.glob("*/*/input.html")):
        facts = json.loads(path.with_name("page.json").read_bytes())
        at = datetime.fromisoformat(facts["fetched_at"])
        name = path.parent.parent.name
        pages.append(Saved(name, path.read_bytes(), facts["url"], facts["content_type"], at))
    body = vacancy(HOSTS[0], 1)
    url = f"http://{HOSTS[0]}/vacancy/1"
    return [*pages, Saved("job_posting", body, url, "text/html; charset=utf-8", datetime.now(UTC))]


def read(page: Saved) -> None:
    """Read a page as the parser child does."""
    extract_page(
        page.body,
        url=page.url,
        content_type=page.content_type,
        page_object=page.page_object,
        fetched_at=page.fetched_at,
    )


def needs_main_text(page: Saved) -> bool:
    """Whether reading a page asks the library for its main text."""
    with mock.patch("crawlers.pages.generic.main_text", wraps=main_text) as asked:
        read(page)
    return asked.called


def median_ms(call: Callable[[], object]) -> float:
    """Median time of a call, by this process's clock."""
    call()
    taken: list[float] = []
    until = time.perf_counter() + MOST_SECONDS
    while len(taken) < MOST_TIMES and time.perf_counter() < until:
        started = time.perf_counter()
        call()
        taken.append(1000 * (time.perf_counter() - started))
    return statistics.median(taken)


def main() -> int:
    """Measure and print; 1 when a goal is missed."""
    pages = saved_pages()
    n_guessed = sum(map(needs_main_text, pages))
    figures: dict[str, list[tuple[float, float, int]]] = {}
    for page in pages:
        text = decode(page.body, page.content_type).text
        taken, tree = median_ms(partial(read, page)), median_ms(partial(LexborHTMLParser, text))
        figures.setdefault(page.page_object, []).append((taken, tree, len(page.body)))
    print(f"{'page object':24} pages  median bytes  p50 ms  slowest ms  tree alone ms")
    for name, rows in sorted(figures.items()):
        times, trees, sizes = zip(*rows, strict=True)
        print(
            f"{name:24} {len(rows):5}  {statistics.median(sizes):12.0f}  {statistics.median(times):6.3f}"
            f"  {max(times):10.3f}  {statistics.median(trees):13.3f}"
        )
    structured = [row[0] for name, rows in figures.items() if name != GENERIC for row in rows]
    p50 = statistics.median(structured)
    share = n_guessed / len(pages)
    board = figures["job_posting"][-1][0]
    print(f"structured pages: p50 {p50:.3f} ms (at most {TARGET_MS}); the 12 KB vacancy {board:.3f} ms")
    print(f"pages read by their main text: {share:.1%} (less than {TARGET_GENERIC_SHARE:.0%})")
    return 0 if max(p50, board) <= TARGET_MS and share < TARGET_GENERIC_SHARE else 1


if __name__ == "__main__":
    sys.exit(main())
