"""The pages about sources and hand-ins: axe finds nothing, nothing is lost at 320 px, all works by forms."""

from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import Page
from sqlalchemy.orm import Session

from models.crawl import Source
from models.enums import (
    AlarmKind,
    BlindReason,
    ContactKind,
    RunKind,
    RunState,
    SourceKind,
)
from models.runs import add_run
from models.urls import url_sha256
from models.watch import Alarm, BlindSpot, Candidate, PageProfile
from tests.browser.conftest import OpenContext, sign_in
from tests.browser.server import RunningServer
from tests.browser.test_access import check, check_paths
from tests.factories import make_source

pytestmark = pytest.mark.browser

SPOTS = (
    ("https://t.me/s/jabyq_arna", "", BlindReason.NO_PREVIEW),
    ("https://www.olx.kz/d/obyavlenie/rabota-v-koree-IDabc.html", "Алматы", BlindReason.WALL),
    ("https://forum.example/topic/77", "Шымкент", BlindReason.ROBOTS),
)


def add_crawls(session: Session, now: datetime) -> int:
    """A source with a month of runs, alarms, blind spots and candidates; returns its id."""
    source = make_source(
        session, "olx_test", title="OLX Қазақстан: жұмыс", settings={"start": ["https://www.olx.kz/rabota/"]}
    )
    source.last_success_at, source.next_slot_at = now - timedelta(minutes=40), now + timedelta(minutes=20)
    source.terms_read_by = "А. Серікова"
    for day in range(30):
        run = add_run(session, source.id, RunKind.SCHEDULED, now - timedelta(days=day, minutes=3))
        run.state, run.n_pages, run.n_new_versions = RunState.DONE, 60, (day * 37) % 53
        run.n_failed = day % 4
    run.state, run.error = RunState.FAILED, "wall"
    add_run(session, source.id, RunKind.SCHEDULED, now - timedelta(days=2, hours=5)).state = RunState.MISSED
    drift = {"usual": 0.92, "recent": 0.08}
    session.add(
        Alarm(source_id=source.id, kind=AlarmKind.DRIFT, subject="olx_ad.region", facts=drift, began_at=now)
    )
    shut = Alarm(source_id=source.id, kind=AlarmKind.SHUT_OUT, subject="www.olx.kz", facts={}, began_at=now)
    session.add(shut)
    for url, region, reason in SPOTS:
        session.add(
            BlindSpot(
                source_id=source.id,
                url=url,
                url_sha256=url_sha256(url),
                platform=url.split("/")[2],
                region=region,
                reason=reason,
                n_times=3,
                began_at=now - timedelta(days=2),
                last_at=now,
            )
        )
    shares = {"anything": 1.0, "title": 1.0, "region": 0.92, "contacts": 0.4}
    session.add(
        PageProfile(
            source_id=source.id,
            page_object="olx_ad",
            usual=shares,
            recent=shares | {"region": 0.08},
            updated_at=now,
        )
    )
    make_source(session, "off_test", SourceKind.CHANNEL, title="t.me/s/rabota_kz", is_enabled=False)
    for place, n_ads, n_flagged in (("t.me/seoul_work_kz", 7, 5), ("agency.example.kz", 3, 0)):
        session.add(
            Candidate(
                place=place,
                kind=ContactKind.LINK,
                n_ads=n_ads,
                n_flagged=n_flagged,
                first_named_at=now - timedelta(days=9),
                last_named_at=now,
            )
        )
    session.flush()
    return source.id


def hand_in_some(page: Page) -> None:
    """Three addresses and a call, as an analyst would."""
    page.goto("/hand-in")
    page.fill("#addresses", "https://www.olx.kz/d/obyavlenie/x-ID1.html\n@night_kz\njavascript:alert(1)")
    page.fill("#region", "Алматы")
    page.click("[data-submit]")
    page.wait_for_selector("[data-row]")
    page.fill("#words", "Қоңырау: қыздарды Дубайға шақырады, паспортын алып қояды.")
    page.click("[data-submit]")
    page.wait_for_selector("td:has-text('116-16')")


def test_axe_finds_nothing_on_the_pages_of_sources(open_context: OpenContext, server: RunningServer) -> None:
    with server.db.write() as session:
        source_id = add_crawls(session, datetime.now(UTC))
    analyst = sign_in(open_context(), "analyst")
    found = check_paths(
        analyst, "/sources", f"/sources/{source_id}", "/blind-spots", "/candidates", "/hand-in"
    )
    hand_in_some(analyst)
    found += check(analyst)
    analyst.click("form [data-submit]")  # nothing written
    analyst.wait_for_selector("[role=alert][data-focus]")
    found += check(analyst)
    analyst.goto(f"/sources/{source_id}")
    analyst.uncheck("[name=subjects]")
    analyst.fill("#reason-drift", "Сайт енді көрсетпейді")
    analyst.click("form[action$='/accept-drift'] button")
    analyst.wait_for_selector("#drifts-error")
    found += check(analyst)
    analyst.check("[name=subjects]")
    analyst.click("form[action$='/accept-drift'] button")
    analyst.wait_for_selector("form[action$='/accept-drift']", state="detached")
    analyst.fill("#reason", "Сайт өзгерді")
    analyst.click("[data-submit]")
    analyst.wait_for_selector("form[action$='/resume']")
    found += check(analyst)
    analyst.click("form[action$='/resume'] button")
    analyst.goto("/candidates")
    analyst.locator("input[name=reason]").first.fill("Көп белгіленген хабарландыру атайды")
    analyst.click("form[action$='/adopt'] button:not([formaction])")
    analyst.goto("/candidates?state=adopted")
    found += check(analyst)
    assert "saqshy sources new" in analyst.content()
    found += check_paths(
        sign_in(open_context(), "admin"), "/sources", f"/sources/{source_id}", "/blind-spots"
    )
    assert found == [], "\n".join(found)
    with server.db.read() as session:
        assert session.get_one(Source, source_id).resumed_at is not None
