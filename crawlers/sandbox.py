"""A child process that parses hostile bytes, so that no page can freeze, crash or fill the crawler.

Parent and child speak over one socket pair: a request is two lengths, a JSON
header and the body; an answer is one length and the JSON of an extraction.
Nothing is pickled, nothing inherited: the child starts as a clean interpreter
without environment, and can open no file for writing.
"""

import json
import resource
import signal
import socket
import struct
import subprocess
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime
from types import TracebackType
from typing import Self

from crawlers.items import Extraction, from_json, to_json

MEMORY_BYTES = 400 * 1024 * 1024
TIMEOUT_SECONDS = 5.0
START_SECONDS = 30.0
_REQUEST = struct.Struct("!II")
_ANSWER = struct.Struct("!I")
_MAX_ANSWER_BYTES = 64 * 1024 * 1024


class _Silence(Exception):
    """The child did not answer; ``args[0]`` says why."""


class ParserChild:
    """A long-lived parser process, started at the first page and again after each death.

    Safe to use from many threads; pages are parsed one at a time. Use as a context
    manager, or call :meth:`close`. Should this process die, the child follows: at
    the end of the socket when idle, by its own alarm in the middle of a page.

    Args:
        memory_bytes: address space the child may have.
        timeout_seconds: time for one page, from the first byte sent to the last received.

    Attributes:
        n_starts: child processes started so far; more than one means that pages killed some.
    """

    def __init__(self, *, memory_bytes: int = MEMORY_BYTES, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._memory_bytes = memory_bytes
        self._timeout_seconds = timeout_seconds
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._n_answers = 0
        self.n_starts = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def start(self) -> None:
        """Start the child ahead of its first page, so that this need not wait; its failures show there."""
        with self._lock, suppress(_Silence):
            self._running()

    def close(self) -> None:
        """End the child; the next page would start a new one."""
        with self._lock:
            self._stop()

    def extract(
        self,
        body: bytes,
        *,
        url: str,
        content_type: str | None = None,
        page_object: str | None = None,
        fetched_at: datetime | None = None,
    ) -> Extraction:
        """Read one page as :func:`crawlers.extraction.extract_page` does; never raises for what a page holds.

        A page that kills the child, or takes too long, gives an incomplete extraction
        with the problem ``parser_killed: …``.
        """
        header = {
            "url": url,
            "content_type": content_type,
            "page_object": page_object,
            "fetched_at": fetched_at.isoformat() if fetched_at else None,
        }
        packed = json.dumps(header).encode()
        with self._lock:
            try:
                return self._ask(packed, body)
            except _Silence as silence:
                return Extraction(page_object, is_complete=False, problems=(f"parser_killed: {silence}",))

    def _ask(self, header: bytes, body: bytes) -> Extraction:
        """Ask the child; twice if it dies of a page not its first, for an earlier one may be to blame."""
        was_used = self._n_answers > 0
        try:
            return self._exchange(header, body)
        except _Silence as silence:
            if not was_used or "no answer" in str(silence):
                raise
            return self._exchange(header, body)

    def _exchange(self, header: bytes, body: bytes) -> Extraction:
        channel = self._running()
        deadline = time.monotonic() + self._timeout_seconds
        try:
            channel.settimeout(self._timeout_seconds)
            # In one call: each one gives up the interpreter's lock and waits to get it back.
            channel.sendall(b"".join((_REQUEST.pack(len(header), len(body)), header, body)))
            answer = _receive_answer(channel, deadline)
            extraction = from_json(answer)
        except TimeoutError:
            raise self._dead(f"no answer after {self._timeout_seconds:g} s") from None
        except (OSError, EOFError):
            raise self._dead(None) from None
        except (ValueError, KeyError, TypeError):
            raise self._dead("answer cannot be read") from None
        self._n_answers += 1
        if "out_of_memory" in extraction.problems:
            raise self._dead("out of memory")
        return extraction

    def _dead(self, reason: str | None) -> _Silence:
        """Bury the child; without a reason its exit status tells one."""
        process = self._process
        if reason is None and process is not None:
            with suppress(subprocess.TimeoutExpired):
                process.wait(timeout=1)
            reason = _exit_words(process.poll())
        self._stop()
        return _Silence(reason or "gone")

    def _running(self) -> socket.socket:
        if self._socket is not None and self._process is not None and self._process.poll() is None:
            return self._socket
        self._stop()
        ours, theirs = socket.socketpair()
        command = [sys.executable, "-I", "-B", "-m", "crawlers.sandbox"]
        limits = [str(self._memory_bytes), f"{self._timeout_seconds + 1:.3f}"]
        with theirs:
            self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
                [*command, *limits],
                stdin=theirs.fileno(),
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                env={},
            )
        self._socket, self._n_answers = ours, 0
        self.n_starts += 1
        ours.settimeout(START_SECONDS)
        try:
            is_ready = ours.recv(1) == b"\x01"
        except OSError:
            is_ready = False
        if not is_ready:
            raise self._dead("did not start")
        return ours

    def _stop(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def _receive_answer(channel: socket.socket, deadline: float) -> bytes:
    (size,) = _ANSWER.unpack(_receive(channel, _ANSWER.size, deadline))
    if size > _MAX_ANSWER_BYTES:
        raise ValueError("answer too long")
    return bytes(_receive(channel, size, deadline))


def _receive(channel: socket.socket, size: int, deadline: float | None) -> bytearray:
    """Read exactly ``size`` bytes.

    Raises:
        EOFError: the other side is gone.
        TimeoutError: the deadline (monotonic) has passed.
    """
    data = bytearray(size)
    view, done = memoryview(data), 0
    while done < size:
        if deadline is not None:
            left = deadline - time.monotonic()
            if left <= 0:
                raise TimeoutError
            channel.settimeout(left)
        n_bytes = channel.recv_into(view[done:])
        if not n_bytes:
            raise EOFError
        done += n_bytes
    return data


def _exit_words(status: int | None) -> str | None:
    if status is None:
        return None
    return f"signal {-status}" if status < 0 else f"exit status {status}"


def main() -> None:
    """Be the child: answer pages from the socket at standard input until it ends."""
    memory_bytes, alarm_seconds = int(sys.argv[1]), float(sys.argv[2])
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's business
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process even within native code
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory_bytes, memory_bytes))
    from crawlers.pages.registry import page_objects  # the parent never pays for the parsers

    page_objects()
    with socket.socket(fileno=0) as channel, suppress(EOFError, ConnectionError):
        channel.sendall(b"\x01")
        while True:
            _serve_page(channel, alarm_seconds)


