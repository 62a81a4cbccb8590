"""One case as a reviewer sees it, and opening its contacts."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from classifiers.facts import FactKind
from models.ad import Ad, AdVersion
from models.audit import AuditAction, AuditLog
from models.classification import Classification
from models.crawl import Page
from models.enums import ContactKind, Role, TaskState, TextPlace, Verdict
from models.errors import NotFound, SaqshyError
from models.review import Decision, ReviewTask
from review_api.audit.service import AuditService
from review_api.auth.schemas import Person
from review_api.blocklist.listing import ListingRules
from review_api.errors import Forbidden
from review_api.masking import ContactSpot, mask_value
from review_api.tasks import repository
from review_api.tasks.case_schemas import (
    HistoryLine,
    OpenContact,
    OpenedContacts,
    Origin,
    ShownChange,
    ShownContact,
    ShownDecision,
    ShownExplanation,
    ShownFact,
    ShownHit,
    ShownVersion,
    ShownWord,
    SimilarAd,
    TaskAction,
    TaskDetail,
)
from review_api.tasks.notes import TASK_SUBJECT, note_task
from review_api.tasks.pictures import show_pictures
from review_api.tasks.rows import find_contacts, make_claim, masked_texts, masked_title
from review_api.tasks.versions import list_versions

MAX_SIMILAR = 20


class CaseService:
    """Reading one case. Methods work in the caller's transaction."""

    def __init__(self, audit: AuditLog, audit_reader: AuditService, listing: ListingRules) -> None:
        self._audit = audit
        self._audit_reader = audit_reader
        self._listing = listing

    def detail(
        self, session: Session, person: Person, task_id: int, *, version_id: int | None = None, now: datetime
    ) -> TaskDetail:
        """Everything one person sees of one case, contacts masked.

        Args:
            session: a read session.
            person: who looks; ``actions`` are theirs.
            task_id: the case.
            version_id: show this version of the ad instead of the task's own; no decision is possible on it.
            now: present time.

        Raises:
            NotFound: no such case, or the version belongs to another ad.
        """
        task = find_case(session, task_id)
        version = task.ad_version if version_id is None else _find_version(session, task, version_id)
        classification = _classification_of(session, task, version)
        spots = find_contacts(session, [version.id])[version.id]
        decisions = repository.list_decisions(session, task.id)
        similar, n_similar = _similar_ads(session, task)
        is_own_version = version.id == task.ad_version_id
        return TaskDetail(
            task_id=task.id,
            case_number=task.case_number,
            state=task.state,
            round=task.round,
            level=task.level,
            priority=task.priority,
            is_referral=task.is_referral,
            opened_at=task.opened_at,
            closed_at=task.closed_at,
            claim=make_claim(task, user_id=person.id, now=now),
            ad_id=task.ad_id,
            version=_show_version(version, classification, spots),
            pictures=show_pictures(session, version),
            has_newer_version=task.ad.current_version_id != task.ad_version_id,
            side=classification.side,
            is_minor=classification.is_minor,
            is_live_victim=classification.is_live_victim,
            hits=_show_hits(session, version, classification, spots),
            model_words=_show_words(version, classification, spots),
            explanation=read_explanation(classification.explanation),
            purposes=tuple(repository.list_scores(session, [classification.id])[classification.id]),
            rules=tuple(classification.rules),
            classifier_version=classification.classifier_version.version,
            versions=list_versions(session, task, version),
            origin=_show_origin(session, task.ad, version),
            contacts=tuple(ShownContact(kind, mask_value(kind, value)) for kind, value in _distinct(spots)),
            similar=similar,
            n_similar=n_similar,
            decisions=tuple(show_decision(decision) for decision in decisions),
            history=self._history(session, task),
            listing_problem=self._listing_problem(session, task),
            actions=allowed_actions(task, decisions, person, now) if is_own_version else frozenset(),
        )

    def open_contacts(
        self, session: Session, person: Person, task_id: int, *, now: datetime
    ) -> OpenedContacts:
        """Show a case's contacts and texts unmasked, once; leaves an audit line.

        An analyst may while holding the claim, an approver while the case waits for a second signature.

        Raises:
            NotFound: no such case.
            Forbidden: no need to know now.
        """
        task = find_case(session, task_id)
        decisions = repository.list_decisions(session, task.id)
        if TaskAction.OPEN_CONTACTS not in allowed_actions(task, decisions, person, now):
            raise Forbidden(
                "Contacts are opened by whoever holds the case or signs it next.", task_id=task_id
            )
        spots = find_contacts(session, [task.ad_version_id])[task.ad_version_id]
        contacts = tuple(OpenContact(kind, value) for kind, value in _distinct(spots))
        note_task(
            session,
            self._audit,
            AuditAction.CONTACTS_OPENED,
            task,
            actor=person.actor,
            now=now,
            details={"ad_version_id": task.ad_version_id, "n_contacts": len(contacts)},
        )
        shown = task.ad_version
        return OpenedContacts(task.id, contacts, shown.title, shown.text, shown.picture_text or "")

    def _history(self, session: Session, task: ReviewTask) -> tuple[HistoryLine, ...]:
        lines = self._audit_reader.history(session, TASK_SUBJECT, task.id)
        return tuple(
            HistoryLine(
                at=line.at,
                actor_name=line.actor_name,
                action=line.action,
                verdict=Verdict(str(line.details["verdict"])) if "verdict" in line.details else None,
            )
            for line in lines
        )

    def _listing_problem(self, session: Session, task: ReviewTask) -> str | None:
        try:
            self._listing.check(session, task.ad_version.url)
        except SaqshyError as error:
            return error.code
        return None


