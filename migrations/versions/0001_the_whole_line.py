"""The whole line: every table from source to release, and the guards that hold below the code.

Triggers refuse what no code path may do: changing or deleting an audit event, a
decision, a release or the text of an ad version.

Revision ID: 0001
Revises:
"""
import sqlalchemy as sa
from alembic import op


revision = "0001"
down_revision = None

# Table -> columns that stay as they were written; an empty tuple means the whole row.
FROZEN = {
    "audit_event": (),
    "decision": (),
    "blocklist_release": (),
    "release_line": (),
    "ad_version": (
        "ad_id", "number", "content_sha256", "url", "title", "text", "author", "forwarded_from", "region", "price_amount",
        "price_currency", "price_period", "kind", "published_at", "observed_at", "page_id", "is_parse_incomplete",
    ),
    "classification": (
        "ad_version_id", "classifier_version_id", "language", "is_flagged", "priority", "level", "side",
        "is_minor", "is_live_victim", "rules", "model_words", "created_at",
    ),
    "blocklist_entry": (
        "task_id", "round", "ad_id", "ad_version_id", "url", "url_sha256", "scope", "confirm_decision_id",
        "confirmed_by_id", "confirm_verdict", "approve_decision_id", "approved_by_id", "approve_verdict", "created_at",
    ),
    "evidence": ("sha256", "size_bytes", "captured_at"),
}


def freeze(table: str, columns: tuple[str, ...]) -> None:
    """Refuse DELETE, and UPDATE of the given columns (of any column when none is given)."""
    of = f" OF {', '.join(columns)}" if columns else ""
    if op.get_bind().dialect.name == "postgresql":
        for event in (f"UPDATE{of}", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{event[:6].lower()} BEFORE {event} ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION saqshy_refuse()"
            )
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            "FOR EACH STATEMENT EXECUTE FUNCTION saqshy_refuse()"
        )
        return
    for event in (f"UPDATE{of}", "DELETE"):
        op.execute(
            f"CREATE TRIGGER {table}_no_{event[:6].lower()} BEFORE {event} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
        )


def add_guards() -> None:
    """Triggers, the one constraint that SQLite can only hold inline, and the head of the audit log."""
    if op.get_bind().dialect.name == "postgresql":
        op.create_foreign_key("fk_ad_current_version_id", "ad", "ad_version", ["current_version_id"], ["id"])
        op.execute(
            "CREATE FUNCTION saqshy_refuse() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
        )
    for table, columns in FROZEN.items():
        freeze(table, columns)
    op.execute(f"INSERT INTO audit_head (id, seq, mac) VALUES (1, 0, '{'0' * 64}')")


