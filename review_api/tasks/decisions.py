"""Signatures: confirm or reject, then approve or return, by two different people.

The rules stand here in words and, for what must never fail, in the database
too: one decision per stage and per person in a round, entries bound to two real
decisions of two people.
"""

from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from models.audit import AuditAction, AuditLog, Detail
from models.blocklist import BlocklistEntry
from models.config import Settings
from models.enums import Purpose, Role, Scope, SourceKind, TaskState, Verdict, check_transition
from models.review import Decision, ReviewTask
from models.urls import url_sha256
from review_api.auth.schemas import Person
from review_api.blocklist.grounds import LegalGrounds
from review_api.blocklist.listing import AlreadyListed, ListingRules
from review_api.errors import Forbidden
from review_api.evidence.service import EvidenceService
from review_api.tasks import repository
from review_api.tasks.detail import find_case
from review_api.tasks.errors import (
    CaseNumberMismatch,
    DecisionSuperseded,
    MvdNotInformed,
    NewerVersion,
    PurposeMissing,
    ReasonMissing,
    SignedAlready,
    TaskNotWaiting,
    UnknownLegalGround,
)
from review_api.tasks.notes import note_task
from review_api.tasks.schemas import Approved, ApproveForm, ConfirmForm, DecisionMade, RejectForm, ReturnForm
from review_api.tasks.service import claim_not_yours

MIN_REASON_LENGTH = 10
FIRST, SECOND = 1, 2
# A post among others of a channel or forum; everywhere else an ad has a page of its own.
POST_KINDS = frozenset({SourceKind.CHANNEL, SourceKind.FORUM})


