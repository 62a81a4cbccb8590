"""F15: told to stop during everything, again and again: it stops, nothing is lost, no lock is left."""

import threading
import time
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crawlers import starter
from crawlers.jobs import run_due_crawl
from models.crawl import CrawlRun, FrontierRequest, Source
from models.enums import RequestState, RunState
from models.leases import MAX_ATTEMPTS
from models.runs import start_manual_run
from models.worker import utc_now
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings, channel_page
from tests.crawlers.test_kill import _check_files, _check_nothing_lost
from tests.faults.conftest import wait_until
from tests.servers.site import Reply, Site


def _route_many(bench: CrawlBench, n_pages: int) -> list[str]:
    """Pages that a crawl knows all from its start, and takes all at once."""
    for n in range(n_pages):
        bench.site.routes[f"/{n}"] = Reply(channel_page({n: f"Текст {n}"}))
    return [f"http://{SITE_HOST}/{n}" for n in range(n_pages)]


@pytest.mark.parametrize(
    ("patience_seconds", "lease_seconds", "delay_seconds", "n_restarts"),
    [(0.1, 8, 0.4, 2), pytest.param(None, 60, 1.5, MAX_ATTEMPTS + 1, marks=pytest.mark.slow)],
    ids=["short", "long"],
)
def test_f15_requests_that_were_never_sent_outlive_any_number_of_restarts(
    tmp_path: Path,
    site: Site,
    monkeypatch: pytest.MonkeyPatch,
    patience_seconds: float | None,
    lease_seconds: int,
    delay_seconds: float,
    n_restarts: int,
) -> None:
    """A polite source: far more is leased than is sent until the crawl process has to be killed."""
    if patience_seconds is not None:
        monkeypatch.setattr(starter, "_STOP_WITHIN_SECONDS", patience_seconds)
    settings = bench_settings(tmp_path / "var", site, [SITE_HOST], lease_seconds=lease_seconds)
    bench = CrawlBench(site, settings, open_database(settings))
    n_pages = 12 * n_restarts
    source_id = bench.add_source(start=_route_many(bench, n_pages), limits={"delay_seconds": delay_seconds})
    with bench.db.write() as session:
        run_id = start_manual_run(session, session.get_one(Source, source_id), utc_now()).id
    for _ in range(n_restarts):
        stop = threading.Event()
        worker = threading.Thread(
            target=partial(run_due_crawl, bench.db, bench.settings, now=utc_now(), stop=stop)
        )
        worker.start()
        n_before = len(bench.site.paths())
        wait_until(lambda n=n_before: len(bench.site.paths()) > n, what="a page")  # type: ignore[misc]
        told_at = time.monotonic()
        stop.set()
        worker.join(30)
        assert time.monotonic() - told_at <= 15
        with bench.db.read() as session:
            run = session.get_one(CrawlRun, run_id)
            assert (run.state, run.lease_token, run.error) == (RunState.DUE, None, None)
        _check_nothing_lost(bench)
    assert {state for state, _, _ in bench.requests().values()} <= {
        RequestState.DONE,
        RequestState.LEASED,
        RequestState.PENDING,
    }
    with bench.db.read() as session:
        assert session.scalar(select(func.max(FrontierRequest.attempts))) == 0
        assert session.get_one(CrawlRun, run_id).attempts == 0
    _check_files(bench.db, bench.settings)
    bench.db.close()
