"""The main text of any page: a library tells it from menus and footers, and is not trusted to lose much."""

import re

from crawlers.pages.base import Page
from crawlers.pages.text import plain_text

# Below this share of what the page shows, the library has taken too little: then all of it is the text.
_LEAST_SHARE = 1 / 3
# Above it, it has taken parts twice.
_MOST_SHARE = 1.05
_TABLE_EDGES = re.compile(r"^[|\s]+|[|\s]+$", re.MULTILINE)


def main_text(page: Page) -> str:
    """Main text of a page, comments with it; all that it shows where that cannot be told apart.

    Costs 10 to 100 ms, so it is for pages that nothing else reads.
    """
    import trafilatura  # 30 MB and a quarter of a second that most parsers never need

    whole = page.body_text
    if page.was_cut:
        return whole
    markup = page.tree.html or ""  # well formed, unlike the page
    found = trafilatura.extract(markup, favor_recall=True, include_comments=True, fast=True) or ""
    text = plain_text(_TABLE_EDGES.sub("", found).replace(" | ", " "))
    n_whole = max(1, _n_letters(whole))
    share = _n_letters(text) / n_whole
    if not _LEAST_SHARE <= share <= _MOST_SHARE:
        page.note("main_text_unclear")
        return whole
    return text


def _n_letters(text: str) -> int:
    return sum(map(len, text.split()))
