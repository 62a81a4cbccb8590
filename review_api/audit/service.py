"""Reading and checking the audit log."""

import json
from datetime import datetime

from sqlalchemy.orm import Session

from models.audit import AuditAction, AuditEvent, AuditLog, HeadsDamaged, load_heads
from models.config import Settings
from review_api.audit import repository
from review_api.audit.schemas import AuditCheck, AuditFilters, AuditLine, AuditPage
from review_api.paging import DEFAULT_LIMIT, make_cursor, read_cursor


class AuditService:
    """The log as the auditor reads it.

    Attributes:
        last_check: the last full check that this process made, or None.
    """

    def __init__(self, settings: Settings, audit: AuditLog) -> None:
        self._settings = settings
        self._audit = audit
        self.last_check: AuditCheck | None = None

    def list_lines(
        self,
        session: Session,
        filters: AuditFilters,
        *,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> AuditPage:
        """One page of lines, newest first.

        Raises:
            BadCursor: the cursor is not one of this list.
        """
        key = read_cursor(cursor, int)
        before_seq = None if key is None else int(key[0])
        events = repository.list_events(session, filters, before_seq=before_seq, limit=limit + 1)
        next_cursor = make_cursor(events[limit - 1].seq) if len(events) > limit else None
        return AuditPage(tuple(_line(event) for event in events[:limit]), next_cursor)

    def history(self, session: Session, subject_kind: str, subject_id: object) -> tuple[AuditLine, ...]:
        """Everything that was done to one thing, oldest first; at most 1 000 lines."""
        filters = AuditFilters(subject_kind=subject_kind, subject_id=str(subject_id))
        events = repository.list_events(session, filters, before_seq=None, limit=1000)
        return tuple(_line(event) for event in reversed(events))

    def list_imports(self, session: Session, *, limit: int) -> tuple[AuditLine, ...]:
        """The latest imports, newest first."""
        filters = AuditFilters(action=AuditAction.IMPORT_FINISHED)
        return tuple(
            _line(event) for event in repository.list_events(session, filters, before_seq=None, limit=limit)
        )

    def check(self, session: Session, *, now: datetime) -> AuditCheck:
        """Check every link of the chain and the heads kept outside; the result stays as ``last_check``."""
        head = self._audit.head(session)
        try:
            outside = load_heads(self._settings.audit_heads_file)
            damages = tuple(self._audit.verify(session, outside))
        except HeadsDamaged as error:
            damages = (error.message, *self._audit.verify(session))
        self.last_check = AuditCheck(checked_at=now, n_events=head.seq, damages=damages)
        return self.last_check


def _line(event: AuditEvent) -> AuditLine:
    return AuditLine(
        seq=event.seq,
        at=event.at,
        actor_id=event.actor_id,
        actor_name=event.actor_name,
        action=event.action,
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        details=json.loads(event.details),
    )
