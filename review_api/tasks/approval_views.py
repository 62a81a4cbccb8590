"""Pages: what waits for a second signature, and the second signature."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from models.enums import Verdict
from models.errors import NotFound, Rejected
from review_api.auth.schemas import Person
from review_api.deps import Approver, ServicesDep
from review_api.fields import IdPath, TypedText
from review_api.frame import count_waiting, forget_counts, make_frame
from review_api.i18n import Words
from review_api.problems import listing_text, problem_text
from review_api.rendering import FieldError, go_to, missing_reason, render
from review_api.services import Services
from review_api.tasks.case_schemas import ShownDecision, TaskAction, TaskDetail
from review_api.tasks.casework import ShownCase, TextChange, compare_versions, show_case
from review_api.tasks.endpoints import ApprovalReader, Cursor
from review_api.tasks.schemas import ApprovalRow, ApproveForm, ReturnForm
from review_api.tasks.views import page_href

router = APIRouter()

MAX_CASE_NUMBER = 40  # longer than any; what stands behind it cannot make a wrong number right


@dataclass(frozen=True)
class ApprovalsPage:
    """Cases that wait, most serious first."""

    rows: tuple[ApprovalRow, ...]
    n_waiting: int
    first_href: str | None
    next_href: str | None


@dataclass(frozen=True)
class SignatureDraft:
    """What was filled in."""

    verdict: str = ""
    reason: str = ""
    case_number: str = ""


@dataclass(frozen=True)
class ApprovalPage:
    """One confirmed case: what the first person wrote, on which text, and what changed since.

    ``since`` is None when nothing did; ``is_since_unread`` when the newer text
    is not read yet and cannot be shown.
    """

    case: ShownCase
    first: ShownDecision
    since: TextChange | None
    is_since_unread: bool
    draft: SignatureDraft
    is_own: bool
    listing_problem: str
    errors: tuple[FieldError, ...] = ()

    @property
    def may_sign(self) -> bool:
        """Whether this person may give the second signature."""
        return TaskAction.RETURN in self.case.task.actions


@router.get("/approvals")
def show_approvals(
    request: Request, services: ServicesDep, person: ApprovalReader, cursor: Cursor = None
) -> Response:
    """Cases that wait for a second signature."""
    with services.db.read() as session:
        found = services.tasks.approvals(session, person, cursor=cursor, now=services.now())
    page = ApprovalsPage(
        rows=found.rows,
        n_waiting=count_waiting(request, services, person).approvals,
        first_href="/approvals" if cursor else None,
        next_href=page_href("/approvals", {}, found.next_cursor) if found.next_cursor else None,
    )
    return render("approvals.html", make_frame(request, services, person, "approvals"), page, request=request)


@router.get("/approvals/{task_id}")
def show_approval(
    request: Request, services: ServicesDep, person: ApprovalReader, task_id: IdPath
) -> Response:
    """One case as the first person saw it."""
    return _approval_page(request, services, person, task_id)


@router.post("/approvals/{task_id}")
def sign(
    request: Request,
    services: ServicesDep,
    person: Approver,
    task_id: IdPath,
    confirm_decision_id: Annotated[int, Form(ge=1, le=2**63 - 1)],
    content_sha256: Annotated[str, Form(max_length=64)] = "",
    verdict: TypedText = "",
    reason: TypedText = "",
    case_number: TypedText = "",
) -> Response:
    """Approve or return; a form that is not whole comes back with what was written."""
    draft = SignatureDraft(verdict, reason.strip(), case_number.strip())
    words = make_frame(request, services, person).words
    errors, status = _missing(words, draft), 422
    if not errors:
        try:
            return _sign(request, services, person, task_id, confirm_decision_id, content_sha256, draft)
        except Rejected as error:
            if error.status in (403, 404):
                raise
            errors = (FieldError(_FIELD_OF.get(error.code, "verdict"), problem_text(words, error)),)
            status = error.status
    return _approval_page(request, services, person, task_id, draft=draft, errors=errors, status=status)


_FIELD_OF = {"ReasonMissing": "reason", "CaseNumberMismatch": "case_number"}


def _missing(words: Words, draft: SignatureDraft) -> tuple[FieldError, ...]:
    if draft.verdict not in (Verdict.APPROVE, Verdict.RETURN):
        return (FieldError("verdict", words.text("approval.no_verdict")),)
    return missing_reason(words, draft.reason)


def _sign(
    request: Request,
    services: Services,
    person: Person,
    task_id: int,
    confirm_decision_id: int,
    content_sha256: str,
    draft: SignatureDraft,
) -> Response:
    now = services.now()
    with services.db.write() as session:
        if draft.verdict == Verdict.APPROVE:
            approval = ApproveForm(
                confirm_decision_id=confirm_decision_id,
                content_sha256=content_sha256,
                case_number=draft.case_number[:MAX_CASE_NUMBER],
                reason=draft.reason,
            )
            case = services.decisions.approve(session, person, task_id, approval, now=now).case_number
        else:
            answer = ReturnForm(confirm_decision_id=confirm_decision_id, reason=draft.reason)
            case = services.decisions.send_back(session, person, task_id, answer, now=now).case_number
    forget_counts(request)
    return go_to("/approvals", "approved" if draft.verdict == Verdict.APPROVE else "returned", case=case)


def _approval_page(
    request: Request,
    services: Services,
    person: Person,
    task_id: int,
    *,
    draft: SignatureDraft | None = None,
    errors: tuple[FieldError, ...] = (),
    status: int = 200,
) -> Response:
    now = services.now()
    with services.db.read() as session:
        task = services.cases.detail(session, person, task_id, now=now)
        first = _waiting_confirmation(task)
        since, is_unread = None, False
        if task.has_newer_version:
            newest = next(line.id for line in task.versions if line.is_current)
            try:
                later = services.cases.detail(session, person, task_id, version_id=newest, now=now)
                since = compare_versions(task.version, later.version)
            except NotFound:
                is_unread = True
    frame = make_frame(request, services, person, "approvals")
    page = ApprovalPage(
        case=show_case(frame.words, task, services.grounds, services.precisions.of),
        first=first,
        since=since,
        is_since_unread=is_unread,
        draft=draft or SignatureDraft(),
        is_own=first.reviewer_id == person.id,
        listing_problem=listing_text(frame.words, task.listing_problem),
        errors=errors,
    )
    return render("approval.html", frame, page, status=status, request=request)


def _waiting_confirmation(task: TaskDetail) -> ShownDecision:
    """The confirmation of the present round.

    Raises:
        NotFound: nothing waits for a second signature here.
    """
    for decision in reversed(task.decisions):
        if decision.verdict is Verdict.CONFIRM:
            return decision
    raise NotFound("This case has no first signature.", task_id=task.task_id)
