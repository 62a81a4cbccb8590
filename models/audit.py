"""The audit log: append-only, hash-chained under a key, written in the transaction it records.

Each event's MAC covers its fields and the MAC before it, with a key that is not
in the database; one locked head row makes appenders queue. The head is also
written outside the database (``save_head``) and repeated in every release, so
that cutting the tail or restoring an old database shows.
"""

import hmac
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from sqlalchemy import ForeignKey, Index, String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from models.base import Base, Sha256, enum_column
from models.blobs import fsync_folder, write_durably
from models.errors import BadSettings, SaqshyError

GENESIS_MAC = "0" * 64
HEAD_ID = 1

Detail = str | int | float | bool | None | list[str]


class AuditAction(StrEnum):
    """Everything that leaves a line."""

    USER_CREATED = "user.created"
    USER_DISABLED = "user.disabled"
    USER_ENABLED = "user.enabled"
    USER_PASSWORD_SET = "user.password_set"  # noqa: S105 - the name of an event
    USER_ROLE_SET = "user.role_set"
    LOGIN_SUCCEEDED = "login.succeeded"
    LOGIN_FAILED = "login.failed"
    LOGIN_ENDED = "login.ended"
    TASK_OPENED = "task.opened"
    TASK_REFRESHED = "task.refreshed"
    TASK_CLAIMED = "task.claimed"
    TASK_CLAIM_PROLONGED = "task.claim_prolonged"
    TASK_PUT_BACK = "task.put_back"
    TASK_CLAIM_EXPIRED = "task.claim_expired"
    DECISION_MADE = "decision.made"
    CONTACTS_OPENED = "contacts.opened"
    ENTRY_CREATED = "entry.created"
    ENTRY_LIFTED = "entry.lifted"
    ENTRY_EXPIRED = "entry.expired"
    RELEASE_MADE = "release.made"
    RELEASE_DOWNLOADED = "release.downloaded"
    SOURCE_ENABLED = "source.enabled"
    SOURCE_DISABLED = "source.disabled"
    SOURCE_PAUSED = "source.paused"
    SOURCE_RESUMED = "source.resumed"
    SOURCE_RUN_ASKED = "source.run_asked"
    HOST_ASKED_AGAIN = "source.host_asked_again"
    DRIFT_ACCEPTED = "source.drift_accepted"
    CANDIDATE_ADOPTED = "candidate.adopted"
    CANDIDATE_IGNORED = "candidate.ignored"
    HAND_IN_MADE = "hand_in.made"
    IMPORT_FINISHED = "import.finished"
    EVIDENCE_SWEPT = "evidence.swept"
    EVIDENCE_SEALED = "evidence.sealed"
    EVIDENCE_ANCHORED = "evidence.anchored"
    EVIDENCE_READ = "evidence.read"
    EVIDENCE_EXPORTED = "evidence.exported"
    EVIDENCE_PRINTED = "evidence.printed"
    EVIDENCE_ERASED = "evidence.erased"
    PICTURE_WANTED = "evidence.picture_wanted"
    CLASSIFIER_REGISTERED = "classifier.registered"
    INDEX_REBUILT = "index.rebuilt"


class AuditEvent(Base):
    """One line of the log; ``details`` is canonical JSON text, exactly what the MAC covers."""

    __tablename__ = "audit_event"
    __table_args__ = (Index("ix_audit_event_subject", "subject_kind", "subject_id"),)

    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime]
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"), index=True)
    actor_name: Mapped[str] = mapped_column(String(64))
    action: Mapped[AuditAction] = mapped_column(enum_column(AuditAction), index=True)
    subject_kind: Mapped[str] = mapped_column(String(32))
    subject_id: Mapped[str] = mapped_column(String(64))
    details: Mapped[str]
    previous_mac: Mapped[Sha256]
    mac: Mapped[Sha256]


class AuditHead(Base):
    """The last event's number and MAC; the one row every appender locks."""

    __tablename__ = "audit_head"

    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    mac: Mapped[Sha256]


@dataclass(frozen=True)
class Actor:
    """Who acts: a person, or a part of the system (``id`` is None)."""

    id: int | None
    name: str


# Whoever may type commands on the machine, and the jobs.
OPERATOR = Actor(None, "operator")
SYSTEM = Actor(None, "system")


@dataclass(frozen=True)
class Head:
    """A point of the log that was seen at some time."""

    seq: int
    mac: str


