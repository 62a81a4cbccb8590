"""Sources, blind spots, candidates and hand-ins on screen and by the API: what is asked, kept and refused."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from crawlers.alarms import watch_sources
from crawlers.sources_config import SourceConfig
from models.audit import AuditAction, AuditEvent
from models.crawl import CrawlRun, Host, Source
from models.enums import (
    AdState,
    AlarmKind,
    BlindReason,
    CandidateState,
    ContactKind,
    GoneReason,
    HandInState,
    RunKind,
    RunState,
    SourceKind,
)
from models.hand_in import HandIn
from models.review import ReviewTask
from models.runs import add_run
from models.urls import url_sha256
from models.watch import Alarm, BlindSpot, Candidate, PageProfile
from review_api.i18n import load_words
from tests.factories import make_flagged_task, make_source
from tests.review_api.conftest import People, Room


def _fill(room: Room) -> int:
    """A source with everything its page can show; returns its id."""
    now = room.clock()
    with room.db.write() as session:
        source = make_source(session, "olx_kz", title="OLX", settings={"start": ["https://olx.kz/"]})
        source.last_success_at = source.next_slot_at = now
        for day in range(5):
            run = add_run(session, source.id, RunKind.SCHEDULED, now - timedelta(days=day))
            run.state, run.n_pages, run.n_new_versions = RunState.DONE, 10, 3 * day
        run.state, run.error = RunState.FAILED, "http_403"
        missed = add_run(session, source.id, RunKind.SCHEDULED, now - timedelta(days=1, hours=1))
        missed.state = RunState.MISSED
        session.add(
            Alarm(
                source_id=source.id,
                kind=AlarmKind.DRIFT,
                subject="olx_ad.region",
                facts={"usual": 0.9, "recent": 0.1},
                began_at=now,
            )
        )
        silent = {"silent_seconds": 90_000, "usual_seconds": 3600}
        session.add(Alarm(source_id=source.id, kind=AlarmKind.SILENT, facts=silent, began_at=now))
        session.add(Alarm(source_id=source.id, kind=AlarmKind.OVERDUE, facts={"n_slots": 3}, began_at=now))
        shut = Alarm(source_id=source.id, kind=AlarmKind.SHUT_OUT, subject="olx.kz", facts={}, began_at=now)
        session.add(shut)
        url = "https://olx.kz/d/1<script>"
        session.add(
            BlindSpot(
                source_id=source.id,
                url=url,
                url_sha256=url_sha256(url),
                platform="olx.kz",
                region="Алматы",
                reason=BlindReason.WALL,
                began_at=now,
                last_at=now,
            )
        )
        session.add(
            PageProfile(
                source_id=source.id,
                page_object="olx_ad",
                usual={"region": 0.9, "anything": 1.0},
                recent={"region": 0.1, "anything": 1.0},
                updated_at=now,
            )
        )
        make_flagged_task(session, source)
        make_source(session, "telegram_x", SourceKind.CHANNEL, is_enabled=False)
        session.add(
            Candidate(
                place="t.me/night_kz",
                kind=ContactKind.HANDLE,
                n_ads=4,
                n_flagged=3,
                first_named_at=now,
                last_named_at=now,
            )
        )
        return source.id


def _actions(room: Room) -> list[AuditAction]:
    with room.db.read() as session:
        return list(session.scalars(select(AuditEvent.action).order_by(AuditEvent.seq)))


@pytest.mark.parametrize("locale", ["kk", "ru", "en"])
def test_every_page_says_what_there_is(sqlite_room: Room, sqlite_people: People, locale: str) -> None:
    source_id = _fill(sqlite_room)
    client = sqlite_room.client("analyst")
    client.post("/language", data={"locale": locale, "back": "/"})
    pages = {path: client.get(path) for path in ("/sources", f"/sources/{source_id}", "/blind-spots")}
    pages["/candidates"] = client.get("/candidates")
    pages["/hand-in"] = client.get("/hand-in")
    assert {path: page.status_code for path, page in pages.items()} == dict.fromkeys(pages, 200)
    one = pages[f"/sources/{source_id}"].text
    assert "403" in one
    assert "90 %" in one
    assert 'class="columns"' in one
    assert "паспорт остаётся" in one  # the sample, its contacts hidden
    assert "234 56" not in one
    assert "234 56" not in client.get(f"/api/v1/sources/{source_id}").text
    assert "<script>" not in one.replace('<script src="', "")
    assert "t.me/night_kz" in pages["/candidates"].text
    assert "Алматы" in pages["/blind-spots"].text
    assert "telegram_x" in pages["/sources"].text.lower()


def test_an_administrator_keeps_sources_and_reads_no_ads(sqlite_room: Room, sqlite_people: People) -> None:
    source_id = _fill(sqlite_room)
    admin = sqlite_room.client("admin")
    page = admin.get(f"/sources/{source_id}").text
    assert "паспорт остаётся" not in page
    assert admin.get(f"/api/v1/sources/{source_id}").json()["samples"] == []
    assert admin.get("/candidates").status_code == 403


def test_run_now_and_pause_are_audited_and_a_pause_has_its_reason(
    sqlite_room: Room, sqlite_people: People
) -> None:
    source_id = _fill(sqlite_room)
    sqlite_room.clock.forward(minutes=1)
    client = sqlite_room.client("analyst")
    assert client.post(f"/sources/{source_id}/run").status_code == 303
    assert client.post(f"/api/v1/sources/{source_id}/run").status_code == 202  # the same run
    with sqlite_room.db.read() as session:
        (run,) = session.scalars(select(CrawlRun).where(CrawlRun.kind == RunKind.MANUAL))
        assert run.state is RunState.DUE
    refused = client.post(f"/sources/{source_id}/pause", data={"reason": "  "})
    assert refused.status_code == 422
    assert client.post(f"/sources/{source_id}/pause", data={"reason": "Сайт өзгерді"}).status_code == 303
    assert "Сайт өзгерді" in client.get("/sources").text
    assert client.post(f"/api/v1/sources/{source_id}/run").json()["code"] == "SourceNotCrawled"
    assert client.post(f"/sources/{source_id}/resume").status_code == 303
    with sqlite_room.db.read() as session:
        source = session.get_one(Source, source_id)
        assert (source.paused_at, source.resumed_at) == (None, sqlite_room.clock())
    asked, paused, resumed = (
        AuditAction.SOURCE_RUN_ASKED,
        AuditAction.SOURCE_PAUSED,
        AuditAction.SOURCE_RESUMED,
    )
    assert [a for a in _actions(sqlite_room) if a in (asked, paused, resumed)] == [
        asked,
        asked,
        paused,
        resumed,
    ]


def test_a_host_that_refused_is_asked_again_with_a_reason(sqlite_room: Room, sqlite_people: People) -> None:
    source_id = _fill(sqlite_room)
    with sqlite_room.db.write() as session:
        until = sqlite_room.clock() + timedelta(days=3650)
        session.add(Host(name="olx.kz", n_refusals=8, paused_until=until))
        session.add(Host(name="other.kz", n_refusals=8, paused_until=until))
    client = sqlite_room.client("analyst")
    path = f"/sources/{source_id}/ask-again"
    assert f'action="{path}"' in client.get(f"/sources/{source_id}").text
    refused = client.post(path, data={"host": "olx.kz", "reason": " "})
    assert refused.status_code == 422
    assert 'href="#reason-olx.kz"' in refused.text
    assert client.post(path, data={"host": "other.kz", "reason": "Рұқсат"}).status_code == 404
    assert client.post(path, data={"host": "olx.kz", "reason": "Рұқсат берді"}).status_code == 303
    assert client.post(f"/api/v1{path}", {"host": "olx.kz", "reason": "again"}).status_code == 204
    assert f'action="{path}"' not in client.get(f"/sources/{source_id}").text
    with sqlite_room.db.read() as session:
        paused = dict(session.execute(select(Host.name, Host.paused_until)).all())
    assert paused == {"olx.kz": None, "other.kz": until}
    assert _actions(sqlite_room).count(AuditAction.HOST_ASKED_AGAIN) == 1
    assert (
        sqlite_room.client("approver").post(path, data={"host": "olx.kz", "reason": "x"}).status_code == 403
    )


def _profile(room: Room) -> PageProfile:
    with room.db.read() as session:
        return session.scalars(select(PageProfile)).one()


def test_a_person_accepts_that_a_field_is_no_longer_filled(sqlite_room: Room, sqlite_people: People) -> None:
    source_id, now = _fill(sqlite_room), sqlite_room.clock()
    with sqlite_room.db.write() as session:
        profile = session.scalars(select(PageProfile)).one()
        profile.n_pages = profile.n_ads = 100
        profile.usual = {"region": 0.9, "author": 0.8, "anything": 1.0}
        profile.recent = {"region": 0.1, "author": 0.0, "anything": 0.0}
        fields = {"name": "olx_kz", "kind": "classifieds", "title": "OLX", "start": ["https://olx.kz/"]}
        config = SourceConfig.model_validate({**fields, "schedule": {"every_minutes": 60}})
        profile.source.settings = config.model_dump(mode="json")
        watch_sources(session, now)
    client, path = sqlite_room.client("analyst"), f"/sources/{source_id}/accept-drift"
    page = client.get(f"/sources/{source_id}").text
    assert page.count('name="subjects"') == 2
    assert 'value="olx_ad.anything"' not in page
    region = {"subjects": "olx_ad.region", "reason": "Сайт енді өңірді көрсетпейді"}
    for data, field in (({**region, "reason": " "}, "reason-drift"), ({"reason": "x"}, "drifts")):
        refused = client.post(path, data=data)
        assert (refused.status_code, f'href="#{field}"' in refused.text) == (422, True)
    assert client.post(path, data={**region, "subjects": "olx_ad.anything"}).status_code == 404
    assert client.post(path, data={**region, "subjects": "olx_ad.title"}).status_code == 404
    assert _profile(sqlite_room).usual["region"] == 0.9
    assert client.post(path, data=region).status_code == 303
    subjects = {"subjects": ["olx_ad.region"], "reason": "again"}
    assert client.post(f"/api/v1{path}", subjects).status_code == 204  # twice is once
    assert _profile(sqlite_room).usual == {"region": 0.1, "author": 0.8, "anything": 1.0}
    with sqlite_room.db.write() as session:
        watch_sources(session, now)
        is_open = {alarm.subject: alarm.ended_at is None for alarm in session.scalars(_DRIFTS)}
    assert is_open == {"olx_ad.region": False, "olx_ad.author": True, "olx_ad.anything": True}
    with sqlite_room.db.read() as session:
        (event,) = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.DRIFT_ACCEPTED))
    assert json.loads(event.details) == {
        "name": "olx_kz",
        "shares": ["olx_ad.region: 0.90, 0.10"],
        "reason": "Сайт енді өңірді көрсетпейді",
    }
    assert sqlite_room.client("approver").post(path, data=region).status_code == 403
    assert 'action="/sources' not in sqlite_room.client("approver").get(f"/sources/{source_id}").text


_DRIFTS = select(Alarm).where(Alarm.kind == AlarmKind.DRIFT)


@pytest.mark.parametrize("locale", ["kk", "ru", "en"])
def test_a_case_says_how_its_ad_went(sqlite_room: Room, sqlite_people: People, locale: str) -> None:
    _fill(sqlite_room)
    now = sqlite_room.clock()
    with sqlite_room.db.write() as session:
        task = session.scalars(select(ReviewTask)).one()
        task.ad.state, task.ad.gone_at, task.ad.gone_reason = AdState.GONE, now, GoneReason.REMOVED
        case_id = task.id
    client = sqlite_room.client("analyst")
    client.post("/language", data={"locale": locale, "back": "/"})
    words = load_words(locale)
    said = f"{words.word(AdState.GONE)}: {words.word(GoneReason.REMOVED)}"
    assert said in client.get(f"/cases/{case_id}").text


def test_a_candidate_is_decided_by_a_person_and_nothing_is_crawled(
    sqlite_room: Room, sqlite_people: People
) -> None:
    _fill(sqlite_room)
    client = sqlite_room.client("analyst")
    with sqlite_room.db.read() as session:
        number = session.scalars(select(Candidate.id)).one()
        n_runs = len(session.scalars(select(CrawlRun.id)).all())
    assert client.post(f"/candidates/{number}/adopt", data={"reason": ""}).status_code == 422
    assert client.post(f"/candidates/{number}/adopt", data={"reason": "Көп аталады"}).status_code == 303
    assert client.post(f"/api/v1/candidates/{number}/adopt", {"reason": "again"}).json()["state"] == "adopted"
    assert "saqshy sources new t.me/night_kz" in client.get("/candidates?state=adopted").text
    assert client.post(f"/api/v1/candidates/{number}/ignore", {"reason": "Лицензия бар"}).status_code == 200
    with sqlite_room.db.read() as session:
        row = session.get_one(Candidate, number)
        assert (row.state, row.decided_by) == (CandidateState.IGNORED, "analyst")
        assert len(session.scalars(select(CrawlRun.id)).all()) == n_runs
    found = [action for action in _actions(sqlite_room) if action.value.startswith("candidate.")]
    assert found == [AuditAction.CANDIDATE_ADOPTED, AuditAction.CANDIDATE_IGNORED]


def test_a_pasted_list_becomes_rows_and_bad_ones_say_so(sqlite_room: Room, sqlite_people: People) -> None:
    client = sqlite_room.client("analyst")
    pasted = "https://olx.kz/d/1\n@night_kz, javascript:alert(1)"
    answer = client.post("/hand-in", data={"addresses": pasted, "region": "Шымкент"})
    assert answer.status_code == 303
    page = client.get("/hand-in").text
    assert "https://t.me/s/night_kz" in page
    assert 'href="javascript' not in page
    rows = client.get("/api/v1/hand-ins").json()
    assert [(row["url"], row["state"], row["via"]) for row in reversed(rows)] == [
        ("https://olx.kz/d/1", "waiting", "pasted"),
        ("https://t.me/s/night_kz", "waiting", "pasted"),
        (None, "refused", "pasted"),
    ]
    assert client.get(f"/api/v1/hand-ins/{rows[0]['id']}").json()["why"] == "bad_address"


def test_a_call_needs_no_name_and_no_address(sqlite_room: Room, sqlite_people: People) -> None:
    client = sqlite_room.client("approver")
    words = "Айтуынша, паспортын алып қойған, +7 701 234 56 78"
    assert client.post("/hand-in", data={"words": words}).status_code == 303
    with sqlite_room.db.read() as session:
        row = session.scalars(select(HandIn)).one()
        assert (row.words, row.via.value, row.state) == (words, "helpline", HandInState.WAITING)
        assert words not in " ".join(session.scalars(select(AuditEvent.details)))
    shown = client.get("/hand-in").text
    assert "паспортын алып қойған" in shown
    assert "234 56" not in shown


def test_an_empty_form_comes_back_and_too_many_are_refused(sqlite_room: Room, sqlite_people: People) -> None:
    client = sqlite_room.client("analyst")
    assert client.post("/hand-in", data={}).status_code == 422
    many = " ".join(f"a.kz/{n}" for n in range(501))
    refused = client.post("/hand-in", data={"addresses": many})
    assert refused.status_code == 422
    assert "a.kz/500" in refused.text
    assert client.post("/api/v1/hand-ins", {"addresses": ["a.kz"]}).status_code == 201


def test_an_answer_names_the_cases_about_its_ads(sqlite_room: Room, sqlite_people: People) -> None:
    _fill(sqlite_room)
    client = sqlite_room.client("analyst")
    client.post("/api/v1/hand-ins", {"addresses": ["olx.kz/d/77"]})
    with sqlite_room.db.write() as session:
        task = session.scalars(select(ReviewTask)).one()
        row = session.scalars(select(HandIn)).one()
        row.state, row.result, row.page_id = HandInState.ANSWERED, "page", task.ad_version.page_id
        number = task.case_number
    assert number in client.get("/hand-in").text
    assert client.get("/api/v1/hand-ins").json()[0]["cases"][0][1] == number


def test_a_first_run_that_is_under_way_is_said(sqlite_room: Room, sqlite_people: People) -> None:
    with sqlite_room.db.write() as session:
        source = make_source(session, "olx_kz", title="OLX", settings={"start": ["https://olx.kz/"]})
        run_id = add_run(session, source.id, RunKind.SCHEDULED, sqlite_room.clock()).id
    client = sqlite_room.client("analyst")
    client.post("/language", data={"locale": "en", "back": "/"})
    words = load_words("en")
    assert words.text("health.new") in client.get("/sources").text
    with sqlite_room.db.write() as session:
        session.get_one(CrawlRun, run_id).state = RunState.RUNNING
    assert words.text("health.running") in client.get("/sources").text
