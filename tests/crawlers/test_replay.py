"""Saved real pages, served under the sites' own host names, through the real spider.

The expected values were read off the saved pages by eye.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from models.ad import AdVersion
from models.enums import FetchResult, ParseState, RunState
from tests.conftest import open_database
from tests.crawlers.conftest import CrawlBench, bench_settings
from tests.servers.site import Reply, Site

MakeBench = Callable[..., CrawlBench]


@pytest.fixture
def replay(tmp_path: Path, site: Site) -> Iterator[MakeBench]:
    """Makes a bench whose site answers under the given host names."""
    opened = []

    def make(*hosts: str) -> CrawlBench:
        settings = bench_settings(tmp_path / "var", site, list(hosts))
        bench = CrawlBench(site, settings, open_database(settings))
        opened.append(bench)
        return bench

    yield make
    for bench in opened:
        bench.db.close()


def test_olx_listing_gives_its_51_ads(replay: MakeBench, shared_dir: Path) -> None:
    bench = replay("www.olx.pl")
    body = (shared_dir / "fixtures/olx/olx_search_pl_2026.html").read_bytes()
    bench.site.routes["www.olx.pl", "/elektronika/"] = Reply(body)
    source = bench.add_source(
        "olx_replay",
        start=["https://www.olx.pl/elektronika/"],
        pages=[{"match": "olx", "page_object": "olx_listing"}],
        limits={"max_depth": 0, "max_body_bytes": 6 * 1024 * 1024},
    )
    run = bench.crawl(source)
    assert (run.state, run.n_pages, run.n_ads) == (RunState.DONE, 1, 51)
    ads = bench.ads()
    assert len(ads) == 51
    assert all(version.title and version.text for version in ads.values())
    assert all(version.price_currency == "PLN" for version in ads.values() if version.price_amount)


def _edit(body: bytes, before: str, after: str) -> bytes:
    assert before.encode() in body
    return body.replace(before.encode(), after.encode())


def test_telegram_pair_gives_messages_once_and_edits_as_versions(replay: MakeBench, shared_dir: Path) -> None:
    bench = replay("t.me")
    first, second = (
        (shared_dir / f"fixtures/telegram/channel_prstnk_snapshot{n}.html").read_bytes() for n in (1, 2)
    )
    source = bench.add_source(
        "telegram_replay",
        kind="channel",
        start=["https://t.me/s/prstnk"],
        pages=[{"match": ".", "page_object": "telegram_channel"}],
        limits={"max_depth": 0},
    )
    bench.site.routes["t.me", "/s/prstnk"] = Reply(first)
    bench.crawl(source)
    seen = bench.ads()
    bench.site.routes["t.me", "/s/prstnk"] = Reply(second)
    bench.crawl(source)
    both = bench.ads()
    assert len(both) == len(set(seen) | set(both))
    assert set(seen) <= set(both)  # what left the page is still known
    n_versions = bench.count(AdVersion)
    n_edited = sum(version.number > 1 for version in both.values())
    assert n_versions == len(both) + n_edited
    bench.crawl(source)  # the same page once more
    assert bench.count(AdVersion) == n_versions


def test_hh_page_is_one_vacancy(replay: MakeBench, shared_dir: Path) -> None:
    bench = replay("hh.ru")
    body = (shared_dir / "fixtures/hh/vacancy_page_hhru_2024.html").read_bytes()
    bench.site.routes["hh.ru", "/vacancy/1"] = Reply(body)
    run = bench.crawl(
        bench.add_source(
            "hh_replay", kind="job_board", start=["https://hh.ru/vacancy/1"], limits={"max_depth": 0}
        )
    )
    assert (run.n_ads, len(bench.ads())) == (1, 1)


# Entries that stand in each file.
BROKEN_FEEDS = {
    "feedjira_InvalidDateFormat.xml": 2,
    "feedparser_bozo_double-encoded-html.xml": 1,
    "feedparser_bozo_http_text_plain_charset.xml": 0,
    "feedparser_bozo_invalid-bytes-with-bom.xml": 0,
    "feedparser_bozo_linenoise.xml": 1,
    "feed2.rss": 1,
}


def test_broken_feeds_give_what_they_hold_and_never_stop_a_crawl(replay: MakeBench, shared_dir: Path) -> None:
    bench = replay("feeds.example")
    for name in BROKEN_FEEDS:
        body = (shared_dir / "fixtures/feeds" / name).read_bytes()
        bench.site.routes["feeds.example", f"/{name}"] = Reply(body, content_type="application/xml")
    config: dict[str, Any] = {"pages": [{"match": ".", "page_object": "feed"}], "limits": {"max_depth": 0}}
    start = [f"http://feeds.example/{name}" for name in BROKEN_FEEDS]
    bench.crawl(bench.add_source("feeds_replay", kind="feed", start=start, **config))
    pages = {page.url.rpartition("/")[2]: page for page in bench.pages()}
    assert {name: page.n_ads for name, page in pages.items()} == BROKEN_FEEDS
    assert {page.result for page in pages.values()} == {FetchResult.PAGE}
    # Cut off before its end and broken inside: what was not read is never clean.
    for name in ("feedparser_bozo_invalid-bytes-with-bom.xml", "feedparser_bozo_linenoise.xml"):
        assert pages[name].parse_state is ParseState.PARSE_INCOMPLETE
