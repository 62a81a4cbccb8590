"""Background work of the review room: opening cases, ending claims and entries.

Twice, or two workers at once, changes nothing. Whoever changes a task locks its
row first and the ledger's head last; opening a case, which has no row yet,
takes the head alone. So two of them never wait for each other in a circle.
"""

from datetime import datetime, timedelta, timezone

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select, update
from sqlalchemy.orm import Session, joinedload

from models.ad import AdVersion
from models.audit import SYSTEM, AuditAction, AuditLog
from models.classification import Classification, ClassifierVersion
from models.enums import OPEN_TASK_STATES, ClassifierState, EntryState, check_transition
from models.leases import JobReport
from models.review import ReviewTask
from models.session import Database
from review_api.blocklist import repository as blocklist_repository
from review_api.tasks import repository
from review_api.tasks.notes import note_task
from review_api.tasks.refresh import is_referral, refresh_task, severity_of
from review_api.tasks.service import waiting_state

# Case numbers count the years of the people who read them.
KAZAKHSTAN = timezone(timedelta(hours=5))


def open_review_tasks(
    db: Database, audit: AuditLog, *, now: datetime, limit: int = 200, batch: int = 5000
) -> JobReport:
    """Turn new classifications of enabled classifier versions into review tasks.

    A flagged text, or one that could not be read whole, opens a case, unless the
    ad has an undecided one: that one then shows the newer text (a claimed one
    does so when it is claimed again or put back). Once a text is decided on,
    only a changed one opens a new case.

    Args:
        db: the database.
        audit: the log.
        now: present time.
        limit: at most so many texts that need a person, each in a transaction of its own.
        batch: so many texts that need nobody are settled by one statement; all of them are,
            since every look for the next one that does would pass by them again.

    Returns:
        How many classifications were dealt with.
    """
    n_done = n_passed = _pass_clear_ones(db, now, batch)
    while n_passed == batch:
        n_passed = _pass_clear_ones(db, now, batch)
        n_done += n_passed
    for _ in range(limit):
        if not _triage_one(db, audit, now):
            break
        n_done += 1
    return JobReport(n_done)


def _waits() -> ColumnElement[bool]:
    enabled = select(ClassifierVersion.id).where(ClassifierVersion.state == ClassifierState.ENABLED)
    return and_(Classification.triaged_at.is_(None), Classification.classifier_version_id.in_(enabled))


def _needs_person() -> ColumnElement[bool]:
    """Flagged, not read whole, or a newer text of an ad with an undecided case."""
    version = AdVersion.id == Classification.ad_version_id
    has_case = exists().where(
        version, ReviewTask.ad_id == AdVersion.ad_id, ReviewTask.state.in_(OPEN_TASK_STATES)
    )
    is_incomplete = exists().where(version, AdVersion.is_parse_incomplete)
    return or_(Classification.is_flagged, is_incomplete, has_case)


def _pass_clear_ones(db: Database, now: datetime, limit: int) -> int:
    """Mark up to ``limit`` texts that need no person, in one statement."""
    chosen = select(Classification.id).where(_waits(), not_(_needs_person())).limit(limit)
    with db.read() as session:
        if session.scalars(chosen.limit(1)).first() is None:
            return 0
    with db.write() as session:
        passed = session.scalars(
            update(Classification)
            .where(Classification.id.in_(chosen.with_for_update(skip_locked=True).scalar_subquery()))
            .values(triaged_at=now)
            .returning(Classification.id)
            .execution_options(synchronize_session=False)
        )
        return len(passed.all())


def _to_triage() -> Select[Classification]:
    return select(Classification).where(_waits(), _needs_person()).order_by(Classification.id).limit(1)


def _triage_one(db: Database, audit: AuditLog, now: datetime) -> bool:
    """Deal with the oldest text that needs a person; False when none waits."""
    with db.read() as session:
        if session.scalars(_to_triage()).first() is None:
            return False
    with db.write() as session:
        query = _to_triage().options(joinedload(Classification.ad_version))
        classification = session.scalars(
            query.with_for_update(skip_locked=True, of=Classification)
        ).one_or_none()
        if classification is None:
            return False
        if _triage(session, audit, classification, now):
            classification.triaged_at = now
        return True