def upgrade() -> None:
    op.create_table('audit_head',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('mac', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_head'))
    )
    op.create_table('classifier_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('version', sa.String(length=64), nullable=False),
    sa.Column('state', sa.Enum('evaluation', 'enabled', 'retired', name='classifierstate', native_enum=False, length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('details', sa.JSON(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_classifier_version')),
    sa.UniqueConstraint('version', name=op.f('uq_classifier_version_version'))
    )
    op.create_table('cluster',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_cluster'))
    )
    op.create_table('evidence',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('sha256', sa.String(length=64), nullable=False),
    sa.Column('size_bytes', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('captured_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('erased_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence')),
    sa.UniqueConstraint('sha256', name=op.f('uq_evidence_sha256'))
    )
    op.create_table('host',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=255), nullable=False),
    sa.Column('next_request_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('n_refusals', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('paused_until', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_host')),
    sa.UniqueConstraint('name', name=op.f('uq_host_name'))
    )
    op.create_table('source',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.Enum('classifieds', 'job_board', 'channel', 'feed', 'forum', 'import', name='sourcekind', native_enum=False, length=32), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('settings', sa.JSON(), nullable=False),
    sa.Column('settings_sha256', sa.String(length=64), nullable=False),
    sa.Column('is_enabled', sa.Boolean(), nullable=False),
    sa.Column('terms_read_by', sa.Text(), nullable=True),
    sa.Column('terms_read_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_success_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_source')),
    sa.UniqueConstraint('name', name=op.f('uq_source_name'))
    )
    op.create_table('user_account',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('name', sa.String(length=64), nullable=False),
    sa.Column('display_name', sa.Text(), nullable=False),
    sa.Column('role', sa.Enum('analyst', 'approver', 'officer', 'auditor', 'admin', name='role', native_enum=False, length=32), nullable=False),
    sa.Column('agency', sa.Enum('mki', 'mvd', 'gp', name='agency', native_enum=False, length=32), nullable=False),
    sa.Column('password_hash', sa.Text(), nullable=False),
    sa.Column('locale', sa.String(length=2), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('disabled_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('n_failed_logins', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('failed_login_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_user_account')),
    sa.UniqueConstraint('name', name=op.f('uq_user_account_name'))
    )
    op.create_table('ad',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('external_id', sa.String(length=512), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('state', sa.Enum('live', 'gone', name='adstate', native_enum=False, length=32), nullable=False),
    sa.Column('gone_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('first_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('current_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('cluster_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('revision', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('indexed_revision', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_index_behind', sa.Boolean(), nullable=False),
    sa.Column('lease_token', sa.String(length=32), nullable=True),
    sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['cluster_id'], ['cluster.id'], name=op.f('fk_ad_cluster_id')),
    sa.ForeignKeyConstraint(['current_version_id'], ['ad_version.id'], name='fk_ad_current_version_id', use_alter=True),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_ad_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ad')),
    sa.UniqueConstraint('source_id', 'external_id', name=op.f('uq_ad_source_id_external_id'))
    )
    with op.batch_alter_table('ad', schema=None) as batch_op:
        batch_op.create_index('ix_ad_behind', ['is_index_behind', 'id'], unique=False)
        batch_op.create_index('ix_ad_source_url', ['source_id', 'url'], unique=False)
        batch_op.create_index(batch_op.f('ix_ad_cluster_id'), ['cluster_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_ad_last_seen_at'), ['last_seen_at'], unique=False)

    op.create_table('audit_event',
    sa.Column('seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), autoincrement=False, nullable=False),
    sa.Column('at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('actor_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('actor_name', sa.String(length=64), nullable=False),
    sa.Column('action', sa.Enum('user.created', 'user.disabled', 'user.enabled', 'user.password_set', 'login.succeeded', 'login.failed', 'login.ended', 'task.opened', 'task.claimed', 'task.claim_prolonged', 'task.put_back', 'task.claim_expired', 'decision.made', 'contacts.opened', 'entry.created', 'entry.lifted', 'entry.expired', 'release.made', 'release.downloaded', 'source.enabled', 'source.disabled', 'import.finished', 'evidence.swept', 'classifier.registered', 'index.rebuilt', name='auditaction', native_enum=False, length=32), nullable=False),
    sa.Column('subject_kind', sa.String(length=32), nullable=False),
    sa.Column('subject_id', sa.String(length=64), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('previous_mac', sa.String(length=64), nullable=False),
    sa.Column('mac', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['actor_id'], ['user_account.id'], name=op.f('fk_audit_event_actor_id')),
    sa.PrimaryKeyConstraint('seq', name=op.f('pk_audit_event'))
    )
    with op.batch_alter_table('audit_event', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_audit_event_action'), ['action'], unique=False)
        batch_op.create_index('ix_audit_event_subject', ['subject_kind', 'subject_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_audit_event_actor_id'), ['actor_id'], unique=False)

    op.create_table('blocklist_release',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n_entries', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n_added', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n_removed', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('content_sha256', sa.String(length=64), nullable=False),
    sa.Column('csv_sha256', sa.String(length=64), nullable=False),
    sa.Column('xlsx_sha256', sa.String(length=64), nullable=False),
    sa.Column('json_sha256', sa.String(length=64), nullable=False),
    sa.Column('signature', sa.Text(), nullable=False),
    sa.Column('public_key', sa.Text(), nullable=False),
    sa.Column('audit_seq', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('audit_mac', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['created_by_id'], ['user_account.id'], name=op.f('fk_blocklist_release_created_by_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blocklist_release')),
    sa.UniqueConstraint('number', name=op.f('uq_blocklist_release_number'))
    )
    op.create_table('crawl_run',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('slot_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('state', sa.Enum('due', 'running', 'done', 'failed', 'missed', name='runstate', native_enum=False, length=32), nullable=False),
    sa.Column('is_manual', sa.Boolean(), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('n_pages', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n_ads', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n_new_versions', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('n_failed', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('lease_token', sa.String(length=32), nullable=True),
    sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_crawl_run_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_crawl_run')),
    sa.UniqueConstraint('source_id', 'slot_at', name=op.f('uq_crawl_run_source_id_slot_at'))
    )
    with op.batch_alter_table('crawl_run', schema=None) as batch_op:
        batch_op.create_index('ix_crawl_run_state_slot_at', ['state', 'slot_at'], unique=False)

    op.create_table('login',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('token_sha256', sa.String(length=64), nullable=False),
    sa.Column('user_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('csrf_token', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('last_seen_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['user_id'], ['user_account.id'], name=op.f('fk_login_user_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_login')),
    sa.UniqueConstraint('token_sha256', name=op.f('uq_login_token_sha256'))
    )
    with op.batch_alter_table('login', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_login_user_id'), ['user_id'], unique=False)

    op.create_table('page',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('crawl_run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('url_sha256', sa.String(length=64), nullable=False),
    sa.Column('final_url', sa.Text(), nullable=False),
    sa.Column('fetched_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('http_status', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('headers', sa.JSON(), nullable=False),
    sa.Column('content_type', sa.Text(), nullable=True),
    sa.Column('result', sa.Enum('page', 'not_modified', 'gone', 'wall', 'refused', 'slow_down', 'oversize', 'broken', 'blocked_address', 'robots_disallowed', name='fetchresult', native_enum=False, length=32), nullable=False),
    sa.Column('evidence_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('page_object', sa.String(length=64), nullable=True),
    sa.Column('parse_state', sa.Enum('pending', 'parsed', 'parse_incomplete', 'failed', 'not_parsed', name='parsestate', native_enum=False, length=32), nullable=False),
    sa.Column('parse_problems', sa.JSON(), nullable=False),
    sa.Column('n_ads', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('import_key', sa.String(length=64), nullable=True),
    sa.Column('lease_token', sa.String(length=32), nullable=True),
    sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['crawl_run_id'], ['crawl_run.id'], name=op.f('fk_page_crawl_run_id')),
    sa.ForeignKeyConstraint(['evidence_id'], ['evidence.id'], name=op.f('fk_page_evidence_id')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_page_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_page')),
    sa.UniqueConstraint('import_key', name=op.f('uq_page_import_key'))
    )
    with op.batch_alter_table('page', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_page_evidence_id'), ['evidence_id'], unique=False)
        batch_op.create_index('ix_page_parse_state', ['parse_state', 'id'], unique=False)
        batch_op.create_index('ix_page_source_url', ['source_id', 'url_sha256'], unique=False)

    op.create_table('ad_version',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('number', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('content_sha256', sa.String(length=64), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), nullable=True),
    sa.Column('forwarded_from', sa.Text(), nullable=True),
    sa.Column('region', sa.Text(), nullable=True),
    sa.Column('price_amount', sa.Numeric(precision=18, scale=2), nullable=True),
    sa.Column('price_currency', sa.String(length=3), nullable=True),
    sa.Column('price_period', sa.String(length=16), nullable=True),
    sa.Column('kind', sa.String(length=32), nullable=True),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('observed_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('page_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_parse_incomplete', sa.Boolean(), nullable=False),
    sa.Column('classified_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('linked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lease_token', sa.String(length=32), nullable=True),
    sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['ad_id'], ['ad.id'], name=op.f('fk_ad_version_ad_id')),
    sa.ForeignKeyConstraint(['classified_by_id'], ['classifier_version.id'], name=op.f('fk_ad_version_classified_by_id')),
    sa.ForeignKeyConstraint(['page_id'], ['page.id'], name=op.f('fk_ad_version_page_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_ad_version')),
    sa.UniqueConstraint('ad_id', 'content_sha256', name=op.f('uq_ad_version_ad_id_content_sha256')),
    sa.UniqueConstraint('ad_id', 'number', name=op.f('uq_ad_version_ad_id_number'))
    )
    with op.batch_alter_table('ad_version', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_ad_version_page_id'), ['page_id'], unique=False)
        batch_op.create_index('ix_ad_version_to_classify', ['classified_by_id', 'id'], unique=False)
        batch_op.create_index('ix_ad_version_to_link', ['linked_at', 'id'], unique=False)
        batch_op.create_index('ix_ad_version_unscored', ['classified_by_id'], unique=False, sqlite_where=sa.text('error IS NOT NULL'), postgresql_where=sa.text('error IS NOT NULL'))

    op.create_table('frontier_request',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('crawl_run_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('url_sha256', sa.String(length=64), nullable=False),
    sa.Column('kind', sa.Enum('start', 'listing', 'ad', 'recheck', name='requestkind', native_enum=False, length=32), nullable=False),
    sa.Column('depth', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('priority', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.Enum('pending', 'leased', 'done', 'failed', name='requeststate', native_enum=False, length=32), nullable=False),
    sa.Column('result', sa.Enum('page', 'not_modified', 'gone', 'wall', 'refused', 'slow_down', 'oversize', 'broken', 'blocked_address', 'robots_disallowed', name='fetchresult', native_enum=False, length=32), nullable=True),
    sa.Column('page_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('added_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lease_token', sa.String(length=32), nullable=True),
    sa.Column('lease_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('attempts', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('next_try_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('error', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['crawl_run_id'], ['crawl_run.id'], name=op.f('fk_frontier_request_crawl_run_id')),
    sa.ForeignKeyConstraint(['page_id'], ['page.id'], name=op.f('fk_frontier_request_page_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_frontier_request')),
    sa.UniqueConstraint('crawl_run_id', 'url_sha256', name=op.f('uq_frontier_request_crawl_run_id_url_sha256'))
    )
    with op.batch_alter_table('frontier_request', schema=None) as batch_op:
        batch_op.create_index('ix_frontier_request_run_state', ['crawl_run_id', 'state', 'priority', 'id'], unique=False)

    op.create_table('validator',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('source_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('url_sha256', sa.String(length=64), nullable=False),
    sa.Column('etag', sa.Text(), nullable=True),
    sa.Column('last_modified', sa.Text(), nullable=True),
    sa.Column('page_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.ForeignKeyConstraint(['page_id'], ['page.id'], name=op.f('fk_validator_page_id')),
    sa.ForeignKeyConstraint(['source_id'], ['source.id'], name=op.f('fk_validator_source_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_validator')),
    sa.UniqueConstraint('source_id', 'url_sha256', name=op.f('uq_validator_source_id_url_sha256'))
    )
    op.create_table('classification',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('classifier_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('language', sa.Enum('kk', 'ru', 'uz', 'ky', 'en', 'mixed', 'unknown', name='language', native_enum=False, length=32), nullable=False),
    sa.Column('is_flagged', sa.Boolean(), nullable=False),
    sa.Column('priority', sa.Double(), nullable=False),
    sa.Column('level', sa.Enum('none', 'low', 'medium', 'high', 'urgent', name='level', native_enum=False, length=32), nullable=False),
    sa.Column('side', sa.Enum('offer', 'demand', name='side', native_enum=False, length=32), nullable=False),
    sa.Column('is_minor', sa.Boolean(), nullable=False),
    sa.Column('is_live_victim', sa.Boolean(), nullable=False),
    sa.Column('rules', sa.JSON(), nullable=False),
    sa.Column('model_words', sa.JSON(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('triaged_at', sa.DateTime(timezone=True), nullable=True),
    sa.ForeignKeyConstraint(['ad_version_id'], ['ad_version.id'], name=op.f('fk_classification_ad_version_id')),
    sa.ForeignKeyConstraint(['classifier_version_id'], ['classifier_version.id'], name=op.f('fk_classification_classifier_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_classification')),
    sa.UniqueConstraint('ad_version_id', 'classifier_version_id', name=op.f('uq_classification_ad_version_id_classifier_version_id'))
    )
    with op.batch_alter_table('classification', schema=None) as batch_op:
        batch_op.create_index('ix_classification_to_triage', ['triaged_at', 'id'], unique=False)

    op.create_table('contact',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('kind', sa.Enum('phone', 'handle', 'link', 'email', name='contactkind', native_enum=False, length=32), nullable=False),
    sa.Column('value', sa.String(length=512), nullable=False),
    sa.Column('place', sa.Enum('title', 'text', name='textplace', native_enum=False, length=32), nullable=True),
    sa.Column('start', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('end', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.ForeignKeyConstraint(['ad_version_id'], ['ad_version.id'], name=op.f('fk_contact_ad_version_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_contact')),
    sa.UniqueConstraint('ad_version_id', 'kind', 'value', 'place', 'start', name=op.f('uq_contact_ad_version_id_kind_value_place_start'))
    )
    with op.batch_alter_table('contact', schema=None) as batch_op:
        batch_op.create_index('ix_contact_kind_value', ['kind', 'value'], unique=False)

    op.create_table('similarity_band',
    sa.Column('ad_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('band', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('key', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['ad_version_id'], ['ad_version.id'], name=op.f('fk_similarity_band_ad_version_id')),
    sa.PrimaryKeyConstraint('ad_version_id', 'band', name=op.f('pk_similarity_band'))
    )
    with op.batch_alter_table('similarity_band', schema=None) as batch_op:
        batch_op.create_index('ix_similarity_band_key', ['band', 'key'], unique=False)

    op.create_table('indicator_hit',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('classification_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('place', sa.Enum('title', 'text', name='textplace', native_enum=False, length=32), nullable=False),
    sa.Column('start', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('end', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('quote', sa.Text(), nullable=False),
    sa.Column('weight', sa.Double(), nullable=False),
    sa.Column('is_counter_sign', sa.Boolean(), nullable=False),
    sa.Column('is_counted', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.ForeignKeyConstraint(['classification_id'], ['classification.id'], name=op.f('fk_indicator_hit_classification_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_indicator_hit'))
    )
    with op.batch_alter_table('indicator_hit', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_indicator_hit_classification_id'), ['classification_id'], unique=False)
        batch_op.create_index(batch_op.f('ix_indicator_hit_code'), ['code'], unique=False)

    op.create_table('purpose_score',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('classification_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('purpose', sa.Enum('sexual_exploitation', 'forced_labour', 'illegal_adoption', 'forced_begging', 'organ_removal', 'unlawful_activity', 'person_trade', name='purpose', native_enum=False, length=32), nullable=False),
    sa.Column('score', sa.Double(), nullable=False),
    sa.ForeignKeyConstraint(['classification_id'], ['classification.id'], name=op.f('fk_purpose_score_classification_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_purpose_score')),
    sa.UniqueConstraint('classification_id', 'purpose', name=op.f('uq_purpose_score_classification_id_purpose'))
    )
    op.create_table('review_task',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('case_number', sa.String(length=16), nullable=False),
    sa.Column('ad_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('classification_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('state', sa.Enum('open', 'claimed', 'confirmed', 'returned', 'approved', 'rejected', name='taskstate', native_enum=False, length=32), nullable=False),
    sa.Column('level', sa.Enum('none', 'low', 'medium', 'high', 'urgent', name='level', native_enum=False, length=32), nullable=False),
    sa.Column('severity', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('priority', sa.Double(), nullable=False),
    sa.Column('is_referral', sa.Boolean(), nullable=False),
    sa.Column('side', sa.Enum('offer', 'demand', name='side', native_enum=False, length=32), nullable=False),
    sa.Column('language', sa.Enum('kk', 'ru', 'uz', 'ky', 'en', 'mixed', 'unknown', name='language', native_enum=False, length=32), nullable=False),
    sa.Column('region', sa.String(length=100), nullable=False),
    sa.Column('source_kind', sa.Enum('classifieds', 'job_board', 'channel', 'feed', 'forum', 'import', name='sourcekind', native_enum=False, length=32), nullable=False),
    sa.Column('purposes', sa.String(length=256), nullable=False),
    sa.Column('round', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('opened_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('claimed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('claim_expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('closed_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('(claimed_by_id IS NULL) = (claim_expires_at IS NULL)', name=op.f('ck_review_task_claim_is_whole')),
    sa.ForeignKeyConstraint(['ad_id'], ['ad.id'], name=op.f('fk_review_task_ad_id')),
    sa.ForeignKeyConstraint(['ad_version_id'], ['ad_version.id'], name=op.f('fk_review_task_ad_version_id')),
    sa.ForeignKeyConstraint(['claimed_by_id'], ['user_account.id'], name=op.f('fk_review_task_claimed_by_id')),
    sa.ForeignKeyConstraint(['classification_id'], ['classification.id'], name=op.f('fk_review_task_classification_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_review_task')),
    sa.UniqueConstraint('case_number', name=op.f('uq_review_task_case_number'))
    )
    with op.batch_alter_table('review_task', schema=None) as batch_op:
        batch_op.create_index('ix_review_task_queue', ['state', 'severity', 'priority', 'id', 'level', 'side', 'language', 'region', 'source_kind', 'purposes'], unique=False)
        batch_op.create_index('uq_review_task_open_ad', ['ad_id'], unique=True, sqlite_where=sa.text("state IN ('open', 'claimed', 'confirmed', 'returned')"), postgresql_where=sa.text("state IN ('open', 'claimed', 'confirmed', 'returned')"))

    op.create_table('decision',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('task_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('round', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('stage', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('verdict', sa.Enum('confirm', 'reject', 'approve', 'return', name='verdict', native_enum=False, length=32), nullable=False),
    sa.Column('reviewer_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('role', sa.Enum('analyst', 'approver', 'officer', 'auditor', 'admin', name='role', native_enum=False, length=32), nullable=False),
    sa.Column('ad_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('content_sha256', sa.String(length=64), nullable=False),
    sa.Column('classification_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('purposes', sa.JSON(), nullable=False),
    sa.Column('legal_ground', sa.String(length=64), nullable=True),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('answers_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('claimed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('decided_at', sa.DateTime(timezone=True), nullable=False),
    sa.CheckConstraint("(stage = 1 AND verdict IN ('confirm', 'reject')) OR (stage = 2 AND verdict IN ('approve', 'return'))", name=op.f('ck_decision_stage_fits_verdict')),
    sa.CheckConstraint("verdict <> 'confirm' OR legal_ground IS NOT NULL", name=op.f('ck_decision_confirm_has_ground')),
    sa.CheckConstraint('length(trim(reason)) > 0', name=op.f('ck_decision_reason_is_written')),
    sa.ForeignKeyConstraint(['ad_version_id'], ['ad_version.id'], name=op.f('fk_decision_ad_version_id')),
    sa.ForeignKeyConstraint(['answers_id'], ['decision.id'], name=op.f('fk_decision_answers_id')),
    sa.ForeignKeyConstraint(['classification_id'], ['classification.id'], name=op.f('fk_decision_classification_id')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['user_account.id'], name=op.f('fk_decision_reviewer_id')),
    sa.ForeignKeyConstraint(['task_id'], ['review_task.id'], name=op.f('fk_decision_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_decision')),
    sa.UniqueConstraint('id', 'task_id', 'round', 'reviewer_id', 'verdict', name=op.f('uq_decision_id_task_id_round_reviewer_id_verdict')),
    sa.UniqueConstraint('task_id', 'round', 'reviewer_id', name=op.f('uq_decision_task_id_round_reviewer_id')),
    sa.UniqueConstraint('task_id', 'round', 'stage', name=op.f('uq_decision_task_id_round_stage'))
    )
    with op.batch_alter_table('decision', schema=None) as batch_op:
        batch_op.create_index(batch_op.f('ix_decision_task_id'), ['task_id'], unique=False)

    op.create_table('blocklist_entry',
    sa.Column('id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('task_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('round', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('ad_version_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('url_sha256', sa.String(length=64), nullable=False),
    sa.Column('scope', sa.Enum('post', 'page', 'profile', 'host', name='scope', native_enum=False, length=32), nullable=False),
    sa.Column('confirm_decision_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('confirmed_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('confirm_verdict', sa.String(length=32), nullable=False),
    sa.Column('approve_decision_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('approved_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('approve_verdict', sa.String(length=32), nullable=False),
    sa.Column('state', sa.Enum('active', 'lifted', 'expired', name='entrystate', native_enum=False, length=32), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('lifted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('lifted_by_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=True),
    sa.Column('lift_reason', sa.Text(), nullable=True),
    sa.CheckConstraint("confirm_verdict = 'confirm' AND approve_verdict = 'approve'", name=op.f('ck_blocklist_entry_two_verdicts')),
    sa.CheckConstraint("scope <> 'host'", name=op.f('ck_blocklist_entry_no_host_scope')),
    sa.CheckConstraint('confirmed_by_id <> approved_by_id', name=op.f('ck_blocklist_entry_two_people')),
    sa.ForeignKeyConstraint(['ad_id'], ['ad.id'], name=op.f('fk_blocklist_entry_ad_id')),
    sa.ForeignKeyConstraint(['ad_version_id'], ['ad_version.id'], name=op.f('fk_blocklist_entry_ad_version_id')),
    sa.ForeignKeyConstraint(['approve_decision_id', 'task_id', 'round', 'approved_by_id', 'approve_verdict'], ['decision.id', 'decision.task_id', 'decision.round', 'decision.reviewer_id', 'decision.verdict'], name='fk_blocklist_entry_approve'),
    sa.ForeignKeyConstraint(['approved_by_id'], ['user_account.id'], name=op.f('fk_blocklist_entry_approved_by_id')),
    sa.ForeignKeyConstraint(['confirm_decision_id', 'task_id', 'round', 'confirmed_by_id', 'confirm_verdict'], ['decision.id', 'decision.task_id', 'decision.round', 'decision.reviewer_id', 'decision.verdict'], name='fk_blocklist_entry_confirm'),
    sa.ForeignKeyConstraint(['confirmed_by_id'], ['user_account.id'], name=op.f('fk_blocklist_entry_confirmed_by_id')),
    sa.ForeignKeyConstraint(['lifted_by_id'], ['user_account.id'], name=op.f('fk_blocklist_entry_lifted_by_id')),
    sa.ForeignKeyConstraint(['task_id'], ['review_task.id'], name=op.f('fk_blocklist_entry_task_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_blocklist_entry')),
    sa.UniqueConstraint('approve_decision_id', name=op.f('uq_blocklist_entry_approve_decision_id'))
    )
    with op.batch_alter_table('blocklist_entry', schema=None) as batch_op:
        batch_op.create_index('uq_blocklist_entry_active_url', ['url_sha256'], unique=True, sqlite_where=sa.text("state = 'active'"), postgresql_where=sa.text("state = 'active'"))

    op.create_table('release_line',
    sa.Column('release_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('entry_id', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('position', sa.BigInteger().with_variant(sa.Integer(), 'sqlite'), nullable=False),
    sa.Column('is_new', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['entry_id'], ['blocklist_entry.id'], name=op.f('fk_release_line_entry_id')),
    sa.ForeignKeyConstraint(['release_id'], ['blocklist_release.id'], name=op.f('fk_release_line_release_id')),
    sa.PrimaryKeyConstraint('release_id', 'entry_id', name=op.f('pk_release_line')),
    sa.UniqueConstraint('release_id', 'position', name=op.f('uq_release_line_release_id_position'))
    )
    add_guards()
