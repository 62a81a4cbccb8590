"""The starter of crawl processes: it may die at any time and ends with its worker.

That the environment of now reaches a crawl, tests/crawlers/test_picture_crawl.py shows by its PATH.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from models.crawl import Source
from models.enums import RunState
from models.runs import start_manual_run
from models.worker import utc_now
from tests.crawlers.conftest import CrawlBench, channel_page
from tests.crawlers.test_capture_process import children_of, command_of
from tests.crawlers.test_kill import _overrides, begin_chain, check_it_goes_on, crawl_beside
from tests.servers.site import Reply

# A worker that crawls once, says so, and then lives on.
WORKER = """
import json, sys
from models.config import load_settings
from models.session import Database
from models.worker import utc_now
from crawlers.jobs import run_due_crawl
settings = load_settings(**json.loads(sys.argv[1]))
print(run_due_crawl(Database(settings), settings, now=utc_now()).n_done, flush=True)
sys.stdin.read()
"""


def starters_of(pid: int) -> list[int]:
    return [child for child in children_of(pid) if "crawlers.crawl_process" in command_of(child)]


def test_crawls_of_one_worker_share_a_starter_and_a_dead_one_is_replaced(bench: CrawlBench) -> None:
    bench.site.routes["/"] = Reply(channel_page({1: "Текст"}))
    source_id = bench.add_source(pages=[{"match": ".", "page_object": "telegram_channel"}])
    assert bench.crawl(source_id).state is RunState.DONE
    (first,) = starters_of(os.getpid())
    assert bench.crawl(source_id).state is RunState.DONE
    assert starters_of(os.getpid()) == [first]
    os.kill(first, signal.SIGKILL)
    assert bench.crawl(source_id).state is RunState.DONE
    (second,) = starters_of(os.getpid())
    assert second != first


def test_a_crawl_whose_starter_was_killed_goes_on_later(bench: CrawlBench) -> None:
    run_id = begin_chain(bench)
    worker = crawl_beside(bench, 5)
    (starter,) = starters_of(os.getpid())
    (crawl,) = children_of(starter)
    os.kill(starter, signal.SIGKILL)
    worker.join(30)
    assert not worker.is_alive()
    assert not Path(f"/proc/{crawl}").exists() or "crawl_process" not in command_of(crawl)
    check_it_goes_on(bench, run_id)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_the_starter_ends_with_its_worker(bench: CrawlBench, number: signal.Signals) -> None:
    bench.site.routes["/"] = Reply(channel_page({1: "Текст"}))
    source_id = bench.add_source(pages=[{"match": ".", "page_object": "telegram_channel"}])
    with bench.db.write() as session:
        start_manual_run(session, session.get_one(Source, source_id), utc_now())
    worker = subprocess.Popen(
        [sys.executable, "-c", WORKER, _overrides(bench.settings)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert worker.stdin is not None
    assert worker.stdout is not None
    with worker:
        assert b"1\n" in iter(worker.stdout.readline, b"")
        (starter,) = starters_of(worker.pid)
        worker.send_signal(number)
    deadline = time.monotonic() + 30
    while Path(f"/proc/{starter}").exists() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not Path(f"/proc/{starter}").exists()
