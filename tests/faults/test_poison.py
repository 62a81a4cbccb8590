"""F14: pages that kill the parser. Each is given up after two tries and says so; all others are read."""

import pytest

from crawlers.sandbox import ParserChild
from models.enums import FetchResult, ParseState, RequestState
from tests.crawlers.conftest import SITE_HOST, CrawlBench, channel_page
from tests.servers.site import Reply

MOST_BYTES = 8 * 1024 * 1024
# Some 700 MB once it is taken apart; a child has 400.
POISON = b"<html><body>tgme_channel_history" + b"<b>a</b>" * 1_000_000
GOOD = channel_page({1: "Ищу няню"})
URL = "https://t.me/s/test"


@pytest.mark.parametrize("n", [2, pytest.param(100, marks=pytest.mark.slow)])
def test_f14_poison_in_a_row_is_given_up_after_two_tries_each(n: int) -> None:
    small = POISON[: 300_000 * 8]
    with ParserChild(memory_bytes=120 * 1024 * 1024) as child:
        assert len(child.extract(GOOD, url=URL).ads) == 1
        for _ in range(n):
            n_before = child.n_starts
            found = child.extract(small, url=URL)
            assert (found.is_complete, found.ads) == (False, ())
            assert found.problems[0].startswith("parser_killed: ")
            assert child.n_starts - n_before <= 2
        assert len(child.extract(GOOD, url=URL).ads) == 1


@pytest.mark.parametrize("n_poison", [1, pytest.param(20, marks=pytest.mark.slow)])
def test_f14_a_crawl_reads_all_that_stands_among_poison(bench: CrawlBench, n_poison: int) -> None:
    n_pages = 2 * n_poison + 2
    for n in range(n_pages):
        is_poison = n % 2 and n < 2 * n_poison
        bench.site.routes[f"/{n}"] = Reply(POISON if is_poison else channel_page({n: f"Текст {n}"}))
    start = [f"http://{SITE_HOST}/{n}" for n in range(n_pages)]
    bench.crawl(bench.add_source(start=start, limits={"max_body_bytes": MOST_BYTES, "max_pages": 500}))
    states = {page.url.rpartition("/")[2]: page for page in bench.pages()}
    assert len(states) == n_pages
    poisoned = [page for page in states.values() if page.parse_state is ParseState.PARSE_INCOMPLETE]
    assert len(poisoned) == n_poison
    assert all(page.result is FetchResult.PAGE and page.evidence_id for page in poisoned)  # kept, only unread
    assert all(
        page.parse_problems and page.parse_problems[0].startswith("parser_killed") for page in poisoned
    )
    assert len(bench.ads()) == n_pages - n_poison
    assert {state for state, _, _ in bench.requests().values()} == {RequestState.DONE}