def find_case(session: Session, task_id: int) -> ReviewTask:
    """The task of a case.

    Raises:
        NotFound: there is none.
    """
    task = repository.find_task(session, task_id)
    if task is None:
        raise NotFound("There is no such case.", task_id=task_id)
    return task


def allowed_actions(
    task: ReviewTask, decisions: Sequence[Decision], person: Person, now: datetime
) -> frozenset[TaskAction]:
    """What the person may do with the task now; the services check the same again."""
    if person.role is Role.APPROVER and task.state is TaskState.CONFIRMED:
        has_signed = any(decision.stage == 1 and decision.reviewer_id == person.id for decision in decisions)
        signs = frozenset() if has_signed else frozenset({TaskAction.APPROVE, TaskAction.RETURN})
        return signs | {TaskAction.OPEN_CONTACTS}
    if person.role is not Role.ANALYST:
        return frozenset()
    holds = task.claim_expires_at is not None and task.claim_expires_at > now
    if task.state in (TaskState.OPEN, TaskState.RETURNED) or (task.state is TaskState.CLAIMED and not holds):
        return frozenset({TaskAction.CLAIM})
    if task.state is not TaskState.CLAIMED or task.claimed_by_id != person.id:
        return frozenset()
    actions = {TaskAction.PROLONG, TaskAction.PUT_BACK, TaskAction.OPEN_CONTACTS}
    if task.ad.current_version_id != task.ad_version_id:
        return frozenset(actions | {TaskAction.SHOW_NEWEST})
    return frozenset(actions | {TaskAction.CONFIRM, TaskAction.REJECT})


def show_decision(decision: Decision) -> ShownDecision:
    """A signature as screens show it."""
    return ShownDecision(
        id=decision.id,
        round=decision.round,
        stage=decision.stage,
        verdict=decision.verdict,
        reviewer_id=decision.reviewer_id,
        reviewer_name=decision.reviewer.name,
        display_name=decision.reviewer.display_name,
        role=decision.role,
        reason=decision.reason,
        legal_ground=decision.legal_ground,
        purposes=tuple(decision.purpose_list),
        ad_version_id=decision.ad_version_id,
        content_sha256=decision.content_sha256,
        answers_id=decision.answers_id,
        decided_at=decision.decided_at,
    )


def _find_version(session: Session, task: ReviewTask, version_id: int) -> AdVersion:
    version = session.get(AdVersion, version_id)
    if version is None or version.ad_id != task.ad_id:
        raise NotFound("The ad has no such version.", version_id=version_id)
    return version


def _classification_of(session: Session, task: ReviewTask, version: AdVersion) -> Classification:
    """What was found in that version; the task's own result for the task's own version."""
    options = joinedload(Classification.classifier_version)
    if version.id == task.ad_version_id:
        return session.get_one(Classification, task.classification_id, options=[options])
    query = (
        select(Classification)
        .where(Classification.ad_version_id == version.id)
        .options(options)
        .order_by(Classification.id.desc())
        .limit(1)
    )
    found = session.scalars(query).one_or_none()
    if found is None:
        raise NotFound("This version is not read yet.", version_id=version.id)
    return found


def _show_version(
    version: AdVersion, classification: Classification, spots: Sequence[ContactSpot]
) -> ShownVersion:
    masked = masked_texts(version, spots)
    return ShownVersion(
        id=version.id,
        number=version.number,
        title=masked[TextPlace.TITLE],
        text=masked[TextPlace.TEXT],
        picture_text=masked[TextPlace.PICTURE],
        language=classification.language,
        author=version.author,
        region=version.region,
        price_amount=version.price_amount,
        price_currency=version.price_currency,
        kind=version.kind,
        published_at=version.published_at,
        observed_at=version.observed_at,
        content_sha256=version.content_sha256,
        is_parse_incomplete=version.is_parse_incomplete,
        is_edited=version.is_edited,
    )


