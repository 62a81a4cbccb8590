"""F7, F8 with real clocks that are wrong (libfaketime): processes hours or years away from each other."""

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crawlers.schedule import MAX_MISSED_SLOTS
from models.config import Settings
from models.crawl import CrawlRun
from models.enums import RequestState, RunState
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings
from tests.crawlers.test_kill import (
    N_PAGES,
    WORKER,
    _check_files,
    _check_nothing_lost,
    _finish,
    _kill_group,
    _overrides,
    _wait_for_some_pages,
    begin_chain,
)
from tests.servers.site import Site

SEED = 7
TICK = """
import sys, json
from models.config import load_settings
from models.session import Database
from models.worker import utc_now
from crawlers.schedule import start_due_crawls
db = Database(load_settings(**json.loads(sys.argv[1])))
with db.write() as session:
    start_due_crawls(session, utc_now())
"""


def _start(code: str, settings: Settings, clock: str) -> "subprocess.Popen[bytes]":
    """A process of ours whose clock is wrong by so much (``+5m``, ``-1h``, ``+3650d``)."""
    faketime = shutil.which("faketime")
    if faketime is None:
        pytest.skip("faketime is not installed (apt-get install faketime)")
    return subprocess.Popen(
        [faketime, "-f", clock, sys.executable, "-c", code, _overrides(settings)],
        # What waits, waits by the monotonic clock, which no step of the wall clock moves.
        env={**os.environ, "FAKETIME_DONT_FAKE_MONOTONIC": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


@pytest.mark.slow
@pytest.mark.parametrize("clocks", [("+0", "+5m"), ("+5m", "-1h"), ("+1h", "-1h"), ("+3650d", "+0")])
def test_f7_workers_with_clocks_apart_lose_and_double_nothing(
    settings: Settings, tmp_path: Path, site: Site, clocks: tuple[str, str]
) -> None:
    """Each kills the other's work half way; the one whose clock is right ends it."""
    own = bench_settings(tmp_path / "var", site, [SITE_HOST], database_url=settings.database_url)
    bench = CrawlBench(site, own, open_database(own))
    run_id = begin_chain(bench)
    chance = random.Random(SEED)
    for clock in clocks * 2:
        worker = _start(WORKER, own, clock)
        _wait_for_some_pages(site, worker, len(site.paths()) + chance.randint(1, 4))
        _kill_group(worker)
        _check_nothing_lost(bench)
    with bench.db.write() as session:
        run = session.get_one(CrawlRun, run_id)
        run.lease_expires_at = run.next_try_at = None
    _finish(bench, run_id)
    _check_nothing_lost(bench)
    _check_files(bench.db, own)
    assert {state for state, _, _ in bench.requests().values()} == {RequestState.DONE}
    assert len(bench.ads()) == 2 * N_PAGES
    bench.db.close()


@pytest.mark.parametrize(
    "clocks",
    [("+0", "+0", "+5m"), pytest.param(("+0", "+1h", "-1h", "+3650d", "+0", "+0"), marks=pytest.mark.slow)],
    ids=["short", "long"],
)
def test_f7_f8_schedulers_at_once_with_clocks_apart_make_one_open_run(
    settings: Settings, tmp_path: Path, site: Site, clocks: tuple[str, ...]
) -> None:
    own = bench_settings(tmp_path / "var", site, [SITE_HOST], database_url=settings.database_url)
    bench = CrawlBench(site, own, open_database(own))
    bench.add_source()
    ticks = [_start(TICK, own, clock) for clock in clocks]
    for tick in ticks:
        assert tick.wait(60) == 0
        assert tick.stdout is not None
        tick.stdout.close()
    with bench.db.read() as session:
        states = session.execute(select(CrawlRun.state, func.count()).group_by(CrawlRun.state)).all()
    found = {state: n for state, n in states}  # noqa: C416 - a row is no pair for dict()
    assert found[RunState.DUE] == 1
    assert found.get(RunState.MISSED, 0) <= MAX_MISSED_SLOTS
    bench.db.close()


def _stop_outside_a_transaction(group: int, database: Path) -> None:
    """Who sleeps with the write lock of SQLite holds up everybody; a machine takes its disk along."""
    while True:
        os.killpg(group, signal.SIGSTOP)
        with closing(sqlite3.connect(database, timeout=0.5)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.killpg(group, signal.SIGCONT)
                time.sleep(0.05)
            else:
                return


@pytest.mark.slow
def test_f7_a_worker_that_stood_still_gives_its_work_up(tmp_path: Path, site: Site) -> None:
    """Stopped like a machine that sleeps, for longer than its lease: another holds its work by then."""
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST], lease_seconds=2)
    bench = CrawlBench(site, settings, open_database(settings))
    run_id = begin_chain(bench)
    sleeper = _start(WORKER, settings, "+0")
    _wait_for_some_pages(site, sleeper, 2)
    _stop_outside_a_transaction(sleeper.pid, settings.data_dir / "saqshy.sqlite3")
    try:
        _finish(bench, run_id)
    finally:
        os.killpg(sleeper.pid, signal.SIGCONT)
        sleeper.wait(60)
        _kill_group(sleeper)
    _check_nothing_lost(bench)
    _check_files(bench.db, settings)
    assert len(bench.ads()) == 2 * N_PAGES
    with bench.db.read() as session:
        assert session.get_one(CrawlRun, run_id).state is RunState.DONE
    bench.db.close()
