"""JSON: the audit log."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import AwareDatetime

from models.audit import AuditAction
from models.enums import Role
from review_api.audit.schemas import AuditCheck, AuditFilters, AuditPage
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep, require
from review_api.paging import DEFAULT_LIMIT, MAX_LIMIT

router = APIRouter(prefix="/api/v1/audit", tags=["audit"])

AuditReader = Annotated[Person, require(Role.AUDITOR, Role.ADMIN)]
Text = Annotated[str | None, Query(max_length=64)]


def audit_filters(
    action: AuditAction | None = None,
    actor_name: Text = None,
    subject_kind: Text = None,
    subject_id: Text = None,
    since: Annotated[AwareDatetime | None, Query()] = None,
    until: Annotated[AwareDatetime | None, Query()] = None,
) -> AuditFilters:
    """Filters of the audit list, from the query string."""
    moments: tuple[datetime | None, datetime | None] = (since, until)
    return AuditFilters(action, actor_name, subject_kind, subject_id, *moments)


@router.get("")
def list_lines(
    services: ServicesDep,
    _person: AuditReader,
    filters: Annotated[AuditFilters, Depends(audit_filters)],
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> AuditPage:
    """Lines of the log, newest first."""
    with services.db.read() as session:
        return services.audit.list_lines(session, filters, cursor=cursor, limit=limit)


@router.post("/check")
def check(services: ServicesDep, _person: AuditReader) -> AuditCheck:
    """Check the whole chain now."""
    with services.db.read() as session:
        return services.audit.check(session, now=services.now())
