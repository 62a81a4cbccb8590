"""Checking seals: every root against its members, the rows, the keyed audit log and the time stamps.

A rewritten file whose row was rewritten to match still differs from what was
sealed; a rewritten seal differs from what the audit log says was sealed, and one
that was taken away is missing where the audit log names it.
"""

import json
from collections.abc import Iterator
from hashlib import sha256

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditAction, AuditEvent
from models.crawl import Page
from models.enums import SealKind
from models.evidence import Evidence, Picture, Seal, TimeStamp
from models.merkle import Member, root_of, unpack_members
from models.session import Database
from models.timestamps import BadStamp, check_stamp, stamped_sha256

_CHUNK = 500


def verify_seals(db: Database) -> Iterator[str]:
    """Check all seals and stamps, offline; each in a short reading of its own.

    Yields:
        One sentence per damage, naming the item and its pages; nothing when all is whole.
    """
    with db.read() as session:
        ids = session.scalars(select(Seal.id).order_by(Seal.id)).all()
    for seal_id in ids:
        with db.read() as session:
            seal = session.get_one(Seal, seal_id)
            damages = [*_seal_damages(session, seal), *_stamp_damages(session, seal)]
        yield from damages
    with db.read() as session:
        damages = list(_missing(session))
    yield from damages


def evidence_damages(session: Session, evidence: Evidence) -> Iterator[str]:
    """Check what covers one item: its batch, its day, its own seal and all their stamps."""
    batch = session.get(Seal, evidence.seal_id) if evidence.seal_id is not None else None
    day = session.get(Seal, batch.day_id) if batch is not None and batch.day_id is not None else None
    own = session.scalars(select(Seal).where(Seal.evidence_id == evidence.id)).one_or_none()
    if evidence.seal_id is not None and batch is None:
        yield f"evidence {evidence.id}: its seal is gone"
    if batch is not None and batch.day_id is not None:
        if day is None:
            yield f"evidence {evidence.id}: the seal of its day is gone"
        elif _members_of(day).get(batch.id) != batch.root_sha256:
            yield f"evidence {evidence.id}: the seal of its day does not cover its seal"
    for seal in (batch, own):
        members = _members_of(seal)
        if seal is not None and members.get(evidence.id) != evidence.sha256:
            yield f"evidence {evidence.id} was rewritten: seal {seal.id} says {members.get(evidence.id)}"
    for seal in (batch, day, own):
        if seal is not None:
            yield from _root_damages(session, seal)
            yield from _stamp_damages(session, seal)
    yield from _missing(session, evidence)


def _members_of(seal: Seal | None) -> dict[int, str]:
    try:
        return dict(unpack_members(seal.members)) if seal is not None else {}
    except ValueError:
        return {}


def _missing(session: Session, evidence: Evidence | None = None) -> Iterator[str]:
    """Seals and stamps that the audit log knows of and that are not there; of one item, or of all."""
    kept = {
        AuditAction.EVIDENCE_SEALED: ("seal", Seal.audit_seq),
        AuditAction.EVIDENCE_ANCHORED: ("time stamp", TimeStamp.audit_seq),
    }
    for action, (name, audit_seq) in kept.items():
        is_there = select(audit_seq).where(audit_seq == AuditEvent.seq).exists()
        query = select(AuditEvent).where(AuditEvent.action == action, ~is_there)
        if evidence is not None:
            query = query.where(
                AuditEvent.subject_kind == "evidence", AuditEvent.subject_id == str(evidence.id)
            )
        for event in session.scalars(query.order_by(AuditEvent.seq)):
            yield (
                f"the {name} of {event.subject_kind} {event.subject_id} is gone; "
                f"audit event {event.seq} of {event.at:%Y-%m-%d %H:%M} UTC says that there was one"
            )


def _seal_damages(session: Session, seal: Seal) -> Iterator[str]:
    yield from _root_damages(session, seal)
    try:
        members = unpack_members(seal.members)
    except ValueError:
        return
    if seal.kind is SealKind.DAY:
        yield from _batch_damages(session, _name(seal), members)
    else:
        yield from _member_damages(session, seal, members)


