"""A running Chromium without any network of its own, spoken to over a pipe.

``--remote-debugging-pipe``, so that no port listens. Names do not resolve, the
only proxy has no address, and no UDP is sent: whatever a page tries, the browser
opens no connection. What a page may have of the world is put into its requests
by us (``Fetch``).
"""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from models.config import Settings
from models.errors import SaqshyError

Message = dict[str, Any]  # Any: JSON of the debugging protocol
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--disable-default-apps", "--mute-audio", "--hide-scrollbars", "--no-pings", "--disable-breakpad",
    "--disable-features=MediaRouter,Translate,OptimizationHints", "--disable-quic",
    "--block-new-web-contents", "--deny-permission-prompts",
    "--proxy-server=http://nobody.invalid:9", "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    # One switch with the names of older and of newer versions.
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
    "--webrtc-ip-handling-policy=disable_non_proxied_udp",
)  # fmt: skip
# The browser reads from its descriptor 3 and writes to 4.
_LAUNCH = """
import fcntl, os, sys
ours = [fcntl.fcntl(int(name), fcntl.F_DUPFD, 10) for name in sys.argv[1:3]]
for there, descriptor in zip((3, 4), ours):
    os.dup2(descriptor, there)
os.execv(sys.argv[3], sys.argv[3:])
"""
_LOOK_SECONDS = 0.5
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


class BrowserEnded(SaqshyError):
    """The browser ended, or was ended for what the page did to it; ``context["why"]`` is a code."""


def find_browser(settings: Settings) -> Path | None:
    """Where Chromium is; None when it is not installed."""
    if settings.chromium is not None:
        return settings.chromium if settings.chromium.exists() else None
    return next((Path(found) for name in _NAMES if (found := shutil.which(name))), None)


class Chromium:
    """One browser process with a profile of its own; both are gone when the block ends.

    Args:
        executable: the browser.
        seconds: after this it is ended, whatever it does.
        on_event: gets every message that answers no call of ours.
        memory_bytes: of all its processes together; with more it is ended.
        message_bytes: most that one message may hold.

    Attributes:
        session: the target that calls go to; None = the browser itself.
    """

    def __init__(
        self,
        executable: Path,
        *,
        seconds: float,
        on_event: Callable[[Message], None],
        memory_bytes: int = 1536 * 1024 * 1024,
        message_bytes: int = 128 * 1024 * 1024,
    ) -> None:
        self._executable, self._on_event = executable, on_event
        self._ends_at = time.monotonic() + seconds
        self._memory_bytes, self._message_bytes = memory_bytes, message_bytes
        self.session: str | None = None
        self._n_calls = 0
        self._rest = bytearray()
        self._looked_at = 0.0

    def __enter__(self) -> Self:
        self._folder = tempfile.TemporaryDirectory(prefix="saqshy-browser-", ignore_cleanup_errors=True)
        command = [str(self._executable), *_ARGUMENTS, f"--user-data-dir={self._folder.name}", "about:blank"]
        if os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # Chromium refuses to start as root with it
        in_read, in_write = os.pipe()
        out_read, out_write = os.pipe()
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(in_read), str(out_write)]
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments
            [*launch, *command],
            pass_fds=(in_read, out_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        )
        os.close(in_read)
        os.close(out_write)
        os.set_blocking(in_write, False)
        self._to, self._from = in_write, out_read
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process_id in [*self._children(), self._process.pid]:
            _kill(process_id)
        self._process.wait()
        os.close(self._to)
        os.close(self._from)
        self._folder.cleanup()

    def open_page(self) -> str:
        """Make an empty page that all further calls go to; returns which browser it is."""
        product = str(self.call("Browser.getVersion")["product"])
        target = self.call("Target.createTarget", {"url": "about:blank"})
        attached = self.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
        self.session = attached["sessionId"]
        return product

    def call(self, method: str, parameters: Message | None = None) -> Message:
        """Ask the browser and wait for its answer.

        Raises:
            BrowserEnded: it refused, or is gone.
        """
        number = self.send(method, parameters)
        while True:
            message = self.receive(_LOOK_SECONDS)
            if message is not None and message.get("id") == number:
                if "error" in message:
                    raise BrowserEnded(f"The browser refused {method}.", why="browser_ended")
                result: Message = message["result"]
                return result

    def send(self, method: str, parameters: Message | None = None) -> int:
        """Tell the browser something without waiting; returns the number of the answer."""
        self._n_calls += 1
        message: Message = {"id": self._n_calls, "method": method, "params": parameters or {}}
        if self.session is not None:
            message["sessionId"] = self.session
        rest = memoryview(json.dumps(message).encode() + b"\0")
        while rest:
            self._watch()
            _, ready, _ = select.select([], [self._to], [], _LOOK_SECONDS)
            try:
                rest = rest[os.write(self._to, rest) :] if ready else rest
            except BlockingIOError:
                continue
            except OSError as error:
                raise BrowserEnded("The browser ended.", why="browser_ended") from error
        return self._n_calls

    def receive(self, seconds: float) -> Message | None:
        """The next message, events told to ``on_event``; None when none comes in time."""
        until = time.monotonic() + seconds
        searched = 0
        while (end := self._rest.find(b"\0", searched)) < 0:
            searched = len(self._rest)
            self._watch()
            ready, _, _ = select.select([self._from], [], [], min(_LOOK_SECONDS, seconds))
            if ready:
                self._read()
            elif time.monotonic() >= until:
                return None
        message: Message = json.loads(self._rest[:end])
        del self._rest[: end + 1]
        if "method" in message:
            self._on_event(message)
        return message

    def _read(self) -> None:
        part = os.read(self._from, 1 << 16)
        if not part:
            raise BrowserEnded("The browser ended.", why="browser_ended")
        self._rest += part
        if len(self._rest) > self._message_bytes:
            raise BrowserEnded("The browser's message is too long.", why="browser_message_too_long")

    def _watch(self) -> None:
        """End what takes too long or too much memory."""
        now = time.monotonic()
        if now > self._ends_at:
            raise BrowserEnded("The browser took too long.", why="browser_timeout")
        if now - self._looked_at < _LOOK_SECONDS:
            return
        self._looked_at = now
        n_bytes = sum(map(_resident_bytes, [self._process.pid, *self._children()]))
        if n_bytes > self._memory_bytes:
            raise BrowserEnded("The browser took too much memory.", why="browser_memory")

    def _children(self) -> list[int]:
        """All processes below the browser's first one; its helpers lead groups of their own."""
        parents = {}
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = path.read_bytes().rpartition(b")")[2].split()
            except OSError:
                continue  # ended meanwhile
            parents[int(path.parent.name)] = int(fields[1])
        found, level = [], {self._process.pid}
        while level := {child for child, parent in parents.items() if parent in level}:
            found += sorted(level)
        return found


def _resident_bytes(process_id: int) -> int:
    """Memory of a process that no file stands behind; 0 when it has ended."""
    try:
        _, resident, shared, *_ = Path(f"/proc/{process_id}/statm").read_bytes().split()
    except OSError:
        return 0
    return (int(resident) - int(shared)) * _PAGE_BYTES


def _kill(process_id: int) -> None:
    try:
        os.kill(process_id, signal.SIGKILL)
    except ProcessLookupError:
        return
