"""Creating and checking the schema: the migrations are the only way tables come into being."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from models.errors import BadSettings
from models.session import Database

MIGRATIONS = Path(__file__).resolve().parent.parent / "migrations"


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    config.set_main_option("path_separator", "os")
    return config


def upgrade_schema(database: Database) -> None:
    """Bring the database to the newest revision, in one transaction; an up-to-date one is untouched."""
    config = _config()
    with database.engine.execution_options(saqshy_begin="BEGIN IMMEDIATE").begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "head")


def check_schema(database: Database) -> None:
    """Refuse to run on a schema that this program does not know.

    Raises:
        BadSettings: older (run ``saqshy migrate``) or newer than the program.
    """
    scripts = ScriptDirectory.from_config(_config())
    with database.engine.connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    if found == scripts.get_current_head():
        return
    known = {script.revision for script in scripts.walk_revisions()}
    if found is None or found in known:
        raise BadSettings("The database is older than this program. Run: saqshy migrate")
    raise BadSettings("The database was made by a newer program. Update this one; nothing was changed.")
