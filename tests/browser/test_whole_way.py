"""Sign in, claim, confirm; another person approves; the officer releases and downloads: in every language."""

import csv
import io
import json
import re
from pathlib import Path

import openpyxl
import pytest
from playwright.sync_api import Page

from review_api.i18n import LOCALES, load_words
from tests.browser.conftest import OpenContext, sign_in
from tests.browser.server import RunningServer
from tests.factories import PASSWORD

pytestmark = pytest.mark.browser

REASON = "Құжатты алып қою, жол қарызы: мәтіндегі белгілер анық."
KOREA = "Корею"


def case_number(page: Page) -> str:
    """The number of the case that the page shows."""
    found = re.search(r"\d{4}-\d{6}", page.inner_text("h1"))
    assert found is not None
    return found.group()


def choose(page: Page, verdict: str) -> None:
    """Choose a verdict as a person does, by its label."""
    page.click(f"label.verdict:has([value={verdict}])")


def confirm_korea(page: Page) -> str:
    """From the queue to a confirmed case."""
    page.goto("/queue")
    page.click(f".queue__title:has-text('{KOREA}')")
    page.click("form[action$='/claim'] button")
    assert page.locator("mark").count() > 5
    choose(page, "confirm")
    page.check("[name=purposes][value=forced_labour]")
    page.select_option("#legal_ground", "cc-128")
    page.fill("#reason", REASON)
    number = case_number(page)
    page.click("[data-submit]")
    page.wait_for_url("**/queue")
    assert number in page.inner_text(".notes")
    return number


def approve(page: Page, number: str) -> None:
    """The second signature."""
    page.goto("/approvals")
    page.click(".queue__title")
    assert REASON in page.inner_text(".quote >> nth=0")
    choose(page, "approve")
    page.fill("#reason", "Келісемін: белгілер де, негіз де дұрыс.")
    page.fill("#case_number", number)
    page.click("[data-submit]")
    page.wait_for_url("**/approvals")
    assert number in page.inner_text(".notes")


def release(page: Page) -> None:
    """Make release 1."""
    page.goto("/releases")
    page.fill("#number", "1")
    page.click("form[action='/releases'] button")
    page.wait_for_url("**/releases/1")


def download_all(page: Page, folder: Path) -> dict[str, Path]:
    """The three files as a browser saves them."""
    files = {}
    for kind in ("CSV", "XLSX", "JSON"):
        with page.expect_download() as started:
            page.click(f".page__head a:text-is('{kind}')")
        files[kind] = folder / started.value.suggested_filename
        started.value.save_as(files[kind])
    return files


def check_files(files: dict[str, Path], url: str) -> None:
    """Each file can be opened and names the address."""
    text = files["CSV"].read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(text.decode("utf-8-sig")), delimiter=";"))
    assert len(rows) == 2
    assert url in rows[1]
    sheet = openpyxl.load_workbook(files["XLSX"]).active
    assert sheet is not None
    assert url in [cell.value for cell in list(sheet.iter_rows())[1]]
    assert url in json.dumps(json.loads(files["JSON"].read_text(encoding="utf-8")))


@pytest.mark.parametrize("locale", LOCALES)
def test_from_the_queue_to_the_files(
    open_context: OpenContext, server: RunningServer, tmp_path: Path, locale: str
) -> None:
    words = load_words(locale)
    analyst = sign_in(open_context(), "analyst", locale)
    assert analyst.get_attribute("html", "lang") == locale
    assert analyst.inner_text("h1") == words.text("work.title")
    number = confirm_korea(analyst)
    approver = sign_in(open_context(), "approver", locale)
    approve(approver, number)
    officer = sign_in(open_context(), "officer", locale)
    release(officer)
    assert officer.inner_text("h1") == words.text("release.title", number=1)
    assert words.text("releases.whole") in officer.inner_text("main")
    check_files(download_all(officer, tmp_path), officer.inner_text("td code >> nth=0"))


def test_the_whole_way_without_script(
    open_context: OpenContext, server: RunningServer, tmp_path: Path
) -> None:
    analyst = sign_in(open_context(java_script_enabled=False), "analyst", "ru")
    number = confirm_korea(analyst)
    approver = sign_in(open_context(java_script_enabled=False), "approver", "ru")
    approve(approver, number)
    officer = sign_in(open_context(java_script_enabled=False, accept_downloads=True), "officer", "ru")
    release(officer)
    check_files(download_all(officer, tmp_path), officer.inner_text("td code >> nth=0"))


def tab_to(page: Page, selector: str) -> None:
    """Press Tab until the element has the focus, as somebody without a mouse does."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if page.evaluate("selector => document.activeElement?.matches(selector)", selector):
            return
    pytest.fail(f"{selector} cannot be reached by Tab")


def type_sign_in(page: Page, name: str) -> None:
    """Sign in without a mouse: the first field has the focus."""
    page.goto("/sign-in")
    # A browser gives the focus a moment after the page is loaded; keys before that are lost.
    page.wait_for_function("document.activeElement instanceof HTMLInputElement")
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: "/sign-in" not in url)


def test_the_whole_way_by_keyboard_alone(
    open_context: OpenContext, server: RunningServer, tmp_path: Path
) -> None:
    page = open_context().new_page()
    type_sign_in(page, "analyst")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.wait_for_url("**/queue")
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*")
    page.keyboard.press("c")
    page.wait_for_selector(".decide")
    number = case_number(page)
    page.keyboard.press("1")
    assert page.evaluate("document.activeElement.name") == "purposes"
    page.keyboard.press("Space")
    tab_to(page, "#legal_ground")
    page.keyboard.press("ArrowDown")
    if page.locator("#is_mvd_informed").count():
        tab_to(page, "#is_mvd_informed")
        page.keyboard.press("Space")
        page.keyboard.press("Shift+Tab")
    else:
        page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "reason"
    page.keyboard.type(REASON)
    page.keyboard.press("Control+Enter")
    page.wait_for_url("**/queue")
    assert number in page.inner_text(".notes")

    second = open_context().new_page()
    type_sign_in(second, "approver")
    second.wait_for_url("**/approvals")
    second.keyboard.press("j")
    second.keyboard.press("Enter")
    second.wait_for_url("**/approvals/*")
    second.keyboard.press("1")
    assert second.evaluate("document.activeElement.id") == "reason"
    second.keyboard.type("Келісемін: белгілер анық.")
    second.keyboard.press("Tab")
    second.keyboard.type(number)
    second.keyboard.press("Control+Enter")
    second.wait_for_url("**/approvals")
    assert number in second.inner_text(".notes")

    third = open_context().new_page()
    type_sign_in(third, "officer")
    third.wait_for_url("**/releases")
    tab_to(third, "#number")
    third.keyboard.type("1")
    third.keyboard.press("Enter")
    third.wait_for_url("**/releases/1")
    tab_to(third, "a[download]")
    with third.expect_download() as started:
        third.keyboard.press("Enter")
    assert started.value.suggested_filename.endswith(".csv")
