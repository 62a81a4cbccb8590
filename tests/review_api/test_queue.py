"""The queue: order, filters, facets, paging, claims; and the jobs that fill and tidy it."""

import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select

from models.ad import Ad, AdVersion, Contact
from models.audit import AuditAction, AuditEvent
from models.classification import Classification
from models.enums import (
    ClassifierState,
    ContactKind,
    Language,
    Level,
    Purpose,
    Side,
    SourceKind,
    TaskState,
)
from models.errors import NotFound
from models.review import ReviewTask
from review_api.errors import Forbidden
from review_api.jobs import expire_claims, open_review_tasks
from review_api.paging import BadCursor
from review_api.tasks import facets
from review_api.tasks.case_schemas import TaskAction
from review_api.tasks.errors import ClaimNotYours, NewerVersion, TaskAlreadyClaimed, TaskNotWaiting
from review_api.tasks.schemas import QueueFilters, QueueState
from tests.factories import (
    make_ad,
    make_classification,
    make_classifier,
    make_cluster,
    make_source,
    make_version,
)
from tests.review_api.acts import add_task, approve, claim, confirm, load_task
from tests.review_api.conftest import People, Room

ALL = QueueFilters()


def queue_ids(room: Room, person: Any, filters: QueueFilters = ALL, **values: Any) -> list[int]:
    with room.db.read() as session:
        page = room.services.tasks.queue(session, person, filters, now=room.clock(), **values)
        return [row.task_id for row in page.rows]


def counts(room: Room, filters: QueueFilters = ALL) -> dict[str, dict[str, int]]:
    with room.db.read() as session:
        found = room.services.tasks.facets(session, filters, now=room.clock())
    return {
        name: {value.value: value.n for value in values}
        for name, values in vars(found).items()
        if isinstance(values, tuple)
    }


def detail(room: Room, person: Any, task_id: int, **values: Any) -> Any:
    with room.db.read() as session:
        return room.services.cases.detail(session, person, task_id, now=room.clock(), **values)


def test_the_most_serious_come_first(room: Room, people: People) -> None:
    old = add_task(room, level=Level.HIGH, priority=0.5)
    new = add_task(room, level=Level.HIGH, priority=0.5)
    likely = add_task(room, level=Level.HIGH, priority=0.6)
    urgent = add_task(room, level=Level.URGENT, priority=0.1)
    low = add_task(room, level=Level.LOW, priority=0.99)
    child = add_task(room, level=Level.LOW, priority=0.01, is_minor=True)
    expected = [child.id, urgent.id, likely.id, old.id, new.id, low.id]
    assert queue_ids(room, people.analyst) == expected
    paged: list[int] = []
    cursor = None
    while True:
        with room.db.read() as session:
            page = room.services.tasks.queue(
                session, people.analyst, ALL, cursor=cursor, limit=2, now=room.clock()
            )
        paged += [row.task_id for row in page.rows]
        cursor = page.next_cursor
        if cursor is None:
            break
        # A task that comes while somebody reads neither doubles nor hides a row.
        add_task(room, level=Level.URGENT, priority=0.99)
    assert paged == expected


