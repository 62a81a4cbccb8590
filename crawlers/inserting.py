"""Many rows at once, alike on SQLite and PostgreSQL, without the cost of an object for each."""

from collections.abc import Sequence
from typing import Any, cast

from sqlalchemy import Table, bindparam
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from models.base import Base


def insert_missing(
    session: Session, model: type[Base], rows: Sequence[dict[str, Any]], *, key: str = "id"
) -> dict[Any, int]:
    """Insert rows; one that breaks a unique constraint is there already and is passed over.

    Args:
        session: a write session.
        model: the table.
        rows: column values; all with the same keys.
        key: the column to know the new rows by.

    Returns:
        Ids of the new rows by ``key``.
    """
    if not rows:
        return {}
    insert = sqlite.insert if session.get_bind().dialect.name == "sqlite" else postgresql.insert
    # Rows as parameters, not within the statement: it is compiled once and cached, whatever their number.
    table = cast(Table, model.__table__)
    statement = insert(table).on_conflict_do_nothing().returning(table.c[key], table.c.id)
    return {row[0]: row[1] for row in session.execute(statement, list(rows))}


def insert_in_order(
    session: Session, model: type[Base], rows: Sequence[dict[str, Any]], *, key: Sequence[str]
) -> list[int]:
    """Insert new rows; returns their ids in the same order.

    Args:
        session: a write session.
        model: the table.
        rows: column values; all with the same keys.
        key: columns that tell these rows apart. Asked for the ids in the rows' order, SQLAlchemy
            would insert each alone where the database promises no order (SQLite).
    """
    if not rows:
        return []
    table = cast(Table, model.__table__)
    statement = table.insert().returning(table.c.id, *(table.c[name] for name in key))
    ids = {tuple(rest): row_id for row_id, *rest in session.execute(statement, list(rows))}
    return [ids[tuple(row[name] for name in key)] for row in rows]


def update_rows(session: Session, model: type[Base], rows: Sequence[dict[str, Any]]) -> None:
    """Set columns of rows by their ``id``; all with the same keys. Objects in the session are not told."""
    if not rows:
        return
    table = cast(Table, model.__table__)
    statement = table.update().where(table.c.id == bindparam("row_id"))
    given = [{"row_id": row["id"]} | {name: row[name] for name in row if name != "id"} for row in rows]
    session.execute(statement, given)
