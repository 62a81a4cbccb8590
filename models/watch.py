"""What is known about how well we see: usual pages, alarms, blind spots, and places that ads name."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, RowId, Sha256, enum_column
from models.crawl import Source
from models.enums import AlarmKind, BlindReason, CandidateState, ContactKind

_OPEN = text("ended_at IS NULL")


class PageProfile(Base):
    """How pages of one sort look at a source: their usual length, and which fields of ads they fill.

    ``usual`` are shares over the last few hundred ads, ``recent`` over the last
    few: a field that was filled and no longer is, is an alarm.
    """

    __tablename__ = "page_profile"
    __table_args__ = (UniqueConstraint("source_id", "page_object"),)

    id: Mapped[RowId]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    page_object: Mapped[str] = mapped_column(String(64))
    n_pages: Mapped[int] = mapped_column(default=0)
    n_ads: Mapped[int] = mapped_column(default=0)
    usual_bytes: Mapped[float] = mapped_column(default=0.0)
    usual: Mapped[dict[str, Any]] = mapped_column(default=dict)  # Any: JSON, share in [0, 1] by field
    recent: Mapped[dict[str, Any]] = mapped_column(default=dict)
    updated_at: Mapped[datetime]

    source: Mapped[Source] = relationship()


class Alarm(Base):
    """Something is wrong with a source; at most one open alarm per source, kind and subject."""

    __tablename__ = "alarm"
    __table_args__ = (
        Index(
            "uq_alarm_open",
            "source_id",
            "kind",
            "subject",
            unique=True,
            sqlite_where=_OPEN,
            postgresql_where=_OPEN,
        ),
    )

    id: Mapped[RowId]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    kind: Mapped[AlarmKind] = mapped_column(enum_column(AlarmKind))
    # What of the source: a host, or page object and field; "" for all of it.
    subject: Mapped[str] = mapped_column(String(255), default="")
    facts: Mapped[dict[str, Any]]  # Any: JSON counts and shares for the sentence on screen
    began_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    source: Mapped[Source] = relationship()


class BlindSpot(Base):
    """An address that we looked at and could not see, and why."""

    __tablename__ = "blind_spot"
    __table_args__ = (
        UniqueConstraint("source_id", "url_sha256"),
        Index("ix_blind_spot_reason", "ended_at", "reason"),
    )

    id: Mapped[RowId]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    url: Mapped[str]
    url_sha256: Mapped[Sha256]
    # The host, as people name a platform.
    platform: Mapped[str] = mapped_column(String(255))
    region: Mapped[str] = mapped_column(String(100), default="")
    reason: Mapped[BlindReason] = mapped_column(enum_column(BlindReason))
    n_times: Mapped[int] = mapped_column(default=1)
    began_at: Mapped[datetime]
    last_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    source: Mapped[Source] = relationship()


class Candidate(Base):
    """A channel, handle or site that ads name and no source covers; a person decides what becomes of it."""

    __tablename__ = "candidate"
    __table_args__ = (UniqueConstraint("place"),)

    id: Mapped[RowId]
    # How it is named once for all its spellings: ``t.me/name``, a profile, or a host.
    place: Mapped[str] = mapped_column(String(255))
    kind: Mapped[ContactKind] = mapped_column(enum_column(ContactKind))
    n_ads: Mapped[int]
    n_flagged: Mapped[int]
    first_named_at: Mapped[datetime]
    last_named_at: Mapped[datetime]
    state: Mapped[CandidateState] = mapped_column(enum_column(CandidateState), default=CandidateState.OPEN)
    decided_by: Mapped[str | None] = mapped_column(String(64))
    decided_at: Mapped[datetime | None]
    reason: Mapped[str | None]
