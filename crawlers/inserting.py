"""Inserting rows that may be there already, alike on SQLite and PostgreSQL."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base


def insert_missing(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> int:
    """Insert rows; one that breaks a unique constraint is there already and is passed over.

    Args:
        session: a write session.
        model: the table.
        rows: column values; all with the same keys.

    Returns:
        How many were new.
    """
    if not rows:
        return 0
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    # Rows as parameters, not within the statement: it is compiled once and cached, whatever their number.
    table = cast(Table, model.__table__)
    statement = insert(table).on_conflict_do_nothing().returning(table.c.id)
    return len(session.execute(statement, list(rows)).all())
