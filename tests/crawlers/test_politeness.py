"""The pace of hosts over all workers, Retry-After, and the circuit breaker."""

from datetime import datetime, timedelta

import pytest

from crawlers.answers import count_visible, judge
from crawlers.politeness import HostPaused, note_refusal, pause_after, reserve_slot, retry_after_of
from models.enums import FetchResult
from models.session import Database


def test_no_two_workers_get_the_same_moment(database: Database, now: datetime) -> None:
    taken = []
    for _ in range(4):
        with database.write() as session:
            taken.append(reserve_slot(session, "ads.example", delay_seconds=3, now=now))
    assert taken == [now + timedelta(seconds=3 * n) for n in range(4)]
    with database.write() as session:
        later = now + timedelta(hours=1)
        assert reserve_slot(session, "ads.example", delay_seconds=3, now=later) == later


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
