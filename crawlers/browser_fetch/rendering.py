"""One page as its own scripts build it: a fetched answer shown to Chromium, its parts fetched by us.

The browser has no network. Each request of the page waits (``Fetch``) until
it is answered by us or refused; what cannot be paused (web sockets, WebRTC,
service workers, other windows) finds no connection. The page's clock stands
still while parts are on their way and runs ahead when nothing is, so that
what a script does "in two seconds" costs none.
"""

import base64
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from crawlers.chromium import BrowserEnded, Chromium, Message

# All in all, pauses between two requests to a host included; a later try finds the scripts of this one.
RENDER_SECONDS = 240.0
# Without any part under way, for what scripts compute.
IDLE_SECONDS = 20.0
# Of the page's clock, from when its document is there.
_VIRTUAL_MS = 8000
MAX_PARTS = 60
RENDERED_TYPE = "text/html; charset=utf-8"
_POLL_SECONDS = 0.05
_SCREEN = {"width": 1280, "height": 2000, "deviceScaleFactor": 1, "mobile": False}
_FETCHED_KINDS = frozenset({"Script", "XHR", "Fetch"})
_PASSED_ON = frozenset({"accept", "x-requested-with", "origin"})
# Headers that speak of the transfer, or of more than this one showing of the page.
_LEFT_OUT = frozenset(
    {
        "content-encoding", "content-length", "transfer-encoding", "connection", "content-disposition",
        "set-cookie", "refresh", "link", "alt-svc", "strict-transport-security", "clear-site-data",
        "report-to", "nel", "reporting-endpoints", "speculation-rules", "service-worker-allowed",
    }
)  # fmt: skip


class RenderedTooLarge(BrowserEnded):
    """What the scripts built is longer than a page may be."""


@dataclass(frozen=True)
class Asked:
    """A part that the page's scripts ask for; of their ``headers`` only those that may be sent on."""

    url: str
    is_script: bool
    headers: Mapping[str, str]