def _name(seal: Seal) -> str:
    return f"seal {seal.id} ({seal.kind.value})"


def _root_damages(session: Session, seal: Seal) -> Iterator[str]:
    """A seal's root against its own members and against what the audit log says was sealed."""
    try:
        digests = [digest for _, digest in unpack_members(seal.members)]
        root = digests[0] if seal.kind is SealKind.ITEM else root_of(digests)
    except (ValueError, IndexError):
        yield f"{_name(seal)}: its members cannot be read"
        return
    if root != seal.root_sha256 or len(digests) != seal.n_items:
        yield f"{_name(seal)}: its members are not those of its root"
    noted = _noted(session, seal.audit_seq, AuditAction.EVIDENCE_SEALED)
    if (noted.get("root_sha256"), noted.get("n_items")) != (seal.root_sha256, seal.n_items):
        yield f"{_name(seal)}: the audit log says that something else was sealed"


def _batch_damages(session: Session, name: str, members: list[Member]) -> Iterator[str]:
    roots = {
        row.id: row.root_sha256
        for row in session.execute(select(Seal.id, Seal.root_sha256).where(Seal.kind == SealKind.BATCH))
    }
    for batch_id, root in members:
        if roots.get(batch_id) != root:
            yield f"{name}: seal {batch_id} is not the one that it covers"


def _member_damages(session: Session, seal: Seal, members: list[Member]) -> Iterator[str]:
    for start in range(0, len(members), _CHUNK):
        part = dict(members[start : start + _CHUNK])
        found = session.execute(select(Evidence.id, Evidence.sha256).where(Evidence.id.in_(part)))
        rows = {row.id: row.sha256 for row in found}
        for evidence_id, digest in part.items():
            if evidence_id not in rows:
                yield f"evidence {evidence_id} is gone from the database; it was sealed as {digest}"
            elif rows[evidence_id] != digest:
                yield (
                    f"evidence {evidence_id} was rewritten: its row says {rows[evidence_id]}, "
                    f"seal {seal.id} says {digest}: {name_pages(session, evidence_id)}"
                )


def _stamp_damages(session: Session, seal: Seal) -> Iterator[str]:
    for stamp in session.scalars(select(TimeStamp).where(TimeStamp.seal_id == seal.id)):
        subject = f"evidence {seal.evidence_id}" if seal.evidence_id is not None else f"seal {seal.id}"
        name = f"time stamp of {stamp.authority} on {subject}"
        noted = _noted(session, stamp.audit_seq, AuditAction.EVIDENCE_ANCHORED)
        found = {
            "response_sha256": sha256(stamp.response).hexdigest(),
            "roots_sha256": sha256(stamp.roots_pem.encode()).hexdigest(),
        }
        if any(noted.get(key) != value for key, value in found.items()):
            yield f"{name}: it is not the one that the audit log knows"
        try:
            check_stamp(stamp.response, stamped_sha256(seal), stamp.roots_pem)
        except BadStamp as error:
            yield f"{name}: {error.message}"


def _noted(session: Session, seq: int, action: AuditAction) -> dict[str, object]:
    """What the audit log says of an act; the log itself is checked apart."""
    event = session.get(AuditEvent, seq)
    if event is None or event.action is not action:
        return {}
    details: dict[str, object] = json.loads(event.details)
    return details


def name_pages(session: Session, evidence_id: int) -> str:
    """The pages that a stored file is of, or is a picture of, in words."""
    pages = session.execute(select(Page.id, Page.url).where(Page.evidence_id == evidence_id).limit(5)).all()
    pictures = session.execute(
        select(Page.id, Page.url)
        .join(Picture, Picture.evidence_id == Page.evidence_id)
        .where(Picture.png_id == evidence_id)
        .limit(5)
    ).all()
    named = [f"page {page_id} ({url})" for page_id, url in pages]
    named += [f"picture of page {page_id} ({url})" for page_id, url in pictures]
    return ", ".join(named) or "no page"
