"""Stored bytes: one row and one file per distinct content."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base, RowId


class Evidence(Base):
    """Bytes as they came, named by their hash; erasure leaves the row and the hash."""

    __tablename__ = "evidence"

    id: Mapped[RowId]
    sha256: Mapped[str] = mapped_column(String(64), unique=True)
    size_bytes: Mapped[int]
    captured_at: Mapped[datetime]
    erased_at: Mapped[datetime | None]
