"""The process that stores answers: what crosses its pipe, and what happens when it dies."""

import os
import signal
from datetime import datetime, timedelta
from pathlib import Path

from crawlers.capture import Fetched
from crawlers.capture_process import from_frame, to_frame
from crawlers.evidence.wire import Exchange
from crawlers.frontier import LeasedRequest
from models.enums import FetchResult, RequestKind
from tests.crawlers.conftest import CrawlBench
from tests.crawlers.test_kill import _check_files, begin_chain, check_it_goes_on, crawl_beside

URL = "http://ads.example/1"


def _fetched(now: datetime, body: bytes | None, **fields: object) -> Fetched:
    leased = LeasedRequest(7, "token", URL, "ab" * 32, RequestKind.AD, 2, etag='"x"', known_page_id=3)
    exchange = Exchange(
        url=URL,
        sent_at=now,
        received_at=now,
        request_head=b"GET /1 HTTP/1.1\r\n\r\n",
        response_head=b"HTTP/1.1 200 OK\r\n\r\n",
        body=body or b"",
        address="127.0.0.1",
    )
    fetched = Fetched(leased, FetchResult.PAGE, now, URL, body=body, exchanges=(exchange,))
    for name, value in fields.items():
        setattr(fetched, name, value)
    return fetched


def test_a_batch_crosses_the_pipe_whole(now: datetime) -> None:
    batch = [
        _fetched(now, b"\x00\xff" * 9, http_status=200, headers={"content-type": "text/html", "x": "қазақ"}),
        _fetched(now, None, result=FetchResult.SLOW_DOWN, wait_until=now + timedelta(microseconds=7)),
        _fetched(now, b"", error="http_500", is_final=True, was_sent=False),
    ]
    for fetched in batch:
        fetched.seal()
    assert from_frame(to_frame(batch)) == batch
    assert [fetched.file is None for fetched in batch] == [False, True, False]


def test_a_crawl_whose_capture_process_was_killed_goes_on_later(bench: CrawlBench) -> None:
    run_id = begin_chain(bench)
    worker = crawl_beside(bench, 5)
    (starter,) = [pid for pid in children_of(os.getpid()) if "crawlers.crawl_process" in command_of(pid)]
    (crawl,) = children_of(starter)
    (capture,) = children_of(crawl)
    os.kill(capture, signal.SIGKILL)
    worker.join(30)
    assert not worker.is_alive()
    check_it_goes_on(bench, run_id)
    _check_files(bench.db, bench.settings)


def children_of(pid: int) -> list[int]:
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def command_of(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()
