"""Entries of the list: reading and lifting them."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy.orm import Session

from models.audit import AuditAction, AuditLog
from models.blocklist import BlocklistEntry
from models.enums import EntryState, Role, check_transition
from models.errors import NotFound
from review_api.auth.schemas import Person
from review_api.blocklist import repository
from review_api.blocklist.schemas import EntryPage, EntryRow
from review_api.errors import Forbidden
from review_api.paging import DEFAULT_LIMIT, make_cursor, read_cursor
from review_api.tasks.errors import ReasonMissing

MIN_REASON_LENGTH = 10
LIFTING_ROLES = frozenset({Role.OFFICER, Role.APPROVER})


class BlocklistService:
    """The list as it stands now. Methods work in the caller's transaction."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def list_entries(
        self,
        session: Session,
        *,
        state: EntryState | None = None,
        cursor: str | None = None,
        limit: int = DEFAULT_LIMIT,
    ) -> EntryPage:
        """One page of entries, newest first.

        Raises:
            BadCursor: the cursor is not one of this list.
        """
        key = read_cursor(cursor, int)
        before_id = None if key is None else int(key[0])
        entries = repository.list_entries(session, state=state, before_id=before_id, limit=limit + 1)
        next_cursor = make_cursor(entries[limit - 1].id) if len(entries) > limit else None
        return EntryPage(show_entries(session, entries[:limit]), next_cursor)

    def get_entry(self, session: Session, entry_id: int) -> EntryRow:
        """One entry.

        Raises:
            NotFound: no such entry.
        """
        entry = repository.find_entry(session, entry_id)
        if entry is None:
            raise NotFound("There is no such entry.", entry_id=entry_id)
        return show_entries(session, [entry])[0]

    def lift(
        self, session: Session, person: Person, entry_id: int, reason: str, *, now: datetime
    ) -> EntryRow:
        """Take an entry off the list; one person is enough, the next release is without it.

        Raises:
            NotFound: no such entry.
            Forbidden: neither officer nor approver.
            ReasonMissing: fewer than 10 characters.
            ForbiddenTransition: it is lifted or expired already.
        """
        if person.role not in LIFTING_ROLES:
            raise Forbidden("Your role does not allow this.")
        if len(reason.strip()) < MIN_REASON_LENGTH:
            raise ReasonMissing(
                f"Write the reason in at least {MIN_REASON_LENGTH} characters.", limit=MIN_REASON_LENGTH
            )
        entry = repository.find_entry(session, entry_id, for_update=True)
        if entry is None:
            raise NotFound("There is no such entry.", entry_id=entry_id)
        entry.state = check_transition(entry.state, EntryState.LIFTED)
        entry.lifted_at, entry.lifted_by_id, entry.lift_reason = now, person.id, reason.strip()
        session.flush()
        self._audit.append(
            session,
            AuditAction.ENTRY_LIFTED,
            actor=person.actor,
            subject_kind="blocklist_entry",
            subject_id=entry.id,
            now=now,
            details={"case_number": entry.task.case_number},
        )
        return show_entries(session, [entry])[0]


def show_entries(session: Session, entries: Sequence[BlocklistEntry]) -> tuple[EntryRow, ...]:
    """Entries as screens show them."""
    lifters = {entry.lifted_by_id for entry in entries if entry.lifted_by_id is not None}
    names = repository.user_names(session, lifters) if lifters else {}
    return tuple(
        EntryRow(
            id=entry.id,
            case_number=entry.task.case_number,
            task_id=entry.task_id,
            url=entry.url,
            scope=entry.scope,
            purposes=tuple(entry.confirm_decision.purpose_list),
            state=entry.state,
            confirmed_by=entry.confirmed_by.display_name,
            approved_by=entry.approved_by.display_name,
            created_at=entry.created_at,
            expires_at=entry.expires_at,
            lifted_at=entry.lifted_at,
            lifted_by=names.get(entry.lifted_by_id or 0),
            lift_reason=entry.lift_reason,
        )
        for entry in entries
    )
