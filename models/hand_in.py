"""What people bring: an address, or what a caller of the help line said."""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, RowId, enum_column
from models.crawl import CrawlRun, Page
from models.enums import FetchResult, HandInState, HandInVia
from models.people import User


class HandIn(Base):
    """One address or one caller's words, on the way to an answer; nobody's name is asked for."""

    __tablename__ = "hand_in"
    __table_args__ = (
        Index("ix_hand_in_state", "state", "id"),
        CheckConstraint("typed <> '' OR words IS NOT NULL", name="says_something"),
    )

    id: Mapped[RowId]
    handed_in_by_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    handed_in_at: Mapped[datetime]
    via: Mapped[HandInVia] = mapped_column(enum_column(HandInVia))
    # As it was typed, and its canonical form where it is an address.
    typed: Mapped[str]
    url: Mapped[str | None]
    url_sha256: Mapped[str | None] = mapped_column(String(64))
    # What the caller said; personal data like an ad's text.
    words: Mapped[str | None]
    region: Mapped[str] = mapped_column(String(100), default="")
    state: Mapped[HandInState] = mapped_column(enum_column(HandInState), default=HandInState.WAITING)
    # Why it still waits or was refused: a code.
    why: Mapped[str | None] = mapped_column(String(64))
    crawl_run_id: Mapped[int | None] = mapped_column(ForeignKey("crawl_run.id"), index=True)
    result: Mapped[FetchResult | None] = mapped_column(enum_column(FetchResult))
    page_id: Mapped[int | None] = mapped_column(ForeignKey("page.id"), index=True)
    answered_at: Mapped[datetime | None]

    handed_in_by: Mapped[User] = relationship()
    crawl_run: Mapped[CrawlRun | None] = relationship()
    page: Mapped[Page | None] = relationship()
