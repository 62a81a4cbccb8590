"""Inserting rows that may be there already, alike on SQLite and PostgreSQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base

_ROWS_AT_ONCE = 500


def insert_missing(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows; one that breaks a unique constraint is there already and is passed over.

    Args:
        session: a write session.
        model: the table.
        rows: column values; all with the same keys.

    Returns:
        How many were new.
    """
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    n_new = 0
    for start in range(0, len(rows), _ROWS_AT_ONCE):
        statement = insert(model).values(list(rows[start : start + _ROWS_AT_ONCE])).on_conflict_do_nothing()
        n_new += len(session.execute(statement.returning(model.__table__.c.id)).all())
    return n_new
