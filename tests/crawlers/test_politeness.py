"""The pace of hosts over all workers, Retry-After, and the circuit breaker."""

import json
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from crawlers.answers import count_visible, judge
from crawlers.commands import sources
from crawlers.frontier import NewRequest, add_requests
from crawlers.politeness import HostPaused, note_refusal, pause_after, reserve_slot, retry_after_of
from models.audit import AuditAction, AuditEvent
from models.config import Settings, load_settings
from models.crawl import CrawlRun, FrontierRequest
from models.enums import AlarmKind, FetchResult, RequestKind, RunKind
from models.errors import NotFound
from models.installation import prepare_installation
from models.runs import add_run, ask_host_again
from models.session import Database
from models.watch import Alarm
from tests.factories import make_source


def test_no_two_workers_get_the_same_moment(database: Database, now: datetime) -> None:
    taken = []
    for _ in range(4):
        with database.write() as session:
            taken.append(reserve_slot(session, "ads.example", delay_seconds=3, now=now))
    assert taken == [now + timedelta(seconds=3 * n) for n in range(4)]
    with database.write() as session:
        later = now + timedelta(hours=1)
        assert reserve_slot(session, "ads.example", delay_seconds=3, now=later) == later


def test_a_turn_of_a_clock_that_stood_in_the_future_holds_up_nobody_for_long(
    sqlite_database: Database, now: datetime
) -> None:
    for at in (now + timedelta(days=400), now):
        with sqlite_database.write() as session:
            slot = reserve_slot(session, "ads.example", delay_seconds=3, now=at)
    assert slot - now < timedelta(minutes=5)


def test_the_breaker_opens_for_1_6_24_hours_then_for_a_person(database: Database, now: datetime) -> None:
    pauses = []
    for _ in range(9):
        with database.write() as session:
            until = note_refusal(session, "ads.example", now=now)
        pauses.append(None if until is None else (until - now) / timedelta(hours=1))
    assert pauses[:7] == [None, None, None, None, 1, 6, 24]
    assert pauses[7] > 24 * 365
    assert pause_after(4) is None
    with database.write() as session, pytest.raises(HostPaused):
        reserve_slot(session, "ads.example", delay_seconds=3, now=now)


def test_a_person_may_let_a_host_be_asked_again(database: Database, now: datetime) -> None:
    far = now + timedelta(days=3650)
    with database.write() as session:
        source = make_source(session)
        run = add_run(session, source.id, RunKind.SCHEDULED, now)
        urls = ["https://ads.example/1", "https://ads.example.other/1"]
        add_requests(session, run.id, [NewRequest(url, RequestKind.AD) for url in urls], max_pages=2, now=now)
        session.execute(update(FrontierRequest).values(next_try_at=far))
        run.next_try_at = far
        session.add(
            Alarm(source_id=source.id, kind=AlarmKind.SHUT_OUT, subject="ads.example", facts={}, began_at=now)
        )
        for _ in range(8):
            note_refusal(session, "ads.example", now=now)
    with database.write() as session:
        assert ask_host_again(session, "ads.example", now)
        assert not ask_host_again(session, "ads.example", now)
        assert reserve_slot(session, "ads.example", delay_seconds=3, now=now) == now
    with database.read() as session:
        times = session.scalars(select(FrontierRequest.next_try_at).order_by(FrontierRequest.url)).all()
        assert times == [far, None]
        assert session.scalars(select(CrawlRun.next_try_at)).one() is None
        assert session.scalars(select(Alarm.ended_at)).one() == now
    with database.write() as session, pytest.raises(NotFound):
        ask_host_again(session, "never.example", now)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("120", 120),
        ("0", 0),
        (None, 60),
        ("soon", 60),
        ("-5", 60),
        ("999999999999", 86_400),
        ("Sat, 21 Nov 2026 09:05:00 GMT", 300),
        ("Fri, 20 Nov 2026 09:05:00 GMT", 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_and_never_forever(
    now: datetime, header: str | None, seconds: int
) -> None:
    assert retry_after_of(header, now) == now + timedelta(seconds=seconds)


PAGE = (
    b"<html><title>Ads</title><body>" + "Требуется сиделка с проживанием, Алматы. ".encode() * 40 + b"</body>"
)


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (200, PAGE, FetchResult.PAGE),
        (200, b"<html><body>Short but real page</body></html>", FetchResult.PAGE),
        (
            200,
            PAGE + b"<div class=g-recaptcha></div>",
            FetchResult.PAGE,
        ),  # beside real text it is no wall
        (200, b'{"items": []}', FetchResult.PAGE),
        (200, b"", FetchResult.WALL),
        (200, b"<html><title>Just a moment...</title></html>", FetchResult.WALL),
        (200, b"<html><body><form id=captcha-form>I am no robot</form></body></html>", FetchResult.WALL),
        (200, b"<html><div id=root></div><script>boot()</script></html>", FetchResult.WALL),
        (403, b"<html><title>Attention Required! | X</title></html>", FetchResult.WALL),
        (403, b"no", FetchResult.REFUSED),
        (404, PAGE, FetchResult.GONE),
        (410, b"", FetchResult.GONE),
        (304, b"", FetchResult.NOT_MODIFIED),
        (429, b"", FetchResult.SLOW_DOWN),
        (503, b"", FetchResult.SLOW_DOWN),
        (500, b"", FetchResult.BROKEN),
        (302, b"", FetchResult.BROKEN),
    ],
)
def test_answers_are_told_apart(status: int, body: bytes, result: FetchResult) -> None:
    kind = "application/json" if body.startswith(b"{") else "text/html"
    assert judge(status, {"content-type": kind}, body, final_url="https://a.example/list") is result


def test_a_login_form_is_a_wall_where_it_stands_alone() -> None:
    form = b"<html><body>" + b"Please sign in to go on. " * 10 + b'<input type="password"></body></html>'
    assert judge(200, {}, form, final_url="https://a.example/login?next=/") is FetchResult.WALL
    assert judge(200, {}, form, final_url="https://a.example/ads") is FetchResult.PAGE


def test_counting_visible_text_is_linear_on_hostile_markup() -> None:
    assert count_visible(b"<script>" * 25_000) == 0
    assert count_visible(b"<" * 200_000) == 200_000
    assert count_visible(b"<p>ab</p><style>x</style><script>y</script>cd") == 4


def test_the_command_needs_a_reason_and_leaves_a_line(
    sqlite_settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAQSHY_DATA_DIR", str(sqlite_settings.data_dir))
    home = prepare_installation(load_settings(), now)
    with home.database.write() as session:
        for _ in range(8):
            note_refusal(session, "ads.example", now=now)
    for reason, status in ((" ", 2), ("The owner agreed", 0), ("Again", 0)):
        asked = CliRunner().invoke(sources, ["ask-again", "ads.example", "--reason", reason])
        assert asked.exit_code == status, asked.output
    with home.database.read() as session:
        lines = session.scalars(
            select(AuditEvent.details).where(AuditEvent.action == AuditAction.HOST_ASKED_AGAIN)
        ).all()
    assert [json.loads(line)["reason"] for line in lines] == ["The owner agreed"]
    home.database.close()


def test_a_page_that_shows_its_text_only_far_down_is_no_shell() -> None:
    head = b"<html><head><script>x</script></head><body>" + b"<div class=a></div>" * 5000
    page = {"content-type": "text/html"}
    assert judge(200, page, head + b"<p>A room for two, near the station</p>", final_url="http://a.b/") is (
        FetchResult.PAGE
    )
    assert judge(200, page, head, final_url="http://a.b/") is FetchResult.WALL
