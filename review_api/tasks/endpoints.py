"""JSON: the queue, cases, claims and decisions."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from models.enums import Language, Level, Purpose, Role, Side, SourceKind
from review_api.auth.schemas import Person
from review_api.deps import Analyst, Approver, Reader, ServicesDep, require
from review_api.fields import IdPath, ShortText
from review_api.paging import DEFAULT_LIMIT, MAX_LIMIT
from review_api.tasks.case_schemas import OpenedContacts, TaskDetail
from review_api.tasks.schemas import (
    ApprovalPage,
    Approved,
    ApproveForm,
    ClaimMade,
    ConfirmForm,
    DecisionMade,
    Facets,
    MyWork,
    QueueFilters,
    QueuePage,
    QueueState,
    RejectForm,
    ReturnForm,
)

router = APIRouter(prefix="/api/v1/tasks", tags=["tasks"])

Cursor = Annotated[str | None, Query(max_length=200)]
Limit = Annotated[int, Query(ge=1, le=MAX_LIMIT)]
QueueReader = Annotated[Person, require(Role.ANALYST, Role.APPROVER, Role.AUDITOR)]
ContactReader = Annotated[Person, require(Role.ANALYST, Role.APPROVER)]
ApprovalReader = Annotated[Person, require(Role.APPROVER, Role.AUDITOR)]


def queue_filters(
    purpose: Purpose | None = None,
    side: Side | None = None,
    language: Language | None = None,
    region: Annotated[ShortText | None, Query()] = None,
    source_kind: SourceKind | None = None,
    level: Level | None = None,
) -> QueueFilters:
    """Filters of the queue, from the query string."""
    return QueueFilters(purpose, side, language, region or None, source_kind, level)


Filters = Annotated[QueueFilters, Depends(queue_filters)]


@router.get("")
def list_queue(
    services: ServicesDep,
    person: QueueReader,
    filters: Filters,
    state: QueueState = QueueState.WAITING,
    cursor: Cursor = None,
    limit: Limit = DEFAULT_LIMIT,
) -> QueuePage:
    """Tasks, most serious first."""
    with services.db.read() as session:
        return services.tasks.queue(
            session, person, filters, state=state, cursor=cursor, limit=limit, now=services.now()
        )


@router.get("/facets")
def facets(services: ServicesDep, _person: QueueReader, filters: Filters) -> Facets:
    """How many waiting tasks there are of each purpose, side, language, region, kind and level."""
    with services.db.read() as session:
        return services.tasks.facets(session, filters, now=services.now())


@router.get("/mine")
def my_work(services: ServicesDep, person: ContactReader) -> MyWork:
    """My claims, what came back to me, what waits for a second signature."""
    with services.db.read() as session:
        return services.tasks.my_work(session, person, now=services.now())


@router.get("/approvals")
def approvals(
    services: ServicesDep, person: ApprovalReader, cursor: Cursor = None, limit: Limit = DEFAULT_LIMIT
) -> ApprovalPage:
    """Cases that wait for a second signature."""
    with services.db.read() as session:
        return services.tasks.approvals(session, person, cursor=cursor, limit=limit, now=services.now())


@router.post("/claim-next")
def claim_next(services: ServicesDep, person: Analyst, filters: Filters) -> ClaimMade | None:
    """Take the most serious waiting task; null when nothing waits."""
    with services.db.write() as session:
        return services.tasks.claim_next(session, person, filters, now=services.now())


@router.get("/{task_id}")
def detail(
    task_id: IdPath,
    services: ServicesDep,
    person: Reader,
    version_id: Annotated[int | None, Query(ge=1, le=2**63 - 1)] = None,
) -> TaskDetail:
    """One case, contacts masked."""
    with services.db.read() as session:
        return services.cases.detail(session, person, task_id, version_id=version_id, now=services.now())


@router.post("/{task_id}/claim")
def claim(task_id: IdPath, services: ServicesDep, person: Analyst) -> ClaimMade:
    """Take this task."""
    with services.db.write() as session:
        return services.tasks.claim(session, person, task_id, now=services.now())


@router.post("/{task_id}/prolong")
def prolong(task_id: IdPath, services: ServicesDep, person: Analyst) -> ClaimMade:
    """Begin the claim's time anew."""
    with services.db.write() as session:
        return services.tasks.prolong(session, person, task_id, now=services.now())


@router.post("/{task_id}/put-back", status_code=204)
def put_back(task_id: IdPath, services: ServicesDep, person: Analyst) -> None:
    """Leave the task to others."""
    with services.db.write() as session:
        services.tasks.put_back(session, person, task_id, now=services.now())


@router.post("/{task_id}/show-newest", status_code=204)
def show_newest(task_id: IdPath, services: ServicesDep, person: Analyst) -> None:
    """Move the held task to the ad's newest text."""
    with services.db.write() as session:
        services.tasks.show_newest(session, person, task_id, now=services.now())


@router.post("/{task_id}/contacts")
def open_contacts(task_id: IdPath, services: ServicesDep, person: ContactReader) -> OpenedContacts:
    """Show the contacts; the opening is recorded."""
    with services.db.write() as session:
        return services.cases.open_contacts(session, person, task_id, now=services.now())


@router.post("/{task_id}/confirm")
def confirm(task_id: IdPath, form: ConfirmForm, services: ServicesDep, person: Analyst) -> DecisionMade:
    """First signature."""
    with services.db.write() as session:
        return services.decisions.confirm(session, person, task_id, form, now=services.now())


@router.post("/{task_id}/reject")
def reject(task_id: IdPath, form: RejectForm, services: ServicesDep, person: Analyst) -> DecisionMade:
    """Close the case: no sign of trafficking."""
    with services.db.write() as session:
        return services.decisions.reject(session, person, task_id, form, now=services.now())


@router.post("/{task_id}/approve")
def approve(task_id: IdPath, form: ApproveForm, services: ServicesDep, person: Approver) -> Approved:
    """Second signature, by another person: makes the list line."""
    with services.db.write() as session:
        return services.decisions.approve(session, person, task_id, form, now=services.now())


@router.post("/{task_id}/return")
def send_back(task_id: IdPath, form: ReturnForm, services: ServicesDep, person: Approver) -> DecisionMade:
    """Second signature: back to the analysts with what is missing."""
    with services.db.write() as session:
        return services.decisions.send_back(session, person, task_id, form, now=services.now())
