"""The queue, its facets and claims, as SQL.

The order of the queue is (severity, priority, age); severity already puts
referrals first. Each state is read along its own index and the short results
are merged, so that a page costs the same with ten tasks or a hundred thousand.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, update
from sqlalchemy.orm import Session, joinedload

from models.ad import Ad
from models.classification import (
    Classification,
    ClassifierVersion,
    IndicatorHit,
    PurposeScore,
)
from models.enums import ClassifierState, TaskState, TextPlace
from models.review import Decision, ReviewTask, cut_region, join_purposes
from review_api.tasks.schemas import QueueFilters, QueueState, ScoredPurpose

QueueKey = tuple[int, float, int]


# What the queue can be filtered by, as the filters call it; purposes are joined in one text.
COUNTED_COLUMNS = {
    "level": ReviewTask.level,
    "side": ReviewTask.side,
    "language": ReviewTask.language,
    "region": ReviewTask.region,
    "source_kind": ReviewTask.source_kind,
    "purpose": ReviewTask.purposes,
}


class Sign(NamedTuple):
    """What a line of the queue shows of a hit; offsets as in :class:`IndicatorHit`."""

    code: str
    place: TextPlace
    start: int
    end: int
    weight: float


def queue_key(task: ReviewTask) -> QueueKey:
    """The task's place in the queue's order."""
    return task.severity, task.priority, task.id


def is_waiting(now: datetime) -> ColumnElement[bool]:
    """SQL condition: anybody may claim the task, a claim past its time included."""
    return or_(
        ReviewTask.state.in_((TaskState.OPEN, TaskState.RETURNED)),
        and_(ReviewTask.state == TaskState.CLAIMED, ReviewTask.claim_expires_at <= now),
    )


def _branches(state: QueueState, now: datetime) -> list[ColumnElement[bool]]:
    claimed = ReviewTask.state == TaskState.CLAIMED
    if state is QueueState.CONFIRMED:
        return [ReviewTask.state == TaskState.CONFIRMED]
    if state is QueueState.CLAIMED:
        return [and_(claimed, ReviewTask.claim_expires_at > now)]
    return [
        ReviewTask.state == TaskState.OPEN,
        ReviewTask.state == TaskState.RETURNED,
        and_(claimed, ReviewTask.claim_expires_at <= now),
    ]


def _matches(filters: QueueFilters) -> list[ColumnElement[bool]]:
    """Conditions on columns of the queue's own index."""
    wanted = [
        column == value
        for column, value in (
            (ReviewTask.level, filters.level),
            (ReviewTask.side, filters.side),
            (ReviewTask.language, filters.language),
            (ReviewTask.source_kind, filters.source_kind),
            (ReviewTask.region, None if filters.region is None else cut_region(filters.region)),
        )
        if value is not None
    ]
    if filters.purpose is not None:
        wanted.append(ReviewTask.purposes.contains(join_purposes([filters.purpose]), autoescape=True))
    return wanted


def _after(key: QueueKey) -> ColumnElement[bool]:
    severity, priority, task_id = key
    return or_(
        ReviewTask.severity < severity,
        and_(ReviewTask.severity == severity, ReviewTask.priority < priority),
        and_(ReviewTask.severity == severity, ReviewTask.priority == priority, ReviewTask.id > task_id),
    )


def list_queue_ids(
    session: Session,
    filters: QueueFilters,
    *,
    state: QueueState,
    after: QueueKey | None,
    limit: int,
    now: datetime,
) -> list[int]:
    """Ids of tasks in the queue's order, behind ``after``."""
    conditions = _matches(filters)
    if after is not None:
        conditions.append(_after(after))
    found: list[Iterable[Row[int, float, int]]] = []
    for branch in _branches(state, now):
        query = (
            select(ReviewTask.severity, ReviewTask.priority, ReviewTask.id)
            .where(branch, *conditions)
            .order_by(ReviewTask.severity.desc(), ReviewTask.priority.desc(), ReviewTask.id)
            .limit(limit)
        )
        found.append(session.execute(query).all())
    merged = heapq.merge(*found, key=lambda row: (-row[0], -row[1], row[2]))
    return [row[2] for row, _ in zip(merged, range(limit), strict=False)]


def load_tasks(session: Session, ids: Sequence[int]) -> list[ReviewTask]:
    """Tasks with all that a line of a list shows, in the order of ``ids``."""
    query = (
        select(ReviewTask)
        .where(ReviewTask.id.in_(ids))
        .options(
            joinedload(ReviewTask.ad).joinedload(Ad.source),
            joinedload(ReviewTask.ad_version),
            joinedload(ReviewTask.classification),
            joinedload(ReviewTask.claimed_by),
        )
    )
    by_id = {task.id: task for task in session.scalars(query)}
    return [by_id[task_id] for task_id in ids]


