from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError, IntegrityError

from models.ad import Ad, AdVersion
from models.audit import AuditAction, AuditEvent
from models.blocklist import BlocklistEntry
from models.enums import EntryState, Purpose, Role, Scope, SourceKind, TaskState, Verdict
from models.errors import NotFound, Rejected
from models.people import User
from models.review import Decision
from models.urls import BadUrl
from review_api.blocklist.listing import AlreadyListed, ProtectedAddress
from review_api.errors import Forbidden
from review_api.tasks.errors import (
    CaseNumberMismatch,
    ClaimNotYours,
    DecisionSuperseded,
    MvdNotInformed,
    NewerVersion,
    PurposeMissing,
    ReasonMissing,
    SignedAlready,
    TaskNotWaiting,
    UnknownLegalGround,
)
from review_api.tasks.schemas import RejectForm, ReturnForm
from tests.factories import make_source, make_version
from tests.review_api.acts import (
    REASON,
    add_task,
    approve,
    approve_form,
    claim,
    confirm,
    confirm_form,
    list_address,
    load_task,
)
from tests.review_api.conftest import People, Room, as_person


def actions_of(room: Room) -> list[str]:
    with room.db.read() as session:
        return [event.action.value for event in session.scalars(select(AuditEvent).order_by(AuditEvent.seq))]


def send_back(room: Room, person: Any, task: Any, first: Any) -> None:
    form = ReturnForm(confirm_decision_id=first.decision_id, reason="Нет ни слова о долге, проверьте.")
    with room.db.write() as session:
        room.services.decisions.send_back(session, person, task.id, form, now=room.clock())


def test_two_people_make_a_list_line(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    assert load_task(room, task).state is TaskState.CONFIRMED
    approved = approve(room, people.approver, task, first)
    row = load_task(room, task)
    assert (row.state, row.closed_at, row.claimed_by_id) == (TaskState.APPROVED, room.clock(), None)
    with room.db.read() as session:
        entry = session.get_one(BlocklistEntry, approved.entry_id)
        assert (entry.confirmed_by_id, entry.approved_by_id) == (people.analyst.id, people.approver.id)
        assert (entry.state, entry.scope) == (EntryState.ACTIVE, Scope.PAGE)
        assert (entry.expires_at - entry.created_at).days == room.settings.entry_days
        signed = session.scalars(select(Decision).order_by(Decision.id)).all()
        assert [(d.stage, d.verdict, d.reviewer_id, d.answers_id) for d in signed] == [
            (1, Verdict.CONFIRM, people.analyst.id, None),
            (2, Verdict.APPROVE, people.approver.id, first.decision_id),
        ]
        assert {d.content_sha256 for d in signed} == {task.content_sha256}
        assert list(room.audit.verify(session)) == []
    assert actions_of(room) == ["task.claimed", "decision.made", "decision.made", "entry.created"]


def test_a_post_of_a_channel_is_listed_as_a_post(sqlite_room: Room, sqlite_people: People) -> None:
    with sqlite_room.db.write() as session:
        source = make_source(session, "kanal", SourceKind.CHANNEL)
    approved = list_address(
        sqlite_room,
        sqlite_people.analyst,
        sqlite_people.approver,
        source=source,
        url="https://t.me/kanal/17",
    )
    assert approved.scope is Scope.POST


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"reason": "коротко"}, ReasonMissing),
        ({"reason": "          \n          "}, ReasonMissing),
        ({"purposes": ()}, PurposeMissing),
        ({"legal_ground": ""}, UnknownLegalGround),
        ({"legal_ground": "cc-999"}, UnknownLegalGround),
    ],
)
def test_a_confirmation_must_be_whole(
    sqlite_room: Room, sqlite_people: People, values: dict[str, Any], error: type[Rejected]
) -> None:
    task = add_task(sqlite_room)
    with pytest.raises(error):
        confirm(sqlite_room, sqlite_people.analyst, task, **values)
    assert load_task(sqlite_room, task).state is TaskState.CLAIMED


@pytest.mark.parametrize(
    ("url", "error"),
    [
        ("https://baraholka.example.kz/", BadUrl),
        ("https://10.1.2.3/ads/1", BadUrl),
        ("https://[2001:db8::1]/ads/1", BadUrl),
        ("https://example.kz/*/1", BadUrl),
        ("https://egov.kz/services/1", ProtectedAddress),
        ("https://my.egov.kz/services/1", ProtectedAddress),
        ("https://kaspi.kz/shop/1", ProtectedAddress),
        ("https://t.me/kanal", ProtectedAddress),
        ("https://t.me/s/kanal", ProtectedAddress),
        ("https://www.olx.kz/rabota/", ProtectedAddress),
    ],
)
def test_an_address_that_cannot_be_listed_cannot_be_confirmed(
    sqlite_room: Room, sqlite_people: People, url: str, error: type[Rejected]
) -> None:
    task = add_task(sqlite_room, url=url)
    with pytest.raises(error):
        confirm(sqlite_room, sqlite_people.analyst, task)
    with sqlite_room.db.read() as session:
        detail = sqlite_room.services.cases.detail(
            session, sqlite_people.analyst, task.id, now=sqlite_room.clock()
        )
    assert detail.listing_problem == error.__name__


