"""Beside each flag: what the statistical part alone said, and what would have changed the outcome.

Revision ID: 0002
Revises: 0001
"""
import sqlalchemy as sa
from alembic import op


revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    op.add_column("classification", sa.Column("explanation", sa.JSON(), nullable=True))
    event = "BEFORE UPDATE OF explanation ON classification"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER classification_no_new_explanation {event} FOR EACH ROW EXECUTE FUNCTION saqshy_refuse()"
        )
        return
    op.execute(
        f"CREATE TRIGGER classification_no_new_explanation {event} "
        "BEGIN SELECT RAISE(ABORT, 'classification is append-only'); END"
    )
