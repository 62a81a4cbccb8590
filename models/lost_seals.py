"""Seals that the audit log knows of and that are gone: which evidence they covered.

What is sealed is taken in the order of its ids, so a seal that is gone covered
the next so many behind those of the seal before it. Evidence that was sealed
anew since then is told apart by the time of its present seal.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import AuditAction, AuditEvent
from models.enums import SealKind
from models.evidence import Evidence, Seal
from models.merkle import unpack_members


@dataclass(frozen=True)
class _Lost:
    """A seal that is gone; it covered ids above ``after_id`` up to ``last_id``."""

    seq: int
    at: datetime
    after_id: int
    last_id: int

    def covered(self, row_id: int, present: Seal | None) -> bool:
        """Whether it covered a row whose present seal is that one."""
        return self.after_id < row_id <= self.last_id and (present is None or present.audit_seq > self.seq)


class LostSeals:
    """All batch and day seals that are gone, as one reading of the database finds them."""

    def __init__(self, session: Session) -> None:
        is_there = select(Seal.id).where(Seal.audit_seq == AuditEvent.seq).exists()
        events = session.scalars(
            select(AuditEvent)
            .where(
                AuditEvent.subject_kind == "seal",
                AuditEvent.action == AuditAction.EVIDENCE_SEALED,
                ~is_there,
            )
            .order_by(AuditEvent.seq)
        ).all()
        # Events that do not name the kind are of batches or of days: the reading that finds more holds.
        self._batches = _lost(session, events, SealKind.BATCH)
        self._days = _lost(session, events, SealKind.DAY)

    def problems(self, session: Session, evidence: Evidence) -> Iterator[str]:
        """One sentence for each seal that is gone and that covered this item."""
        batch = session.get(Seal, evidence.seal_id) if evidence.seal_id is not None else None
        day = session.get(Seal, batch.day_id) if batch is not None and batch.day_id is not None else None
        for lost in self._batches:
            if lost.covered(evidence.id, batch):
                yield _sentence(evidence, "seal", lost)
        for lost in self._days if batch is not None else ():
            if batch is not None and lost.covered(batch.id, day):
                yield _sentence(evidence, "seal of the day", lost)


def _sentence(evidence: Evidence, name: str, lost: _Lost) -> str:
    return (
        f"evidence {evidence.id}: the {name} that covered it is gone; "
        f"audit event {lost.seq} of {lost.at:%Y-%m-%d %H:%M} UTC says that there was one"
    )


def _lost(session: Session, events: Sequence[AuditEvent], kind: SealKind) -> list[_Lost]:
    covered, found = (Evidence.id if kind is SealKind.BATCH else Seal.id), []
    last_lost = 0
    for event in events:
        details = json.loads(event.details)
        if details.get("kind", kind.value) != kind.value:
            continue
        after_id = max(_last_member(session, kind, event.seq), last_lost)
        query = select(covered).where(covered > after_id)
        if kind is SealKind.DAY:
            query = query.where(Seal.kind == SealKind.BATCH, Seal.audit_seq < event.seq)
        ids = session.scalars(query.order_by(covered).limit(int(details["n_items"]))).all()
        if ids:
            last_lost = ids[-1]
            found.append(_Lost(event.seq, event.at, after_id, last_lost))
    return found


def _last_member(session: Session, kind: SealKind, before_seq: int) -> int:
    """The highest id under the last seal of that kind that is there and older."""
    members = session.scalar(
        select(Seal.members)
        .where(Seal.kind == kind, Seal.audit_seq < before_seq)
        .order_by(Seal.audit_seq.desc())
        .limit(1)
    )
    try:
        return max((row_id for row_id, _ in unpack_members(members)), default=0) if members else 0
    except ValueError:
        return 0
