"""Chromium for one picture: shown stored bytes, with scripts off and no network at all.

The page's own request is answered from the stored bytes and every other one
fails; the browser itself can open no connection (``crawlers.chromium``).
"""

import base64
from dataclasses import dataclass
from pathlib import Path

from crawlers.chromium import BrowserEnded, Chromium, Message
from models.errors import SaqshyError

WIDTH = 1280
MAX_HEIGHT = 12_000
SECONDS = 40.0
# Sandboxed: no scripts, no forms, no refresh to elsewhere; nothing but what the bytes hold themselves.
_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"


class NoPicture(SaqshyError):
    """The browser gave no picture of this page."""


@dataclass(frozen=True)
class Shot:
    """A picture as the browser made it, and which browser."""

    png: bytes
    browser: str


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
    answerer = _Answerer(body, content_type)
    try:
        with Chromium(browser, seconds=SECONDS, on_event=answerer.note) as chromium:
            answerer.chromium = chromium
            return _photograph(chromium, answerer, url)
    except BrowserEnded as error:
        raise NoPicture(error.message) from error


def _photograph(chromium: Chromium, answerer: "_Answerer", url: str) -> Shot:
    product = chromium.open_page()
    screen = {"width": WIDTH, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    chromium.call("Emulation.setDeviceMetricsOverride", screen)
    chromium.call("Emulation.setScriptExecutionDisabled", {"value": True})
    chromium.call("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
    chromium.call("Page.enable")
    answerer.is_loaded = False
    chromium.call("Page.navigate", {"url": url})
    while not answerer.is_loaded:
        chromium.receive(SECONDS)
    size = chromium.call("Page.getLayoutMetrics")["cssContentSize"]
    clip = {"x": 0, "y": 0, "width": WIDTH, "height": min(max(size["height"], 1), MAX_HEIGHT), "scale": 1}
    shot = chromium.call(
        "Page.captureScreenshot", {"format": "png", "captureBeyondViewport": True, "clip": clip}
    )
    return Shot(base64.b64decode(shot["data"]), product)


class _Answerer:
    """The first request is the page's own and gets the stored bytes; there is no second."""

    chromium: Chromium

    def __init__(self, body: bytes, content_type: str) -> None:
        self.is_loaded = False
        self._answer: Message | None = {
            "responseCode": 200,
            "responseHeaders": [
                {"name": "Content-Type", "value": content_type},
                {"name": "Content-Security-Policy", "value": _POLICY},
            ],
            "body": base64.b64encode(body).decode(),
        }

    def note(self, message: Message) -> None:
        """Settle a request of the page; remember that it is loaded."""
        if message["method"] == "Page.loadEventFired":
            self.is_loaded = True
        if message["method"] != "Fetch.requestPaused":
            return
        request_id = message["params"]["requestId"]
        answer, self._answer = self._answer, None
        if answer is None:
            self.chromium.send(
                "Fetch.failRequest", {"requestId": request_id, "errorReason": "BlockedByClient"}
            )
        else:
            self.chromium.send("Fetch.fulfillRequest", {"requestId": request_id, **answer})
