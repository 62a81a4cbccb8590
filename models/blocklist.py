"""Blocklist entries and the numbered, signed releases that carry them out of the house."""

from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    String,
    UniqueConstraint,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ad import Ad, AdVersion
from models.base import Base, RowId, Sha256, enum_column
from models.enums import EntryState, Scope
from models.people import User
from models.review import Decision, ReviewTask

_DECISION_KEY = [
    "decision.id",
    "decision.task_id",
    "decision.round",
    "decision.reviewer_id",
    "decision.verdict",
]
_ACTIVE = text("state = 'active'")


class BlocklistEntry(Base):
    """A line of the list: one address, two different people behind it.

    The two composite foreign keys tie ``confirmed_by_id`` and
    ``approved_by_id`` to real decisions of the same task and round, and a check
    keeps them apart: no code path and no SQL statement can list an address on
    one person's word.
    """

    __tablename__ = "blocklist_entry"
    __table_args__ = (
        CheckConstraint("confirmed_by_id <> approved_by_id", name="two_people"),
        CheckConstraint("confirm_verdict = 'confirm' AND approve_verdict = 'approve'", name="two_verdicts"),
        CheckConstraint("scope <> 'host'", name="no_host_scope"),
        ForeignKeyConstraint(
            ["confirm_decision_id", "task_id", "round", "confirmed_by_id", "confirm_verdict"],
            _DECISION_KEY,
            name="fk_blocklist_entry_confirm",
        ),
        ForeignKeyConstraint(
            ["approve_decision_id", "task_id", "round", "approved_by_id", "approve_verdict"],
            _DECISION_KEY,
            name="fk_blocklist_entry_approve",
        ),
        Index(
            "uq_blocklist_entry_active_url",
            "url_sha256",
            unique=True,
            sqlite_where=_ACTIVE,
            postgresql_where=_ACTIVE,
        ),
        UniqueConstraint("approve_decision_id"),
    )

    id: Mapped[RowId]
    task_id: Mapped[int] = mapped_column(ForeignKey("review_task.id"))
    round: Mapped[int]
    ad_id: Mapped[int] = mapped_column(ForeignKey("ad.id"))
    ad_version_id: Mapped[int] = mapped_column(ForeignKey("ad_version.id"))
    url: Mapped[str]
    url_sha256: Mapped[Sha256]
    scope: Mapped[Scope] = mapped_column(enum_column(Scope))
    confirm_decision_id: Mapped[int]
    confirmed_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    confirm_verdict: Mapped[str] = mapped_column(String(32), default="confirm")
    approve_decision_id: Mapped[int]
    approved_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    approve_verdict: Mapped[str] = mapped_column(String(32), default="approve")
    state: Mapped[EntryState] = mapped_column(enum_column(EntryState), default=EntryState.ACTIVE)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    lifted_at: Mapped[datetime | None]
    lifted_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    lift_reason: Mapped[str | None]

    task: Mapped[ReviewTask] = relationship()
    ad: Mapped[Ad] = relationship()
    ad_version: Mapped[AdVersion] = relationship()
    confirm_decision: Mapped[Decision] = relationship(
        primaryjoin="foreign(BlocklistEntry.confirm_decision_id) == Decision.id", viewonly=True
    )
    approve_decision: Mapped[Decision] = relationship(
        primaryjoin="foreign(BlocklistEntry.approve_decision_id) == Decision.id", viewonly=True
    )
    confirmed_by: Mapped[User] = relationship(foreign_keys=[confirmed_by_id])
    approved_by: Mapped[User] = relationship(foreign_keys=[approved_by_id])


class BlocklistRelease(Base):
    """A numbered, complete, signed list; rows are never changed (the database refuses).

    The three files lie in the releases folder under the release's number; their
    hashes here are what ``saqshy verify`` compares. ``content_sha256`` covers
    the entries alone, so that the same state makes no new release.
    """

    __tablename__ = "blocklist_release"

    id: Mapped[RowId]
    number: Mapped[int] = mapped_column(unique=True)
    created_at: Mapped[datetime]
    created_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    n_entries: Mapped[int]
    n_added: Mapped[int]
    n_removed: Mapped[int]
    content_sha256: Mapped[Sha256]
    csv_sha256: Mapped[Sha256]
    xlsx_sha256: Mapped[Sha256]
    json_sha256: Mapped[Sha256]
    # Ed25519 over the manifest (number, time, counts, the hashes above, audit head); base64.
    signature: Mapped[str]
    public_key: Mapped[str]
    audit_seq: Mapped[int]
    audit_mac: Mapped[Sha256]

    created_by: Mapped[User] = relationship()
    lines: Mapped[list["ReleaseLine"]] = relationship(
        back_populates="release", order_by="ReleaseLine.position"
    )


class ReleaseLine(Base):
    """Which entries a release holds, in its order."""

    __tablename__ = "release_line"
    __table_args__ = (UniqueConstraint("release_id", "position"),)

    release_id: Mapped[int] = mapped_column(ForeignKey("blocklist_release.id"), primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("blocklist_entry.id"), primary_key=True)
    position: Mapped[int]
    is_new: Mapped[bool]

    release: Mapped[BlocklistRelease] = relationship(back_populates="lines")
    entry: Mapped[BlocklistEntry] = relationship()
