"""Jobs that make evidence provable: seals over what is new, and time stamps on the seals."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crawlers.evidence.authorities import Asker, Authority, NoStamp, load_authorities
from crawlers.inserting import update_rows
from models.ad import AdVersion
from models.audit import SYSTEM, AuditAction, AuditLog
from models.crawl import Page
from models.enums import SealKind, SealState
from models.evidence import Evidence, Picture, Seal, TimeStamp
from models.leases import JobReport, hold_back, lease_rows, release
from models.logs import get_logger
from models.merkle import Member, pack_members, root_of
from models.review import ReviewTask
from models.session import Database
from models.timestamps import (
    WANTED_AUTHORITIES,
    BadStamp,
    ask_about,
    check_stamp,
    stamped_sha256,
)

log = get_logger(__name__)

SEAL_SECONDS = 60.0
_BATCH = 20_000
_ITEMS_AT_ONCE = 50
_STAMPS_AT_ONCE = 10
_LEASE = 300.0
_MAX_ATTEMPTS_COUNTED = 8  # the pause between two tries grows to about an hour and no further
SEAL_SUBJECT = "seal"
EVIDENCE_SUBJECT = "evidence"
_HAS_OWN = select(Seal.id).where(Seal.evidence_id == Evidence.id).exists()


def seal_pending(
    db: Database, audit: AuditLog, *, now: datetime, after_seconds: float = SEAL_SECONDS
) -> JobReport:
    """Put what was stored since the last seal under a root, which the keyed audit log then holds.

    Args:
        db: the database.
        audit: the audit log.
        now: present time.
        after_seconds: not sooner than this after the last seal.
    """
    last_batch = select(Seal.made_at).where(Seal.kind == SealKind.BATCH).order_by(Seal.id.desc()).limit(1)
    with db.read() as session:
        is_waiting = session.scalar(select(Evidence.id).where(Evidence.seal_id.is_(None)).limit(1))
        last = session.scalar(last_batch) if is_waiting is not None else None
    # A seal of later than now was made by a clock that was wrong: it holds up nothing.
    is_early = last is not None and timedelta(0) <= now - last < timedelta(seconds=after_seconds)
    if is_waiting is None or is_early:
        return JobReport()
    with db.write() as session:
        rows = session.execute(
            select(Evidence.id, Evidence.sha256)
            .where(Evidence.seal_id.is_(None))
            .order_by(Evidence.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        ).all()
        if not rows:
            return JobReport()
        members = [(row.id, row.sha256) for row in rows]
        seal = _add_seal(session, audit, SealKind.BATCH, members, now)
        update_rows(session, Evidence, [{"id": row.id, "seal_id": seal.id} for row in rows])
    return JobReport(len(rows))


def seal_day(db: Database, audit: AuditLog, *, now: datetime, is_early: bool = False) -> JobReport:
    """Put the batches of past days under one root, which authorities then stamp.

    Args:
        db: the database.
        audit: the audit log.
        now: present time.
        is_early: take today's batches too, without waiting for its end.
    """
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    open_batch = (Seal.kind == SealKind.BATCH) & Seal.day_id.is_(None)
    if not is_early:
        open_batch &= (Seal.made_at < midnight) | (Seal.made_at > now)
    with db.read() as session:
        if session.scalar(select(Seal.id).where(open_batch).limit(1)) is None:
            return JobReport()
    with db.write() as session:
        rows = session.execute(select(Seal.id, Seal.root_sha256).where(open_batch).order_by(Seal.id)).all()
        if not rows:
            return JobReport()
        day = _add_seal(session, audit, SealKind.DAY, [(row.id, row.root_sha256) for row in rows], now)
        session.execute(
            update(Seal)
            .where(open_batch, Seal.id <= rows[-1].id)
            .values(day_id=day.id, state=SealState.COVERED)
            .execution_options(synchronize_session=False)
        )
    return JobReport(1)


def seal_items(db: Database, audit: AuditLog, *, now: datetime) -> JobReport:
    """Give the evidence of flagged ads, and pictures of pages, seals of their own."""
    with db.read() as session:
        ids = _without_own_seal(session)
    if not ids:
        return JobReport()
    with db.write() as session:
        rows = session.execute(
            select(Evidence.id, Evidence.sha256).where(
                Evidence.id.in_(ids), ~_HAS_OWN, Evidence.erased_at.is_(None)
            )
        ).all()
        for row in rows:
            _add_seal(session, audit, SealKind.ITEM, [(row.id, row.sha256)], now, evidence_id=row.id)
    return JobReport(len(rows))


def _without_own_seal(session: Session) -> set[int]:
    """Some evidence that shall have a seal of its own and has none, looked up by indexes."""
    of_cases = (
        select(Evidence.id)
        .join(Page, Page.evidence_id == Evidence.id)
        .join(AdVersion, AdVersion.page_id == Page.id)
        .join(ReviewTask, ReviewTask.ad_version_id == AdVersion.id)
    )
    pictures = select(Evidence.id).join(Picture, Picture.png_id == Evidence.id)
    return {
        evidence_id
        for query in (of_cases, pictures)
        for evidence_id in session.scalars(
            query.where(~_HAS_OWN, Evidence.erased_at.is_(None)).limit(_ITEMS_AT_ONCE)
        )
    }


def _add_seal(
    session: Session,
    audit: AuditLog,
    kind: SealKind,
    members: Sequence[Member],
    now: datetime,
    *,
    evidence_id: int | None = None,
) -> Seal:
    digests = [digest for _, digest in members]
    root = digests[0] if kind is SealKind.ITEM else root_of(digests)
    event = audit.append(
        session,
        AuditAction.EVIDENCE_SEALED,
        actor=SYSTEM,
        subject_kind=SEAL_SUBJECT if evidence_id is None else EVIDENCE_SUBJECT,
        subject_id=root if evidence_id is None else evidence_id,
        now=now,
        details={"root_sha256": root, "n_items": len(members), "kind": kind.value},
    )
    seal = Seal(
        kind=kind,
        root_sha256=root,
        n_items=len(members),
        members=pack_members(members),
        made_at=now,
        audit_seq=event.seq,
        evidence_id=evidence_id,
    )
    session.add(seal)
    session.flush()
    return seal


def anchor_pending(db: Database, audit: AuditLog, *, now: datetime) -> JobReport:
    """Have seals stamped by every authority that has not yet; what none stamps is tried again later."""
    asked = load_authorities(db.settings)
    if not asked:
        return JobReport()
    is_due = Seal.state.in_([SealState.UNANCHORED, SealState.PARTLY]) & (Seal.kind != SealKind.BATCH)
    with db.write() as session:
        _, ids = lease_rows(
            session,
            Seal,
            where=is_due,
            # What was tried often lets what is new go first.
            order_by=[Seal.attempts, Seal.id],
            n=_STAMPS_AT_ONCE,
            now=now,
            seconds=_LEASE,
        )
    asker, report = Asker(db.settings), JobReport()
    for seal_id in ids:
        is_done = _anchor(db, audit, asker, asked, seal_id, now)
        report += JobReport(int(is_done), int(not is_done))
    return report


def _anchor(
    db: Database,
    audit: AuditLog,
    asker: Asker,
    authorities: Sequence[Authority],
    seal_id: int,
    now: datetime,
) -> bool:
    """Ask for what one seal lacks; whether it then has all."""
    with db.read() as session:
        seal = session.get_one(Seal, seal_id)
        known = {stamp.authority for stamp in seal.stamps}
    error, fresh = "", []
    for authority in authorities:
        if authority.name in known:
            continue
        try:
            fresh.append(_ask(asker, authority, seal, now))
        except (NoStamp, BadStamp) as problem:
            error = f"{authority.name}: {problem.code}"
            log.warning("evidence.stamp.failed", seal_id=seal_id, authority=authority.name, kind=problem.code)
    with db.write() as session:
        seal = session.get_one(Seal, seal_id)
        for stamp in fresh:
            _keep(session, audit, seal, stamp, now)
        n_stamps = session.scalar(select(func.count()).where(TimeStamp.seal_id == seal_id)) or 0
        is_whole = n_stamps >= WANTED_AUTHORITIES and not error
        if is_whole:
            seal.state = SealState.ANCHORED
            release(seal)
            return True
        seal.state = SealState.PARTLY if n_stamps else SealState.UNANCHORED
        hold_back(seal, error or "too_few_authorities", now=now)
        seal.attempts = min(seal.attempts, _MAX_ATTEMPTS_COUNTED)
    return False


def _ask(asker: Asker, authority: Authority, seal: Seal, now: datetime) -> TimeStamp:
    question = ask_about(stamped_sha256(seal))
    response = asker.ask(authority, question)
    stamped_at = check_stamp(response, stamped_sha256(seal), authority.roots_pem, nonce=question.nonce)
    return TimeStamp(
        seal_id=seal.id,
        authority=authority.name,
        response=response,
        response_sha256=sha256(response).hexdigest(),
        roots_pem=authority.roots_pem,
        stamped_at=stamped_at,
        received_at=now,
    )


def _keep(session: Session, audit: AuditLog, seal: Seal, stamp: TimeStamp, now: datetime) -> None:
    event = audit.append(
        session,
        AuditAction.EVIDENCE_ANCHORED,
        actor=SYSTEM,
        subject_kind=SEAL_SUBJECT if seal.evidence_id is None else EVIDENCE_SUBJECT,
        subject_id=seal.root_sha256 if seal.evidence_id is None else seal.evidence_id,
        now=now,
        details={
            "authority": stamp.authority,
            "response_sha256": stamp.response_sha256,
            "roots_sha256": sha256(stamp.roots_pem.encode()).hexdigest(),
            "stamped_at": stamp.stamped_at.isoformat(),
        },
    )
    stamp.audit_seq = event.seq
    session.add(stamp)
    session.flush()


def count_waiting(db: Database) -> int:
    """How many seals lack stamps."""
    is_waiting = Seal.state.in_([SealState.UNANCHORED, SealState.PARTLY]) & (Seal.kind != SealKind.BATCH)
    with db.read() as session:
        return session.scalar(select(func.count()).where(is_waiting)) or 0