def test_filters_and_facets(room: Room, people: People) -> None:
    with room.db.write() as session:
        channel = make_source(session, "kanal", SourceKind.CHANNEL)
    first = add_task(
        room, channel, side=Side.DEMAND, language=Language.KK, region="Шымкент", level=Level.URGENT
    )
    second = add_task(room, scores={Purpose.FORCED_LABOUR: 0.7, Purpose.ORGAN_REMOVAL: 0.4}, region=None)
    both = {first.id, second.id}
    for filters, found in (
        (QueueFilters(side=Side.DEMAND), {first.id}),
        (QueueFilters(language=Language.RU), {second.id}),
        (QueueFilters(region="Шымкент"), {first.id}),
        (QueueFilters(source_kind=SourceKind.CHANNEL), {first.id}),
        (QueueFilters(level=Level.HIGH), {second.id}),
        (QueueFilters(purpose=Purpose.FORCED_LABOUR), {second.id}),
        (QueueFilters(purpose=Purpose.ORGAN_REMOVAL), set()),
        (QueueFilters(side=Side.OFFER, region="Шымкент"), set()),
        (ALL, both),
    ):
        assert set(queue_ids(room, people.analyst, filters)) == found
    assert counts(room)["region"] == {"Шымкент": 1}
    assert counts(room)["purpose"] == {"sexual_exploitation": 1, "forced_labour": 1}
    chosen = counts(room, QueueFilters(side=Side.DEMAND))
    assert chosen["side"] == {"demand": 1, "offer": 1}
    assert chosen["purpose"] == {"sexual_exploitation": 1}
    assert counts(room, QueueFilters(purpose=Purpose.FORCED_LABOUR))["level"] == {"high": 1}


@pytest.mark.parametrize("operator", ["*", "%", "_", "' OR 1=1 --", "\\", '{"$gt":""}', "Шымк%"])
def test_a_filter_is_data(sqlite_room: Room, sqlite_people: People, operator: str) -> None:
    add_task(sqlite_room, region="Шымкент")
    assert queue_ids(sqlite_room, sqlite_people.analyst, QueueFilters(region=operator)) == []


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WzEsMiwzXQ", "IiI", "\x00", "é" * 20])
def test_a_cursor_of_another_list_is_refused(sqlite_room: Room, sqlite_people: People, cursor: str) -> None:
    with pytest.raises(BadCursor):
        queue_ids(sqlite_room, sqlite_people.analyst, cursor=cursor)


def test_contacts_are_masked_until_opened(room: Room, people: People) -> None:
    phone = "+7 701 234 56 78"
    task = add_task(room, text=f"паспорт остаётся у администратора {phone} или 8 707 111 22 33")
    shown = detail(room, people.analyst, task.id)
    assert phone not in repr(shown)
    assert "707 111" not in repr(shown)
    assert len(shown.version.text) == len(f"паспорт остаётся у администратора {phone} или 8 707 111 22 33")
    hit = shown.hits[0]
    assert shown.version.text[hit.start : hit.end] == hit.quote == "паспорт остаётся у администратора"

    def open_contacts(person: Any) -> Any:
        with room.db.write() as session:
            return room.services.cases.open_contacts(session, person, task.id, now=room.clock())

    for person in (people.analyst, people.approver, people.auditor):
        with pytest.raises(Forbidden):
            open_contacts(person)
    claim(room, people.analyst, task)
    assert open_contacts(people.analyst).contacts[0].value == phone
    with pytest.raises(Forbidden):
        open_contacts(people.analyst2)
    with room.db.read() as session:
        lines = session.scalars(
            select(AuditEvent).where(AuditEvent.action == AuditAction.CONTACTS_OPENED)
        ).all()
        assert [line.actor_name for line in lines] == ["analyst"]
        assert "701" not in lines[0].details.replace(str(task.case_number), "")


def test_a_claim_is_exclusive_and_ends(room: Room, people: People) -> None:
    task = add_task(room)
    claim(room, people.analyst, task)
    with pytest.raises(TaskAlreadyClaimed) as lost:
        claim(room, people.analyst2, task)
    assert "Analyst holds" in lost.value.message
    assert lost.value.context["expires_at"] == "2026-11-21T09:15:00+00:00"
    assert queue_ids(room, people.analyst2) == []
    assert queue_ids(room, people.analyst2, state=QueueState.CLAIMED) == [task.id]
    room.clock.forward(seconds=600)
    with room.db.write() as session:
        room.services.tasks.prolong(session, people.analyst, task.id, now=room.clock())
    room.clock.forward(seconds=room.settings.claim_seconds - 1)
    with pytest.raises(TaskAlreadyClaimed):
        claim(room, people.analyst2, task)
    room.clock.forward(seconds=1)
    assert queue_ids(room, people.analyst2) == [task.id]
    claim(room, people.analyst2, task)
    with pytest.raises(ClaimNotYours), room.db.write() as session:
        room.services.tasks.put_back(session, people.analyst, task.id, now=room.clock())
    with room.db.write() as session:
        room.services.tasks.put_back(session, people.analyst2, task.id, now=room.clock())
    assert [line.action.value for line in detail(room, people.auditor, task.id).history] == [
        "task.claimed",
        "task.claim_prolonged",
        "task.claim_expired",
        "task.claimed",
        "task.put_back",
    ]
    with pytest.raises(NotFound):
        detail(room, people.analyst, 10**9)


