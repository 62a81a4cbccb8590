"""A small supervisor: starts the processes of one machine, restarts the fallen, ends them together."""

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from models.errors import BadSettings, Rejected
from models.logs import get_logger

log = get_logger(__name__)

STOP_WITHIN_SECONDS = 15.0
FIRST_PAUSE_SECONDS = 1.0
MAX_PAUSE_SECONDS = 30.0
HEALTHY_AFTER_SECONDS = 60.0
_PR_SET_PDEATHSIG = 1


def die_with_parent() -> None:
    """Ask the kernel to end this process when the one that started it dies (Linux only)."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@dataclass
class Child:
    """One supervised process."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    pause_seconds: float = field(default=FIRST_PAUSE_SECONDS)
    start_after: float = 0.0

    def start(self) -> None:
        """Start the process in a session of its own, so that Ctrl-C reaches only the supervisor."""
        self.process = subprocess.Popen(  # noqa: S603 - our own command line
            list(self.argv),
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=die_with_parent,
        )
        self.started_at = time.monotonic()


class Supervisor:
    """Keeps its children running until told to stop."""

    def __init__(self, children: Sequence[Child]) -> None:
        self.children = children

    def run(self, stop: threading.Event) -> None:
        """Start all children and watch them; returns when all have ended."""
        for child in self.children:
            child.start()
        try:
            while not stop.wait(0.5):
                for child in self.children:
                    self._revive(child)
        finally:
            self._end_all()

    def _revive(self, child: Child) -> None:
        now = time.monotonic()
        if child.process is None:
            if now >= child.start_after:
                child.start()
            return
        code = child.process.poll()
        if code is None:
            return
        if now - child.started_at > HEALTHY_AFTER_SECONDS:
            child.pause_seconds = FIRST_PAUSE_SECONDS
        log.error("process.ended", name=child.name, code=code, restart_in_seconds=child.pause_seconds)
        child.process = None
        child.start_after = now + child.pause_seconds
        child.pause_seconds = min(child.pause_seconds * 2, MAX_PAUSE_SECONDS)

    def _end_all(self) -> None:
        running = [child.process for child in self.children if child.process is not None]
        for process in running:
            process.terminate()
        deadline = time.monotonic() + STOP_WITHIN_SECONDS
        for process in running:
            try:
                process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


class AlreadyRunning(Rejected):
    """Another process of the same kind works on this data folder."""


@contextmanager
def only_one(path: Path) -> Iterator[None]:
    """Hold a lock file while the block runs; the kernel frees it even after ``kill -9``.

    Raises:
        AlreadyRunning: somebody else holds it.
    """
    with path.open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(
                f"Saqshy already runs on the folder {path.parent}. Stop it first."
            ) from error
        yield


def check_port_is_free(host: str, port: int) -> None:
    """Refuse to start where somebody else listens.

    Raises:
        BadSettings: the port is taken, or the address is not this machine's.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise BadSettings(
                f"Cannot listen on {host}:{port} ({error.strerror}). "
                "Stop the other program or set SAQSHY_PORT to another port."
            ) from error
