"""Rows of the evidence behind a case."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select
from sqlalchemy.orm import Session, joinedload

from models.ad import AdVersion
from models.audit import AuditEvent
from models.crawl import Page
from models.evidence import Evidence, EvidenceCheck, Picture, Seal
from models.merkle import path_of, unpack_members
from models.review import ReviewTask
from review_api.evidence.schemas import CustodyLine, DayProof, Stamp

EVIDENCE_SUBJECT = "evidence"
_MAX_LINES = 5000
_ADS_AT_ONCE = 500


def find_task(session: Session, case: str) -> ReviewTask | None:
    """A case by its number."""
    return session.scalars(select(ReviewTask).where(ReviewTask.case_number == case)).one_or_none()


def list_pages(session: Session, ad_id: int, first_version_id: int | None) -> list[Page]:
    """Pages of an ad's versions, that of one version first; one page for each stored file."""
    query = (
        select(Page)
        .join(AdVersion, AdVersion.page_id == Page.id)
        .where(AdVersion.ad_id == ad_id, Page.evidence_id.is_not(None))
        .options(joinedload(Page.evidence))
        .order_by((AdVersion.id == (first_version_id or 0)).desc(), Page.id)
    )
    pages: dict[int, Page] = {}
    for page in session.scalars(query):
        pages.setdefault(page.evidence_id or 0, page)
    return list(pages.values())


@dataclass(frozen=True)
class CheckState:
    """The oldest check of an ad's stored files (None: one never was) and whether any is damaged."""

    checked_at: datetime | None
    is_damaged: bool


def check_states(session: Session, ad_ids: Sequence[int]) -> dict[int, CheckState]:
    """What the worker found last of ads' stored files; an ad without any is not among them."""
    states = {}
    for start in range(0, len(ad_ids), _ADS_AT_ONCE):
        rows = session.execute(
            select(
                AdVersion.ad_id,
                func.count() - func.count(EvidenceCheck.id),
                func.min(EvidenceCheck.checked_at),
                func.max(case((EvidenceCheck.is_damaged, 1), else_=0)),
            )
            .join(Page, AdVersion.page_id == Page.id)
            .join(Evidence, Page.evidence_id == Evidence.id)
            .outerjoin(EvidenceCheck, EvidenceCheck.evidence_id == Evidence.id)
            .where(AdVersion.ad_id.in_(ad_ids[start : start + _ADS_AT_ONCE]), Evidence.erased_at.is_(None))
            .group_by(AdVersion.ad_id)
        )
        for ad_id, n_unchecked, checked_at, is_damaged in rows:
            states[ad_id] = CheckState(None if n_unchecked else checked_at, bool(is_damaged))
    return states


def found_problems(session: Session, evidence_id: int) -> tuple[str, ...]:
    """What the worker's last check said of one stored file."""
    problems = session.scalar(select(EvidenceCheck.problems).where(EvidenceCheck.evidence_id == evidence_id))
    return tuple(problems or ())


def find_picture(session: Session, evidence_id: int) -> Picture | None:
    """The picture of a stored page, wanted or taken."""
    query = select(Picture).where(Picture.evidence_id == evidence_id).options(joinedload(Picture.png))
    return session.scalars(query).one_or_none()


def list_stamps(session: Session, evidence: Evidence) -> tuple[Stamp, ...]:
    """Stamps on the item itself, then those on the root of its day."""
    own = session.scalars(select(Seal).where(Seal.evidence_id == evidence.id)).one_or_none()
    batch = session.get(Seal, evidence.seal_id) if evidence.seal_id else None
    day = session.get(Seal, batch.day_id) if batch is not None and batch.day_id else None
    return tuple(
        Stamp(stamp.authority, stamp.stamped_at, stamp.response, stamp.roots_pem, seal is day)
        for seal in (own, day)
        if seal is not None
        for stamp in seal.stamps
    )


def find_proof(session: Session, evidence: Evidence) -> DayProof | None:
    """The way from an item to the root of its day; None as long as no day covers it."""
    batch = session.get(Seal, evidence.seal_id) if evidence.seal_id else None
    day = session.get(Seal, batch.day_id) if batch is not None and batch.day_id else None
    if batch is None or day is None:
        return None
    items, batches = unpack_members(batch.members), unpack_members(day.members)
    places = [row_id for row_id, _ in items], [row_id for row_id, _ in batches]
    if evidence.id not in places[0] or batch.id not in places[1]:
        return None
    return DayProof(
        steps_to_batch=tuple(path_of([digest for _, digest in items], places[0].index(evidence.id))),
        steps_to_day=tuple(path_of([digest for _, digest in batches], places[1].index(batch.id))),
        day_root=day.root_sha256,
    )


def list_custody(session: Session, evidence_ids: Sequence[int]) -> tuple[CustodyLine, ...]:
    """Everything that was done to these items, oldest first."""
    query = (
        select(AuditEvent)
        .where(
            AuditEvent.subject_kind == EVIDENCE_SUBJECT,
            AuditEvent.subject_id.in_([str(evidence_id) for evidence_id in evidence_ids]),
        )
        .order_by(AuditEvent.seq)
        .limit(_MAX_LINES)
    )
    return tuple(
        CustodyLine(
            event.seq,
            event.at,
            event.actor_name,
            event.action.value,
            int(event.subject_id),
            json.loads(event.details),
        )
        for event in session.scalars(query)
    )
