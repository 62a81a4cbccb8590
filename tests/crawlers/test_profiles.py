"""Sudden shrink is a wall; fields that fall silent are drift; neither is learnt as the new usual."""

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.items import AdItem, Extraction
from crawlers.profiles import (
    ANYTHING,
    MIN_PAGES,
    fallen_fields,
    mended_fields,
    note_pages,
)
from crawlers.stored_page import StoredPage
from models.ad import Ad, AdVersion
from models.crawl import CrawlRun, FrontierRequest, Host, Page
from models.enums import AdState, FetchResult, ParseState
from models.session import Database
from models.watch import BlindSpot, PageProfile
from models.worker import utc_now
from tests.crawlers.conftest import SITE_HOST, CrawlBench, channel_page
from tests.factories import make_source
from tests.servers.site import Reply

ROOT = f"http://{SITE_HOST}/"
AD = AdItem("1", ROOT, "Сиделка", "Текст", author="Айгуль", region="Алматы")


def _page(number: int, body: bytes = b"x" * 5000) -> StoredPage:
    return StoredPage(number, 1, 1, ROOT, ROOT, None, "a_page", _AT, _AT, 0, body)


_AT = datetime.fromisoformat("2026-11-21T09:00:00+00:00")


def _learn(session: Session, source_id: int, extraction: Extraction, n: int) -> PageProfile:
    pages = [(replace(_page(number), source_id=source_id), extraction) for number in range(n)]
    note_pages(session, pages, _AT)
    return session.scalars(select(PageProfile)).one()


def test_a_field_that_is_no_longer_filled_has_fallen_and_mends(database: Database) -> None:
    with database.write() as session:
        source_id = make_source(session).id
        profile = _learn(session, source_id, Extraction("a_page", (AD,)), 100)
        assert fallen_fields(profile) == {}
        without = Extraction("a_page", (replace(AD, region=None),))
        profile = _learn(session, source_id, without, 30)
        assert list(fallen_fields(profile)) == ["region"]
        profile = _learn(session, source_id, without, 3000)
        usual, recent = fallen_fields(profile)["region"]
        assert (usual > 0.5, recent < 0.01) == (True, True)  # what has fallen never becomes usual
        profile = _learn(session, source_id, Extraction("a_page", (AD,)), 30)
        assert fallen_fields(profile) == {}
        assert "region" in mended_fields(profile)


def test_a_page_object_that_gives_nothing_any_more_has_fallen(database: Database) -> None:
    with database.write() as session:
        source_id = make_source(session).id
        _learn(session, source_id, Extraction("a_page", (AD,)), 60)
        empty = Extraction("a_page", is_complete=False, problems=("not_this_page: a_page",))
        assert list(fallen_fields(_learn(session, source_id, empty, 40))) == [ANYTHING]


def test_a_rare_field_is_no_drift(database: Database) -> None:
    with database.write() as session:
        source_id = make_source(session).id
        _learn(session, source_id, Extraction("a_page", (AD, replace(AD, author=None))), 15)
        bare = Extraction("a_page", (replace(AD, author=None),))
        profile = _learn(session, source_id, bare, 100)
        assert "price_amount" not in fallen_fields(profile)


def _fill(bench: CrawlBench, source: int) -> None:
    """A profile of usual pages, as many crawls would leave it."""
    with bench.db.write() as session:
        session.add(
            PageProfile(
                source_id=source,
                page_object="telegram_channel",
                n_pages=MIN_PAGES,
                n_ads=MIN_PAGES,
                usual_bytes=40_000.0,
                usual={},
                recent={},
                updated_at=utc_now(),
            )
        )


SHELL = b"<html><body><section class='tgme_channel_history'></section>" + b"<p>Service</p>" * 20


@pytest.mark.parametrize("body", [SHELL, b"<html><body>" + b"<p>Nothing to see here</p>" * 30 + b"</body>"])
def test_a_sudden_shrink_is_a_wall_and_no_end_of_the_ad(bench: CrawlBench, body: bytes) -> None:
    source = bench.add_source(pages=[{"match": ".", "page_object": "telegram_channel"}])
    bench.site.routes["/"] = Reply(channel_page({1: "Текст"}), headers={"ETag": '"a"'})
    bench.crawl(source)
    _fill_over(bench, source)
    bench.site.routes["/"] = Reply(body)
    run = bench.crawl(source)
    assert bench.requests()[ROOT][1:] == (FetchResult.WALL, "sudden_shrink")
    assert run.error == "wall"
    page = bench.pages()[-1]
    assert (page.result, page.parse_state) == (FetchResult.WALL, ParseState.NOT_PARSED)
    with bench.db.read() as session:
        assert session.scalars(select(Ad.state)).all() == [AdState.LIVE]
        (spot,) = session.scalars(select(BlindSpot))
        assert (spot.reason.value, spot.platform, spot.ended_at) == ("wall", SITE_HOST, None)
    assert bench.count(AdVersion) == 1
    bench.site.routes["/"] = Reply(channel_page({1: "Текст"}))
    bench.crawl(source)
    with bench.db.read() as session:
        assert session.scalars(select(BlindSpot)).one().ended_at is not None


def _fill_over(bench: CrawlBench, source: int) -> None:
    with bench.db.write() as session:
        for profile in session.scalars(select(PageProfile)):
            session.delete(profile)
    _fill(bench, source)


def test_a_short_page_with_an_ad_is_a_page(bench: CrawlBench) -> None:
    source = bench.add_source(pages=[{"match": ".", "page_object": "telegram_channel"}])
    _fill(bench, source)
    bench.site.routes["/"] = Reply(channel_page({1: "Текст"}))
    bench.crawl(source)
    assert bench.requests()[ROOT][1] is FetchResult.PAGE
    assert list(bench.ads()) == ["test/1"]


def test_many_sudden_shrinks_pause_the_host(bench: CrawlBench) -> None:
    urls = [f"{ROOT}{n}" for n in range(6)]
    source = bench.add_source(start=urls, pages=[{"match": ".", "page_object": "telegram_channel"}])
    _fill(bench, source)
    for n in range(6):
        bench.site.routes[f"/{n}"] = Reply(SHELL)
    bench.crawl(source)
    with bench.db.read() as session:
        host = session.scalars(select(Host).where(Host.name == SITE_HOST)).one()
        assert host.paused_until is not None
        assert host.paused_until > utc_now() + timedelta(minutes=50)
        assert session.scalars(select(CrawlRun.n_failed)).one() == 6
        assert {request.error for request in session.scalars(select(FrontierRequest))} == {"sudden_shrink"}


def test_pages_of_imports_and_of_reextraction_teach_nothing(database: Database, tmp_path: Path) -> None:
    with database.write() as session:
        page = replace(_page(1), run_id=None)
        note_pages(session, [(page, Extraction("a_page", (AD,)))], _AT)
        assert session.scalars(select(PageProfile)).all() == []
        assert session.scalars(select(Page)).all() == []
