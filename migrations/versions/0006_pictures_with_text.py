"""Pictures of ads: which are wanted, what they were, and the text that was recognised in them.

Revision ID: 0006
Revises: 0005
"""
import sqlalchemy as sa
from alembic import op


revision = "0006"
down_revision = "0005"


def big() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def number(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, big(), nullable=nullable)


def word(name: str, length: int = 32, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable)


def refuse(name: str, table: str, event: str) -> None:
    """A trigger that refuses what would rewrite a fact."""
    if op.get_bind().dialect.name == "postgresql":
        body = "FOR EACH ROW EXECUTE FUNCTION saqshy_refuse()"
    else:
        body = f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} {body}")


def upgrade() -> None:
    op.add_column("ad_version", sa.Column("picture_text", sa.Text(), nullable=True))
    op.add_column("ad_version", word("page_sha256", 64, nullable=True))
    refuse("ad_version_no_new_picture_text", "ad_version", "UPDATE OF picture_text, page_sha256")
    op.create_table(
        "read_picture",
        number("id"), word("sha256", 64), number("size_bytes"), word("format", 8, nullable=True),
        number("width", nullable=True), number("height", nullable=True), word("perceptual_hash", 16, nullable=True),
        word("problem", nullable=True), sa.Column("text", sa.Text(), nullable=True),
        sa.Column("confidence", sa.Double(), nullable=True), word("reader", 64, nullable=True),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_read_picture"),
        sa.UniqueConstraint("sha256", name="uq_read_picture_sha256"),
    )
    refuse("read_picture_no_update", "read_picture", "UPDATE")
    refuse("read_picture_no_delete", "read_picture", "DELETE")
    op.create_table(
        "picture_band",
        number("picture_id"), number("band"), word("key", 4),
        sa.PrimaryKeyConstraint("picture_id", "band", name="pk_picture_band"),
        sa.ForeignKeyConstraint(["picture_id"], ["read_picture.id"], name="fk_picture_band_picture_id"),
    )
    op.create_index("ix_picture_band_key", "picture_band", ["band", "key"])
    op.create_table(
        "ad_picture",
        number("id"), number("ad_id"), sa.Column("url", sa.Text(), nullable=False), word("url_sha256", 64),
        word("state"), word("problem", nullable=True),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True), number("picture_id", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_ad_picture"),
        sa.ForeignKeyConstraint(["ad_id"], ["ad.id"], name="fk_ad_picture_ad_id"),
        sa.ForeignKeyConstraint(["picture_id"], ["read_picture.id"], name="fk_ad_picture_picture_id"),
        sa.UniqueConstraint("ad_id", "url_sha256", name="uq_ad_picture_ad_id_url_sha256"),
    )
    op.create_index("ix_ad_picture_state_problem", "ad_picture", ["state", "problem"])
    op.create_index("ix_ad_picture_url_sha256", "ad_picture", ["url_sha256"])
    op.create_index("ix_ad_picture_picture_id", "ad_picture", ["picture_id"])