def test_a_listed_address_is_not_listed_twice(room: Room, people: People) -> None:
    url = "https://baraholka.example.kz/ads/1?utm_source=x"
    first_task, second_task, third_task = (
        add_task(room, url=url),
        add_task(room, url=url[:-13]),
        add_task(room, url=url),
    )
    first, second = confirm(room, people.analyst, first_task), confirm(room, people.analyst, second_task)
    approved = approve(room, people.approver, first_task, first)
    with pytest.raises(AlreadyListed) as refused:
        approve(room, people.approver, second_task, second)
    assert refused.value.context["entry_id"] == approved.entry_id
    assert first_task.case_number in refused.value.message
    assert load_task(room, second_task).state is TaskState.CONFIRMED
    with pytest.raises(AlreadyListed):
        confirm(room, people.analyst2, third_task)


def test_a_lifted_address_may_be_listed_again(sqlite_room: Room, sqlite_people: People) -> None:
    url = "https://baraholka.example.kz/ads/1"
    approved = list_address(sqlite_room, sqlite_people.analyst, sqlite_people.approver, url=url)
    with sqlite_room.db.write() as session:
        sqlite_room.services.blocklist.lift(
            session,
            sqlite_people.officer,
            approved.entry_id,
            "Владелец удалил объявление.",
            now=sqlite_room.clock(),
        )
    again = list_address(sqlite_room, sqlite_people.analyst, sqlite_people.approver, url=url)
    assert again.entry_id != approved.entry_id


def test_a_referral_needs_the_tick_that_mvd_was_told(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room, is_minor=True)
    with pytest.raises(MvdNotInformed):
        confirm(sqlite_room, sqlite_people.analyst, task)
    with sqlite_room.db.write() as session:
        sqlite_room.services.decisions.confirm(
            session,
            sqlite_people.analyst,
            task.id,
            confirm_form(task, is_mvd_informed=True),
            now=sqlite_room.clock(),
        )
    with sqlite_room.db.read() as session:
        event = session.scalars(
            select(AuditEvent).where(AuditEvent.action == AuditAction.DECISION_MADE)
        ).one()
        assert '"is_mvd_informed":true' in event.details


def test_a_decision_is_on_the_text_that_was_seen(room: Room, people: People) -> None:
    task = add_task(room)
    claim(room, people.analyst, task)
    with room.db.write() as session:
        make_version(session, session.get_one(Ad, task.ad_id), title="Другое", text="Совсем другой текст")
    for act in (
        lambda s: room.services.decisions.confirm(
            s, people.analyst, task.id, confirm_form(task), now=room.clock()
        ),
        lambda s: room.services.decisions.reject(
            s,
            people.analyst,
            task.id,
            RejectForm(ad_version_id=task.ad_version_id, reason=REASON),
            now=room.clock(),
        ),
    ):
        with pytest.raises(NewerVersion), room.db.write() as session:
            act(session)
    assert load_task(room, task).state is TaskState.CLAIMED


