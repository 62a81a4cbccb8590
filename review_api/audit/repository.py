"""Audit lines as SQL."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditEvent
from review_api.audit.schemas import AuditFilters


def list_events(
    session: Session, filters: AuditFilters, *, before_seq: int | None, limit: int
) -> Sequence[AuditEvent]:
    """Lines that match, newest first, older than ``before_seq``."""
    query = select(AuditEvent).order_by(AuditEvent.seq.desc()).limit(limit)
    if before_seq is not None:
        query = query.where(AuditEvent.seq < before_seq)
    for column, wanted in (
        (AuditEvent.action, filters.action),
        (AuditEvent.actor_name, filters.actor_name),
        (AuditEvent.subject_kind, filters.subject_kind),
        (AuditEvent.subject_id, filters.subject_id),
    ):
        if wanted is not None:
            query = query.where(column == wanted)
    if filters.since is not None:
        query = query.where(AuditEvent.at >= filters.since)
    if filters.until is not None:
        query = query.where(AuditEvent.at < filters.until)
    return session.scalars(query).all()
