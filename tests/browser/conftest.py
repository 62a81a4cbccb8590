"""A real Chromium against a real server; left out with its reason where there is none."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, sync_playwright

from tests.browser.server import RunningServer, run_server
from tests.conftest import skip_unless_ci
from tests.factories import PASSWORD

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]

OpenContext = Callable[..., BrowserContext]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """One browser for the whole run; each test has contexts of its own."""
    if not CHROMIUM.exists():
        skip_unless_ci("Chromium is not installed (apt-get install chromium)")
    with sync_playwright() as playwright:
        try:
            browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        except Error as error:
            skip_unless_ci(f"Chromium does not start: {error.message.splitlines()[0]}")
            raise
        yield browser
        browser.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RunningServer]:
    """A fresh installation, its people reading Kazakh."""
    with run_server(tmp_path) as running:
        yield running


class Watch:
    """What a page asked for and complained about."""

    def __init__(self, own_host: str) -> None:
        self._own_host = own_host
        self.outside: list[str] = []
        self.complaints: list[str] = []

    def follow(self, context: BrowserContext) -> None:
        """Note everything in this context from now on."""
        context.on("request", lambda request: self._note(request.url))
        context.on("console", self._read)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))

    def _note(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "data" and parts.netloc != self._own_host:
            self.outside.append(url)

    def _read(self, message: ConsoleMessage) -> None:
        # A page that answers 4xx is not a fault of the page; everything else a browser warns of is.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            self.complaints.append(message.text)


@pytest.fixture
def watch(server: RunningServer) -> Iterator[Watch]:
    """Fails the test when a page asked anything of another host, or the browser complained (CSP, script)."""
    noted = Watch(urlsplit(server.url).netloc)
    yield noted
    assert noted.outside == []
    assert noted.complaints == []


@pytest.fixture
def open_context(chromium: Browser, server: RunningServer, watch: Watch) -> Iterator[OpenContext]:
    """Open a browser window with nothing kept from before; closed at the end."""
    opened: list[BrowserContext] = []

    def open_one(**options: object) -> BrowserContext:
        context = chromium.new_context(base_url=server.url, **options)  # type: ignore[arg-type]
        context.set_default_timeout(15_000)
        watch.follow(context)
        opened.append(context)
        return context

    yield open_one
    for context in opened:
        context.close()


def sign_in(context: BrowserContext, name: str, locale: str = "kk") -> Page:
    """Choose a language, sign in, arrive at the first page."""
    page = context.new_page()
    page.goto(f"/sign-in?lang={locale}")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("[data-submit]")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    return page


def wait_until(is_true: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait for something outside of the page."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, "did not come true in time"
        time.sleep(0.05)
