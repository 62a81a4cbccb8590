"""Reading one text for the page on which a text may be tried, in a process of its own.

Requests of the review API score nothing, but for this page. The classifier lives in a
child (``classifiers.trial``): it is loaded at the first question only, a text that
takes too long ends with its process, and nothing of a text is stored or logged.
"""

import json
import os
import select
import subprocess
import sys
import threading
import time
import weakref
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from models.errors import Rejected, Retryable

START_SECONDS = 60.0
TEXT_SECONDS = 10.0
_MAX_ANSWER_BYTES = 16 * 1024 * 1024


class ClassifierMissing(Retryable):
    """There is no classifier that could read: it is not fitted, damaged, or of another version."""

    status = 503


class TrialBusy(Retryable):
    """Others wait for the classifier to load or to read their texts."""

    status = 503


class TextUnreadable(Rejected):
    """Reading this text took too long, or ended the process that read it."""

    status = 422


class _Child:
    """One process; not to be used by two threads at once."""

    def __init__(self, command: list[str]) -> None:
        # Nothing but the path of the program: no settings, no secrets.
        environment = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
        self._process = subprocess.Popen(  # noqa: S603 - our own command line
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            env=environment,
        )
        self._buffer = bytearray()
        self.is_ready = False
        self.end = weakref.finalize(self, _end, self._process)

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def ask(self, question: dict[str, Any], seconds: float) -> dict[str, Any] | None:
        """The answer, or None if there was none in time."""
        if self._process.stdin is None:
            return None
        try:
            self._process.stdin.write(json.dumps(question).encode() + b"\n")
        except OSError:
            return None
        return self.listen(seconds)

    def listen(self, seconds: float) -> dict[str, Any] | None:
        """The next line, or None if there was none in time."""
        out = self._process.stdout
        deadline = time.monotonic() + seconds
        while out is not None and b"\n" not in self._buffer:
            left = deadline - time.monotonic()
            if left <= 0 or not select.select([out], [], [], left)[0]:
                return None
            part = os.read(out.fileno(), 65536)
            if not part or len(self._buffer) > _MAX_ANSWER_BYTES:
                return None
            self._buffer += part
        line, _, rest = bytes(self._buffer).partition(b"\n")
        self._buffer = bytearray(rest)
        try:
            answer: Any = json.loads(line)
        except ValueError:
            return None
        return answer if isinstance(answer, dict) else None


def _end(process: "subprocess.Popen[bytes]") -> None:
    with suppress(OSError):
        process.kill()
    process.wait()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()


class TrialReader:
    """Reads texts one at a time; its process starts at the first, and again after each death.

    Args:
        folder: of the artifacts.
        command: starts the process; tests give their own.
        text_seconds: time for one text.
    """

    def __init__(
        self,
        folder: Path,
        *,
        command: Callable[[Path], list[str]] | None = None,
        text_seconds: float = TEXT_SECONDS,
    ) -> None:
        self._folder = folder
        self._command = command or _own_command
        self._text_seconds = text_seconds
        self._lock = threading.Lock()
        self._child: _Child | None = None

    def start(self) -> None:
        """Let the process load, so that the first text need not wait; does not wait itself."""
        if self._folder.is_dir() and self._lock.acquire(blocking=False):
            try:
                self._running()
            finally:
                self._lock.release()

    def close(self) -> None:
        """End the process; the next text would start a new one."""
        with self._lock:
            self._stop()

    def read(self, text: str, title: str | None) -> dict[str, Any]:  # Any: JSON, see classifiers.trial
        """Everything the classifier says of one text.

        Raises:
            ClassifierMissing: there is no usable artifact, or the process does not start.
            TextUnreadable: the text took too long, or broke the process.
        """
        if not self._folder.is_dir():
            raise _missing()
        if not self._lock.acquire(timeout=START_SECONDS):
            raise TrialBusy("Others are trying texts. Try again.", delay_seconds=10)
        try:
            return self._read(text, title)
        finally:
            self._lock.release()

    def _read(self, text: str, title: str | None) -> dict[str, Any]:
        child = self._running()
        if not child.is_ready:
            self._wait_until_ready(child)
        answer = child.ask({"text": text, "title": title}, self._text_seconds)
        if answer is None or "problem" in answer:
            self._stop()
            raise TextUnreadable("This text could not be read.", problem=(answer or {}).get("problem"))
        return answer

    def _running(self) -> _Child:
        if self._child is None or not self._child.is_alive:
            self._stop()
            self._child = _Child(self._command(self._folder))
        return self._child

    def _wait_until_ready(self, child: _Child) -> None:
        said = child.listen(START_SECONDS)
        if said is None or "problem" in said:
            self._stop()
            raise _missing()
        child.is_ready = True

    def _stop(self) -> None:
        if self._child is not None:
            self._child.end()
            self._child = None


def _missing() -> ClassifierMissing:
    return ClassifierMissing("The classifier cannot be used. Run: saqshy train", delay_seconds=60)


def _own_command(folder: Path) -> list[str]:
    return [sys.executable, "-m", "classifiers.trial", str(folder.resolve())]
