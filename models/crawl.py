"""Sources, crawl runs (one per due slot), the frontier, pages, and the pace of each host."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, Leased, RowId, Sha256, enum_column
from models.enums import (
    FetchResult,
    ParseState,
    RequestKind,
    RequestState,
    RunKind,
    RunState,
    SourceKind,
)
from models.evidence import Evidence


class Source(Base):
    """A place where ads are looked for; its YAML file is the text, this row the state."""

    __tablename__ = "source"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    kind: Mapped[SourceKind] = mapped_column(enum_column(SourceKind))
    title: Mapped[str]
    settings: Mapped[dict[str, Any]]  # Any: the validated YAML as it was when last read
    settings_sha256: Mapped[Sha256]
    is_enabled: Mapped[bool] = mapped_column(default=False)
    terms_read_by: Mapped[str | None]
    terms_read_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    last_success_at: Mapped[datetime | None]
    # When a run last brought a text that was not here.
    last_new_at: Mapped[datetime | None]
    # Minutes between two slots as they stand now, for a source whose file lets them follow its yield.
    interval_minutes: Mapped[int | None]
    next_slot_at: Mapped[datetime | None]
    # A person's pause: nothing is fetched until a person ends it.
    paused_at: Mapped[datetime | None]
    # Slots before this are nobody's fault: the source was off or paused.
    resumed_at: Mapped[datetime | None]
    paused_by: Mapped[str | None] = mapped_column(String(64))
    pause_reason: Mapped[str | None]

    @property
    def is_crawled(self) -> bool:
        """Whether its pages may be asked for now."""
        return self.is_enabled and self.paused_at is None


def _its_slot(context: Any) -> Any:  # Any: SQLAlchemy's execution context and the row's own value
    return context.get_current_parameters()["slot_at"]


class CrawlRun(Leased, Base):
    """One due slot of a source, or what was asked of it beside; the unique slot runs once."""

    __tablename__ = "crawl_run"
    __table_args__ = (
        UniqueConstraint("source_id", "slot_at"),
        Index("ix_crawl_run_state_rank_at", "state", "rank_at"),
    )

    id: Mapped[RowId]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    slot_at: Mapped[datetime]
    state: Mapped[RunState] = mapped_column(enum_column(RunState), default=RunState.DUE)
    kind: Mapped[RunKind] = mapped_column(enum_column(RunKind), default=RunKind.SCHEDULED)
    # Workers take the earliest first: the slot, moved forward for what is more urgent or yields more.
    rank_at: Mapped[datetime] = mapped_column(default=_its_slot)
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    n_pages: Mapped[int] = mapped_column(default=0)
    n_ads: Mapped[int] = mapped_column(default=0)
    n_new_versions: Mapped[int] = mapped_column(default=0)
    n_failed: Mapped[int] = mapped_column(default=0)

    source: Mapped[Source] = relationship()


class FrontierRequest(Leased, Base):
    """An address to fetch within a run: leased, then acknowledged together with its page."""

    __tablename__ = "frontier_request"
    __table_args__ = (
        UniqueConstraint("crawl_run_id", "url_sha256"),
        Index("ix_frontier_request_run_state", "crawl_run_id", "state", "priority", "id"),
    )

    id: Mapped[RowId]
    crawl_run_id: Mapped[int] = mapped_column(ForeignKey("crawl_run.id"))
    url: Mapped[str]
    url_sha256: Mapped[Sha256]
    kind: Mapped[RequestKind] = mapped_column(enum_column(RequestKind))
    depth: Mapped[int] = mapped_column(default=0)
    priority: Mapped[int] = mapped_column(default=0)
    state: Mapped[RequestState] = mapped_column(enum_column(RequestState), default=RequestState.PENDING)
    result: Mapped[FetchResult | None] = mapped_column(enum_column(FetchResult))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("page.id"))
    added_at: Mapped[datetime]
    # Listing pages in a row, up to the one that led here, that showed nothing new.
    n_stale: Mapped[int] = mapped_column(default=0)


class Page(Leased, Base):
    """One fetched (or imported) page: where, when, what came, and how far it was read."""

    __tablename__ = "page"
    __table_args__ = (
        Index("ix_page_parse_state", "parse_state", "id"),
        Index("ix_page_source_url", "source_id", "url_sha256"),
        UniqueConstraint("import_key"),
    )

    id: Mapped[RowId]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    crawl_run_id: Mapped[int | None] = mapped_column(ForeignKey("crawl_run.id"))
    url: Mapped[str]
    url_sha256: Mapped[Sha256]
    final_url: Mapped[str]
    fetched_at: Mapped[datetime]
    http_status: Mapped[int | None]
    headers: Mapped[dict[str, Any]]  # Any: header name to value, as received
    content_type: Mapped[str | None]
    result: Mapped[FetchResult] = mapped_column(enum_column(FetchResult))
    evidence_id: Mapped[int | None] = mapped_column(ForeignKey("evidence.id"), index=True)
    page_object: Mapped[str | None] = mapped_column(String(64))
    parse_state: Mapped[ParseState] = mapped_column(enum_column(ParseState), default=ParseState.PENDING)
    parse_problems: Mapped[list[str]] = mapped_column(default=list)
    n_ads: Mapped[int] = mapped_column(default=0)
    # Only for imported records: hash of the file's hash and the record's place, so that twice is once.
    import_key: Mapped[str | None] = mapped_column(String(64))

    source: Mapped[Source] = relationship()
    evidence: Mapped[Evidence | None] = relationship()


class Validator(Base):
    """What a server said about a page's freshness, for conditional requests."""

    __tablename__ = "validator"
    __table_args__ = (UniqueConstraint("source_id", "url_sha256"),)

    id: Mapped[RowId]
    source_id: Mapped[int] = mapped_column(ForeignKey("source.id"))
    url_sha256: Mapped[Sha256]
    etag: Mapped[str | None]
    last_modified: Mapped[str | None]
    page_id: Mapped[int] = mapped_column(ForeignKey("page.id"))


class Host(Base):
    """Pace of one host across all workers: nobody asks before ``next_request_at``."""

    __tablename__ = "host"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(255), unique=True)
    next_request_at: Mapped[datetime | None]
    n_refusals: Mapped[int] = mapped_column(default=0)
    paused_until: Mapped[datetime | None]
