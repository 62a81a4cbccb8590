"""The queue and claims.

A claim is exclusive and ends by itself: once its time is over anybody may take
the task, and the job ``expire_claims`` puts it back into the queue.
"""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models.audit import AuditAction, AuditLog
from models.config import Settings
from models.enums import TaskState
from models.errors import NotFound
from models.review import ReviewTask
from models.session import Database
from review_api.auth.schemas import Person
from review_api.paging import DEFAULT_LIMIT, make_cursor, read_cursor
from review_api.tasks import repository
from review_api.tasks.errors import ClaimNotYours, NewerVersion, TaskAlreadyClaimed, TaskNotWaiting
from review_api.tasks.facets import FacetCounter
from review_api.tasks.notes import note_task
from review_api.tasks.refresh import refresh_task
from review_api.tasks.repository import QueueKey
from review_api.tasks.rows import find_contacts, make_my_task, make_queue_rows, masked_title
from review_api.tasks.schemas import (
    ApprovalPage,
    ApprovalRow,
    ClaimMade,
    Facets,
    MyWork,
    QueueFilters,
    QueuePage,
    QueueState,
)

MAX_CLAIM_TRIES = 20


class TaskService:
    """Lists of tasks, and taking and leaving them. Methods work in the caller's transaction."""

    def __init__(self, settings: Settings, db: Database, audit: AuditLog) -> None:
        self._claim_time = timedelta(seconds=settings.claim_seconds)
        self._audit = audit
        self._facets = FacetCounter(db)

    def queue(
        self,
        session: Session,
        person: Person,
        filters: QueueFilters,
        *,
        state: QueueState = QueueState.WAITING,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        now: datetime,
    ) -> QueuePage:
        """One page of tasks, most serious first.

        Raises:
            BadCursor: the cursor is not one of this list.
        """
        ids, next_cursor = self._page_ids(session, filters, state, cursor, limit, now)
        tasks = repository.load_tasks(session, ids)
        return QueuePage(make_queue_rows(session, tasks, user_id=person.id, now=now), next_cursor)

    def _page_ids(
        self,
        session: Session,
        filters: QueueFilters,
        state: QueueState,
        cursor: str | None,
        limit: int,
        now: datetime,
    ) -> tuple[list[int], str | None]:
        key = read_cursor(cursor, int, float, int)
        after: QueueKey | None = None if key is None else (int(key[0]), float(key[1]), int(key[2]))
        ids = repository.list_queue_ids(session, filters, state=state, after=after, limit=limit + 1, now=now)
        if len(ids) <= limit:
            return ids, None
        last = session.get_one(ReviewTask, ids[limit - 1])
        return ids[:limit], make_cursor(*repository.queue_key(last))

    def facets(self, session: Session, filters: QueueFilters, *, now: datetime) -> Facets:
        """Counts over the waiting tasks, each facet under the filters of all the others.

        Counts of a large queue are up to a minute old; ``counted_at`` says when they were made.
        """
        return self._facets.count(session, filters, now=now)

    def count_waiting(self, session: Session, *, now: datetime) -> int:
        """How many tasks anybody may claim now."""
        return repository.count_waiting(session, now)

    def my_work(self, session: Session, person: Person, *, now: datetime) -> MyWork:
        """My claims, what came back to me, and how many wait for a second signature."""
        claims = repository.list_claims(session, person.id, now)
        came_back = repository.list_came_back(session, person.id, DEFAULT_LIMIT)
        contacts = find_contacts(session, [task.ad_version_id for task in (*claims, *came_back)])
        return MyWork(
            claims=tuple(make_my_task(task, contacts[task.ad_version_id], None) for task in claims),
            came_back=tuple(make_my_task(task, contacts[task.ad_version_id], None) for task in came_back),
            n_waiting_for_signature=repository.count_state(session, TaskState.CONFIRMED),
        )

    def approvals(
        self,
        session: Session,
        person: Person,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
        now: datetime,
    ) -> ApprovalPage:
        """Cases that wait for a second signature; ``is_mine`` are those this person may not sign."""
        ids, next_cursor = self._page_ids(session, QueueFilters(), QueueState.CONFIRMED, cursor, limit, now)
        tasks = repository.load_tasks(session, ids)
        confirmations = repository.list_confirmations(session, tasks)
        contacts = find_contacts(session, [task.ad_version_id for task in tasks])
        rows = []
        for task in tasks:
            first = confirmations[task.id]
            rows.append(
                ApprovalRow(
                    task_id=task.id,
                    case_number=task.case_number,
                    level=task.level,
                    is_referral=task.is_referral,
                    title=masked_title(task.ad_version, contacts[task.ad_version_id]),
                    purposes=tuple(first.purpose_list),
                    confirmed_by=first.reviewer.display_name,
                    confirmed_at=first.decided_at,
                    reason=first.reason,
                    legal_ground=first.legal_ground,
                    has_newer_version=task.ad.current_version_id != first.ad_version_id,
                    is_mine=first.reviewer_id == person.id,
                )
            )
        return ApprovalPage(tuple(rows), next_cursor)

    def claim(self, session: Session, person: Person, task_id: int, *, now: datetime) -> ClaimMade:
        """Take a task for ``settings.claim_seconds``; it then shows the ad's newest read text.

        Raises:
            NotFound: no such task.
            TaskAlreadyClaimed: somebody holds it; the message says who and until when.
            TaskNotWaiting: it is decided, or waits for a second signature.
        """
        task = _find(session, task_id)
        before = task.state, task.claimed_by_id, task.claim_expires_at
        expires_at = now + self._claim_time
        if not repository.claim_task(session, task, user_id=person.id, now=now, expires_at=expires_at):
            session.refresh(task)
            raise self._why_not(task, person)
        if before[0] is TaskState.CLAIMED:
            self._note(session, AuditAction.TASK_CLAIM_EXPIRED, task, person, now, {"user_id": before[1]})
        self._note(session, AuditAction.TASK_CLAIMED, task, person, now)
        refresh_task(session, self._audit, task, actor=person.actor, now=now)
        return ClaimMade(task.id, task.case_number, expires_at)

    def _why_not(self, task: ReviewTask, person: Person) -> TaskAlreadyClaimed | TaskNotWaiting:
        if task.claimed_by is None or task.claim_expires_at is None:
            return TaskNotWaiting(
                f"Case {task.case_number} does not wait for this now.",
                task_id=task.id,
                state=task.state.value,
            )
        who = "You hold" if task.claimed_by_id == person.id else f"{task.claimed_by.display_name} holds"
        return TaskAlreadyClaimed(
            f"{who} case {task.case_number} until {task.claim_expires_at:%H:%M:%S} UTC.",
            task_id=task.id,
            user_id=task.claimed_by_id,
            display_name=task.claimed_by.display_name,
            expires_at=task.claim_expires_at.isoformat(),
        )

    def claim_next(
        self, session: Session, person: Person, filters: QueueFilters, *, now: datetime
    ) -> ClaimMade | None:
        """Take the most serious waiting task; None when nothing waits.

        Raises:
            TaskAlreadyClaimed: others were quicker twenty times in a row.
        """
        error: TaskAlreadyClaimed | TaskNotWaiting | None = None
        ids = repository.list_queue_ids(
            session, filters, state=QueueState.WAITING, after=None, limit=MAX_CLAIM_TRIES, now=now
        )
        for task_id in ids:
            try:
                return self.claim(session, person, task_id, now=now)
            except (TaskAlreadyClaimed, TaskNotWaiting) as lost:
                error = lost
        if error is not None:
            raise error
        return None

    def prolong(self, session: Session, person: Person, task_id: int, *, now: datetime) -> ClaimMade:
        """Begin the claim's time anew.

        Raises:
            ClaimNotYours: the claim is not there, not this person's, or its time is over.
        """
        task = _find(session, task_id)
        expires_at = now + self._claim_time
        if not repository.prolong_claim(session, task_id, user_id=person.id, now=now, expires_at=expires_at):
            raise claim_not_yours(task)
        self._note(session, AuditAction.TASK_CLAIM_PROLONGED, task, person, now)
        return ClaimMade(task.id, task.case_number, expires_at)

    def put_back(self, session: Session, person: Person, task_id: int, *, now: datetime) -> None:
        """Leave a task to others.

        Raises:
            ClaimNotYours: the claim is not there, not this person's, or its time is over.
        """
        task = _find(session, task_id)
        state = waiting_state(task)
        if not repository.end_claim(session, task_id, user_id=person.id, now=now, state=state):
            raise claim_not_yours(task)
        self._note(session, AuditAction.TASK_PUT_BACK, task, person, now)
        refresh_task(session, self._audit, task, actor=person.actor, now=now)

    def show_newest(self, session: Session, person: Person, task_id: int, *, now: datetime) -> None:
        """Move a held task to the ad's newest text, so that the decision is on it.

        Raises:
            ClaimNotYours: the claim is not there, not this person's, or its time is over.
            NewerVersion: the newest text is not classified yet; try again in a minute.
        """
        task = _find(session, task_id)
        if not repository.prolong_claim(
            session, task_id, user_id=person.id, now=now, expires_at=task.claim_expires_at or now
        ):
            raise claim_not_yours(task)
        refresh_task(session, self._audit, task, actor=person.actor, now=now)
        if task.ad_version_id != task.ad.current_version_id:
            raise NewerVersion("The newest text is not read yet. Try again in a minute.", task_id=task_id)

    def _note(
        self,
        session: Session,
        action: AuditAction,
        task: ReviewTask,
        person: Person,
        now: datetime,
        details: dict[str, int | None] | None = None,
    ) -> None:
        note_task(session, self._audit, action, task, actor=person.actor, now=now, details=details)


def waiting_state(task: ReviewTask) -> TaskState:
    """The state of a task that nobody holds: open at first, returned after a second person sent it back."""
    return TaskState.OPEN if task.round == 1 else TaskState.RETURNED


def claim_not_yours(task: ReviewTask) -> ClaimNotYours:
    """The error of an act without a claim that holds."""
    return ClaimNotYours(
        f"You do not hold case {task.case_number} now. Claim it again, then send what you wrote.",
        task_id=task.id,
    )


def _find(session: Session, task_id: int) -> ReviewTask:
    task = session.get(ReviewTask, task_id)
    if task is None:
        raise NotFound("There is no such case.", task_id=task_id)
    return task
