"""F1: kill -9 right before and right after each step by which a page becomes durable; leases end in time.

The random moments (100 on each database) stand in tests/crawlers/test_kill.py.
"""

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from crawlers.bytes_first import sweep_evidence
from models.blobs import BlobStore
from models.crawl import CrawlRun, FrontierRequest, Page
from models.enums import RequestState, RunState
from models.integrity import verify_evidence
from models.worker import utc_now
from tests.crawlers.conftest import CrawlBench
from tests.crawlers.test_kill import (
    N_PAGES,
    WORKER,
    _check_files,
    _check_nothing_lost,
    _finish,
    _overrides,
    begin_chain,
)

KILLER = Path(__file__).with_name("killer")
# Step, when, which time, in which process: the one that stores, the one that fetches, the one that reads.
KILLS = [
    *(f"{step}:{when}:2:capture" for step in ("write", "fsync", "rename") for when in ("before", "after")),
    *(
        f"commit:{when}:{n}:capture" for when in ("before", "after") for n in (1, 3)
    ),  # page, evidence, lease ack
    *(f"commit:{when}:{n}:crawl" for when in ("before", "after") for n in (1, 2, 4)),  # run, leases, pace
    *(f"commit:{when}:{n}:worker" for when in ("before", "after") for n in (1, 3)),  # run's lease, ads
]


def _work_until(point: str, bench: CrawlBench) -> int:
    """Run a worker with the point armed; its exit status."""
    environment = {**os.environ, "PYTHONPATH": str(KILLER), "KILL_AT_POINT": point}
    with subprocess.Popen(
        [sys.executable, "-c", WORKER, _overrides(bench.settings)],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as worker:
        return worker.wait(60)


def _check_leases_end_in_time(bench: CrawlBench) -> None:
    """Whatever the dead held is free within one lease, counted from now."""
    limit = utc_now() + timedelta(seconds=bench.settings.lease_seconds)
    with bench.db.read() as session:
        for model in (CrawlRun, FrontierRequest, Page):
            for until in session.scalars(select(model.lease_expires_at)):
                assert until is None or until <= limit


def _check_all_there(bench: CrawlBench, run_id: int) -> None:
    with bench.db.write() as session:
        run = session.get_one(CrawlRun, run_id)
        run.lease_expires_at = run.next_try_at = None
    _finish(bench, run_id)
    _check_nothing_lost(bench)
    _check_files(bench.db, bench.settings)
    assert {state for state, _, _ in bench.requests().values()} == {RequestState.DONE}
    assert len(bench.ads()) == 2 * N_PAGES


@pytest.mark.parametrize(
    "point", ["rename:after:2:capture", *(pytest.param(p, marks=pytest.mark.slow) for p in KILLS)]
)
def test_f1_killed_at_a_named_point(bench: CrawlBench, point: str) -> None:
    run_id = begin_chain(bench)
    assert _work_until(point, bench) == -signal.SIGKILL  # the point was reached
    _check_nothing_lost(bench)
    _check_leases_end_in_time(bench)
    assert [d for d in verify_evidence(bench.db, BlobStore(bench.settings.evidence_dir)) if d] == []
    _check_all_there(bench, run_id)


@pytest.mark.slow
@pytest.mark.parametrize("step", ["write", "fsync", "rename"])
def test_f6_a_broken_disk_leaves_nothing_half(bench: CrawlBench, step: str) -> None:
    run_id = begin_chain(bench)
    assert _work_until(f"{step}:eio:2:capture", bench) == 0
    with bench.db.read() as session:
        run = session.get_one(CrawlRun, run_id)
        assert (run.state, run.error) == (RunState.DUE, "cannot_store")
    _check_nothing_lost(bench)
    assert sweep_evidence(bench.db, BlobStore(bench.settings.evidence_dir), older_than_seconds=0) == 0
    _check_all_there(bench, run_id)
