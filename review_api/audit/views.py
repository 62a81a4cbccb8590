"""Pages: the audit log and its check."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from models.audit import AuditAction
from review_api.audit.endpoints import AuditReader
from review_api.audit.schemas import AuditCheck, AuditFilters, AuditLine
from review_api.choices import list_href
from review_api.deps import ServicesDep
from review_api.facts import Fact, show_facts
from review_api.frame import make_frame
from review_api.i18n import Words
from review_api.rendering import go_to, render

router = APIRouter()

Text = Annotated[str, Query(max_length=64)]


@dataclass(frozen=True)
class ShownLine:
    """One line of the log; the subject and its facts in words."""

    event: AuditLine
    subject: str
    facts: tuple[Fact, ...]


@dataclass(frozen=True)
class AuditLogPage:
    """Lines of the log, newest first, and what the last full check found."""

    lines: tuple[ShownLine, ...]
    filters: AuditFilters
    actions: tuple[AuditAction, ...]
    check: AuditCheck | None
    first_href: str | None
    next_href: str | None


@router.get("/audit")
def show_audit(
    request: Request,
    services: ServicesDep,
    person: AuditReader,
    action: Text = "",
    actor_name: Text = "",
    subject_id: Text = "",
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The log; an empty field of the form filters nothing."""
    wanted = AuditAction(action) if action in set(AuditAction) else None
    filters = AuditFilters(
        action=wanted, actor_name=actor_name.strip() or None, subject_id=subject_id.strip() or None
    )
    with services.db.read() as session:
        found = services.audit.list_lines(session, filters, cursor=cursor)
    chosen = {"action": action, "actor_name": actor_name, "subject_id": subject_id}
    query = {name: value for name, value in chosen.items() if value}
    frame = make_frame(request, services, person, "audit")
    page = AuditLogPage(
        lines=tuple(_shown(frame.words, line) for line in found.lines),
        filters=filters,
        actions=tuple(AuditAction),
        check=services.audit.last_check,
        first_href=list_href("/audit", query) if cursor else None,
        next_href=list_href("/audit", {**query, "cursor": found.next_cursor}) if found.next_cursor else None,
    )
    return render("audit.html", frame, page, request=request)


@router.post("/audit/check")
def check(services: ServicesDep, _person: AuditReader) -> Response:
    """Check the whole chain now; the page then says what was found."""
    with services.db.read() as session:
        services.audit.check(session, now=services.now())
    return go_to("/audit", "audit_checked")


def _shown(words: Words, line: AuditLine) -> ShownLine:
    key = f"subject.{line.subject_kind}"
    kind = words.text(key) if words.has(key) else line.subject_kind
    return ShownLine(line, f"{kind} {line.subject_id}", show_facts(words, line.details))
