"""Acts that many tests need, through the services."""

from typing import Any

from models.crawl import Source
from models.enums import Purpose
from models.review import ReviewTask
from review_api.auth.schemas import Person
from review_api.tasks.schemas import Approved, ApproveForm, ConfirmForm, DecisionMade
from tests.factories import FlaggedTask, make_flagged_task
from tests.review_api.conftest import Room

REASON = "Паспорт остаётся у администратора, долг за дорогу."


def add_task(room: Room, source: Source | None = None, **values: Any) -> FlaggedTask:
    """An open task."""
    with room.db.write() as session:
        return make_flagged_task(session, source, opened_at=room.clock(), **values)


def confirm_form(task: FlaggedTask, **values: Any) -> ConfirmForm:
    """A whole form."""
    fields: dict[str, Any] = {
        "ad_version_id": task.ad_version_id,
        "purposes": (Purpose.SEXUAL_EXPLOITATION,),
        "legal_ground": "cc-128",
        "reason": REASON,
    }
    return ConfirmForm(**{**fields, **values})


def claim(room: Room, person: Person, task: FlaggedTask) -> None:
    """Take a task."""
    with room.db.write() as session:
        room.services.tasks.claim(session, person, task.id, now=room.clock())


def confirm(room: Room, person: Person, task: FlaggedTask, **values: Any) -> DecisionMade:
    """Claim and confirm."""
    claim(room, person, task)
    with room.db.write() as session:
        return room.services.decisions.confirm(
            session, person, task.id, confirm_form(task, **values), now=room.clock()
        )


def approve_form(task: FlaggedTask, first: DecisionMade, **values: Any) -> ApproveForm:
    """A whole form."""
    fields: dict[str, Any] = {
        "confirm_decision_id": first.decision_id,
        "content_sha256": task.content_sha256,
        "case_number": task.case_number,
        "reason": REASON,
    }
    return ApproveForm(**{**fields, **values})


def approve(room: Room, person: Person, task: FlaggedTask, first: DecisionMade, **values: Any) -> Approved:
    """Give the second signature."""
    with room.db.write() as session:
        return room.services.decisions.approve(
            session, person, task.id, approve_form(task, first, **values), now=room.clock()
        )


def list_address(room: Room, analyst: Person, approver: Person, **values: Any) -> Approved:
    """A task on its whole way to the list."""
    task = add_task(room, **values)
    return approve(room, approver, task, confirm(room, analyst, task))


def load_task(room: Room, task: FlaggedTask) -> ReviewTask:
    """The task's row as it is now."""
    with room.db.read() as session:
        row = session.get_one(ReviewTask, task.id)
        session.expunge_all()
        return row