@dataclass(frozen=True)
class Answer:
    """What came for an address: content encoding undone, names of headers in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


# Starts fetching a part; gives an answer, or a word for why it is refused.
FetchPart = Callable[[Asked], "Future[Answer | str]"]


@dataclass(frozen=True)
class Rendering:
    """A page as the browser had built it.

    Attributes:
        dom: the document written out as HTML, UTF-8.
        browser: its name and version.
        n_parts: requests of the page that were answered.
        refused: how many were not, by reason.
    """

    dom: bytes
    browser: str
    n_parts: int
    refused: Mapping[str, int]


def render(
    browser: Path, url: str, answer: Answer, fetch_part: FetchPart, *, user_agent: str, max_bytes: int
) -> Rendering:
    """Show an answer under its address, let its scripts run, and write down what then stands there.

    Args:
        browser: the executable.
        url: where the answer came from in the end.
        answer: the page's own.
        fetch_part: called in this thread for each part that may be wanted.
        user_agent: the name that scripts see; that of our own requests.
        max_bytes: of the document as it is written out.

    Raises:
        RenderedTooLarge: it is longer.
        BrowserEnded: the page gave the browser too much to do, or it is gone.
    """
    page = _ShownPage(url, answer, fetch_part)
    with Chromium(
        browser, seconds=RENDER_SECONDS, on_event=page.note, message_bytes=8 * max_bytes + (1 << 20)
    ) as chromium:
        page.chromium = chromium
        product = chromium.open_page()
        chromium.call("Browser.setDownloadBehavior", {"behavior": "deny"})
        chromium.call("Emulation.setDeviceMetricsOverride", _SCREEN)
        chromium.call("Emulation.setUserAgentOverride", {"userAgent": user_agent})
        chromium.call("Network.enable")
        chromium.call("Network.setBypassServiceWorker", {"bypass": True})
        chromium.call("Fetch.enable", {"patterns": [{"urlPattern": "*"}]})
        chromium.call("Page.enable")
        page.frame_id = chromium.call("Page.getFrameTree")["frameTree"]["frame"]["id"]
        chromium.send("Page.navigate", {"url": url})
        page.wait_until_built()
        root = chromium.call("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
        html = chromium.call("DOM.getOuterHTML", {"nodeId": root})["outerHTML"]
    dom = html.encode("utf-8", "replace")
    if len(dom) > max_bytes:
        raise RenderedTooLarge("The page that scripts built is too long.", why="rendered_too_large")
    return Rendering(dom, product, page.n_parts, dict(page.refused))


class _ShownPage:
    """What a page asks for, each request answered once; called with the browser's messages."""

    chromium: Chromium
    frame_id: str

    def __init__(self, url: str, answer: Answer, fetch_part: FetchPart) -> None:
        self._url, self._answer, self._fetch_part = url, answer, fetch_part
        self._waiting: dict[str, Future[Answer | str]] = {}
        self._is_shown = self._is_built = False
        self.n_parts = 0
        self.refused: Counter[str] = Counter()

    def wait_until_built(self) -> None:
        """Return when nothing is under way and the page's clock has run out."""
        busy_until = time.monotonic() + IDLE_SECONDS
        while self._waiting or not self._is_built:
            self.chromium.receive(_POLL_SECONDS)
            if self._waiting:
                busy_until = time.monotonic() + IDLE_SECONDS
                self._settle_parts()
            elif time.monotonic() > busy_until:
                raise BrowserEnded("The page's scripts came to no end.", why="browser_timeout")

    def note(self, message: Message) -> None:
        """Hear of one event."""
        parameters = message.get("params", {})
        match message["method"]:
            case "Fetch.requestPaused":
                self._settle(parameters)
            case "Page.frameNavigated" if "parentId" not in parameters["frame"] and self._is_shown:
                clock = {"policy": "pauseIfNetworkFetchesPending", "budget": _VIRTUAL_MS}
                self.chromium.send("Emulation.setVirtualTimePolicy", clock)
            case "Emulation.virtualTimeBudgetExpired":
                self._is_built = self._is_shown
            case "Page.javascriptDialogOpening":
                self.chromium.send("Page.handleJavaScriptDialog", {"accept": False})
            case "Inspector.targetCrashed":
                raise BrowserEnded("The page ended its process.", why="browser_page_crashed")

    def _settle(self, paused: Message) -> None:
        number, kind, request = paused["requestId"], paused["resourceType"], paused["request"]
        if kind == "Document":
            self._settle_document(number, paused)
        elif kind == "Stylesheet":
            # Scripts wait for the styles they load; none is needed for what the page says.
            self._fulfil(number, Answer(200, {"content-type": "text/css"}, b""))
        elif kind not in _FETCHED_KINDS:
            self._refuse(number, kind.lower())
        elif request["method"] != "GET":
            self._refuse(number, "not_get")
        elif self.n_parts + len(self._waiting) >= MAX_PARTS:
            self._refuse(number, "too_many_parts")
        else:
            wishes = {k: v for k, v in request["headers"].items() if k.lower() in _PASSED_ON}
            self._waiting[number] = self._fetch_part(Asked(request["url"], kind == "Script", wishes))

    def _settle_document(self, number: str, paused: Message) -> None:
        """The page itself, once; where it then wants to go is refused, and it stays."""
        is_own = paused["frameId"] == self.frame_id and not self._is_shown
        if is_own and paused["request"]["method"] == "GET":
            self._is_shown = True
            self._fulfil(number, self._answer)
        else:
            self._refuse(number, "navigation" if paused["frameId"] == self.frame_id else "frame", "Aborted")

    def _settle_parts(self) -> None:
        for number in [number for number, future in self._waiting.items() if future.done()]:
            answer = self._waiting.pop(number).result()
            if isinstance(answer, str):
                self._refuse(number, answer)
            else:
                self.n_parts += 1
                self._fulfil(number, answer)

    def _fulfil(self, number: str, answer: Answer) -> None:
        headers = [
            {"name": name, "value": value} for name, value in answer.headers.items() if name not in _LEFT_OUT
        ]
        self.chromium.send(
            "Fetch.fulfillRequest",
            {
                "requestId": number,
                "responseCode": answer.status,
                "responseHeaders": headers,
                "body": base64.b64encode(answer.body).decode(),
            },
        )

    def _refuse(self, number: str, why: str, reason: str = "BlockedByClient") -> None:
        self.refused[why] += 1
        self.chromium.send("Fetch.failRequest", {"requestId": number, "errorReason": reason})
