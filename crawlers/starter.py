"""A crawl process at once: a process that has imported everything forks one for each crawl.

Imports are most of what a short crawl costs (1.5 of 2 s of processor time), so they are
made once for each worker, in a process that itself talks to nobody and holds no
connection. A worker starts it at its first crawl; it ends with the worker.

For each crawl a socket crosses to it. The forked process has that as its standard
input; on it the worker reads two numbers, the process id and later the exit status.
"""

import atexit
import json
import os
import select
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from contextlib import suppress

from crawlers.order import Order
from models.processes import die_with_parent

GONE = -signal.SIGKILL
_NUMBER = struct.Struct("!i")
_STDIN = 0
_ENDING = (signal.SIGINT, signal.SIGTERM)
_START_WITHIN_SECONDS = 60.0
_STOP_WITHIN_SECONDS = 10.0


class CrawlProcess:
    """One crawl, forked for this worker; to be ended by whoever started it."""

    def __init__(self, channel: socket.socket) -> None:
        self._channel = channel
        self._status: int | None = None
        self._channel.settimeout(_START_WITHIN_SECONDS)
        self._pid = self._read_number()

    @property
    def has_begun(self) -> bool:
        """Whether it was forked."""
        return self._pid is not None

    def send(self, order: Order) -> None:
        """Give the order, and the environment that a process of our own would have from us."""
        with suppress(ConnectionError):  # it is gone, as its status will tell
            self._channel.sendall(json.dumps(dict(os.environ)).encode() + b"\n" + order.to_line())

    def wait(self, seconds: float) -> int:
        """Exit status, negative for a signal as in :mod:`subprocess`.

        Raises:
            TimeoutError: it still runs after so many seconds.
        """
        if self._status is None:
            self._channel.settimeout(seconds)
            status = self._read_number()
            self._status = GONE if status is None else status
        return self._status

    def end(self) -> int:
        """End it if it still runs, in order if it can; returns its exit status."""
        try:
            return self._stop()
        finally:
            self._channel.close()

    def _stop(self) -> int:
        for number in (signal.SIGTERM, signal.SIGKILL):
            if self._status is not None or self._pid is None:
                break
            with suppress(ProcessLookupError):
                os.kill(self._pid, number)
            with suppress(TimeoutError):
                self.wait(_STOP_WITHIN_SECONDS)
        return GONE if self._status is None else self._status

    def _read_number(self) -> int | None:
        """The next number; None when the starter is gone, and with it what it forked."""
        try:
            packed = self._channel.recv(_NUMBER.size, socket.MSG_WAITALL)
        except ConnectionError:
            return None
        return _NUMBER.unpack(packed)[0] if len(packed) == _NUMBER.size else None


class Starter:
    """The worker's side; safe to use from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def start(self, order: Order) -> CrawlProcess:
        """Start a crawl; one that cannot even start has the status of a killed one.

        Raises:
            TimeoutError: the starter does not answer.
        """
        process, starter = self._ask()
        if not process.has_begun:  # the starter was killed since its last crawl, or only now
            process.end()
            with self._lock:
                if self._process is starter:
                    self._stop()
            process, _ = self._ask()
        process.send(order)
        return process

    def _ask(self) -> "tuple[CrawlProcess, subprocess.Popen[bytes] | None]":
        """Ask for a process; returns the starter too."""
        ours, theirs = socket.socketpair()
        with theirs, self._lock:
            with suppress(ConnectionError):  # then nobody has the other end, and nothing will come
                socket.send_fds(self._running(), [b"+"], [theirs.fileno()])
            starter = self._process
        return CrawlProcess(ours), starter

    def close(self) -> None:
        """End the starter, and with it all that it forked."""
        with self._lock:
            self._stop()

    def _running(self) -> socket.socket:
        if self._control is None:
            self._control, theirs = socket.socketpair()
            with theirs:
                command = [sys.executable, "-m", "crawlers.crawl_process"]
                self._process = subprocess.Popen(command, stdin=theirs.fileno())  # noqa: S603 - our own
        return self._control

    def _stop(self) -> None:
        if self._control is not None and self._process is not None:
            self._control.close()
            self._process.wait()
            self._control = self._process = None


STARTER = Starter()
atexit.register(STARTER.close)


def serve() -> Order | None:
    """Be the starter: fork for each socket that comes over standard input.

    Returns:
        In each forked process its order; None in the starter, when the worker is gone.
    """
    control = socket.socket(fileno=_STDIN)
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno(), warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for number in _ENDING:  # it ends with its worker, after telling how the crawls ended
        signal.signal(number, signal.SIG_IGN)
    channels: dict[int, socket.socket] = {}
    while True:
        ready, _, _ = select.select([control, woken], [], [])
        if woken in ready:
            woken.recv(4096)
            _tell_ends(channels)
        if control not in ready:
            continue
        message, descriptors, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return None
        channel = socket.socket(fileno=descriptors[0])
        pid = os.fork()
        if pid == 0:
            _be_a_process_of_our_own(channel, [control, woken, wakes, *channels.values()])
            return Order.from_line(_read_line())
        channels[pid] = channel
        _tell(channel, pid)


def _be_a_process_of_our_own(channel: socket.socket, others: Sequence[socket.socket]) -> None:
    die_with_parent()
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for other in others:
        other.close()
    os.dup2(channel.fileno(), _STDIN)
    channel.close()
    os.environ.clear()
    os.environ.update(json.loads(_read_line()))


def _tell_ends(channels: dict[int, socket.socket]) -> None:
    """Reap all that have ended, and tell how."""
    while channels:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        with channels.pop(pid) as channel:
            _tell(channel, os.waitstatus_to_exitcode(status))


def _tell(channel: socket.socket, number: int) -> None:
    with suppress(ConnectionError):  # the worker has gone, or wants to know no more
        channel.sendall(_NUMBER.pack(number))


def _read_line() -> bytes:
    """Read one line without Python's buffer, which the watching thread would hold at the end."""
    line = bytearray()
    while not line.endswith(b"\n"):
        part = os.read(_STDIN, 1)
        if not part:
            raise EOFError("the worker is gone")
        line += part
    return bytes(line)
