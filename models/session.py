"""The database connection: safe SQLite settings, PostgreSQL, one transaction per unit of work."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

import models.tables  # noqa: F401 - a mapper needs every table that its foreign keys name
from models.config import Settings
from models.errors import BadSettings

BUSY_MS = 30_000
# Of one SQLite connection. Each length of a list of keys is a statement of its own, prepared up to 100 KB.
_CACHED_STATEMENTS = 32
_BEGIN_OPTION = "saqshy_begin"


class Database:
    """Engine and the two kinds of unit of work.

    ``read()`` never blocks a writer; ``write()`` takes the write lock at its
    start (SQLite: ``BEGIN IMMEDIATE``), so that it cannot fail half way for want
    of it, and commits once at its end. Nobody else commits.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.is_sqlite = settings.is_sqlite
        self.engine = _make_engine(settings)
        self._readers = sessionmaker(self.engine, expire_on_commit=False)
        self._writers = sessionmaker(
            self.engine.execution_options(**{_BEGIN_OPTION: "BEGIN IMMEDIATE"}), expire_on_commit=False
        )

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session whose changes are thrown away; rows read in it stay readable afterwards."""
        # Closing ends the transaction and lets go of the rows; rollback() would expire them first.
        with self._readers() as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that commits when the block ends and rolls back when it raises."""
        with self._writers() as session:
            try:
                yield session
                session.commit()
            except BaseException:
                session.rollback()
                raise

    def close(self) -> None:
        """Close all pooled connections."""
        self.engine.dispose()


def _make_engine(settings: Settings) -> Engine:
    if settings.is_sqlite:
        arguments = {"timeout": BUSY_MS / 1000, "cached_statements": _CACHED_STATEMENTS}
        engine = create_engine(settings.sqlalchemy_url, connect_args=arguments)
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    if not settings.sqlalchemy_url.startswith("postgresql+psycopg://"):
        raise BadSettings(
            "SAQSHY_DATABASE_URL must begin with postgresql:// or be left unset for the embedded one."
        )
    return create_engine(settings.sqlalchemy_url, pool_pre_ping=True, pool_size=10, max_overflow=20)


def _prepare_sqlite(dbapi_connection: Any, _record: object) -> None:  # Any: the driver's own connection
    # The driver's own BEGIN comes too late (at the first write) and too weak (deferred): we send ours.
    dbapi_connection.isolation_level = None
    cursor = dbapi_connection.cursor()
    cursor.execute("PRAGMA journal_mode=DELETE")
    cursor.execute("PRAGMA synchronous=EXTRA")
    cursor.execute("PRAGMA foreign_keys=ON")
    # What is erased is overwritten in the file, too.
    cursor.execute("PRAGMA secure_delete=ON")
    cursor.execute(f"PRAGMA busy_timeout={BUSY_MS}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(_BEGIN_OPTION, "BEGIN"))


# SQLite: busy, locked, no memory, read only, I/O error, full, cannot open, locking protocol.
_PASSING_SQLITE = frozenset({5, 6, 7, 8, 10, 13, 14, 15})
# PostgreSQL: no connection, read only, rolled back for others, no resources, locked, going down, I/O error.
_PASSING_CLASSES = frozenset({"08", "25", "40", "53", "55", "57", "58"})


def is_passing(error: DBAPIError) -> bool:
    """Whether the database could not take anything just then; what was to be stored is not to blame."""
    if error.connection_invalidated:
        return True
    if isinstance(error.orig, sqlite3.Error):
        return getattr(error.orig, "sqlite_errorcode", 0) & 0xFF in _PASSING_SQLITE
    sqlstate = getattr(error.orig, "sqlstate", None)
    return isinstance(error, OperationalError) if sqlstate is None else sqlstate[:2] in _PASSING_CLASSES


def check_database(database: Database) -> list[str]:
    """Say in plain words what is unsafe about the database's settings; empty when all is well."""
    with database.read() as session:
        if not database.is_sqlite:
            on = {name: session.scalar(text(f"SHOW {name}")) for name in ("fsync", "full_page_writes")}
            return [
                f"PostgreSQL runs with {name} = {value}; it must be on."
                for name, value in on.items()
                if value != "on"
            ]
        problems = []
        if session.scalar(text("PRAGMA journal_mode")) != "delete":
            problems.append("SQLite's journal_mode is not DELETE.")
        if int(session.scalar(text("PRAGMA synchronous")) or 0) < 2:
            problems.append("SQLite's synchronous is weaker than FULL.")
        if session.scalar(text("PRAGMA foreign_keys")) != 1:
            problems.append("SQLite's foreign keys are off.")
        return problems
