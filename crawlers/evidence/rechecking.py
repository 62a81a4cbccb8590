"""The job that checks the evidence of cases and listed ads again and again, and writes down what it found.

A page or a release that shows many of them reads that instead of every file.
"""

from datetime import datetime, timedelta

from sqlalchemy import Select, and_, or_, select

from crawlers.inserting import insert_missing
from models.ad import AdVersion
from models.blobs import BlobStore
from models.blocklist import BlocklistEntry
from models.crawl import Page
from models.enums import OPEN_TASK_STATES, EntryState
from models.evidence import Evidence, EvidenceCheck
from models.integrity import find_damage
from models.leases import JobReport
from models.logs import get_logger
from models.lost_seals import LostSeals
from models.review import ReviewTask
from models.seals import evidence_damages
from models.session import Database

log = get_logger(__name__)

CHECK_EVERY = timedelta(hours=24)
# Damage may be mended by a restored file: then the case goes on soon.
DAMAGED_EVERY = timedelta(minutes=10)
_AT_ONCE = 50


def check_evidence_due(db: Database, store: BlobStore, *, now: datetime) -> JobReport:
    """Check some stored files whose last check is long ago, with all that covers them."""
    with db.read() as session:
        ids = session.scalars(_due(now)).all()
        if not ids:
            return JobReport()
        lost = LostSeals(session)
    found = {evidence_id: _problems(db, store, evidence_id, lost) for evidence_id in ids}
    _note(db, found, now)
    return JobReport(len(found))


def _due(now: datetime) -> Select[int]:
    listed = select(BlocklistEntry.ad_id).where(BlocklistEntry.state == EntryState.ACTIVE)
    open_cases = select(ReviewTask.ad_id).where(ReviewTask.state.in_(OPEN_TASK_STATES))
    last = EvidenceCheck.checked_at
    is_due = or_(
        last.is_(None),
        last > now,  # by a clock that was wrong
        last < now - CHECK_EVERY,
        and_(EvidenceCheck.is_damaged, last < now - DAMAGED_EVERY),
    )
    return (
        select(Evidence.id)
        .distinct()
        .join(Page, Page.evidence_id == Evidence.id)
        .join(AdVersion, AdVersion.page_id == Page.id)
        .outerjoin(EvidenceCheck, EvidenceCheck.evidence_id == Evidence.id)
        .where(AdVersion.ad_id.in_(listed.union(open_cases)), Evidence.erased_at.is_(None), is_due)
        .order_by(Evidence.id)
        .limit(_AT_ONCE)
    )


def _problems(db: Database, store: BlobStore, evidence_id: int, lost: LostSeals) -> list[str]:
    """All that is wrong with one file now, read in a short session of its own."""
    with db.read() as session:
        evidence = session.get_one(Evidence, evidence_id)
        if evidence.erased_at is not None:
            return []
        damage = find_damage(session, store, evidence)
        covers = [*evidence_damages(session, evidence), *lost.problems(session, evidence)]
    return [*([damage] if damage else []), *covers]


def _note(db: Database, found: dict[int, list[str]], now: datetime) -> None:
    rows = [
        {"evidence_id": evidence_id, "checked_at": now, "is_damaged": bool(problems), "problems": problems}
        for evidence_id, problems in found.items()
    ]
    with db.write() as session:
        insert_missing(session, EvidenceCheck, rows)
        for row in session.scalars(select(EvidenceCheck).where(EvidenceCheck.evidence_id.in_(found))):
            problems = found[row.evidence_id]
            row.checked_at, row.is_damaged, row.problems = now, bool(problems), problems
    for evidence_id, problems in found.items():
        if problems:
            log.error("evidence.check.damaged", evidence_id=evidence_id, n_problems=len(problems))
