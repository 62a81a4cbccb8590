"""F7, F8, F11, F15 in short: clocks that jump, two schedulers, a dead host, being told to stop."""

import threading
import time
from datetime import datetime, timedelta
from functools import partial

import pytest
from sqlalchemy import func, select

from crawlers.frontier import lease_requests
from crawlers.schedule import MAX_MISSED_SLOTS, start_due_crawls
from models.crawl import CrawlRun, FrontierRequest
from models.enums import FetchResult, RequestState, RunState
from models.session import Database
from models.worker import utc_now
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings, channel_page
from tests.crawlers.test_kill import (
    _check_files,
    _check_nothing_lost,
    begin_chain,
    check_it_goes_on,
    crawl_beside,
)
from tests.crawlers.test_schedule import _add_source, _finish_all, _tick
from tests.servers.site import Reply, Site

HOURLY = {"every_minutes": 60}


@pytest.mark.parametrize("jump", [timedelta(hours=-1), timedelta(hours=1), timedelta(days=3650)])
def test_f7_a_clock_that_jumps_floods_nothing(database: Database, now: datetime, jump: timedelta) -> None:
    _add_source(database, now, HOURLY)
    _tick(database, now)
    _finish_all(database, now)
    _tick(database, now + jump)
    _finish_all(database, now)
    _tick(database, now)  # and back
    with database.read() as session:
        rows = session.execute(select(CrawlRun.state, func.count()).group_by(CrawlRun.state))
        states = {row[0]: row[1] for row in rows}
    assert states.get(RunState.DONE, 0) <= 2
    assert states.get(RunState.MISSED, 0) < MAX_MISSED_SLOTS


def test_f7_a_step_during_a_lease_gives_the_request_to_one_holder(bench: CrawlBench) -> None:
    source_id = bench.add_source()
    bench.site.routes["/"] = Reply(channel_page({1: "x"}))
    bench.crawl(source_id)
    now = utc_now()
    with bench.db.write() as session:
        request = session.scalars(select(FrontierRequest)).one()
        request.state, request.next_try_at = RequestState.PENDING, None
        run_id = request.crawl_run_id
    lease = partial(lease_requests, run_id=run_id, source_id=source_id, n=5, seconds=60)
    with bench.db.write() as session:
        first = lease(session, now=now)
    with bench.db.write() as session:
        assert lease(session, now=now - timedelta(hours=1)) == []
    with bench.db.write() as session:
        second = lease(session, now=now + timedelta(hours=1))
    assert [request.id for request in first] == [request.id for request in second]
    with bench.db.read() as session:
        assert session.scalars(select(FrontierRequest.lease_token)).one() == second[0].token


def test_f8_two_schedulers_at_once_make_one_run(database: Database, now: datetime) -> None:
    _add_source(database, now, HOURLY)
    errors: list[Exception] = []

    def tick() -> None:
        try:
            with database.write() as session:
                start_due_crawls(session, now)
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    with database.read() as session:
        assert session.scalars(select(CrawlRun.state)).all() == [RunState.DUE]


def test_f11_a_dead_host_holds_up_no_other(tmp_path_factory: pytest.TempPathFactory, site: Site) -> None:
    folder = tmp_path_factory.mktemp("f11")
    settings = bench_settings(folder / "var", site, [SITE_HOST, "half.example"])
    bench = CrawlBench(site, settings, open_database(settings))
    for n in range(20):
        site.routes[SITE_HOST, f"/{n}"] = Reply(channel_page({n: f"Текст {n}"}))
    site.routes["half.example", "/"] = Reply(b"<html>half", length=9000)
    start = ["http://half.example/", "http://no-such-name.invalid/"]
    start += [f"http://{SITE_HOST}/{n}" for n in range(20)]
    source = bench.add_source(start=start, limits={"delay_seconds": 2, "timeout_seconds": 5, "max_pages": 6})
    bench.crawl(source)
    found = bench.requests()
    assert found["http://half.example/"][1:] == (FetchResult.BROKEN, "cut_off")
    assert found["http://no-such-name.invalid/"][1] is FetchResult.BROKEN
    good = [result for url, (_, result, _) in found.items() if SITE_HOST in url]
    assert set(good) == {FetchResult.PAGE}
    assert all("half" not in version.text for version in bench.ads().values())
    bench.db.close()


def test_f15_a_crawl_that_is_told_to_stop_stops_and_goes_on_later(bench: CrawlBench) -> None:
    run_id = begin_chain(bench)
    for n_pages in (4, 9):
        stop = threading.Event()
        worker = crawl_beside(bench, n_pages, stop)
        told_at = time.monotonic()
        stop.set()
        worker.join(30)
        assert time.monotonic() - told_at <= 15
        with bench.db.read() as session:
            run = session.get_one(CrawlRun, run_id)
            assert (run.state, run.lease_token) == (RunState.DUE, None)  # no lock is left
        _check_nothing_lost(bench)
    check_it_goes_on(bench, run_id)
    _check_files(bench.db, bench.settings)
