"""Moving a task that nobody has decided on to the ad's newest text."""

from datetime import datetime

from sqlalchemy.orm import Session

from models.audit import Actor, AuditAction, AuditLog
from models.classification import Classification
from models.enums import LEVELS_BY_SEVERITY, TaskState
from models.review import ReviewTask
from review_api.tasks import repository
from review_api.tasks.notes import note_task

# Added to the level's place for a referral: a child or a live victim stands before every level.
REFERRAL_SEVERITY = len(LEVELS_BY_SEVERITY)

REFRESHED_STATES = frozenset({TaskState.OPEN, TaskState.CLAIMED, TaskState.RETURNED})


def is_referral(classification: Classification) -> bool:
    """Whether МВД must be told at once."""
    return classification.is_minor or classification.is_live_victim


def severity_of(classification: Classification) -> int:
    """Place in the queue: the level's place, referrals before all others."""
    place = LEVELS_BY_SEVERITY.index(classification.level)
    return place + (REFERRAL_SEVERITY if is_referral(classification) else 0)


def refresh_task(session: Session, audit: AuditLog, task: ReviewTask, *, actor: Actor, now: datetime) -> bool:
    """Let an undecided task show the ad's newest classified text; returns whether it moved.

    The task never becomes less serious by it: an ad that is made to look
    harmless keeps its place, and a person sees both texts.
    """
    newest = repository.newest_classification(session, task.ad_id)
    if newest is None or task.state not in REFRESHED_STATES or newest.id == task.classification_id:
        return False
    task.show(task.ad, newest.ad_version, newest)
    task.is_referral = task.is_referral or is_referral(newest)
    if severity_of(newest) > task.severity:
        task.severity = severity_of(newest)
    if LEVELS_BY_SEVERITY.index(newest.level) > LEVELS_BY_SEVERITY.index(task.level):
        task.level = newest.level
    task.priority = max(task.priority, newest.priority)
    session.flush()
    note_task(
        session,
        audit,
        AuditAction.TASK_REFRESHED,
        task,
        actor=actor,
        now=now,
        details={"ad_version_id": newest.ad_version_id, "classification_id": newest.id},
    )
    return True