def test_expired_claims_return_by_themselves(room: Room, people: People) -> None:
    task, returned = add_task(room), add_task(room)
    claim(room, people.analyst, task)
    with room.db.write() as session:
        session.get_one(ReviewTask, returned.id).round = 2
    claim(room, people.analyst, returned)
    assert expire_claims(room.db, room.audit, now=room.clock()).n_done == 0
    room.clock.forward(seconds=room.settings.claim_seconds)
    assert expire_claims(room.db, room.audit, now=room.clock()).n_done == 2
    assert expire_claims(room.db, room.audit, now=room.clock()).n_done == 0
    states = [load_task(room, found).state for found in (task, returned)]
    assert states == [TaskState.OPEN, TaskState.RETURNED]


def test_actions_follow_state_and_person(sqlite_room: Room, sqlite_people: People) -> None:
    room, people = sqlite_room, sqlite_people
    task = add_task(room)

    def actions(person: Any) -> set[str]:
        return {action.value for action in detail(room, person, task.id).actions}

    assert actions(people.analyst) == {"claim"}
    assert actions(people.approver) == actions(people.auditor) == set()
    claim(room, people.analyst, task)
    assert actions(people.analyst) == {"prolong", "put_back", "open_contacts", "confirm", "reject"}
    assert actions(people.analyst2) == set()
    with room.db.write() as session:
        room.services.tasks.put_back(session, people.analyst, task.id, now=room.clock())
    confirm(room, people.analyst, task)
    assert actions(people.approver) == {"approve", "return", "open_contacts"}
    assert actions(people.analyst) == set()


def test_similar_ads_are_shown_with_their_cases(sqlite_room: Room, sqlite_people: People) -> None:
    with sqlite_room.db.write() as session:
        cluster = make_cluster(session)
    first, second = (add_task(sqlite_room, cluster=cluster) for _ in range(2))
    shown = detail(sqlite_room, sqlite_people.analyst, first.id)
    assert [(ad.ad_id, ad.case_number) for ad in shown.similar] == [(second.ad_id, second.case_number)]
    with sqlite_room.db.read() as session:
        rows = sqlite_room.services.tasks.queue(
            session, sqlite_people.analyst, ALL, now=sqlite_room.clock()
        ).rows
    assert [row.n_copies for row in rows] == [1, 1]


def test_counts_of_a_large_queue_are_kept_say_so_and_are_renewed_behind_the_requests(
    room: Room, people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facets, "N_COUNTED_ANEW", 0)
    monkeypatch.setattr(facets, "KEPT_TIMES_AS_LONG", 10**6)
    add_task(room, level=Level.HIGH)
    browser = room.client("analyst")
    assert "Санақ уақыты" not in browser.get("/queue").text
    add_task(room, level=Level.LOW)
    first_count = room.clock()
    room.clock.forward(seconds=30)
    assert counts(room)["level"] == {"high": 1}
    assert "Санақ уақыты: 2026 ж. 21 қараша, 14:00" in browser.get("/queue").text
    with room.db.read() as session:
        counter = room.services.tasks._facets
        assert counter.count(session, ALL, now=room.clock()).counted_at == first_count
        counter._table.fresh_until = 0.0  # type: ignore[union-attr]
        assert counter.count(session, ALL, now=room.clock()).n_waiting == 1
    for thread in threading.enumerate():
        if thread.name == "facets":
            thread.join()
    assert counts(room)["level"] == {"high": 1, "low": 1}


