from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from models.schema import check_schema, upgrade_schema
from models.session import Database, check_database
from models.tables import Base


def test_migrations_make_exactly_the_tables_of_the_models(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        differences = [d for d in compare_metadata(context, Base.metadata) if not _is_inline_cycle(d)]
    assert differences == []


def _is_inline_cycle(difference: object) -> bool:
    # SQLite holds the ad <-> ad_version cycle inline and reflects it without its name.
    return "fk_ad_current_version_id" in repr(difference)


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    upgrade_schema(database)
    check_schema(database)


def test_database_settings_are_safe(database: Database) -> None:
    assert check_database(database) == []
