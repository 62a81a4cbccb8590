"""People and their logins."""

from datetime import datetime

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base, RowId, Sha256, enum_column
from models.enums import Agency, Role


class User(Base):
    """A person with one role; never deleted, only disabled, since decisions name them."""

    __tablename__ = "user_account"

    id: Mapped[RowId]
    name: Mapped[str] = mapped_column(String(64), unique=True)
    display_name: Mapped[str]
    role: Mapped[Role] = mapped_column(enum_column(Role))
    agency: Mapped[Agency] = mapped_column(enum_column(Agency))
    password_hash: Mapped[str]
    locale: Mapped[str] = mapped_column(String(2), default="kk")
    created_at: Mapped[datetime]
    disabled_at: Mapped[datetime | None]
    n_failed_logins: Mapped[int] = mapped_column(default=0)
    failed_login_at: Mapped[datetime | None]


class Login(Base):
    """A server-side login; the cookie holds a random token, this row only its hash."""

    __tablename__ = "login"

    id: Mapped[RowId]
    token_sha256: Mapped[Sha256] = mapped_column(unique=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    last_seen_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]

    user: Mapped[User] = relationship()
