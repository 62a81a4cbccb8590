"""Which run goes first, how often a source and an ad are asked, and how an ad's end is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from crawlers.ad_checks import start_ad_checks
from crawlers.jobs import run_due_crawl
from crawlers.schedule import adapt_interval, schedule_of, start_due_crawls, yield_share
from crawlers.slots import Schedule
from crawlers.sources_config import Recheck
from models.ad import Ad
from models.crawl import CrawlRun, FrontierRequest, Source
from models.enums import AdState, GoneReason, RequestKind, RunKind, RunState, TaskState
from models.review import ReviewTask
from models.runs import add_run, rank_of, start_manual_run
from models.session import Database
from models.worker import utc_now
from tests.crawlers.conftest import SITE_HOST, CrawlBench, channel_page
from tests.crawlers.test_schedule import _add_source, _tick
from tests.factories import make_ad, make_flagged_task
from tests.servers.site import Reply

ROOT = f"http://{SITE_HOST}/"
ADAPTIVE = {"every_minutes": 60, "fastest_minutes": 15, "slowest_minutes": 240}


def test_runs_are_taken_by_who_waits_for_them(now: datetime) -> None:
    long_ago = now - timedelta(days=3)
    order = [
        rank_of(RunKind.HANDED_IN, now),
        rank_of(RunKind.RECHECK, now),
        rank_of(RunKind.MANUAL, now),
        rank_of(RunKind.SCHEDULED, long_ago),  # nobody starves: three days are longer than any yield counts
        rank_of(RunKind.SCHEDULED, now, yield_share=1.0),
        rank_of(RunKind.SCHEDULED, now),
    ]
    assert order == sorted(order)


def test_a_source_that_yields_goes_before_one_that_does_not(database: Database, now: datetime) -> None:
    rich = _add_source(database, now, {"every_minutes": 60}, "rich")
    poor = _add_source(database, now, {"every_minutes": 60}, "poor")
    with database.write() as session:
        for source_id, n_new in ((rich, 40), (poor, 0)):
            run = add_run(session, source_id, RunKind.MANUAL, now - timedelta(days=1))
            run.state, run.n_pages, run.n_new_versions = RunState.DONE, 50, n_new
    with database.read() as session:
        assert yield_share(session, rich, now) == pytest.approx(0.8)
        assert yield_share(session, poor, now) == 0.0
    _tick(database, now)
    with database.read() as session:
        due = session.scalars(
            select(CrawlRun).where(CrawlRun.state == RunState.DUE).order_by(CrawlRun.rank_at)
        )
        assert [run.source_id for run in due] == [rich, poor]


def test_intervals_follow_the_news_within_the_bounds_of_the_file(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, ADAPTIVE)
    with database.write() as session:
        source = session.get_one(Source, source_id)
        seen = []
        for has_news in (True, True, True, False, False, False, False, False):
            adapt_interval(source, has_news=has_news)
            seen.append(schedule_of(source).every_minutes)
    assert seen == [30, 15, 15, 30, 60, 120, 240, 240]


def test_a_source_without_bounds_keeps_its_interval(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, {"every_minutes": 60})
    with database.write() as session:
        source = session.get_one(Source, source_id)
        adapt_interval(source, has_news=True)
        assert (source.interval_minutes, schedule_of(source).every_minutes) == (None, 60)


@pytest.mark.parametrize(
    "fields", [{"every_minutes": 60, "fastest_minutes": 90}, {"hours": "9", "slowest_minutes": 90}]
)
def test_bounds_that_do_not_hold_the_interval_are_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="every_minutes"):
        Schedule(**fields)


def test_the_next_slot_is_on_the_row(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, {"every_minutes": 60})
    _tick(database, now + timedelta(minutes=10))
    with database.read() as session:
        assert session.get_one(Source, source_id).next_slot_at == now + timedelta(hours=1)


def test_a_paused_source_has_no_slots_and_misses_none(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, {"every_minutes": 60})
    _tick(database, now)
    with database.write() as session:
        run = session.scalars(select(CrawlRun)).one()
        run.state = RunState.DONE
        session.get_one(Source, source_id).paused_at = now
    assert _tick(database, now + timedelta(hours=5)) == 0
    with database.write() as session:
        source = session.get_one(Source, source_id)
        source.paused_at, source.resumed_at = None, now + timedelta(hours=5)
    assert _tick(database, now + timedelta(hours=6)) == 1
    with database.read() as session:
        states = set(session.scalars(select(CrawlRun.state)))
    assert states == {RunState.DONE, RunState.DUE}


def test_an_ad_is_left_alone_as_long_as_it_has_stayed_the_same(now: datetime) -> None:
    rules = Recheck()
    day = timedelta(days=1)
    waits = [rules.next_at(now, now - n * day) - now for n in (0, 1, 3, 7, 30, 90)]
    assert waits == [day, day, 3 * day, 7 * day, 30 * day, 30 * day]


def test_decided_ads_come_first_and_each_is_left_alone_afterwards(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, {"every_minutes": 60})
    with database.write() as session:
        source = session.get_one(Source, source_id)
        ads = {
            name: make_ad(session, source, url=f"http://a.example/{name}", seen_at=now - timedelta(days=5))
            for name in ("aged", "young")
        }
        task = make_flagged_task(session, source, url="http://a.example/listed")
        session.get_one(ReviewTask, task.id).state = TaskState.APPROVED
        ads["listed"] = session.get_one(Ad, task.ad_id)
        ads["listed"].last_seen_at = now - timedelta(days=5)
        ads["aged"].next_check_at = now - timedelta(days=1)
        ads["young"].next_check_at = now + timedelta(days=1)
        ads["listed"].next_check_at = now + timedelta(days=20)
    with database.write() as session:
        assert start_ad_checks(session, now).n_done == 1
        assert start_ad_checks(session, now).n_done == 0
    with database.read() as session:
        run = session.scalars(select(CrawlRun)).one()
        assert run.kind is RunKind.RECHECK
        asked = session.scalars(select(FrontierRequest).order_by(FrontierRequest.id)).all()
        assert [request.url[-6:] for request in asked] == ["listed", "e/aged"]
        assert {request.kind for request in asked} == {RequestKind.RECHECK}
        waits = {ad.url[-4:]: ad.next_check_at for ad in session.scalars(select(Ad))}
    assert waits["sted"] == waits["aged"] == now + timedelta(days=1)


def _gone(bench: CrawlBench) -> dict[str, tuple[AdState, GoneReason | None]]:
    with bench.db.read() as session:
        return {ad.external_id: (ad.state, ad.gone_reason) for ad in session.scalars(select(Ad))}


def test_how_an_ad_ended_is_told_apart(bench: CrawlBench) -> None:
    source = bench.add_source(recheck={"min_hours": 0})
    posts = {1: "Первый", 2: "Второй", 3: "Третий", 4: "Четвёртый"}
    bench.site.routes["/"] = Reply(channel_page(posts))
    bench.crawl(source)
    bench.site.routes["/test/1"] = Reply(b"no", 404)
    bench.site.routes["/test/2"] = Reply(b"no", 410)
    bench.site.routes["/test/3"] = Reply(status=302, headers={"Location": "/"})
    bench.site.routes["/test/4"] = Reply(b"<html><title>Just a moment...</title></html>")
    with bench.db.write() as session:
        assert start_ad_checks(session, utc_now()).n_done == 1
    run_due_crawl(bench.db, bench.settings, now=utc_now())
    assert _gone(bench) == {
        "test/1": (AdState.GONE, GoneReason.NOT_FOUND),
        "test/2": (AdState.GONE, GoneReason.REMOVED),
        "test/3": (AdState.GONE, GoneReason.REDIRECTED),
        "test/4": (AdState.LIVE, None),  # a wall says nothing about the ad
    }
    bench.site.routes["/"] = Reply(channel_page({1: "Первый"}))
    bench.crawl(source)
    assert _gone(bench)["test/1"] == (AdState.LIVE, None)


def _listing(*numbers: int, older: int | None = None) -> Reply:
    links = "".join(f'<a class="t" href="/d/{n}">Объявление {n}</a>' for n in numbers)
    return Reply(channel_page({n: f"Текст {n} {links}" for n in numbers}, older=older))


def test_paging_stops_where_nothing_is_new(bench: CrawlBench) -> None:
    source = bench.add_source(limits={"max_depth": 50, "max_stale_pages": 2})
    for page in range(10):
        path = "/" if page == 0 else f"/?before={page}"
        bench.site.routes[path] = _listing(page, older=page + 1 if page < 9 else None)
    bench.crawl(source)
    n_first = len(bench.site.paths())
    assert n_first == 10
    bench.crawl(source)
    assert len(bench.site.paths()) - n_first == 2


def test_an_urgent_lane_takes_only_urgent_runs(bench: CrawlBench) -> None:
    bench.site.routes["/"] = Reply(channel_page({1: "x"}))
    source = bench.add_source()
    with bench.db.write() as session:
        start_manual_run(session, session.get_one(Source, source), utc_now())
    report = run_due_crawl(bench.db, bench.settings, now=utc_now(), kinds=(RunKind.HANDED_IN,))
    assert report.n_done == 0
    assert bench.site.paths() == []


def test_slots_of_two_schedulers_are_made_once(database: Database, now: datetime) -> None:
    _add_source(database, now, ADAPTIVE)
    with database.write() as first:
        assert start_due_crawls(first, now).n_done == 1
    with database.write() as second:
        assert start_due_crawls(second, now + timedelta(seconds=1)).n_done == 0