def _serve_page(channel: socket.socket, alarm_seconds: float) -> None:
    header_size, body_size = _REQUEST.unpack(_receive(channel, _REQUEST.size, None))
    header = json.loads(_receive(channel, header_size, None))
    body = bytes(_receive(channel, body_size, None))
    # Not PR_SET_PDEATHSIG: that fires when the *thread* ends that started us, and crawlers use thread pools.
    signal.setitimer(signal.ITIMER_REAL, alarm_seconds)
    answer = to_json(_extract(header, body))
    signal.setitimer(signal.ITIMER_REAL, 0)
    channel.sendall(_ANSWER.pack(len(answer)) + answer)


def _extract(header: dict[str, str | None], body: bytes) -> Extraction:
    """Read a page; the edge where a page object's failure becomes a problem of the page."""
    from crawlers.extraction import extract_page

    fetched_at, name = header["fetched_at"], header["page_object"]
    try:
        return extract_page(
            body,
            url=header["url"] or "",
            content_type=header["content_type"],
            page_object=name,
            fetched_at=datetime.fromisoformat(fetched_at) if fetched_at else None,
        )
    except MemoryError:
        problem = "out_of_memory"
    except Exception as error:  # the parent stores and shows the problem beside the page's id
        problem = f"page_object_failed: {type(error).__name__}"
    return Extraction(name, is_complete=False, problems=(problem,))


if __name__ == "__main__":
    main()
