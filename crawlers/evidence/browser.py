"""Chromium for one picture: shown stored bytes, with scripts off and no network at all.

Spoken to over a pipe (``--remote-debugging-pipe``), so that no port listens.
The page's own request is answered from the stored bytes and every other one
fails before it becomes a connection; names do not resolve and the proxy is a
closed port, should one slip past.
"""

import base64
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models.config import Settings
from models.errors import SaqshyError

WIDTH = 1280
MAX_HEIGHT = 12_000
SECONDS = 40.0
_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--headless=new", "--remote-debugging-pipe", "--disable-gpu", "--no-first-run", "--disable-sync",
    "--disable-background-networking", "--disable-component-update", "--disable-extensions",
    "--disable-default-apps", "--mute-audio", "--hide-scrollbars", "--no-pings", "--disable-breakpad",
    "--proxy-server=http://127.0.0.1:9", "--proxy-bypass-list=<-loopback>",
    "--host-resolver-rules=MAP * ~NOTFOUND", "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)  # fmt: skip
# Sandboxed: no scripts, no forms, no refresh to elsewhere; nothing but what the bytes hold themselves.
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
# The browser reads from its descriptor 3 and writes to 4.
_LAUNCH = """
import fcntl, os, sys
ours = [fcntl.fcntl(int(name), fcntl.F_DUPFD, 10) for name in sys.argv[1:3]]
for there, descriptor in zip((3, 4), ours):
    os.dup2(descriptor, there)
os.execv(sys.argv[3], sys.argv[3:])
"""


class NoPicture(SaqshyError):
    """The browser gave no picture of this page."""


@dataclass(frozen=True)
class Shot:
    """A picture as the browser made it, and which browser."""

    png: bytes
    browser: str


def find_browser(settings: Settings) -> Path | None:
    """Where Chromium is; None when it is not installed."""
    if settings.chromium is not None:
        return settings.chromium if settings.chromium.exists() else None
    return next((Path(found) for name in _NAMES if (found := shutil.which(name))), None)


def photograph(browser: Path, body: bytes, *, url: str, content_type: str) -> Shot:
    """Show stored bytes under their address and take a picture of the whole page.

    Args:
        browser: the executable.
        body: content encoding undone.
        url: where they came from; nothing is asked there.
        content_type: as the server said, or what shows them as text.

    Raises:
        NoPicture: the browser did not start, ended, or took too long.
    """
    with (
        tempfile.TemporaryDirectory(prefix="saqshy-browser-") as folder,
        _Pipe(browser, Path(folder)) as pipe,
    ):
        return _photograph(pipe, body, url, content_type)


def _photograph(pipe: "_Pipe", body: bytes, url: str, content_type: str) -> Shot:
    product = str(pipe.call("Browser.getVersion")["product"])
    target = pipe.call("Target.createTarget", {"url": "about:blank"})
    attached = pipe.call("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})
    pipe.session = attached["sessionId"]
    pipe.answer = {
        "responseCode": 200,
        "responseHeaders": [
            {"name": "Content-Type", "value": content_type},
            {"name": "Content-Security-Policy", "value": _POLICY},
        ],
        "body": base64.b64encode(body).decode(),
    }
    screen = {"width": WIDTH, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    pipe.call("Emulation.setDeviceMetricsOverride", screen)
    pipe.call("Emulation.setScriptExecutionDisabled", {"value": True})
    pipe.call("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
    pipe.call("Page.enable")
    pipe.call("Page.navigate", {"url": url})
    pipe.wait_for("Page.loadEventFired")
    size = pipe.call("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": min(max(size["height"], 1), MAX_HEIGHT), "scale": 1}
    shot = pipe.call("Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip})
    return Shot(base64.b64decode(shot["data"]), product)


class _Pipe:
    """A running browser and its debugging pipe; ends with all its processes when the block does."""

    def __init__(self, browser: Path, folder: Path) -> None:
        self._command = [str(browser), *_ARGUMENTS, f"--user-data-dir={folder}", "about:blank"]
        if os.geteuid() == 0:
            self._command.insert(1, "--no-sandbox")  # Chromium refuses to start as root with it
        self.session: str | None = None
        self.answer: dict[str, Any] | None = None  # Any: JSON
        self._n_calls = 0
        self._seen: list[str] = []

    def __enter__(self) -> "_Pipe":
        in_read, in_write = os.pipe()
        out_read, out_write = os.pipe()
        launch = [sys.executable, "-I", "-S", "-c", _LAUNCH, str(in_read), str(out_write)]
        self._process = subprocess.Popen(  # noqa: S603 - our own arguments
            [*launch, *self._command],
            pass_fds=(in_read, out_write),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env={"PATH": os.environ.get("PATH", "/usr/bin:/bin"), "HOME": "/nonexistent", "LANG": "C.UTF-8"},
        )
        os.close(in_read)
        os.close(out_write)
        self._to, self._from = in_write, out_read
        self._rest = b""
        # Whatever the page does to the browser: after this it is gone, and reading the pipe ends.
        self._timer = threading.Timer(SECONDS, self._kill)
        self._timer.daemon = True
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._kill()
        self._process.wait()
        os.close(self._to)
        os.close(self._from)

    def _kill(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            return

    def call(self, method: str, parameters: dict[str, Any] | None = None) -> dict[str, Any]:  # Any: JSON
        """Ask the browser and wait for its answer."""
        number = self._send(method, parameters)
        while True:
            message = self._receive()
            if message.get("id") == number:
                if "error" in message:
                    raise NoPicture(f"The browser refused {method}: {message['error'].get('message')}")
                result: dict[str, Any] = message["result"]
                return result

    def wait_for(self, event: str) -> None:
        """Wait until the browser has told of an event."""
        while event not in self._seen:
            self._receive()

    def _send(self, method: str, parameters: dict[str, Any] | None = None) -> int:
        self._n_calls += 1
        message: dict[str, Any] = {"id": self._n_calls, "method": method, "params": parameters or {}}
        if self.session is not None:
            message["sessionId"] = self.session
        try:
            rest = memoryview(json.dumps(message).encode() + b"\0")
            while rest:
                rest = rest[os.write(self._to, rest) :]
        except OSError as error:
            raise NoPicture("The browser ended.") from error
        return self._n_calls

    def _receive(self) -> dict[str, Any]:
        while b"\0" not in self._rest:
            part = os.read(self._from, 1 << 16)
            if not part:
                raise NoPicture("The browser ended or took too long.")
            self._rest += part
        line, _, self._rest = self._rest.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        if message.get("method") == "Fetch.requestPaused":
            self._settle(message["params"]["requestId"])
        elif "method" in message:
            self._seen.append(message["method"])
        return message

    def _settle(self, request_id: str) -> None:
        """The first request is the page's own and gets the stored bytes; there is no second."""
        answer, self.answer = self.answer, None
        if answer is None:
            self._send("Fetch.failRequest", {"requestId": request_id, "errorReason": "BlockedByClient"})
        else:
            self._send("Fetch.fulfillRequest", {"requestId": request_id, **answer})
