"""Stored bytes, and what makes them provable: seals over them, time stamps on the seals, pictures of pages.

A *batch* seal covers what was stored since the last one; its root stands in the
keyed audit log. A *day* seal covers the batches of a day and carries time
stamps of outside authorities. An *item* seal is one file's own: its root is the
file's SHA-256, so that a time stamp on it can be checked with the file alone.
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Leased, RowId, Sha256, enum_column
from models.enums import EvidenceKind, PictureState, SealKind, SealState

_UNSEALED = text("seal_id IS NULL")


class Evidence(Base):
    """A file named by its hash; erasure leaves the row and the hash.

    A capture is a WARC file: the answer's body lies in it at ``payload_offset``
    as it came over the wire, in ``payload_encoding`` (a Content-Encoding). Of
    other kinds the whole file is the content.
    """

    __tablename__ = "evidence"
    __table_args__ = (
        # What waits for its seal, without a look at all that has one.
        Index("ix_evidence_unsealed", "id", sqlite_where=_UNSEALED, postgresql_where=_UNSEALED),
    )

    id: Mapped[RowId]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size_bytes: Mapped[int]
    captured_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
    kind: Mapped[EvidenceKind] = mapped_column(enum_column(EvidenceKind), default=EvidenceKind.BODY)
    payload_offset: Mapped[int | None]
    payload_bytes: Mapped[int | None]
    payload_sha256: Mapped[str | None] = mapped_column(String(64))
    payload_encoding: Mapped[str | None]
    seal_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_seal.id"), index=True)


class EvidenceCheck(Base):
    """What was found when a stored file, its seals and its stamps were last checked by the worker."""

    __tablename__ = "evidence_check"
    __table_args__ = (UniqueConstraint("evidence_id"),)

    id: Mapped[RowId]
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    checked_at: Mapped[datetime]
    is_damaged: Mapped[bool]
    problems: Mapped[list[str]]


class Seal(Leased, Base):
    """A root over evidence that stood at one time; everything but its progress is fixed by triggers.

    ``members`` of a batch are pairs of evidence id and SHA-256, in the order of
    the tree (see ``models.merkle.pack_members``), so that a changed row can be
    named; of a day they are pairs of batch id and root.
    """

    __tablename__ = "evidence_seal"
    __table_args__ = (
        UniqueConstraint("evidence_id"),
        CheckConstraint("(kind = 'item') = (evidence_id IS NOT NULL)", name="item_has_evidence"),
        Index("ix_evidence_seal_state_kind", "state", "kind", "id"),
    )

    id: Mapped[RowId]
    kind: Mapped[SealKind] = mapped_column(enum_column(SealKind))
    root_sha256: Mapped[Sha256]
    n_items: Mapped[int]
    members: Mapped[bytes] = mapped_column(LargeBinary)
    made_at: Mapped[datetime]
    audit_seq: Mapped[int] = mapped_column(unique=True)
    # Of an item. No foreign key: evidence names its seal, and tables shall have an order.
    evidence_id: Mapped[int | None]
    # Of a batch: the day that covers it.
    day_id: Mapped[int | None] = mapped_column(ForeignKey("evidence_seal.id"), index=True)
    state: Mapped[SealState] = mapped_column(enum_column(SealState), default=SealState.UNANCHORED)

    stamps: Mapped[list["TimeStamp"]] = relationship(back_populates="seal", order_by="TimeStamp.id")


class TimeStamp(Base):
    """An authority's word (RFC 3161) that a seal's root was known at a time; checked before it is stored."""

    __tablename__ = "time_stamp"
    __table_args__ = (UniqueConstraint("seal_id", "authority"),)

    id: Mapped[RowId]
    seal_id: Mapped[int] = mapped_column(ForeignKey("evidence_seal.id"))
    authority: Mapped[str] = mapped_column(String(64))
    # The whole answer in DER: what `openssl ts -verify -in` reads.
    response: Mapped[bytes] = mapped_column(LargeBinary)
    response_sha256: Mapped[Sha256]
    # Certificates of the authority that the answer was checked against, PEM.
    roots_pem: Mapped[str]
    stamped_at: Mapped[datetime]
    received_at: Mapped[datetime]
    audit_seq: Mapped[int] = mapped_column(unique=True)

    seal: Mapped[Seal] = relationship(back_populates="stamps")


class Picture(Leased, Base):
    """A picture of a page's stored bytes, wanted or taken; the PNG is evidence of its own."""

    __tablename__ = "page_picture"
    __table_args__ = (
        UniqueConstraint("evidence_id"),
        Index("ix_page_picture_state", "state", "id"),
    )

    id: Mapped[RowId]
    evidence_id: Mapped[int] = mapped_column(ForeignKey("evidence.id"))
    state: Mapped[PictureState] = mapped_column(enum_column(PictureState), default=PictureState.WANTED)
    wanted_at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    # The PNG.
    png_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"))
    browser: Mapped[str | None] = mapped_column(String(64))

    evidence: Mapped[Evidence] = relationship(foreign_keys=[evidence_id])
    png: Mapped[Evidence | None] = relationship(foreign_keys=[png_id])