# --- jobs -------------------------------------------------------------------------------------------------


def triage(room: Room) -> int:
    return open_review_tasks(room.db, room.audit, now=room.clock()).n_done


def tasks_of(room: Room) -> list[ReviewTask]:
    with room.db.read() as session:
        tasks = session.scalars(select(ReviewTask).order_by(ReviewTask.id)).all()
        session.expunge_all()
        return list(tasks)


def add_ad(room: Room, **values: Any) -> int:
    ad_values = {key: values.pop(key) for key in ("is_parse_incomplete",) if key in values}
    with room.db.write() as session:
        ad = make_ad(session, **ad_values)
        make_classification(session, session.get_one(AdVersion, ad.current_version_id), **values)
        return ad.id


def change_text(room: Room, ad_id: int, text: str, **values: Any) -> int:
    with room.db.write() as session:
        version = make_version(session, session.get_one(Ad, ad_id), title="Жаңа", text=text)
        make_classification(session, version, **values)
        return version.id


def test_flagged_texts_open_numbered_cases_once(room: Room) -> None:
    for n in range(5):
        add_ad(room, is_flagged=n % 2 == 0)
    assert triage(room) == 5
    assert triage(room) == 0
    assert [task.case_number for task in tasks_of(room)] == ["2026-000001", "2026-000002", "2026-000003"]
    with room.db.read() as session:
        assert session.scalars(select(Classification).where(Classification.triaged_at.is_(None))).all() == []


def test_texts_that_need_nobody_are_settled_together(room: Room) -> None:
    for n in range(12):
        add_ad(room, is_flagged=n in (3, 7), level=Level.HIGH if n in (3, 7) else Level.NONE)
    updates: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith("UPDATE classification"):
            updates.append(statement)

    event.listen(room.db.engine, "before_cursor_execute", note)
    report = open_review_tasks(room.db, room.audit, now=room.clock(), batch=4)
    # Ten clear ones in batches of four, then one flagged text at a time.
    assert report.n_done == 12
    assert len(updates) == 3 + 2
    assert len(tasks_of(room)) == 2


def test_case_numbers_begin_anew_with_the_year_of_astana(sqlite_room: Room) -> None:
    numbers = []
    for moment in (
        datetime(2026, 12, 31, 18, 59, tzinfo=UTC),
        datetime(2026, 12, 31, 19, 0, tzinfo=UTC),
        datetime(2026, 12, 31, 18, 59, tzinfo=UTC),
        datetime(2027, 1, 1, tzinfo=UTC),
    ):
        add_ad(sqlite_room)
        sqlite_room.clock.time = moment
        triage(sqlite_room)
        numbers.append(tasks_of(sqlite_room)[-1].case_number)
    assert numbers == ["2026-000001", "2027-000001", "2026-000002", "2027-000002"]


def test_a_text_that_was_not_read_whole_is_never_clean(room: Room) -> None:
    add_ad(room, is_flagged=False, level=Level.NONE, is_parse_incomplete=True)
    triage(room)
    assert len(tasks_of(room)) == 1


def test_a_version_in_evaluation_opens_nothing(sqlite_room: Room) -> None:
    with sqlite_room.db.write() as session:
        classifier = make_classifier(session, "next", ClassifierState.EVALUATION)
        ad = make_ad(session)
        make_classification(session, session.get_one(AdVersion, ad.current_version_id), classifier=classifier)
    assert triage(sqlite_room) == 0
    assert tasks_of(sqlite_room) == []


