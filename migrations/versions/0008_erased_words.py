"""Words of pictures may be erased, never changed: from the ad version, the picture, and what was found in them.

Revision ID: 0008
Revises: 0007
"""
from alembic import op


revision = "0008"
down_revision = "0007"

CLASSIFICATION = (
    "ad_version_id", "classifier_version_id", "language", "is_flagged", "priority", "level", "side", "is_minor",
    "is_live_victim", "rules", "created_at",
)
PICTURE = ("id", "sha256", "size_bytes", "format", "width", "height", "perceptual_hash", "confidence", "reader", "read_at")


def is_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def drop(name: str, table: str) -> None:
    op.execute(f"DROP TRIGGER {name}" + (f" ON {table}" if is_postgresql() else ""))


def refuse(name: str, table: str, columns: str, when: str = "") -> None:
    """A trigger that refuses to rewrite columns; ``{differs}`` in its condition is a comparison that knows NULL."""
    condition = f"WHEN ({when})" if when else ""
    if is_postgresql():
        condition = condition.replace("{differs}", "IS DISTINCT FROM")
        body = f"FOR EACH ROW {condition} EXECUTE FUNCTION saqshy_refuse()"
    else:
        condition = condition.replace("{differs}", "IS NOT")
        body = f"{condition} BEGIN SELECT RAISE(ABORT, '{table} is append-only'); END"
    op.execute(f"CREATE TRIGGER {name} BEFORE UPDATE OF {columns} ON {table} {body}")


def upgrade() -> None:
    drop("ad_version_no_new_picture_text", "ad_version")
    refuse("ad_version_no_new_page_sha256", "ad_version", "page_sha256")
    # '' = erased; nothing leads back from it, and nothing that had no words becomes erased.
    refuse(
        "ad_version_no_new_picture_text", "ad_version", "picture_text",
        "NEW.picture_text {differs} OLD.picture_text AND (NEW.picture_text {differs} '' OR OLD.picture_text IS NULL)",
    )
    drop("read_picture_no_update", "read_picture")
    refuse("read_picture_no_update", "read_picture", ", ".join(PICTURE))
    refuse(
        "read_picture_no_new_text", "read_picture", "text, problem",
        "NEW.text IS NOT NULL OR NEW.problem {differs} 'erased'",
    )
    drop("classification_no_update", "classification")
    refuse("classification_no_update", "classification", ", ".join(CLASSIFICATION))
    drop("classification_no_new_explanation", "classification")
    keep_findings()


def keep_findings() -> None:
    """What was found in a version changes only once the words of its pictures are erased."""
    event = "CREATE TRIGGER classification_no_new_findings BEFORE UPDATE OF model_words, explanation ON classification"
    erased = "(SELECT picture_text FROM ad_version WHERE id = OLD.ad_version_id)"
    if not is_postgresql():
        refused = "BEGIN SELECT RAISE(ABORT, 'classification is append-only'); END"
        op.execute(f"{event} WHEN {erased} IS NOT '' {refused}")
        return
    op.execute(
        "CREATE FUNCTION saqshy_refuse_unless_erased() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        f"IF {erased} IS DISTINCT FROM '' THEN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END IF; "
        "RETURN NEW; END $$"
    )
    op.execute(f"{event} FOR EACH ROW EXECUTE FUNCTION saqshy_refuse_unless_erased()")
