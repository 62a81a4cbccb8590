"""The case of an ad that is a picture: axe finds nothing, nothing is lost at 320 px, words are marked."""

from datetime import UTC, datetime

import pytest

from tests.browser.conftest import OpenContext, sign_in
from tests.browser.rows import InventedAd, add_ads
from tests.browser.server import RunningServer
from tests.browser.test_access import check, check_paths

pytestmark = pytest.mark.browser

POSTER = InventedAd(
    "kanal",
    "Алматы",
    "",
    "Толығырақ суретте",
    1,
    pictures=("Бүйрегімді сатамын, тез арада.\nҚан тобым бірінші, денім сау. +7 701 555 01 67", ""),
)


@pytest.mark.parametrize("locale", ["kk", "ru", "en"])
def test_axe_finds_nothing_on_the_case_of_a_picture(
    open_context: OpenContext, server: RunningServer, locale: str
) -> None:
    with server.db.write() as session:
        (task,) = add_ads(session, datetime.now(UTC), (POSTER,))
        path = f"/cases/{task.id}"
    page = sign_in(open_context(), "analyst", locale)
    assert check_paths(page, path, "/unread") == []
    page.goto(path)
    pictures = page.locator("section[aria-labelledby=pictures]")
    assert pictures.locator("mark").first.text_content() == "Бүйрегімді сатамын"
    assert "701 555" not in (pictures.text_content() or "")
    assert pictures.locator(".note--warn").count() == 1
    page.click("form[action$='/claim'] button")
    page.click("[data-key=o]")
    page.wait_for_selector("[data-opened]")
    assert "+7 701 555 01 67" in (pictures.text_content() or "")
    assert check(page) == []