def lock_task(session: Session, task_id: int) -> None:
    """Let nobody else decide on the task until this transaction ends: all its checks see one state."""
    session.execute(select(ReviewTask.id).where(ReviewTask.id == task_id).with_for_update())


def find_task(session: Session, task_id: int) -> ReviewTask | None:
    """One task, with all that its page shows at once."""
    tasks = load_tasks(session, [task_id]) if _exists(session, task_id) else []
    return tasks[0] if tasks else None


def _exists(session: Session, task_id: int) -> bool:
    return session.scalar(select(ReviewTask.id).where(ReviewTask.id == task_id)) is not None


def list_signs(session: Session, classification_ids: Sequence[int]) -> dict[int, list[Sign]]:
    """The indicators that count per classification, in the order of the text (title first)."""
    query = (
        select(
            IndicatorHit.classification_id,
            IndicatorHit.code,
            IndicatorHit.place,
            IndicatorHit.start,
            IndicatorHit.end,
            IndicatorHit.weight,
        )
        .where(
            IndicatorHit.classification_id.in_(classification_ids),
            IndicatorHit.is_counted,
            ~IndicatorHit.is_counter_sign,
        )
        .order_by(IndicatorHit.place.desc(), IndicatorHit.start, IndicatorHit.id)
    )
    signs: dict[int, list[Sign]] = defaultdict(list)
    for classification_id, *sign in session.execute(query):
        signs[classification_id].append(Sign._make(sign))
    return signs


def list_hits(session: Session, classification_ids: Sequence[int]) -> dict[int, list[IndicatorHit]]:
    """Hits per classification, in the order of the text (title first)."""
    query = (
        select(IndicatorHit)
        .where(IndicatorHit.classification_id.in_(classification_ids))
        .order_by(IndicatorHit.place.desc(), IndicatorHit.start, IndicatorHit.id)
    )
    hits: dict[int, list[IndicatorHit]] = defaultdict(list)
    for hit in session.scalars(query):
        hits[hit.classification_id].append(hit)
    return hits


def list_scores(session: Session, classification_ids: Sequence[int]) -> dict[int, list[ScoredPurpose]]:
    """Scores per classification, highest first."""
    query = (
        select(PurposeScore.classification_id, PurposeScore.purpose, PurposeScore.score)
        .where(PurposeScore.classification_id.in_(classification_ids))
        .order_by(PurposeScore.score.desc(), PurposeScore.purpose)
    )
    scores: dict[int, list[ScoredPurpose]] = defaultdict(list)
    for classification_id, purpose, score in session.execute(query):
        scores[classification_id].append(ScoredPurpose(purpose, score))
    return scores


def count_clusters(session: Session, cluster_ids: Iterable[int]) -> dict[int, int]:
    """How many ads each cluster holds."""
    query = (
        select(Ad.cluster_id, func.count()).where(Ad.cluster_id.in_(set(cluster_ids))).group_by(Ad.cluster_id)
    )
    return {cluster_id: n for cluster_id, n in session.execute(query) if cluster_id is not None}


def list_counted(session: Session, now: datetime) -> tuple[Sequence[str], ...]:
    """The waiting tasks as columns of equal length, in the order of ``COUNTED_COLUMNS``."""
    # As the driver gives them: rows and enum members of SQLAlchemy cost more than the query, and
    # grouping in the database costs more than counting here, since SQLite would sort to group.
    rows: list[tuple[str, ...]] = []
    for branch in _branches(QueueState.WAITING, now):
        found = session.connection().execute(select(*COUNTED_COLUMNS.values()).where(branch))
        rows += found.cursor.fetchall()
    return tuple(zip(*rows, strict=True)) if rows else ((),) * len(COUNTED_COLUMNS)


def count_waiting(session: Session, now: datetime) -> int:
    """How many tasks anybody may claim; a look along the index, whatever is kept of the facets."""
    n = (
        session.scalar(select(func.count()).select_from(ReviewTask).where(branch))
        for branch in _branches(QueueState.WAITING, now)
    )
    return sum(found or 0 for found in n)


def claim_task(
    session: Session, seen: ReviewTask, *, user_id: int, now: datetime, expires_at: datetime
) -> bool:
    """Take a waiting task, if it is still as it was ``seen``; one conditional update decides a race."""
    return _change(
        session,
        ReviewTask.id == seen.id,
        ReviewTask.state == seen.state,
        ReviewTask.round == seen.round,
        ReviewTask.claimed_at.is_(None)
        if seen.claimed_at is None
        else ReviewTask.claimed_at == seen.claimed_at,
        is_waiting(now),
        values={
            "state": TaskState.CLAIMED,
            "claimed_by_id": user_id,
            "claimed_at": now,
            "claim_expires_at": expires_at,
        },
    )


