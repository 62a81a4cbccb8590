"""What the worker found when it last checked a stored file, its seals and its stamps.

Revision ID: 0007
Revises: 0006
"""
import sqlalchemy as sa
from alembic import op


revision = "0007"
down_revision = "0006"


def big() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "evidence_check",
        sa.Column("id", big(), nullable=False),
        sa.Column("evidence_id", big(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_damaged", sa.Boolean(), nullable=False),
        sa.Column("problems", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_evidence_check"),
        sa.ForeignKeyConstraint(["evidence_id"], ["evidence.id"], name="fk_evidence_check_evidence_id"),
        sa.UniqueConstraint("evidence_id", name="uq_evidence_check_evidence_id"),
    )


def downgrade() -> None:
    op.drop_table("evidence_check")
