"""Alembic's entry: run by ``models.schema``, or by hand with SAQSHY_DATABASE_URL set."""

from alembic import context
from sqlalchemy import Connection

from models.base import UtcDateTime
from models.config import load_settings
from models.session import Database
from models.tables import Base


def render_item(kind: str, item: object, _context: object) -> str | bool:
    """Migrations must not import tables that change after them: write our type as its plain one."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def run(connection: Connection) -> None:
    """Bring the schema of one connection up to date, in one transaction."""
    context.configure(
        connection=connection, target_metadata=Base.metadata, render_as_batch=True, render_item=render_item
    )
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if given is not None:
    run(given)
else:
    database = Database(load_settings())
    with database.engine.connect() as connection:
        run(connection)
        connection.commit()
