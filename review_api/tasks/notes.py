"""The audit line of an act on a task, and the ad's search document going out of date with it."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy.orm import Session

from models.ad import mark_changed
from models.audit import Actor, AuditAction, AuditLog, Detail
from models.review import ReviewTask

TASK_SUBJECT = "review_task"


def note_task(
    session: Session,
    audit: AuditLog,
    action: AuditAction,
    task: ReviewTask,
    *,
    actor: Actor,
    now: datetime,
    details: Mapping[str, Detail] | None = None,
) -> None:
    """Append the line for a task in the caller's transaction; the ledger's head is locked last."""
    mark_changed(session, task.ad_id)
    audit.append(
        session,
        action,
        actor=actor,
        subject_kind=TASK_SUBJECT,
        subject_id=task.id,
        now=now,
        details={"case_number": task.case_number, **(details or {})},
    )
