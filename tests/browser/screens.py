"""Pictures of every page for the documentation: ``python -m tests.browser.screens docs/screens``.

The rows are invented. Run it after a change of the screens and look at the result.
"""

import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, CHROMIUM, sign_in
from tests.browser.server import RunningServer, run_server
from tests.browser.test_sources_pages import add_crawls, hand_in_some
from tests.browser.test_whole_way import approve, choose, confirm_korea, release

Scheme = Literal["light", "dark"]
TRIED = (
    "Нужны курьеры по городу, от 50 000 тг в день. Паспорт у старшего до конца смены. "
    "Никто не узнает. Интим не предлагать. Пиши только в телеграм @fast_kz_job"
)
WIDE, NARROW = {"width": 1280, "height": 900}, {"width": 390, "height": 844}


@dataclass
class Camera:
    """Takes the same page wide and narrow, light and dark."""

    folder: Path

    def take(self, page: Page, name: str) -> None:
        """Four pictures of the page as it is now."""
        schemes: tuple[Scheme, ...] = ("light", "dark")
        for scheme in schemes:
            page.emulate_media(color_scheme=scheme)
            for kind, size in (("wide", WIDE), ("narrow", NARROW)):
                page.set_viewport_size(size)  # type: ignore[arg-type]
                page.screenshot(path=self.folder / f"{name}-{kind}-{scheme}.png")
        page.set_viewport_size(WIDE)  # type: ignore[arg-type]


def take_analyst(page: Page, camera: Camera) -> str:
    """My work, the queue, a case, search; returns the number of the confirmed case."""
    page.goto("/queue")
    page.click("form[action='/queue/claim-next'] button")
    page.goto("/work")
    camera.take(page, "work")
    page.goto("/queue")
    camera.take(page, "queue")
    page.click(".queue__title:has-text('Корею')")
    page.click("form[action$='/claim'] button")
    page.goto(page.url)
    camera.take(page, "case")
    page.click("a[href$='/evidence']")
    camera.take(page, "evidence")
    page.click("[data-key=Escape]")
    choose(page, "confirm")
    camera.take(page, "case-decision")
    page.goto(page.url + "/versions/2")
    camera.take(page, "version")
    page.goto(page.url.replace("/versions/2", ""))
    page.click("label.verdict:has([value=put_back])")
    page.click("[data-submit]")
    page.goto("/search")
    page.fill("#q", "паспорт")
    page.keyboard.press("Enter")
    page.wait_for_selector(".result mark")
    camera.take(page, "search")
    page.goto("/try")
    page.fill("#title", "Работа курьером, 18+")
    page.fill("#text", TRIED)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result", timeout=60_000)
    camera.take(page, "try")
    page.goto("/nothing")
    camera.take(page, "error")
    page.goto("/keys")
    camera.take(page, "keys")
    return confirm_korea(page)


def take_sources(page: Page, camera: Camera, source_id: int) -> None:
    """Sources, one of them, what cannot be seen, candidates, and what people bring."""
    paths = {
        "sources": "/sources",
        "source": f"/sources/{source_id}",
        "blind-spots": "/blind-spots",
        "candidates": "/candidates",
    }
    for name, path in paths.items():
        page.goto(path)
        camera.take(page, name)
    hand_in_some(page)
    camera.take(page, "hand-in")


def take_approver(page: Page, camera: Camera, number: str) -> None:
    """What waits, and one case before the second signature."""
    page.goto("/approvals")
    camera.take(page, "approvals")
    page.click(".queue__title")
    camera.take(page, "approval")
    approve(page, number)


def take_officer(page: Page, camera: Camera) -> None:
    """What the next release holds, and the release."""
    page.goto("/releases")
    camera.take(page, "releases-next")
    release(page)
    camera.take(page, "release")
    page.goto("/releases")
    camera.take(page, "releases")
    page.goto("/entries")
    page.click("tbody th a")
    camera.take(page, "entry")


def take_others(open_page: Callable[[str], Page], camera: Camera) -> None:
    """The pages of the auditor and the administrator."""
    page = open_page("auditor")
    page.goto("/audit")
    page.click("form[action='/audit/check'] button")
    camera.take(page, "audit")
    page = open_page("admin")
    page.goto("/people")
    camera.take(page, "people")


def take_all(browser: Browser, server: RunningServer, locale: str, camera: Camera) -> None:
    """Every page."""
    url = server.url
    with server.db.write() as session:
        source_id = add_crawls(session, datetime.now(UTC))

    def open_page(name: str) -> Page:
        return sign_in(browser.new_context(base_url=url), name, locale)

    gate = browser.new_context(base_url=url).new_page()
    gate.goto(f"/sign-in?lang={locale}")
    camera.take(gate, "sign-in")
    number = take_analyst(open_page("analyst"), camera)
    take_sources(open_page("analyst"), camera, source_id)
    take_approver(open_page("approver"), camera, number)
    take_officer(open_page("officer"), camera)
    take_others(open_page, camera)


def main(folder: Path, locale: str = "kk") -> None:
    """Serve invented rows and take the pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as home,
        run_server(Path(home), locale) as server,
        sync_playwright() as tool,
    ):
        browser = tool.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        take_all(browser, server, locale, Camera(folder))
        browser.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:3])