def prolong_claim(
    session: Session, task_id: int, *, user_id: int, now: datetime, expires_at: datetime
) -> bool:
    """Move the end of a claim that still holds."""
    return _change(session, *_holds(task_id, user_id, now), values={"claim_expires_at": expires_at})


def end_claim(session: Session, task_id: int, *, user_id: int, now: datetime, state: TaskState) -> bool:
    """Turn a claim that still holds into another state."""
    return _change(
        session,
        *_holds(task_id, user_id, now),
        values={"state": state, "claimed_by_id": None, "claimed_at": None, "claim_expires_at": None},
    )


def leave_confirmed(session: Session, task: ReviewTask, values: dict[str, object]) -> bool:
    """Turn a confirmed task of this round into another state."""
    return _change(
        session,
        ReviewTask.id == task.id,
        ReviewTask.state == TaskState.CONFIRMED,
        ReviewTask.round == task.round,
        values=values,
    )


def list_expired_claims(session: Session, *, now: datetime, limit: int) -> Sequence[ReviewTask]:
    """Claims past their time, oldest first, locked against others where the database can."""
    query = (
        select(ReviewTask)
        .where(ReviewTask.state == TaskState.CLAIMED, ReviewTask.claim_expires_at <= now)
        .order_by(ReviewTask.claim_expires_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    return session.scalars(query).all()


def list_claims(session: Session, user_id: int, now: datetime) -> Sequence[ReviewTask]:
    """A person's claims that hold, ending first."""
    query = (
        select(ReviewTask)
        .where(
            ReviewTask.state == TaskState.CLAIMED,
            ReviewTask.claimed_by_id == user_id,
            ReviewTask.claim_expires_at > now,
        )
        .options(joinedload(ReviewTask.ad_version))
        .order_by(ReviewTask.claim_expires_at)
    )
    return session.scalars(query).all()


def list_came_back(session: Session, user_id: int, limit: int) -> Sequence[ReviewTask]:
    """Returned tasks whose last confirmation was this person's, most serious first."""
    mine = select(Decision.id).where(
        Decision.task_id == ReviewTask.id,
        Decision.stage == 1,
        Decision.round == ReviewTask.round - 1,
        Decision.reviewer_id == user_id,
    )
    query = (
        select(ReviewTask)
        .where(ReviewTask.state == TaskState.RETURNED, mine.exists())
        .options(joinedload(ReviewTask.ad_version))
        .order_by(ReviewTask.severity.desc(), ReviewTask.priority.desc(), ReviewTask.id)
        .limit(limit)
    )
    return session.scalars(query).all()


def count_state(session: Session, state: TaskState) -> int:
    """How many tasks are in a state."""
    return session.scalar(select(func.count()).where(ReviewTask.state == state)) or 0


def list_confirmations(session: Session, tasks: Sequence[ReviewTask]) -> dict[int, Decision]:
    """The confirmation of the present round, per task id."""
    query = (
        select(Decision)
        .join(ReviewTask, and_(ReviewTask.id == Decision.task_id, ReviewTask.round == Decision.round))
        .where(Decision.stage == 1, Decision.task_id.in_([task.id for task in tasks]))
        .options(joinedload(Decision.reviewer), joinedload(Decision.ad_version))
    )
    return {decision.task_id: decision for decision in session.scalars(query)}


def list_decisions(session: Session, task_id: int) -> Sequence[Decision]:
    """All signatures on a task, in the order they were given."""
    query = (
        select(Decision)
        .where(Decision.task_id == task_id)
        .options(joinedload(Decision.reviewer))
        .order_by(Decision.id)
    )
    return session.scalars(query).all()


def newest_classification(session: Session, ad_id: int) -> Classification | None:
    """What the newest enabled classifier said of the ad's present text; None while it is not read."""
    query = (
        select(Classification)
        .join(Ad, Ad.current_version_id == Classification.ad_version_id)
        .join(ClassifierVersion, ClassifierVersion.id == Classification.classifier_version_id)
        .where(Ad.id == ad_id, ClassifierVersion.state == ClassifierState.ENABLED)
        .options(joinedload(Classification.ad_version))
        .order_by(Classification.id.desc())
        .limit(1)
    )
    return session.scalars(query).one_or_none()


def _holds(task_id: int, user_id: int, now: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        ReviewTask.id == task_id,
        ReviewTask.state == TaskState.CLAIMED,
        ReviewTask.claimed_by_id == user_id,
        ReviewTask.claim_expires_at > now,
    )


def _change(session: Session, *conditions: ColumnElement[bool], values: dict[str, object]) -> bool:
    changed = session.execute(
        update(ReviewTask)
        .where(*conditions)
        .values(**values)
        .returning(ReviewTask.id)
        .execution_options(synchronize_session=False)
    ).all()
    for (task_id,) in changed:
        known = session.identity_map.get(session.identity_key(ReviewTask, task_id))
        if known is not None:
            session.refresh(known)
    return bool(changed)
