"""What channels say of their messages: views, pictures, and that a text was edited.

Revision ID: 0003
Revises: 0002
"""
import sqlalchemy as sa
from alembic import op


revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("ad", sa.Column("n_views", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=True))
    op.add_column("ad_version", sa.Column("pictures", sa.JSON(), nullable=True))
    op.add_column("ad_version", sa.Column("is_edited", sa.Boolean(), nullable=False, server_default=sa.false()))
    event = "BEFORE UPDATE OF pictures, is_edited ON ad_version"
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            f"CREATE TRIGGER ad_version_no_new_pictures {event} FOR EACH ROW EXECUTE FUNCTION saqshy_refuse()"
        )
        return
    op.execute(
        f"CREATE TRIGGER ad_version_no_new_pictures {event} "
        "BEGIN SELECT RAISE(ABORT, 'ad_version is append-only'); END"
    )
