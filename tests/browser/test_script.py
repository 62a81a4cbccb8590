"""What the one script file adds: keys, the claim's clock, kept text, a saved place, live numbers."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page
from sqlalchemy import update

from models.review import ReviewTask
from tests.browser.conftest import OpenContext, sign_in, wait_until
from tests.browser.server import RunningServer

pytestmark = pytest.mark.browser


def claim_first(page: Page) -> None:
    page.goto("/queue")
    page.keyboard.press("c")
    page.wait_for_selector(".decide")


def let_claims_end(server: RunningServer, seconds: float) -> None:
    """Move the end of every claim."""
    with server.db.write() as session:
        ends = datetime.now(UTC) + timedelta(seconds=seconds)
        session.execute(
            update(ReviewTask).where(ReviewTask.claim_expires_at.is_not(None)).values(claim_expires_at=ends)
        )


def test_the_clock_warns_two_minutes_before_and_one_key_prolongs(
    open_context: OpenContext, server: RunningServer
) -> None:
    page = sign_in(open_context(), "analyst")
    claim_first(page)
    assert page.locator("#claim-warning").is_hidden()
    let_claims_end(server, 100)
    page.reload()
    page.wait_for_selector("#claim-warning", state="visible")
    assert page.inner_text(".clock").startswith("1:")
    page.keyboard.press("p")
    page.wait_for_selector("#claim-warning", state="hidden")
    assert page.inner_text(".clock").startswith("14:")


def test_what_was_written_outlives_the_claim(open_context: OpenContext, server: RunningServer) -> None:
    page = sign_in(open_context(), "analyst")
    claim_first(page)
    address = page.url
    page.keyboard.press("2")
    page.keyboard.type("Бұл мәтін жоғалмауы керек.")
    let_claims_end(server, -1)
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("[role=alert][data-focus]")
    assert page.input_value("#reason") == "Бұл мәтін жоғалмауы керек."
    page.goto(address)
    page.keyboard.press("c")
    page.wait_for_selector(".decide")
    page.keyboard.press("2")
    assert page.input_value("#reason") == "Бұл мәтін жоғалмауы керек."


def test_keys_do_nothing_while_typing_and_can_be_switched_off(
    open_context: OpenContext, server: RunningServer
) -> None:
    page = sign_in(open_context(), "analyst")
    page.goto("/search")
    page.keyboard.press("/")
    page.keyboard.type("gqc?")
    assert page.input_value("#q") == "gqc?"
    assert page.url.endswith("/search")
    page.keyboard.press("Escape")
    page.click(".bar__person summary")
    page.click("form[action='/keys'] button")
    page.wait_for_selector("body[data-keys=off]")
    page.keyboard.press("g")
    page.keyboard.press("q")
    page.keyboard.press("?")
    assert page.url.endswith("/search")
    assert page.locator("dialog[open]").count() == 0


def test_keys_work_under_a_cyrillic_layout(open_context: OpenContext, server: RunningServer) -> None:
    page = sign_in(open_context(), "analyst", "ru")
    for key, code in (("п", "KeyG"), ("й", "KeyQ")):
        page.evaluate(
            "([key, code]) => document.body.dispatchEvent("
            "new KeyboardEvent('keydown', {key, code, bubbles: true, cancelable: true}))",
            [key, code],
        )
    page.wait_for_url("**/queue")


def test_escape_leaves_without_acting(open_context: OpenContext, server: RunningServer) -> None:
    page = sign_in(open_context(), "analyst")
    page.goto("/queue")
    page.click(".queue__title")
    page.wait_for_url("**/cases/*")
    page.keyboard.press("Escape")
    page.wait_for_url("**/queue")


def test_coming_back_to_a_list_finds_the_same_place(open_context: OpenContext, server: RunningServer) -> None:
    page = sign_in(open_context(viewport={"width": 1280, "height": 500}), "analyst")
    page.goto("/queue")
    for _ in range(5):
        page.keyboard.press("j")
    row = page.get_attribute("tr.is-current", "data-row")
    top = page.evaluate("scrollY")
    assert top > 0
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases/*")
    page.keyboard.press("Escape")
    page.wait_for_url("**/queue")
    assert page.get_attribute("tr.is-current", "data-row") == row
    assert abs(page.evaluate("scrollY") - top) < 2


def test_a_form_sent_twice_is_sent_once(open_context: OpenContext, server: RunningServer) -> None:
    page = sign_in(open_context(), "analyst")
    page.goto("/queue")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method == "POST" else None)
    page.dblclick(".page__head button")
    page.wait_for_selector(".decide")
    wait_until(lambda: bool(sent))
    assert len(sent) == 1
