"""Leasing rows: many workers, each pending row to one of them at a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import ColumnElement, or_, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.base import Leased

MAX_ATTEMPTS = 5


@dataclass(frozen=True)
class JobReport:
    """What one call of a job did; both counts in rows."""

    n_done: int = 0
    n_failed: int = 0

    def __add__(self, other: "JobReport") -> "JobReport":
        return JobReport(self.n_done + other.n_done, self.n_failed + other.n_failed)


def is_free(model: type[Leased], now: datetime) -> ColumnElement[bool]:
    """SQL condition: nobody holds the row and it is not held back."""
    return or_(model.lease_expires_at.is_(None), model.lease_expires_at <= now) & or_(
        model.next_try_at.is_(None), model.next_try_at <= now
    )


def lease_rows(
    session: Session,
    model: type[Leased],
    *,
    where: ColumnElement[bool],
    order_by: Sequence[ColumnElement[Any] | InstrumentedAttribute[Any]],
    n: int,
    now: datetime,
    seconds: float,
    values: dict[str, object] | None = None,
) -> tuple[str, list[int]]:
    """Take up to ``n`` free rows that match ``where``; commit before working on them.

    Two workers never get the same row: PostgreSQL skips locked rows, SQLite
    serialises its writers.

    Args:
        session: a write session.
        model: the table.
        where: which rows are pending.
        order_by: most urgent first.
        n: at most so many rows.
        now: present time.
        seconds: after this the rows are free again, whatever became of the worker.
        values: further columns to set, a state for instance.

    Returns:
        The lease token and the ids, in no particular order.
    """
    token = uuid4().hex
    chosen = (
        select(model.id)
        .where(where, is_free(model, now))
        .order_by(*order_by)
        .limit(n)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    rows = session.execute(
        update(model)
        .where(model.id.in_(chosen))
        .values(
            lease_token=token,
            lease_expires_at=now + timedelta(seconds=seconds),
            attempts=model.attempts + 1,
            **(values or {}),
        )
        .returning(model.id)
        .execution_options(synchronize_session=False)
    )
    return token, list(rows.scalars())


def release(row: Leased) -> None:
    """Give a finished row back; its attempts start anew if it is ever pending again."""
    row.lease_token = row.lease_expires_at = row.next_try_at = row.error = None
    row.attempts = 0


def hold_back(row: Leased, error: str, *, now: datetime, first_delay_seconds: float = 30.0) -> bool:
    """Record a failure and keep the row for a later try, each pause twice the last.

    Returns:
        False when the row has used up its attempts: the caller marks it failed.
    """
    row.lease_token = row.lease_expires_at = None
    row.next_try_at = now + timedelta(seconds=first_delay_seconds * 2 ** max(row.attempts - 1, 0))
    row.error = error
    return row.attempts < MAX_ATTEMPTS
