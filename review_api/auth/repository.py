"""Logins and the people who own them, as SQL."""

from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from models.people import Login, User


def find_user(session: Session, name: str) -> User | None:
    """The user of that name, disabled or not; a name that no database can hold is nobody's."""
    if "\x00" in name:
        return None
    return session.scalars(select(User).where(User.name == name)).one_or_none()


def find_login(session: Session, token_sha256: str) -> tuple[Login, User] | None:
    """The open login with that token's hash, and its owner if not disabled."""
    row = session.execute(
        select(Login, User)
        .join(User, User.id == Login.user_id)
        .where(Login.token_sha256 == token_sha256, Login.ended_at.is_(None), User.disabled_at.is_(None))
    ).one_or_none()
    return None if row is None else (row[0], row[1])


def touch_login(session: Session, login_id: int, now: datetime) -> None:
    """Note that a login was used; one that has just ended stays ended."""
    session.execute(
        update(Login).where(Login.id == login_id, Login.ended_at.is_(None)).values(last_seen_at=now)
    )


def end_logins(
    session: Session, *, now: datetime, login_id: int | None = None, user_id: int | None = None
) -> int:
    """End one login, or all of a person; returns how many were open."""
    wanted = Login.id == login_id if login_id is not None else Login.user_id == user_id
    ended = session.execute(
        update(Login)
        .where(wanted, Login.ended_at.is_(None))
        .values(ended_at=now)
        .returning(Login.id)
        .execution_options(synchronize_session=False)
    )
    return len(ended.all())


def count_failure(session: Session, user_id: int, now: datetime) -> None:
    """One more failed try on an account."""
    session.execute(
        update(User)
        .where(User.id == user_id)
        .values(n_failed_logins=User.n_failed_logins + 1, failed_login_at=now)
    )


def clear_failures(session: Session, user_id: int) -> None:
    """The owner has signed in: strangers' failures no longer count."""
    session.execute(update(User).where(User.id == user_id).values(n_failed_logins=0, failed_login_at=None))
