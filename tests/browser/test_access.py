"""Access: axe finds nothing on any page in either scheme, text has 7:1, nothing is lost at 320 px."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import BrowserContext, Page

from tests.browser.conftest import OpenContext, sign_in
from tests.browser.server import RunningServer
from tests.browser.test_whole_way import approve, choose, confirm_korea, release

pytestmark = pytest.mark.browser

RULES = ["wcag2a", "wcag2aa", "wcag2aaa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# The other scheme changes colours and nothing else.
RULES_OF_SCHEME = {
    "light": {"type": "tag", "values": RULES},
    "dark": {"type": "rule", "values": ["color-contrast", "color-contrast-enhanced"]},
}
AXE = Axe().axe_script
# Of what passes axe would describe every node, which takes as long as the checks themselves.
RUN_AXE = "rules => axe.run({runOnly: rules, resultTypes: ['violations']}).then(result => result.violations)"
NARROW = {"width": 320, "height": 640}
WIDE = {"width": 1280, "height": 900}


def check(page: Page) -> list[str]:
    """What is wrong with the page as it is now, in both schemes and at 320 px."""
    found = []
    where = page.evaluate("location.pathname")
    page.evaluate(AXE)
    for scheme, rules in RULES_OF_SCHEME.items():
        page.emulate_media(color_scheme=scheme)
        found += [
            f"{where} {scheme} {violation['id']}: {node['html'][:120]} {node['failureSummary'][:200]}"
            for violation in page.evaluate(RUN_AXE, rules)
            for node in violation["nodes"]
        ]
    page.set_viewport_size(NARROW)
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    if too_wide > 0:
        found.append(f"{where} is {too_wide} px too wide at 320 px")
    page.set_viewport_size(WIDE)
    return found


def check_paths(page: Page, *paths: str) -> list[str]:
    found = []
    for path in paths:
        page.goto(path)
        found += check(page)
    return found


def check_case(page: Page) -> list[str]:
    """The case page free, held, deciding, with errors, with open contacts, and its versions."""
    page.goto("/queue")
    page.click(".queue__title:has-text('Корею')")
    found = check(page)
    page.click("a[href$='/evidence']")
    found += check(page)
    page.click("form[action*='/evidence/pictures/'] button")
    page.wait_for_selector("img.page-picture")
    found += check(page)
    page.click("[data-key=Escape]")
    page.click("form[action$='/claim'] button")
    choose(page, "confirm")
    found += check(page)
    page.click("[data-submit]")
    page.wait_for_selector("[role=alert][data-focus]")
    assert page.evaluate("document.activeElement.matches('[data-focus]')")
    found += check(page)
    page.click("[data-key=o]")
    page.wait_for_selector("[data-opened]")
    found += check(page)
    page.goto(re.sub(r"/contacts.*", "", page.url) + "/versions/2")
    found += check(page)
    page.goto(page.url.replace("/versions/2", ""))
    page.click("label.verdict:has([value=put_back])")
    page.click("[data-submit]")
    page.wait_for_url("**/queue")
    return found


def check_trial(page: Page) -> list[str]:
    """The page on which a text is tried: empty, with an error, with a result, without a classifier."""
    found = check_paths(page, "/try")
    page.click("[data-submit]")
    page.wait_for_selector("[role=alert][data-focus]")
    found += check(page)
    page.goto("/try")
    page.fill("#title", "Жұмыс Түркияда")
    page.fill("#text", "Қыздар керек, 18-25 жас. Билет біздің есептен, паспорт бізде тұрады. @night_kz")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#result", timeout=60_000)
    return found + check(page)


def test_axe_finds_nothing_on_any_page(open_context: OpenContext, server: RunningServer) -> None:
    gate = open_context().new_page()
    found = check_paths(gate, "/sign-in")
    gate.fill("#name", "nobody")
    gate.fill("#password", "nothing")
    gate.click("[data-submit]")
    gate.wait_for_selector("[role=alert]")
    found += check(gate)

    analyst = sign_in(open_context(), "analyst")
    found += check_trial(analyst)
    found += check_paths(
        analyst, "/work", "/queue", "/queue?level=urgent", "/queue?level=medium", "/keys", "/nothing"
    )
    found += check_case(analyst)
    analyst.goto("/search")
    analyst.fill("#q", "паспорт")
    analyst.keyboard.press("Enter")
    analyst.wait_for_selector(".result mark")
    found += check(analyst)
    analyst.click(".bar__person summary")
    found += check(analyst)
    analyst.goto("/queue")
    analyst.keyboard.press("?")
    analyst.wait_for_selector("dialog[open]")
    found += check(analyst)
    number = confirm_korea(analyst)

    approver = sign_in(open_context(), "approver")
    found += check_paths(approver, "/approvals")
    approver.click(".queue__title")
    case = re.sub(r".*/(\d+)$", r"/cases/\1/evidence", approver.url)
    found += check_paths(approver, case)
    approver.go_back()
    choose(approver, "approve")
    found += check(approver)
    approve(approver, number)
    found += check(approver)

    officer = sign_in(open_context(), "officer")
    found += check_paths(officer, "/releases")
    release(officer)
    found += check(officer)
    found += check_paths(officer, "/releases", "/entries")
    officer.click("tbody th a")
    found += check(officer)

    found += check_paths(sign_in(open_context(), "auditor"), "/audit", "/people")
    found += check_paths(sign_in(open_context(), "admin"), "/people")
    assert found == [], "\n".join(found)


def shift_of(context: BrowserContext, path: str) -> float:
    """Cumulative layout shift while the page loads."""
    page = context.new_page()
    page.add_init_script(
        "window.shift = 0; new PerformanceObserver(list => list.getEntries().forEach(entry =>"
        " { window.shift += entry.value; })).observe({type: 'layout-shift', buffered: true});"
    )
    page.goto(path, wait_until="networkidle")
    return float(page.evaluate("window.shift"))


def test_nothing_jumps_while_a_page_loads(open_context: OpenContext, server: RunningServer) -> None:
    context = open_context()
    sign_in(context, "analyst")
    # Nobody sees less than a thousandth; a score counts as bad from 0.1 (web.dev/articles/cls).
    shifts = {path: shift_of(context, path) for path in ("/work", "/queue", "/search")}
    assert all(shift < 0.001 for shift in shifts.values()), shifts


KAZAKH = "ӘәҒғҚқҢңӨөҰұҮүҺһІі"


def test_every_kazakh_letter_comes_from_our_typeface(
    open_context: OpenContext, server: RunningServer
) -> None:
    page = open_context().new_page()
    page.goto("/sign-in")
    load = "([font, letters]) => document.fonts.load(font, letters).then(found => found.length)"
    for weight in (400, 600, 700):
        assert page.evaluate(load, [f'{weight} 18px "Source Sans 3"', KAZAKH])
    measured = page.evaluate(
        """letters => {
            const pen = document.createElement('canvas').getContext('2d');
            const width = (face, letter) => {
                pen.font = `40px ${face}`;
                return pen.measureText(letter).width;
            };
            return [...letters].map(
                letter => width('"Source Sans 3", monospace', letter) !== width('monospace', letter));
        }""",
        KAZAKH,
    )
    assert all(measured)


def test_two_hundred_percent_loses_nothing(open_context: OpenContext, server: RunningServer) -> None:
    page = sign_in(open_context(viewport={"width": 640, "height": 450}), "analyst")
    for path in ("/work", "/queue", "/search"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
        assert page.locator("h1").is_visible()
