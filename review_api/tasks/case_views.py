"""Pages: one case, its versions, opening its contacts, and the first signature."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from models.classification import MIN_PURPOSE_SCORE
from models.enums import Purpose, TaskState, Verdict
from models.errors import NotFound, Rejected
from review_api.auth.schemas import Person
from review_api.blocklist.schemas import LegalGround
from review_api.deps import Analyst, Reader, ServicesDep
from review_api.evidence.schemas import CaseEvidence
from review_api.fields import IdPath, RowNumber, TypedText
from review_api.frame import forget_counts, make_frame
from review_api.i18n import Words
from review_api.problems import problem_text
from review_api.rendering import FieldError, Frame, go_to, missing_reason, render
from review_api.services import Services
from review_api.tasks.case_schemas import OpenedContacts, TaskAction, TaskDetail
from review_api.tasks.casework import ShownCase, TextChange, compare_versions, show_case
from review_api.tasks.detail import find_case
from review_api.tasks.endpoints import ContactReader
from review_api.tasks.schemas import ConfirmForm, RejectForm
from review_api.tasks.views import leave_task, text_lang

router = APIRouter()

PUT_BACK = "put_back"
MAX_GROUND = 200  # as the forms of the service take it


@dataclass(frozen=True)
class Draft:
    """What was filled in, so that nothing is lost when the form comes back."""

    verdict: str = ""
    purposes: frozenset[Purpose] = frozenset()
    legal_ground: str = ""
    reason: str = ""
    is_mvd_informed: bool = False


@dataclass(frozen=True)
class CasePage:
    """One case: the ad, why it is here, and what this person may do with it now.

    ``proposed`` are the purposes that the machine finds more likely than not: said beside
    boxes that nobody has ticked, since a ticked box invites agreement.
    """

    case: ShownCase
    evidence: CaseEvidence
    draft: Draft
    proposed: Mapping[Purpose, float]
    grounds: tuple[LegalGround, ...]
    state_line: str
    seconds_left: int | None
    approval_href: str | None
    errors: tuple[FieldError, ...] = ()
    purposes: tuple[Purpose, ...] = field(default_factory=lambda: tuple(Purpose))

    @property
    def time_left(self) -> str:
        """Minutes and seconds of the claim, for readers without script."""
        seconds = self.seconds_left or 0
        return f"{seconds // 60}:{seconds % 60:02}"

    @property
    def may_claim(self) -> bool:
        """Whether the task can be taken now."""
        return TaskAction.CLAIM in self.case.task.actions

    @property
    def may_prolong(self) -> bool:
        """Whether the claim can be prolonged."""
        return TaskAction.PROLONG in self.case.task.actions

    @property
    def may_show_newest(self) -> bool:
        """Whether the task can be moved to the ad's newest text."""
        return TaskAction.SHOW_NEWEST in self.case.task.actions

    @property
    def may_open_contacts(self) -> bool:
        """Whether this person may open the contacts."""
        return TaskAction.OPEN_CONTACTS in self.case.task.actions

    @property
    def may_decide(self) -> bool:
        """Whether the form of the first signature is shown."""
        return TaskAction.REJECT in self.case.task.actions


@dataclass(frozen=True)
class VersionPage:
    """One version of an ad and what changed from the one before it."""

    task_id: int
    case_number: str
    number: int
    before_number: int | None
    observed_at: datetime
    lang: str
    change: TextChange


@router.get("/cases/{task_id}")
def show_case_page(request: Request, services: ServicesDep, person: Reader, task_id: IdPath) -> Response:
    """The case, contacts masked."""
    return _case_page(request, services, person, task_id)


@router.get("/cases/{task_id}/contacts")
@router.get("/cases/{task_id}/decision")
def lead_to_case(_person: Reader, task_id: IdPath) -> Response:
    """An answer to a form has the form's address; loaded anew it leads to the case."""
    return go_to(f"/cases/{task_id}")


@router.post("/cases/{task_id}/contacts")
def open_contacts(
    request: Request, services: ServicesDep, person: ContactReader, task_id: IdPath
) -> Response:
    """The case with its contacts open, for this one answer; the opening is recorded first."""
    with services.db.write() as session:
        opened = services.cases.open_contacts(session, person, task_id, now=services.now())
    return _case_page(request, services, person, task_id, opened=opened)


@router.get("/cases/{task_id}/versions/{number}")
def show_version(
    request: Request, services: ServicesDep, person: Reader, task_id: IdPath, number: RowNumber
) -> Response:
    """One version of the ad, with what changed from the one before it."""
    with services.db.read() as session:
        now = services.now()
        task = services.cases.detail(session, person, task_id, now=now)
        ids = {line.number: line.id for line in task.versions}
        if number not in ids:
            raise NotFound("The ad has no such version.", task_id=task_id)
        shown = services.cases.detail(session, person, task_id, version_id=ids[number], now=now)
        earlier = ids.get(number - 1)
        before = (
            None
            if earlier is None
            else services.cases.detail(session, person, task_id, version_id=earlier, now=now).version
        )
    page = VersionPage(
        task_id=task.task_id,
        case_number=task.case_number,
        number=number,
        before_number=before.number if before else None,
        observed_at=shown.version.observed_at,
        lang=text_lang(shown.version.language),
        change=compare_versions(before, shown.version),
    )
    return render("version.html", make_frame(request, services, person, "queue"), page, request=request)


