"""Ads, their versions, the contacts in them, and clusters of near-duplicates."""

from datetime import datetime
from decimal import Decimal

from sqlalchemy import ForeignKey, Index, Numeric, String, UniqueConstraint, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from models.base import Base, Leased, RowId, Sha256, enum_column
from models.crawl import Page, Source
from models.enums import AdState, ContactKind, GoneReason, TextPlace

_FAILED = text("error IS NOT NULL")


class Cluster(Base):
    """Ads that are near-duplicates of one another; an ad alone is a cluster of one."""

    __tablename__ = "cluster"

    id: Mapped[RowId]
    created_at: Mapped[datetime]


class Ad(Leased, Base):
    """The listing, whatever its text: source + the site's own id.

    ``revision`` grows with every change that the search document shows;
    the index is behind by the ads whose ``indexed_revision`` is smaller.
    """

    __tablename__ = "ad"
    __table_args__ = (
        UniqueConstraint("source_id", "external_id"),
        Index("ix_ad_behind", "is_index_behind", "id"),
        Index("ix_ad_source_url", "source_id", "url"),
        Index("ix_ad_to_check", "source_id", "state", "next_check_at"),
    )

    id: Mapped[RowId]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    external_id: Mapped[str] = mapped_column(String(512))
    url: Mapped[str]
    state: Mapped[AdState] = mapped_column(enum_column(AdState), default=AdState.LIVE)
    gone_at: Mapped[datetime | None]
    gone_reason: Mapped[GoneReason | None] = mapped_column(enum_column(GoneReason))
    first_seen_at: Mapped[datetime]
    last_seen_at: Mapped[datetime] = mapped_column(index=True)
    # The longer an ad has stayed the same, the later its own page is asked for again.
    next_check_at: Mapped[datetime | None]
    # As its site counted when last seen; the change of it is no change of the ad.
    n_views: Mapped[int | None]
    current_version_id: Mapped[int | None] = mapped_column(
        ForeignKey("ad_version.id", use_alter=True, name="fk_ad_current_version_id")
    )
    cluster_id: Mapped[int | None] = mapped_column(ForeignKey("cluster.id"), index=True)
    revision: Mapped[int] = mapped_column(default=1)
    indexed_revision: Mapped[int] = mapped_column(default=0)
    is_index_behind: Mapped[bool] = mapped_column(default=True)

    source: Mapped[Source] = relationship()
    current_version: Mapped["AdVersion | None"] = relationship(
        foreign_keys=[current_version_id], post_update=True
    )


class AdVersion(Leased, Base):
    """The text of an ad as it stood at one time; never changed afterwards (the database refuses)."""

    __tablename__ = "ad_version"
    __table_args__ = (
        UniqueConstraint("ad_id", "content_sha256"),
        UniqueConstraint("ad_id", "number"),
        Index("ix_ad_version_to_classify", "classified_by_id", "id"),
        Index("ix_ad_version_to_link", "linked_at", "id"),
        # The few that no classifier could read: counted for every page of the queue.
        Index("ix_ad_version_unscored", "classified_by_id", sqlite_where=_FAILED, postgresql_where=_FAILED),
    )

    id: Mapped[RowId]
    ad_id: Mapped[int] = mapped_column(ForeignKey("ad.id"))
    number: Mapped[int]
    content_sha256: Mapped[Sha256]
    # Where this text stood: two people sign for this address, wherever the ad moves afterwards.
    url: Mapped[str]
    title: Mapped[str]
    text: Mapped[str]
    author: Mapped[str | None]
    forwarded_from: Mapped[str | None]
    region: Mapped[str | None]
    price_amount: Mapped[Decimal | None] = mapped_column(Numeric(18, 2))
    price_currency: Mapped[str | None] = mapped_column(String(3))
    price_period: Mapped[str | None] = mapped_column(String(16))
    kind: Mapped[str | None] = mapped_column(String(32))
    published_at: Mapped[datetime | None]
    observed_at: Mapped[datetime]
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"), index=True)
    is_parse_incomplete: Mapped[bool] = mapped_column(default=False)
    # Addresses of its pictures when this text was first seen; sites give them another at every visit.
    pictures: Mapped[list[str] | None]
    # What a machine recognised in those pictures: each one's text (models.picture), joined by an empty line;
    # "" once it was erased.
    picture_text: Mapped[str | None]
    # Of a version that differs from an earlier one by ``picture_text`` alone: the other's content hash,
    # so that a page which shows the same again leads here.
    page_sha256: Mapped[str | None] = mapped_column(String(64))
    # The site says that its author changed it, before or after we saw it first.
    is_edited: Mapped[bool] = mapped_column(default=False)
    # Bookkeeping of the jobs; the columns above are immutable.
    classified_by_id: Mapped[int | None] = mapped_column(ForeignKey("classifier_version.id"))
    linked_at: Mapped[datetime | None]

    ad: Mapped[Ad] = relationship(foreign_keys=[ad_id])
    page: Mapped[Page] = relationship()
    contacts: Mapped[list["Contact"]] = relationship(back_populates="ad_version")


class Contact(Base):
    """A way to reach the author: a field of the page (no span) or found in the text (with span)."""

    __tablename__ = "contact"
    __table_args__ = (
        UniqueConstraint("ad_version_id", "kind", "value", "place", "start"),
        Index("ix_contact_kind_value", "kind", "value"),
    )

    id: Mapped[RowId]
    ad_version_id: Mapped[int] = mapped_column(ForeignKey("ad_version.id"))
    kind: Mapped[ContactKind] = mapped_column(enum_column(ContactKind))
    value: Mapped[str] = mapped_column(String(512))
    place: Mapped[TextPlace | None] = mapped_column(enum_column(TextPlace))
    start: Mapped[int | None]
    end: Mapped[int | None]

    ad_version: Mapped[AdVersion] = relationship(back_populates="contacts")


class SimilarityBand(Base):
    """One band of an ad version's MinHash signature; equal keys are candidates for one cluster."""

    __tablename__ = "similarity_band"
    __table_args__ = (Index("ix_similarity_band_key", "band", "key"),)

    ad_version_id: Mapped[int] = mapped_column(ForeignKey("ad_version.id"), primary_key=True)
    band: Mapped[int] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(String(32))


def mark_changed(session: Session, *ad_ids: int) -> None:
    """Note that these ads' search documents are out of date; part of the caller's transaction."""
    if ad_ids:
        session.execute(
            update(Ad)
            .where(Ad.id.in_(ad_ids))
            .values(revision=Ad.revision + 1, is_index_behind=True)
            .execution_options(synchronize_session=False)
        )
