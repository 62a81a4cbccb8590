"""Captures as WARC, seals over evidence, time stamps, pictures of pages.

Revision ID: 0004
Revises: 0003
"""
import sqlalchemy as sa
from alembic import op


revision = "0004"
down_revision = "0003"

FROZEN = {
    # Progress (state, day_id, lease) moves; what was sealed does not.
    "evidence_seal": ("id", "kind", "root_sha256", "n_items", "members", "made_at", "audit_seq", "evidence_id"),
    "time_stamp": (),
    "page_picture": ("id", "evidence_id", "wanted_at"),
}
PAYLOAD = ("kind", "payload_offset", "payload_bytes", "payload_sha256", "payload_encoding")


def big() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def leased() -> list[sa.Column]:
    return [
        sa.Column("lease_token", sa.String(32), nullable=True),
        sa.Column("lease_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("attempts", big(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
    ]


def freeze(name: str, table: str, event: str) -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} FOR EACH ROW EXECUTE FUNCTION saqshy_refuse()")
        return
    op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END")


def upgrade() -> None:
    op.create_table(
        "evidence_seal",
        sa.Column("id", big(), primary_key=True),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("root_sha256", sa.String(64), nullable=False),
        sa.Column("n_items", big(), nullable=False),
        sa.Column("members", sa.LargeBinary(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_seq", big(), nullable=False, unique=True),
        sa.Column("evidence_id", big(), nullable=True),
        sa.Column("day_id", big(), sa.ForeignKey("evidence_seal.id"), nullable=True),
        sa.Column("state", sa.String(32), nullable=False),
        *leased(),
        sa.UniqueConstraint("evidence_id"),
        sa.CheckConstraint("(kind = 'item') = (evidence_id IS NOT NULL)", name="item_has_evidence"),
    )
    op.create_index("ix_evidence_seal_day_id", "evidence_seal", ["day_id"])
    op.create_index("ix_evidence_seal_state_kind", "evidence_seal", ["state", "kind", "id"])
    op.create_table(
        "time_stamp",
        sa.Column("id", big(), primary_key=True),
        sa.Column("seal_id", big(), sa.ForeignKey("evidence_seal.id"), nullable=False),
        sa.Column("authority", sa.String(64), nullable=False),
        sa.Column("response", sa.LargeBinary(), nullable=False),
        sa.Column("response_sha256", sa.String(64), nullable=False),
        sa.Column("roots_pem", sa.Text(), nullable=False),
        sa.Column("stamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("audit_seq", big(), nullable=False, unique=True),
        sa.UniqueConstraint("seal_id", "authority"),
    )
    op.create_table(
        "page_picture",
        sa.Column("id", big(), primary_key=True),
        sa.Column("evidence_id", big(), sa.ForeignKey("evidence.id"), nullable=False, unique=True),
        sa.Column("state", sa.String(32), nullable=False),
        sa.Column("wanted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("png_id", big(), sa.ForeignKey("evidence.id"), nullable=True),
        sa.Column("browser", sa.String(64), nullable=True),
        *leased(),
    )
    op.create_index("ix_page_picture_state", "page_picture", ["state", "id"])
    op.add_column("evidence", sa.Column("kind", sa.String(32), nullable=False, server_default="body"))
    for name in ("payload_offset", "payload_bytes"):
        op.add_column("evidence", sa.Column(name, big(), nullable=True))
    op.add_column("evidence", sa.Column("payload_sha256", sa.String(64), nullable=True))
    op.add_column("evidence", sa.Column("payload_encoding", sa.Text(), nullable=True))
    if op.get_bind().dialect.name == "sqlite":
        # Not through a batch: Alembic would copy the table, and lose its triggers.
        op.execute(
            "ALTER TABLE evidence ADD COLUMN seal_id INTEGER "
            "CONSTRAINT fk_evidence_seal_id REFERENCES evidence_seal (id)"
        )
    else:
        op.add_column("evidence", sa.Column("seal_id", big(), sa.ForeignKey("evidence_seal.id"), nullable=True))
    op.create_index("ix_evidence_seal_id", "evidence", ["seal_id"])
    unsealed = sa.text("seal_id IS NULL")
    op.create_index(
        "ix_evidence_unsealed", "evidence", ["id"], sqlite_where=unsealed, postgresql_where=unsealed
    )
    freeze("evidence_no_new_payload", "evidence", f"UPDATE OF {', '.join(PAYLOAD)}")
    for table, columns in FROZEN.items():
        freeze(f"{table}_no_update", table, "UPDATE OF " + ", ".join(columns) if columns else "UPDATE")
        freeze(f"{table}_no_delete", table, "DELETE")