class AuditLog:
    """Appends to and checks the log with the installation's key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def append(
        self,
        session: Session,
        action: AuditAction,
        *,
        actor: Actor,
        subject_kind: str,
        subject_id: object,
        now: datetime,
        details: Mapping[str, Detail] | None = None,
    ) -> AuditEvent:
        """Add one event to the caller's transaction; it is kept if and only if that commits.

        Args:
            session: a write session; its transaction holds the head's lock until it ends.
            action: what happened.
            actor: who did it.
            subject_kind: table or thing it happened to.
            subject_id: its id.
            now: aware time.
            details: facts for a reader; never ad text, names, phones or search terms.
        """
        head = session.scalars(select(AuditHead).where(AuditHead.id == HEAD_ID).with_for_update()).one()
        event = AuditEvent(
            seq=head.seq + 1,
            at=now.astimezone(UTC),
            actor_id=actor.id,
            actor_name=actor.name,
            action=action,
            subject_kind=subject_kind,
            subject_id=str(subject_id),
            details=json.dumps(
                dict(details or {}), ensure_ascii=False, sort_keys=True, separators=(",", ":")
            ),
            previous_mac=head.mac,
        )
        event.mac = self._mac(event)
        session.add(event)
        head.seq, head.mac = event.seq, event.mac
        session.flush()
        return event

    def _mac(self, event: AuditEvent) -> str:
        fields = [
            str(event.seq),
            event.at.astimezone(UTC).isoformat(timespec="microseconds"),
            "" if event.actor_id is None else str(event.actor_id),
            event.actor_name,
            str(event.action),
            event.subject_kind,
            event.subject_id,
            event.details,
            event.previous_mac,
        ]
        message = json.dumps(fields, ensure_ascii=False, separators=(",", ":")).encode()
        return hmac.new(self._key, message, sha256).hexdigest()

    def head(self, session: Session) -> Head:
        """The log's present end."""
        row = session.get_one(AuditHead, HEAD_ID)
        return Head(row.seq, row.mac)

    def verify(self, session: Session, outside: Iterable[Head] = ()) -> Iterator[str]:
        """Check every link from the first event on, the head row, and heads kept elsewhere.

        Yields:
            One sentence per damage, naming the event; nothing when the log is whole.
        """
        wanted: dict[int, set[str]] = {}
        for seen in outside:
            wanted.setdefault(seen.seq, set()).add(seen.mac)
        expected, mac = 1, GENESIS_MAC
        events = session.scalars(
            select(AuditEvent).order_by(AuditEvent.seq).execution_options(yield_per=1000)
        )
        for event in events:
            if event.seq != expected:
                yield f"audit event {expected} is missing (the next one found is {event.seq})"
            elif event.previous_mac != mac:
                yield f"audit event {event.seq} does not follow the one before it"
            if not hmac.compare_digest(self._mac(event), event.mac):
                yield f"audit event {event.seq} was changed"
            if wanted.pop(event.seq, {event.mac}) != {event.mac}:
                yield f"audit event {event.seq} is not the one that was noted outside the database"
            expected, mac = event.seq + 1, event.mac
            session.expunge(event)
        head = self.head(session)
        if (head.seq, head.mac) != (expected - 1, mac):
            yield f"audit log ends at event {expected - 1}, but its head says {head.seq}"
        for seq in sorted(wanted.keys() - {0}):
            yield f"audit event {seq} was noted outside the database and is gone"


def load_audit_key(path: Path) -> bytes:
    """Read the key, or make it on the first start (32 random bytes, file mode 0600).

    Raises:
        BadSettings: the file is there but is no key, or others may read it.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        write_durably(path, os.urandom(32).hex().encode())
        fsync_folder(path.parent)
    if path.stat().st_mode & 0o077:
        raise BadSettings(f"Others may read the audit key {path}. Run: chmod 600 {path}")
    try:
        key = bytes.fromhex(path.read_text().strip())
    except ValueError:
        key = b""
    if len(key) != 32:
        raise BadSettings(
            f"The audit key {path} is damaged. Restore it from your backup: "
            "the log cannot be checked without it."
        )
    return key


class HeadsDamaged(SaqshyError):
    """The file of outside heads cannot be read."""


def save_head(path: Path, head: Head, now: datetime) -> None:
    """Note the log's end outside the database; a head that stands there already is not repeated."""
    known = load_heads(path)
    if known and known[-1] == head:
        return
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    line = json.dumps({"seq": head.seq, "mac": head.mac, "at": now.astimezone(UTC).isoformat()}) + "\n"
    descriptor = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "a", encoding="utf-8") as file:
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def load_heads(path: Path) -> list[Head]:
    """Heads noted so far, oldest first; an unfinished last line (a crash while writing) is passed over.

    Raises:
        HeadsDamaged: any other line is broken.
    """
    if not path.exists():
        return []
    heads: list[Head] = []
    lines = path.read_text(encoding="utf-8").split("\n")
    for number, line in enumerate(lines[:-1], 1):
        try:
            fields = json.loads(line)
            heads.append(Head(int(fields["seq"]), str(fields["mac"])))
        except (ValueError, KeyError, TypeError) as error:
            raise HeadsDamaged(f"Line {number} of {path} is damaged.", line=number) from error
    return heads
