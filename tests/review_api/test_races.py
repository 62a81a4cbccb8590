"""Many people press at once: exactly one wins, everybody else is told, on both databases."""

from collections import Counter
from collections.abc import Callable
from threading import Barrier, Thread
from typing import Any

from sqlalchemy import func, select

from models.audit import AuditAction, AuditEvent
from models.blocklist import BlocklistEntry
from models.enums import Role, TaskState
from models.errors import SaqshyError
from models.review import Decision
from review_api.tasks.schemas import QueueFilters
from tests.review_api.acts import add_task, approve_form, claim, confirm, confirm_form, load_task
from tests.review_api.conftest import People, Room

N_PEOPLE = 100


def at_once(acts: list[Callable[[], Any]]) -> Counter[str]:
    """Run all acts at the same moment, each in its thread; counts "won" and the codes of the errors."""
    results: list[str] = []
    barrier = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> None:
        barrier.wait()
        try:
            act()
            results.append("won")
        except SaqshyError as error:
            results.append(error.code)
        except Exception as error:
            results.append(repr(error))

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(results)


def in_transaction(room: Room, work: Callable[[Any], Any]) -> Callable[[], Any]:
    def act() -> Any:
        with room.db.write() as session:
            return work(session)

    return act


def count(room: Room, model: type, *where: Any) -> int:
    with room.db.read() as session:
        return session.scalar(select(func.count()).select_from(model).where(*where)) or 0


def test_a_hundred_people_claim_one_task(room: Room) -> None:
    task = add_task(room)
    people = [room.add_user(f"analyst{n}", Role.ANALYST) for n in range(N_PEOPLE)]
    services, now = room.services, room.clock()
    results = at_once(
        [in_transaction(room, lambda s, p=p: services.tasks.claim(s, p, task.id, now=now)) for p in people]
    )
    assert results == {"won": 1, "TaskAlreadyClaimed": N_PEOPLE - 1}
    assert count(room, AuditEvent, AuditEvent.action == AuditAction.TASK_CLAIMED) == 1


def test_a_hundred_people_approve_one_case(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    approvers = [room.add_user(f"approver{n}x", Role.APPROVER) for n in range(N_PEOPLE)]
    services, now, form = room.services, room.clock(), approve_form(task, first)
    results = at_once(
        [
            in_transaction(room, lambda s, p=p: services.decisions.approve(s, p, task.id, form, now=now))
            for p in approvers
        ]
    )
    assert results == {"won": 1, "TaskNotWaiting": N_PEOPLE - 1}
    assert count(room, BlocklistEntry) == 1
    assert count(room, Decision) == 2
    assert count(room, AuditEvent, AuditEvent.action == AuditAction.DECISION_MADE) == 2
    with room.db.read() as session:
        assert list(room.audit.verify(session)) == []


def test_one_person_pressing_twenty_times_confirms_once(room: Room, people: People) -> None:
    task = add_task(room)
    claim(room, people.analyst, task)
    services, now, form = room.services, room.clock(), confirm_form(task)
    act = in_transaction(
        room, lambda s: services.decisions.confirm(s, people.analyst, task.id, form, now=now)
    )
    results = at_once([act] * 20)
    assert results == {"won": 1, "ClaimNotYours": 19}
    assert load_task(room, task).state is TaskState.CONFIRMED


def test_claim_next_gives_each_person_another_task(room: Room) -> None:
    for _ in range(12):
        add_task(room)
    people = [room.add_user(f"analyst{n}", Role.ANALYST) for n in range(12)]
    services, now = room.services, room.clock()
    filters = QueueFilters()
    taken: list[int] = []

    def take(session: Any, person: Any) -> None:
        made = services.tasks.claim_next(session, person, filters, now=now)
        assert made is not None
        taken.append(made.task_id)

    results = at_once([in_transaction(room, lambda s, p=p: take(s, p)) for p in people])
    assert results == {"won": 12}
    assert len(set(taken)) == 12


def test_one_address_approved_in_two_cases_at_once_is_listed_once(room: Room, people: People) -> None:
    url = "https://baraholka.example.kz/ads/1"
    tasks = [add_task(room, url=url), add_task(room, url=url)]
    forms = [approve_form(task, confirm(room, people.analyst, task)) for task in tasks]
    services, now = room.services, room.clock()
    results = at_once(
        [
            in_transaction(room, lambda s, p=p, t=t, f=f: services.decisions.approve(s, p, t.id, f, now=now))
            for p, t, f in zip((people.approver, people.approver2), tasks, forms, strict=True)
        ]
    )
    assert results == {"won": 1, "AlreadyListed": 1}
    assert count(room, BlocklistEntry) == 1


def test_ten_officers_make_one_release(room: Room, people: People) -> None:
    task = add_task(room)
    first = confirm(room, people.analyst, task)
    with room.db.write() as session:
        room.services.decisions.approve(
            session, people.approver, task.id, approve_form(task, first), now=room.clock()
        )
    make = lambda: room.services.releases.make_release(people.officer.actor, now=room.clock())  # noqa: E731
    assert at_once([make] * 10) == {"won": 1, "NothingNew": 9}
    with room.db.read() as session:
        assert [release.number for release in room.services.releases.list_releases(session)] == [1]
        assert room.services.releases.verify_releases(session) == ()