def test_a_changed_text_moves_the_open_case(room: Room, people: People) -> None:
    ad_id = add_ad(room, level=Level.HIGH, priority=0.8)
    triage(room)
    newer = change_text(room, ad_id, "Обычная работа", is_flagged=False, level=Level.NONE, priority=0.0)
    triage(room)
    (task,) = tasks_of(room)
    assert task.ad_version_id == newer
    assert (task.level, task.priority, task.severity) == (Level.HIGH, 0.8, 3)
    child = change_text(room, ad_id, "от 14 лет", level=Level.URGENT, priority=0.9, is_minor=True)
    triage(room)
    (task,) = tasks_of(room)
    assert (task.ad_version_id, task.level, task.is_referral) == (child, Level.URGENT, True)
    shown = detail(room, people.analyst, task.id)
    assert [(version.number, version.changed) for version in shown.versions] == [
        (3, ("text",)),
        (2, ("title", "text")),
        (1, ()),
    ]
    assert not shown.has_newer_version
    old = detail(room, people.analyst, task.id, version_id=shown.versions[-1].id)
    assert old.version.number == 1
    assert old.actions == frozenset()


def test_a_claimed_case_moves_only_when_asked(room: Room, people: People) -> None:
    ad_id = add_ad(room)
    triage(room)
    (task,) = tasks_of(room)
    claim(room, people.analyst, task)  # type: ignore[arg-type]
    with room.db.write() as session:
        make_version(session, session.get_one(Ad, ad_id), title="Жаңа", text="ещё не прочитано")
    with pytest.raises(NewerVersion), room.db.write() as session:
        room.services.tasks.show_newest(session, people.analyst, task.id, now=room.clock())
    newer = change_text(room, ad_id, "новый текст")
    triage(room)
    shown = detail(room, people.analyst, task.id)
    assert shown.has_newer_version
    assert TaskAction.CONFIRM not in shown.actions
    assert TaskAction.SHOW_NEWEST in shown.actions
    with room.db.write() as session:
        room.services.tasks.show_newest(session, people.analyst, task.id, now=room.clock())
    shown = detail(room, people.analyst, task.id)
    assert shown.version.id == newer
    assert TaskAction.CONFIRM in shown.actions


def test_after_a_decision_only_a_changed_text_opens_a_case(room: Room, people: People) -> None:
    task = add_task(room)
    approve(room, people.approver, task, confirm(room, people.analyst, task))
    with room.db.write() as session:
        version = session.get_one(AdVersion, task.ad_version_id)
        make_classification(session, version, classifier=make_classifier(session, "test-2"))
    triage(room)
    assert len(tasks_of(room)) == 1
    change_text(room, task.ad_id, "паспорт остаётся у администратора, снова", classifier=None)
    triage(room)
    assert [found.state for found in tasks_of(room)] == [TaskState.APPROVED, TaskState.OPEN]
    with pytest.raises(TaskNotWaiting):
        claim(room, people.analyst, task)


def test_two_workers_open_each_case_once(room: Room) -> None:
    from tests.review_api.test_races import at_once

    for _ in range(10):
        add_ad(room)
    results = at_once([lambda: triage(room)] * 4)
    assert results == {"won": 4}
    assert [task.case_number for task in tasks_of(room)] == [f"2026-{n:06d}" for n in range(1, 11)]


def test_contacts_of_all_kinds_are_masked(sqlite_room: Room, sqlite_people: People) -> None:
    values = (
        (ContactKind.HANDLE, "@qyzdar_kerek"),
        (ContactKind.LINK, "https://t.me/joinme77"),
        (ContactKind.EMAIL, "aa.bb@mail.kz"),
    )
    text = "жазыңыз " + " ".join(value for _, value in values)
    task = add_task(sqlite_room, text=text, contacts=values)
    shown = detail(sqlite_room, sqlite_people.analyst, task.id)
    assert [contact.masked for contact in shown.contacts] == [
        "@q•••••_•••••",
        "https://t.me/••••••••",
        "a•.••@mail.kz",
    ]
    assert len(shown.version.text) == len(text)
    with sqlite_room.db.read() as session:
        assert len(session.scalars(select(Contact)).all()) == 3
    assert timedelta(0) <= sqlite_room.clock() - shown.opened_at