def _show_hits(
    session: Session, version: AdVersion, classification: Classification, spots: Sequence[ContactSpot]
) -> tuple[ShownHit, ...]:
    masked = masked_texts(version, spots)
    return tuple(
        ShownHit(
            code=hit.code,
            place=hit.place,
            start=hit.start,
            end=hit.end,
            quote=masked[hit.place][hit.start : hit.end],
            weight=hit.weight,
            is_counter_sign=hit.is_counter_sign,
            is_counted=hit.is_counted,
            reason=hit.reason,
        )
        for hit in repository.list_hits(session, [classification.id]).get(classification.id, [])
    )


def _show_words(
    version: AdVersion, classification: Classification, spots: Sequence[ContactSpot]
) -> tuple[ShownWord, ...]:
    masked = masked_texts(version, spots)
    return tuple(
        ShownWord(
            place=(place := TextPlace(word["place"])),
            start=word["start"],
            end=word["end"],
            quote=masked[place][word["start"] : word["end"]],
            weight=word["weight"],
        )
        for word in classification.model_words
    )


def read_explanation(stored: Mapping[str, Any] | None) -> ShownExplanation | None:  # Any: JSON
    """An explanation as the classifier stored it (``classifiers.explaining``)."""
    if stored is None:
        return None
    changes = (
        ShownChange(change["kind"], tuple(change["codes"]), change["n_words"]) for change in stored["changes"]
    )
    # Explanations stored by older classifiers hold no facts.
    facts = (
        ShownFact(**fact | {"kind": FactKind(fact["kind"]), "place": TextPlace(fact["place"])})
        for fact in stored.get("facts", ())
    )
    return ShownExplanation(stored["probability"], stored["threshold"], tuple(changes), tuple(facts))


def _show_origin(session: Session, ad: Ad, version: AdVersion) -> Origin:
    page = session.get_one(Page, version.page_id, options=[joinedload(Page.evidence)])
    return Origin(
        source_name=ad.source.name,
        source_title=ad.source.title,
        source_kind=ad.source.kind,
        url=version.url,
        fetched_at=page.fetched_at,
        http_status=page.http_status,
        evidence_sha256=page.evidence.sha256 if page.evidence else None,
        evidence_bytes=page.evidence.size_bytes if page.evidence else None,
        ad_state=ad.state,
        first_seen_at=ad.first_seen_at,
        last_seen_at=ad.last_seen_at,
        gone_at=ad.gone_at,
        gone_reason=ad.gone_reason,
        n_views=ad.n_views,
    )


def _similar_ads(session: Session, task: ReviewTask) -> tuple[tuple[SimilarAd, ...], int]:
    """The other ads of the cluster, last seen first, and how many there are."""
    if task.ad.cluster_id is None:
        return (), 0
    others = (Ad.cluster_id == task.ad.cluster_id, Ad.id != task.ad_id)
    n_similar = session.scalar(select(func.count()).select_from(Ad).where(*others)) or 0
    query = (
        select(Ad)
        .where(*others)
        .options(joinedload(Ad.source), joinedload(Ad.current_version))
        .order_by(Ad.last_seen_at.desc(), Ad.id)
        .limit(MAX_SIMILAR)
    )
    ads = session.scalars(query).all()
    tasks = _latest_tasks(session, [ad.id for ad in ads])
    versions = [ad.current_version for ad in ads if ad.current_version is not None]
    spots = find_contacts(session, [version.id for version in versions])
    return tuple(_show_similar(ad, tasks.get(ad.id), spots) for ad in ads), n_similar


def _show_similar(ad: Ad, task: tuple[int, str] | None, spots: dict[int, list[ContactSpot]]) -> SimilarAd:
    version = ad.current_version
    return SimilarAd(
        ad_id=ad.id,
        title="" if version is None else masked_title(version, spots[version.id]),
        url=ad.url,
        source_name=ad.source.name,
        source_title=ad.source.title,
        last_seen_at=ad.last_seen_at,
        state=ad.state,
        task_id=task[0] if task else None,
        case_number=task[1] if task else None,
    )


def _latest_tasks(session: Session, ad_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    query = (
        select(ReviewTask.ad_id, ReviewTask.id, ReviewTask.case_number)
        .where(ReviewTask.ad_id.in_(ad_ids))
        .order_by(ReviewTask.id)
    )
    return {ad_id: (task_id, case_number) for ad_id, task_id, case_number in session.execute(query)}


def _distinct(spots: Sequence[ContactSpot]) -> list[tuple[ContactKind, str]]:
    return list(dict.fromkeys((spot.kind, spot.value) for spot in spots))
