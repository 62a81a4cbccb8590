"""The parser child: its limits, its deaths, and what the crawler sees of them."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from crawlers.extraction import extract_page
from crawlers.sandbox import ParserChild

URL = "https://t.me/s/test"
MESSAGE = (
    '<div class="tgme_widget_message" data-post="test/{0}"><div class="js-message_text">Хабарлама {0}</div>'
    '<a class="tgme_widget_message_date" href="https://t.me/test/{0}">'
    '<time datetime="2026-11-20T10:00:00+05:00"></time></a></div>'
)
PAGE = ("<html><body>" + "".join(MESSAGE.format(number) for number in range(20)) + "</body></html>").encode()


@pytest.fixture(scope="module")
def child() -> Iterator[ParserChild]:
    with ParserChild() as running:
        yield running


def test_it_says_what_extraction_in_process_says(child: ParserChild) -> None:
    fetched_at = datetime(2026, 11, 21, tzinfo=UTC)
    facts = {
        "url": URL,
        "content_type": "text/html",
        "page_object": "telegram_channel",
        "fetched_at": fetched_at,
    }
    assert child.extract(PAGE, **facts) == extract_page(PAGE, **facts)  # type: ignore[arg-type]
    assert len(child.extract(PAGE, url=URL).ads) == 20


def test_an_unknown_page_object_is_a_problem_of_the_page(child: ParserChild) -> None:
    extraction = child.extract(PAGE, url=URL, page_object="no_such")
    assert (extraction.is_complete, extraction.problems) == (
        False,
        ("page_object_failed: UnknownPageObject",),
    )


def test_one_process_serves_many_pages(child: ParserChild) -> None:
    before = child.n_starts
    started = time.perf_counter()
    for _ in range(100):
        assert len(child.extract(PAGE, url=URL).ads) == 20
    assert time.perf_counter() - started < 5
    assert child.n_starts == before


def test_threads_share_it_and_each_gets_its_own_answer(child: ParserChild) -> None:
    wrong: list[str] = []

    def ask(number: int) -> None:
        for _ in range(10):
            page = MESSAGE.format(number).encode()
            if child.extract(page, url=URL).ads[0].external_id != f"test/{number}":
                wrong.append(f"test/{number}")

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@pytest.fixture
def pid(child: ParserChild) -> int:
    child.extract(PAGE, url=URL)
    process = child._process
    assert process is not None
    return process.pid


def test_a_page_that_takes_too_long_is_named_and_the_next_is_read() -> None:
    with ParserChild(timeout_seconds=1.0) as child:
        child.extract(PAGE, url=URL)
        assert child._process is not None
        os.kill(child._process.pid, signal.SIGSTOP)  # as dead to us as a parser that never returns
        started = time.monotonic()
        extraction = child.extract(PAGE, url=URL, page_object="telegram_channel")
        assert time.monotonic() - started < 2
        assert (extraction.page_object, extraction.is_complete) == ("telegram_channel", False)
        assert extraction.problems == ("parser_killed: no answer after 1 s",)
        assert len(child.extract(PAGE, url=URL).ads) == 20


def test_a_child_that_was_killed_between_pages_is_replaced(child: ParserChild, pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    assert len(child.extract(PAGE, url=URL).ads) == 20


def test_a_page_beyond_the_memory_is_named() -> None:
    with ParserChild(memory_bytes=120 * 1024 * 1024, timeout_seconds=20) as child:
        assert len(child.extract(PAGE, url=URL).ads) == 20
        extraction = child.extract(PAGE + b"<b>a</b>" * 300_000, url=URL)
        assert not extraction.is_complete
        assert extraction.problems[0].startswith("parser_killed: ")
        assert len(child.extract(PAGE, url=URL).ads) == 20


def test_a_child_that_cannot_start_is_named() -> None:
    with ParserChild(memory_bytes=16 * 1024 * 1024) as child:
        extraction = child.extract(PAGE, url=URL)
        assert (extraction.is_complete, extraction.problems) == (False, ("parser_killed: did not start",))


def test_the_child_has_no_environment_and_can_write_no_file(child: ParserChild, pid: int) -> None:
    assert Path(f"/proc/{pid}/environ").read_bytes() == b""
    limits = Path(f"/proc/{pid}/limits").read_text()
    assert "Max file size             0" in limits
    assert f"Max address space         {400 * 1024 * 1024}" in limits


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("is_busy", [False, True], ids=["idle", "parsing"])
def test_the_child_ends_with_its_parent(is_busy: bool) -> None:
    program = (
        "import sys, threading, time\n"
        "from crawlers.sandbox import ParserChild\n"
        "child = ParserChild(timeout_seconds=1.0)\n"
        f"child.extract(b'', url={URL!r})\n"
        "print(child._process.pid, flush=True)\n"
        "sys.stdin.readline()\n"
        "body = b'tgme_' + b'<b>a</b>' * 900_000\n"
        "threading.Thread(target=child.extract, args=(body,), kwargs={'url': 'x'}).start()\n"
        "print('sent', flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdin is not None
        assert parent.stdout is not None
        pid = int(parent.stdout.readline())
        assert is_running(pid)
        if is_busy:
            parent.stdin.write(b"go\n")
            parent.stdin.flush()
            parent.stdout.readline()
            time.sleep(0.1)
        parent.kill()
    deadline = time.monotonic() + 5
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not is_running(pid)


def test_close_ends_the_child_and_a_later_page_starts_another(child: ParserChild, pid: int) -> None:
    child.close()
    assert not is_running(pid)
    assert len(child.extract(PAGE, url=URL).ads) == 20


def test_a_child_started_ahead_serves_the_first_page() -> None:
    with ParserChild() as child:
        child.start()
        child.start()
        assert child.n_starts == 1
        assert child.extract(b"<html>x</html>", url="https://a.kz/").page_object is None
        assert child.n_starts == 1