class DecisionService:
    """Both signatures. Methods work in the caller's transaction: state, decision, entry and audit are one."""

    def __init__(
        self,
        settings: Settings,
        audit: AuditLog,
        listing: ListingRules,
        grounds: LegalGrounds,
        evidence: EvidenceService,
    ) -> None:
        self._entry_time = timedelta(days=settings.entry_days)
        self._audit = audit
        self._listing = listing
        self._grounds = grounds
        self._evidence = evidence

    def confirm(
        self, session: Session, person: Person, task_id: int, form: ConfirmForm, *, now: datetime
    ) -> DecisionMade:
        """First signature: this ad serves exploitation and its page should be listed.

        Raises:
            NotFound: no such case.
            Forbidden: not an analyst.
            ClaimNotYours: the person does not hold the task now.
            NewerVersion: the ad's text has changed since the one that was seen.
            SignedAlready: the person gave a second signature on this case before.
            ReasonMissing, PurposeMissing, UnknownLegalGround, MvdNotInformed: the form is not whole.
            BadUrl, ProtectedAddress, AlreadyListed: the address cannot be listed.
            CaseFrozen: evidence of the case is damaged.
        """
        task = self._first_signature(session, person, task_id, form.ad_version_id, form.reason)
        if not form.purposes:
            raise PurposeMissing("Choose at least one purpose of exploitation.", task_id=task_id)
        if form.legal_ground not in self._grounds:
            raise UnknownLegalGround("Choose a legal ground from the list.", task_id=task_id)
        if task.is_referral and not form.is_mvd_informed:
            raise MvdNotInformed(
                "Signs of a child or a live victim: tell МВД first, then tick that it was told.",
                task_id=task_id,
            )
        self._listing.check(session, task.ad_version.url)
        self._evidence.need_whole(session, task)
        return self._sign_first(
            session,
            person,
            task,
            Verdict.CONFIRM,
            form.reason,
            now,
            purposes=tuple(dict.fromkeys(form.purposes)),
            legal_ground=form.legal_ground,
            details={"is_mvd_informed": form.is_mvd_informed},
        )

    def reject(
        self, session: Session, person: Person, task_id: int, form: RejectForm, *, now: datetime
    ) -> DecisionMade:
        """First and only signature: no sign of trafficking; the case is closed.

        Raises:
            NotFound, Forbidden, ClaimNotYours, NewerVersion, SignedAlready, ReasonMissing: see ``confirm``.
        """
        task = self._first_signature(session, person, task_id, form.ad_version_id, form.reason)
        return self._sign_first(session, person, task, Verdict.REJECT, form.reason, now)

    def approve(
        self, session: Session, person: Person, task_id: int, form: ApproveForm, *, now: datetime
    ) -> Approved:
        """Second signature, by another person: makes the list line.

        Raises:
            NotFound: no such case.
            Forbidden: not an approver.
            TaskNotWaiting: no confirmation waits; somebody else decided first, perhaps.
            SignedAlready: the person gave a first signature on this case, in whatever round.
            DecisionSuperseded: another confirmation or text than the one that was read.
            NewerVersion: the ad's text has changed since the confirmation; return the case.
            CaseNumberMismatch, ReasonMissing: the form is not whole.
            BadUrl, ProtectedAddress, AlreadyListed: the address cannot be listed.
            CaseFrozen: evidence of the case is damaged.
        """
        task, first = self._second_signature(session, person, task_id, form.confirm_decision_id, form.reason)
        if form.case_number != task.case_number:
            raise CaseNumberMismatch("Type the number of the case as it stands above.", task_id=task_id)
        if form.content_sha256 != first.content_sha256:
            raise DecisionSuperseded("The confirmation was given on another text.", task_id=task_id)
        if task.ad.current_version_id != first.ad_version_id:
            raise NewerVersion(
                "The text has changed since the confirmation. Return the case, so that it is read again.",
                task_id=task_id,
            )
        url = self._listing.check(session, first.ad_version.url)
        self._evidence.need_whole(session, task)
        values: dict[str, object] = {"state": TaskState.APPROVED, "closed_at": now}
        second = self._sign_second(session, person, task, first, Verdict.APPROVE, form.reason, now, values)
        entry = self._add_entry(session, task, first, second, url, now)
        self._note_decision(session, person, task, second, now)
        self._note_entry(session, person, task, entry, now)
        return Approved(
            decision_id=second.id,
            task_id=task.id,
            case_number=task.case_number,
            entry_id=entry.id,
            url=entry.url,
            scope=entry.scope,
            expires_at=entry.expires_at,
        )

    def send_back(
        self, session: Session, person: Person, task_id: int, form: ReturnForm, *, now: datetime
    ) -> DecisionMade:
        """Second signature: not yet; the case returns to the queue for another round.

        Raises:
            NotFound, Forbidden, TaskNotWaiting, SignedAlready, DecisionSuperseded: as for ``approve``.
            ReasonMissing: fewer than 10 characters.
        """
        task, first = self._second_signature(session, person, task_id, form.confirm_decision_id, form.reason)
        values: dict[str, object] = {"state": TaskState.RETURNED, "round": task.round + 1}
        second = self._sign_second(session, person, task, first, Verdict.RETURN, form.reason, now, values)
        self._note_decision(session, person, task, second, now)
        return _made(second, task)

    def _first_signature(
        self, session: Session, person: Person, task_id: int, ad_version_id: int, reason: str
    ) -> ReviewTask:
        """The task, if this person may give the first signature on that version of the ad."""
        _need_role(person, Role.ANALYST)
        repository.lock_task(session, task_id)
        task = find_case(session, task_id)
        if task.state is not TaskState.CLAIMED or task.claimed_by_id != person.id:
            raise claim_not_yours(task)
        if ad_version_id != task.ad_version_id or ad_version_id != task.ad.current_version_id:
            raise NewerVersion(
                "The text of the ad has changed since you saw it. Look at the newest one, then decide.",
                task_id=task_id,
            )
        self._need_unsigned(session, person, task, SECOND)
        _need_reason(reason, task)
        return task

    def _second_signature(
        self, session: Session, person: Person, task_id: int, confirm_decision_id: int, reason: str
    ) -> tuple[ReviewTask, Decision]:
        """The task and its confirmation, if this person may answer that confirmation."""
        _need_role(person, Role.APPROVER)
        repository.lock_task(session, task_id)
        task = find_case(session, task_id)
        self._need_unsigned(session, person, task, FIRST)
        if task.state is not TaskState.CONFIRMED:
            raise self._not_waiting(session, task)
        first = repository.list_confirmations(session, [task])[task.id]
        if first.id != confirm_decision_id:
            raise DecisionSuperseded("The case was confirmed anew since. Read it again.", task_id=task_id)
        _need_reason(reason, task)
        return task, first

    def _need_unsigned(self, session: Session, person: Person, task: ReviewTask, stage: int) -> None:
        # Over all rounds, stricter than the database: a role that changed must not help either.
        query = select(Decision.id).where(
            Decision.task_id == task.id, Decision.stage == stage, Decision.reviewer_id == person.id
        )
        if session.scalars(query.limit(1)).first() is not None:
            raise SignedAlready("You have signed on this case. Another person decides.", task_id=task.id)

    def _not_waiting(self, session: Session, task: ReviewTask) -> TaskNotWaiting:
        decisions = repository.list_decisions(session, task.id)
        last = f" {decisions[-1].reviewer.display_name} decided it last." if decisions else ""
        return TaskNotWaiting(
            f"Case {task.case_number} does not wait for a second signature.{last}",
            task_id=task.id,
            state=task.state.value,
        )

    def _sign_first(
        self,
        session: Session,
        person: Person,
        task: ReviewTask,
        verdict: Verdict,
        reason: str,
        now: datetime,
        *,
        purposes: tuple[Purpose, ...] = (),
        legal_ground: str | None = None,
        details: dict[str, Detail] | None = None,
    ) -> DecisionMade:
        after = TaskState.CONFIRMED if verdict is Verdict.CONFIRM else TaskState.REJECTED
        state = check_transition(task.state, after)
        claimed_at = task.claimed_at
        if not repository.end_claim(session, task.id, user_id=person.id, now=now, state=state):
            raise claim_not_yours(task)
        if verdict is Verdict.REJECT:
            task.closed_at = now
        decision = Decision(
            task_id=task.id,
            round=task.round,
            stage=FIRST,
            verdict=verdict,
            reviewer_id=person.id,
            role=person.role,
            ad_version_id=task.ad_version_id,
            content_sha256=task.ad_version.content_sha256,
            classification_id=task.classification_id,
            purposes=[purpose.value for purpose in purposes],
            legal_ground=legal_ground,
            reason=reason,
            claimed_at=claimed_at,
            decided_at=now,
        )
        session.add(decision)
        session.flush()
        self._note_decision(session, person, task, decision, now, details)
        return _made(decision, task)

    def _sign_second(
        self,
        session: Session,
        person: Person,
        task: ReviewTask,
        first: Decision,
        verdict: Verdict,
        reason: str,
        now: datetime,
        values: dict[str, object],
    ) -> Decision:
        check_transition(task.state, TaskState(str(values["state"])))
        if not repository.leave_confirmed(session, task, values):
            session.refresh(task)
            raise self._not_waiting(session, task)
        decision = Decision(
            task_id=task.id,
            round=first.round,
            stage=SECOND,
            verdict=verdict,
            reviewer_id=person.id,
            role=person.role,
            ad_version_id=first.ad_version_id,
            content_sha256=first.content_sha256,
            classification_id=first.classification_id,
            purposes=list(first.purposes),
            legal_ground=first.legal_ground,
            reason=reason,
            answers_id=first.id,
            decided_at=now,
        )
        session.add(decision)
        session.flush()
        return decision

    def _add_entry(
        self, session: Session, task: ReviewTask, first: Decision, second: Decision, url: str, now: datetime
    ) -> BlocklistEntry:
        entry = BlocklistEntry(
            task_id=task.id,
            round=first.round,
            ad_id=task.ad_id,
            ad_version_id=first.ad_version_id,
            url=url,
            url_sha256=url_sha256(url),
            scope=Scope.POST if task.ad.source.kind in POST_KINDS else Scope.PAGE,
            confirm_decision_id=first.id,
            confirmed_by_id=first.reviewer_id,
            approve_decision_id=second.id,
            approved_by_id=second.reviewer_id,
            created_at=now,
            expires_at=now + self._entry_time,
        )
        session.add(entry)
        task_id = task.id
        try:
            session.flush()
        except IntegrityError as error:
            # Two approvals of one address at once: the unique index let the other one through.
            if "uq_blocklist_entry_active_url" in str(error) or "url_sha256" in str(error):
                raise AlreadyListed("This address is on the list already.", task_id=task_id) from error
            raise
        return entry

    def _note_decision(
        self,
        session: Session,
        person: Person,
        task: ReviewTask,
        decision: Decision,
        now: datetime,
        details: dict[str, Detail] | None = None,
    ) -> None:
        facts: dict[str, Detail] = {
            "decision_id": decision.id,
            "verdict": decision.verdict.value,
            "round": decision.round,
            "content_sha256": decision.content_sha256,
        }
        note_task(
            session,
            self._audit,
            AuditAction.DECISION_MADE,
            task,
            actor=person.actor,
            now=now,
            details={**facts, **(details or {})},
        )

    def _note_entry(
        self, session: Session, person: Person, task: ReviewTask, entry: BlocklistEntry, now: datetime
    ) -> None:
        self._audit.append(
            session,
            AuditAction.ENTRY_CREATED,
            actor=person.actor,
            subject_kind="blocklist_entry",
            subject_id=entry.id,
            now=now,
            details={"case_number": task.case_number, "url_sha256": entry.url_sha256},
        )


def _need_role(person: Person, role: Role) -> None:
    if person.role is not role:
        raise Forbidden("Your role does not allow this.")


def _need_reason(reason: str, task: ReviewTask) -> None:
    if len(reason.strip()) < MIN_REASON_LENGTH:
        raise ReasonMissing(
            f"Write the reason in at least {MIN_REASON_LENGTH} characters.",
            task_id=task.id,
            limit=MIN_REASON_LENGTH,
        )


def _made(decision: Decision, task: ReviewTask) -> DecisionMade:
    return DecisionMade(
        decision_id=decision.id,
        task_id=task.id,
        case_number=task.case_number,
        verdict=decision.verdict,
        state=task.state,
    )