def test_what_is_listed_is_the_address_that_both_people_saw(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    with room.db.write() as session:
        session.get_one(Ad, task.ad_id).url = "https://a.example/innocent/1"
    with room.db.read() as session:
        seen = session.get_one(AdVersion, task.ad_version_id).url
    assert approve(room, people.approver, task, first).url == seen != "https://a.example/innocent/1"


def test_an_approval_binds_the_text_and_the_confirmation(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    with pytest.raises(DecisionSuperseded):
        approve(room, people.approver, task, first, content_sha256="0" * 64)
    with pytest.raises(DecisionSuperseded):
        approve(room, people.approver, task, first, confirm_decision_id=first.decision_id + 1)
    with pytest.raises(CaseNumberMismatch):
        approve(room, people.approver, task, first, case_number="2026-000000")
    with pytest.raises(ReasonMissing):
        approve(room, people.approver, task, first, reason=" ")
    with room.db.write() as session:
        make_version(session, session.get_one(Ad, task.ad_id), title="Другое", text="Совсем другой текст")
    with pytest.raises(NewerVersion):
        approve(room, people.approver, task, first)
    assert load_task(room, task).state is TaskState.CONFIRMED


def test_a_returned_case_goes_round_again(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    send_back(room, people.approver, task, first)
    row = load_task(room, task)
    assert (row.state, row.round) == (TaskState.RETURNED, 2)
    with room.db.read() as session:
        mine = room.services.tasks.my_work(session, people.analyst, now=room.clock())
        others = room.services.tasks.my_work(session, people.analyst2, now=room.clock())
    assert [t.task_id for t in mine.came_back] == [task.id]
    assert others.came_back == ()
    second = confirm(room, people.analyst, task)
    with pytest.raises(DecisionSuperseded):
        approve(room, people.approver2, task, first)
    assert approve(room, people.approver2, task, second).url


def test_a_rejected_case_is_closed(room: Room, people: People) -> None:
    task = add_task(room)
    claim(room, people.analyst, task)
    with room.db.write() as session:
        made = room.services.decisions.reject(
            session,
            people.analyst,
            task.id,
            RejectForm(ad_version_id=task.ad_version_id, reason=REASON),
            now=room.clock(),
        )
    assert made.state is TaskState.REJECTED
    with pytest.raises(TaskNotWaiting):
        claim(room, people.analyst2, task)


# --- nobody signs twice -----------------------------------------------------------------------------------


def set_role(room: Room, person: Any, role: Role) -> Any:
    with room.db.write() as session:
        user = session.get_one(User, person.id)
        user.role = role
        return as_person(user)


def test_an_analyst_cannot_approve_even_with_the_role_gained_later(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    with pytest.raises(Forbidden):
        approve(room, people.analyst, task, first)
    promoted = set_role(room, people.analyst, Role.APPROVER)
    with pytest.raises(SignedAlready):
        approve(room, promoted, task, first)
    with pytest.raises(SignedAlready):
        send_back(room, promoted, task, first)
    assert approve(room, people.approver, task, first).entry_id


def test_signing_in_an_earlier_round_counts(room: Room, people: People) -> None:
    task = add_task(room)
    send_back(room, people.approver, task, confirm(room, people.analyst, task))
    promoted = set_role(room, people.analyst, Role.APPROVER)
    demoted = set_role(room, people.approver, Role.ANALYST)
    with pytest.raises(SignedAlready):
        confirm(room, demoted, task)
    room.clock.forward(seconds=room.settings.claim_seconds + 1)
    second = confirm(room, people.analyst2, task)
    with pytest.raises(SignedAlready):
        approve(room, promoted, task, second)


def test_nobody_else_signs_at_all(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    first = confirm(sqlite_room, sqlite_people.analyst, task)
    for person in (sqlite_people.officer, sqlite_people.auditor, sqlite_people.admin, sqlite_people.analyst2):
        with pytest.raises(Forbidden):
            approve(sqlite_room, person, task, first)
    with pytest.raises(NotFound):
        approve(sqlite_room, sqlite_people.approver, add_missing(task), first)


def add_missing(task: Any) -> Any:
    return type(task)(10**9, *list(vars(task).values())[1:])


SIGN = (
    "INSERT INTO decision (task_id, round, stage, verdict, reviewer_id, role, ad_version_id, content_sha256,"
    " classification_id, purposes, legal_ground, reason, answers_id, decided_at)"
    " SELECT task_id, {round}, {stage}, '{verdict}', {reviewer}, role, ad_version_id, content_sha256,"
    " classification_id, purposes, legal_ground, reason, id, decided_at FROM decision WHERE id = {id}"
)
ENTER = (
    "INSERT INTO blocklist_entry (task_id, round, ad_id, ad_version_id, url, url_sha256, scope,"
    " confirm_decision_id, confirmed_by_id, confirm_verdict, approve_decision_id, approved_by_id,"
    " approve_verdict, state, created_at, expires_at)"
    " SELECT t.id, 1, t.ad_id, t.ad_version_id, 'https://x.example.kz/1', 'x', 'page', {confirm}, {first},"
    " '{confirm_verdict}', {approve}, {second}, '{approve_verdict}', 'active', t.opened_at, t.opened_at"
    " FROM review_task t WHERE t.id = {task}"
)


def test_direct_sql_cannot_sign_twice(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    me, other = people.analyst.id, people.approver.id

    def refused(statement: str, error: type[DatabaseError] = IntegrityError) -> None:
        with pytest.raises(error), room.db.write() as session:
            session.execute(text(statement))

    for stage, verdict, reviewer in ((2, "approve", me), (1, "confirm", other), (2, "confirm", other)):
        refused(SIGN.format(round=1, stage=stage, verdict=verdict, reviewer=reviewer, id=first.decision_id))
    refused(f"UPDATE decision SET reviewer_id = {other} WHERE id = {first.decision_id}", DatabaseError)
    refused(f"DELETE FROM decision WHERE id = {first.decision_id}", DatabaseError)
    one_person = {"task": task.id, "confirm": first.decision_id, "first": me}
    for values in (
        {
            "approve": first.decision_id,
            "second": me,
            "confirm_verdict": "confirm",
            "approve_verdict": "approve",
        },
        {
            "approve": first.decision_id,
            "second": other,
            "confirm_verdict": "confirm",
            "approve_verdict": "approve",
        },
        {
            "approve": first.decision_id,
            "second": me,
            "confirm_verdict": "confirm",
            "approve_verdict": "confirm",
        },
        {"approve": 10**6, "second": other, "confirm_verdict": "confirm", "approve_verdict": "approve"},
    ):
        refused(ENTER.format(**one_person, **values))
    with room.db.read() as session:
        assert session.scalars(select(BlocklistEntry)).all() == []


def test_http_cannot_sign_twice(room: Room, people: People) -> None:
    task = add_task(room)
    analyst, approver = room.client("analyst"), room.client("approver")
    assert analyst.post(f"/api/v1/tasks/{task.id}/claim").status_code == 200
    confirmed = analyst.post(f"/api/v1/tasks/{task.id}/confirm", confirm_form(task).model_dump(mode="json"))
    assert confirmed.status_code == 200, confirmed.text
    body = {
        "confirm_decision_id": confirmed.json()["decision_id"],
        "content_sha256": task.content_sha256,
        "case_number": task.case_number,
        "reason": REASON,
    }
    assert analyst.post(f"/api/v1/tasks/{task.id}/approve", body).status_code == 403
    set_role(room, people.analyst, Role.APPROVER)
    again = analyst.post(f"/api/v1/tasks/{task.id}/approve", body)
    assert (again.status_code, again.json()["code"]) == (409, "SignedAlready")
    for extra in ({"reviewer_id": people.approver.id}, {"round": 2}, {"role": "approver"}):
        assert analyst.post(f"/api/v1/tasks/{task.id}/approve", {**body, **extra}).status_code == 422
    first = approver.post(f"/api/v1/tasks/{task.id}/approve", body)
    assert first.status_code == 200
    replay = approver.post(f"/api/v1/tasks/{task.id}/approve", body)
    assert (replay.status_code, replay.json()["code"]) == (409, "TaskNotWaiting")


def test_a_failed_decision_leaves_nothing(
    sqlite_room: Room, sqlite_people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    task = add_task(sqlite_room)
    first = confirm(sqlite_room, sqlite_people.analyst, task)
    before = actions_of(sqlite_room)

    def fail(*_args: object, **_values: object) -> None:
        raise OSError("the disk is full")

    monkeypatch.setattr(sqlite_room.services.decisions, "_note_entry", fail)
    with pytest.raises(OSError, match="disk is full"):
        approve(sqlite_room, sqlite_people.approver, task, first)
    assert load_task(sqlite_room, task).state is TaskState.CONFIRMED
    assert actions_of(sqlite_room) == before
    with sqlite_room.db.read() as session:
        assert session.scalars(select(BlocklistEntry)).all() == []
        assert len(session.scalars(select(Decision)).all()) == 1


def test_an_ended_claim_signs_nothing(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    sqlite_room.clock.forward(seconds=sqlite_room.settings.claim_seconds)
    decide: Callable[[Any], Any] = lambda s: sqlite_room.services.decisions.confirm(  # noqa: E731
        s, sqlite_people.analyst, task.id, confirm_form(task), now=sqlite_room.clock()
    )
    with pytest.raises(ClaimNotYours), sqlite_room.db.write() as session:
        decide(session)
    with pytest.raises(ClaimNotYours), sqlite_room.db.write() as session:
        sqlite_room.services.decisions.confirm(
            session, sqlite_people.analyst2, task.id, confirm_form(task), now=sqlite_room.clock()
        )


def test_purposes_are_kept_once_and_in_order(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    both = (Purpose.FORCED_LABOUR, Purpose.SEXUAL_EXPLOITATION, Purpose.FORCED_LABOUR)
    made = confirm(sqlite_room, sqlite_people.analyst, task, purposes=both)
    with sqlite_room.db.read() as session:
        kept = session.get_one(Decision, made.decision_id).purpose_list
    assert kept == [Purpose.FORCED_LABOUR, Purpose.SEXUAL_EXPLOITATION]
    assert approve_form(task, made).case_number == task.case_number
