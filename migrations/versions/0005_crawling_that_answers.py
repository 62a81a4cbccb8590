"""Crawling that adapts and answers: order of runs, pauses, usual pages, alarms, blind spots, candidates, hand-ins.

Revision ID: 0005
Revises: 0004
"""
import sqlalchemy as sa
from alembic import op


revision = "0005"
down_revision = "0004"


def big() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def at(name: str, *, nullable: bool = True) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def word(name: str, length: int = 32, *, nullable: bool = False, **more: object) -> sa.Column:
    return sa.Column(name, sa.String(length), nullable=nullable, **more)


def number(name: str, *, nullable: bool = False, **more: object) -> sa.Column:
    return sa.Column(name, big(), nullable=nullable, **more)


def upgrade() -> None:
    add_columns()
    op.create_table(
        "page_profile",
        number("id"), number("source_id"), word("page_object", 64), number("n_pages"), number("n_ads"),
        sa.Column("usual_bytes", sa.Double(), nullable=False),
        sa.Column("usual", sa.JSON(), nullable=False), sa.Column("recent", sa.JSON(), nullable=False),
        at("updated_at", nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_page_profile"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_page_profile_source_id"),
        sa.UniqueConstraint("source_id", "page_object", name="uq_page_profile_source_id_page_object"),
    )
    op.create_table(
        "alarm",
        number("id"), number("source_id"), word("kind"), word("subject", 255),
        sa.Column("facts", sa.JSON(), nullable=False), at("began_at", nullable=False), at("ended_at"),
        sa.PrimaryKeyConstraint("id", name="pk_alarm"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_alarm_source_id"),
    )
    is_open = sa.text("ended_at IS NULL")
    op.create_index(
        "uq_alarm_open", "alarm", ["source_id", "kind", "subject"], unique=True,
        sqlite_where=is_open, postgresql_where=is_open,
    )
    op.create_table(
        "blind_spot",
        number("id"), number("source_id"), sa.Column("url", sa.Text(), nullable=False), word("url_sha256", 64),
        word("platform", 255), word("region", 100), word("reason"), number("n_times"),
        at("began_at", nullable=False), at("last_at", nullable=False), at("ended_at"),
        sa.PrimaryKeyConstraint("id", name="pk_blind_spot"),
        sa.ForeignKeyConstraint(["source_id"], ["source.id"], name="fk_blind_spot_source_id"),
        sa.UniqueConstraint("source_id", "url_sha256", name="uq_blind_spot_source_id_url_sha256"),
    )
    op.create_index("ix_blind_spot_reason", "blind_spot", ["ended_at", "reason"])
    op.create_table(
        "candidate",
        number("id"), word("place", 255), word("kind"), number("n_ads"), number("n_flagged"),
        at("first_named_at", nullable=False), at("last_named_at", nullable=False), word("state"),
        word("decided_by", 64, nullable=True), at("decided_at"), sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_candidate"),
        sa.UniqueConstraint("place", name="uq_candidate_place"),
    )
    op.create_table(
        "hand_in",
        number("id"), number("handed_in_by_id"), at("handed_in_at", nullable=False), word("via"),
        sa.Column("typed", sa.Text(), nullable=False), sa.Column("url", sa.Text(), nullable=True),
        word("url_sha256", 64, nullable=True), sa.Column("words", sa.Text(), nullable=True), word("region", 100),
        word("state"), word("why", 64, nullable=True), number("crawl_run_id", nullable=True),
        word("result", nullable=True), number("page_id", nullable=True), at("answered_at"),
        sa.PrimaryKeyConstraint("id", name="pk_hand_in"),
        sa.ForeignKeyConstraint(["handed_in_by_id"], ["user_account.id"], name="fk_hand_in_handed_in_by_id"),
        sa.ForeignKeyConstraint(["crawl_run_id"], ["crawl_run.id"], name="fk_hand_in_crawl_run_id"),
        sa.ForeignKeyConstraint(["page_id"], ["page.id"], name="fk_hand_in_page_id"),
        sa.CheckConstraint("typed <> '' OR words IS NOT NULL", name="ck_hand_in_says_something"),
    )
    op.create_index("ix_hand_in_state", "hand_in", ["state", "id"])
    op.create_index("ix_hand_in_crawl_run_id", "hand_in", ["crawl_run_id"])
    op.create_index("ix_hand_in_page_id", "hand_in", ["page_id"])


def add_columns() -> None:
    for column in (
        at("last_new_at"), number("interval_minutes", nullable=True), at("next_slot_at"), at("paused_at"), at("resumed_at"),
        word("paused_by", 64, nullable=True), sa.Column("pause_reason", sa.Text(), nullable=True),
    ):
        op.add_column("source", column)
    op.add_column("frontier_request", number("n_stale", server_default="0"))
    op.add_column("ad", word("gone_reason", nullable=True))
    op.add_column("ad", at("next_check_at"))
    op.create_index("ix_ad_to_check", "ad", ["source_id", "state", "next_check_at"])
    op.add_column("crawl_run", word("kind", server_default="scheduled"))
    op.execute("UPDATE crawl_run SET kind = 'manual' WHERE is_manual")
    op.drop_column("crawl_run", "is_manual")
    long_ago = "'2000-01-01 00:00:00.000000'"
    op.add_column(
        "crawl_run", sa.Column("rank_at", sa.DateTime(timezone=True), nullable=False, server_default=sa.text(long_ago))
    )
    op.execute("UPDATE crawl_run SET rank_at = slot_at")
    op.drop_index("ix_crawl_run_state_slot_at", "crawl_run")
    op.create_index("ix_crawl_run_state_rank_at", "crawl_run", ["state", "rank_at"])