@router.post("/cases/{task_id}/decision")
def decide(
    request: Request,
    services: ServicesDep,
    person: Analyst,
    task_id: IdPath,
    ad_version_id: Annotated[int, Form(ge=1, le=2**63 - 1)],
    verdict: TypedText = "",
    purposes: Annotated[list[str] | None, Form()] = None,
    legal_ground: TypedText = "",
    reason: TypedText = "",
    is_mvd_informed: TypedText = "",
) -> Response:
    """Confirm, reject or put back; a form that is not whole comes back with what was written."""
    known = frozenset(purpose for purpose in Purpose if purpose in (purposes or ()))
    draft = Draft(verdict, known, legal_ground, reason.strip(), is_mvd_informed == "yes")
    if verdict == PUT_BACK:
        leave_task(request, services, person, task_id)
        return go_to("/queue", "put_back")
    words = make_frame(request, services, person).words
    errors, status = _missing(words, draft, has_unknown=len(known) < len(set(purposes or ()))), 422
    if not errors:
        try:
            return _sign(request, services, person, task_id, ad_version_id, draft)
        except Rejected as error:
            if error.status in (403, 404):
                raise
            errors = (FieldError(_FIELD_OF.get(error.code, "verdict"), problem_text(words, error)),)
            status = error.status
    return _case_page(request, services, person, task_id, draft=draft, errors=errors, status=status)


_FIELD_OF = {
    "PurposeMissing": "purposes-field",
    "UnknownLegalGround": "legal_ground",
    "ReasonMissing": "reason",
    "MvdNotInformed": "is_mvd_informed",
}


def _missing(words: Words, draft: Draft, *, has_unknown: bool) -> tuple[FieldError, ...]:
    """All that is missing at once; the service checks each again."""
    if draft.verdict not in (Verdict.CONFIRM, Verdict.REJECT):
        return (FieldError("verdict", words.text("decide.no_verdict")),)
    errors = []
    if draft.verdict == Verdict.CONFIRM:
        if has_unknown:
            errors.append(FieldError("purposes-field", words.text("decide.unknown_purpose")))
        elif not draft.purposes:
            errors.append(FieldError("purposes-field", words.text("decide.no_purpose")))
        if not draft.legal_ground:
            errors.append(FieldError("legal_ground", words.text("decide.no_ground")))
        elif len(draft.legal_ground) > MAX_GROUND:
            errors.append(FieldError("legal_ground", words.text("problem.UnknownLegalGround")))
    return (*errors, *missing_reason(words, draft.reason))


def _sign(
    request: Request, services: Services, person: Person, task_id: int, ad_version_id: int, draft: Draft
) -> Response:
    now = services.now()
    with services.db.write() as session:
        if draft.verdict == Verdict.CONFIRM:
            confirmation = ConfirmForm(
                ad_version_id=ad_version_id,
                purposes=tuple(sorted(draft.purposes)),
                legal_ground=draft.legal_ground,
                reason=draft.reason,
                is_mvd_informed=draft.is_mvd_informed,
            )
            made = services.decisions.confirm(session, person, task_id, confirmation, now=now)
        else:
            rejection = RejectForm(ad_version_id=ad_version_id, reason=draft.reason)
            made = services.decisions.reject(session, person, task_id, rejection, now=now)
    forget_counts(request)
    note = "confirmed" if made.verdict is Verdict.CONFIRM else "rejected"
    return go_to("/queue", note, case=made.case_number)


def _case_page(
    request: Request,
    services: Services,
    person: Person,
    task_id: int,
    *,
    draft: Draft | None = None,
    errors: tuple[FieldError, ...] = (),
    status: int = 200,
    opened: OpenedContacts | None = None,
) -> Response:
    now = services.now()
    with services.db.read() as session:
        task = services.cases.detail(session, person, task_id, now=now)
        evidence = services.evidence.of_case(session, find_case(session, task_id), is_brief=True)
    frame = make_frame(request, services, person, "queue")
    is_mine = task.claim is not None and task.claim.is_mine and not task.claim.is_over
    page = CasePage(
        case=show_case(frame.words, task, services.grounds, services.precisions.of, opened),
        evidence=evidence,
        draft=draft or Draft(),
        proposed={item.purpose: item.score for item in task.purposes if item.score >= MIN_PURPOSE_SCORE},
        grounds=tuple(services.grounds),
        state_line=_state_line(frame, task, is_mine),
        seconds_left=int((task.claim.expires_at - now).total_seconds()) if is_mine and task.claim else None,
        approval_href=f"/approvals/{task_id}" if task.state is TaskState.CONFIRMED else None,
        errors=errors,
    )
    return render("case.html", frame, page, status=status, request=request)


def _state_line(frame: Frame, task: TaskDetail, is_mine: bool) -> str:
    """In one sentence, why there is no form for a decision; empty when there is one."""
    words = frame.words
    if is_mine:
        return ""
    if TaskAction.CLAIM in task.actions:
        return words.text("case.claim_first")
    if task.state is TaskState.CLAIMED and task.claim is not None and not task.claim.is_over:
        return words.text("case.held", name=task.claim.display_name, at=words.at(task.claim.expires_at))
    if task.state is TaskState.CONFIRMED:
        return words.text("case.waits_second")
    if task.closed_at is not None:
        return words.text("case.closed", state=words.word(task.state))
    return words.text("case.read_only")