def _triage(session: Session, audit: AuditLog, classification: Classification, now: datetime) -> bool:
    """Open or refresh the ad's case; False when another worker came between, to be tried again."""
    ad_id = classification.ad_version.ad_id
    task = session.scalars(_open_task(ad_id).with_for_update()).one_or_none()
    if task is not None:
        # A claimed text stays under the reviewer's eyes: the decision refuses, claiming anew shows the newer.
        if task.claimed_by_id is None:
            refresh_task(session, audit, task, actor=SYSTEM, now=now)
        return True
    if not _opens_case(session, classification):
        return True
    blocklist_repository.lock_ledger(session)
    if session.scalars(_open_task(ad_id)).one_or_none() is not None:
        return False
    _open(session, audit, classification, now)
    return True


def _open_task(ad_id: int) -> Select[ReviewTask]:
    return select(ReviewTask).where(ReviewTask.ad_id == ad_id, ReviewTask.state.in_(OPEN_TASK_STATES))


def _opens_case(session: Session, classification: Classification) -> bool:
    if not (classification.is_flagged or classification.ad_version.is_parse_incomplete):
        return False
    decided = select(ReviewTask.id).where(
        ReviewTask.ad_version_id == classification.ad_version_id,
        ReviewTask.state.not_in(OPEN_TASK_STATES),
    )
    return session.scalars(decided.limit(1)).first() is None


def _open(session: Session, audit: AuditLog, classification: Classification, now: datetime) -> None:
    task = ReviewTask(
        case_number=next_case_number(session, now),
        level=classification.level,
        severity=severity_of(classification),
        priority=classification.priority,
        is_referral=is_referral(classification),
        opened_at=now,
    )
    task.show(classification.ad_version.ad, classification.ad_version, classification)
    session.add(task)
    session.flush()
    details = {
        "ad_version_id": task.ad_version_id,
        "classification_id": task.classification_id,
        "is_parse_incomplete": classification.ad_version.is_parse_incomplete,
    }
    note_task(session, audit, AuditAction.TASK_OPENED, task, actor=SYSTEM, now=now, details=details)


def next_case_number(session: Session, now: datetime) -> str:
    """The next number of the year in Kazakhstan, ``2026-004182``; gapless under the ledger's lock."""
    year = str(now.astimezone(KAZAKHSTAN).year)
    newest = session.scalars(select(ReviewTask.case_number).order_by(ReviewTask.id.desc()).limit(1)).first()
    if newest is None or not newest.startswith(f"{year}-"):
        # The first of the year, or the clock went back over New Year: look through the year itself.
        of_year = select(ReviewTask.case_number).where(ReviewTask.case_number.startswith(f"{year}-"))
        newest = max(session.scalars(of_year), default=None)
    return f"{year}-{int(newest[5:]) + 1 if newest else 1:06d}"


def expire_claims(db: Database, audit: AuditLog, *, now: datetime, limit: int = 200) -> JobReport:
    """Put tasks whose claim is past its time back into the queue."""
    with db.read() as session:
        if not repository.list_expired_claims(session, now=now, limit=1):
            return JobReport()
    with db.write() as session:
        tasks = repository.list_expired_claims(session, now=now, limit=limit)
        for task in tasks:
            user_id = task.claimed_by_id
            task.state = check_transition(task.state, waiting_state(task))
            task.claimed_by_id = task.claimed_at = task.claim_expires_at = None
            details = {"user_id": user_id}
            note_task(
                session, audit, AuditAction.TASK_CLAIM_EXPIRED, task, actor=SYSTEM, now=now, details=details
            )
            refresh_task(session, audit, task, actor=SYSTEM, now=now)
        return JobReport(len(tasks))


def expire_entries(db: Database, audit: AuditLog, *, now: datetime, limit: int = 200) -> JobReport:
    """End entries past their time; the next release is without them, and says so."""
    with db.read() as session:
        if not blocklist_repository.list_expired(session, now, 1):
            return JobReport()
    with db.write() as session:
        entries = blocklist_repository.list_expired(session, now, limit)
        for entry in entries:
            entry.state = check_transition(entry.state, EntryState.EXPIRED)
            session.flush()
            audit.append(
                session,
                AuditAction.ENTRY_EXPIRED,
                actor=SYSTEM,
                subject_kind="blocklist_entry",
                subject_id=entry.id,
                now=now,
                details={"case_number": entry.task.case_number},
            )
        return JobReport(len(entries))
