"""Fixtures every room shares: the saved material, both databases, keys, a clock."""

import asyncio
import os
import tempfile
from collections.abc import Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from uuid import uuid4

import psycopg
import pytest

from classifiers.artifacts import Installed, install
from models.audit import AuditLog
from models.config import Settings, load_settings
from models.schema import upgrade_schema
from models.session import Database
from tests.servers.postgres import RunningPostgres, find_postgres, start_postgres

_LONGEST = ("test_flow.py", "test_access.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, or at the end one process works while the other waits."""
    items.sort(key=lambda item: item.path.name not in _LONGEST)


SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
SQLITE_NAME = "saqshy.sqlite3"
IS_CI = os.environ.get("CI") == "true"


T = TypeVar("T")


def run_async(work: Coroutine[Any, Any, T]) -> T:
    """Return what a coroutine returns, also where Playwright's own loop runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


def skip_unless_ci(reason: str) -> None:
    """Leave a suite out with its reason; under CI nothing may be left out."""
    if IS_CI:
        pytest.fail(f"{reason} (under CI no suite may be skipped)")
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of saved pages and real texts beside a checkout; only engineers and CI have it."""
    if not SHARED.is_dir():
        skip_unless_ci("../shared (saved pages and real texts) is not beside this checkout")
    return SHARED


ARTIFACTS = Path(__file__).resolve().parent.parent / ".cache" / "artifacts"


@pytest.fixture(scope="session")
def installed() -> Installed:
    """The classifier that ships, fitted once for this checkout."""
    return install(ARTIFACTS)


@pytest.fixture
def now() -> datetime:
    """A fixed present."""
    return datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[RunningPostgres]:
    """A real PostgreSQL server for the whole run of this worker."""
    if find_postgres() is None:
        skip_unless_ci("PostgreSQL is not installed (apt-get install postgresql)")
    with tempfile.TemporaryDirectory(prefix="saqshy-pg-") as folder:
        Path(folder).chmod(0o711)
        server = start_postgres(Path(folder) / "cluster")
        yield server
        server.stop("immediate")


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of a fresh installation, once on the embedded database and once on PostgreSQL (migrated)."""
    if request.param == "sqlite":
        return load_settings(data_dir=tmp_path / "var")
    server: RunningPostgres = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("postgres_template")
    url = new_postgres_database(server, f'TEMPLATE "{template}"')
    return load_settings(data_dir=tmp_path / "var", database_url=url)


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """Settings of a fresh installation on the embedded database, for what does not depend on the database."""
    return load_settings(data_dir=tmp_path / "var")


@pytest.fixture(scope="session")
def postgres_template(postgres_server: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated database without rows, that nobody is connected to."""
    url = new_postgres_database(postgres_server)
    folder = tmp_path_factory.mktemp("template")
    open_database(load_settings(data_dir=folder, database_url=url)).close()
    return url.rpartition("/")[2]


def new_postgres_database(server: RunningPostgres, options: str = "") -> str:
    """Address of a new database on the server, empty unless the options say otherwise."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" {options}')
    return server.url(name)


def open_database(settings: Settings) -> Database:
    """A database with the newest schema; an embedded one that is not there yet is a copy of one migrated."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = settings.data_dir / SQLITE_NAME
    if settings.is_sqlite and not file.exists():
        file.write_bytes(migrated_sqlite())
        return Database(settings)
    database = Database(settings)
    upgrade_schema(database)
    return database


@cache
def migrated_sqlite() -> bytes:
    """A migrated, empty database file."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(load_settings(data_dir=Path(folder)))
        upgrade_schema(database)
        database.close()
        return (Path(folder) / SQLITE_NAME).read_bytes()


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The schema on both databases in turn."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = open_database(settings) if settings.is_sqlite else Database(settings)
    yield database
    database.close()


@pytest.fixture
def sqlite_database(sqlite_settings: Settings) -> Iterator[Database]:
    """The schema on the embedded database only."""
    database = open_database(sqlite_settings)
    yield database
    database.close()


@pytest.fixture
def audit_log() -> AuditLog:
    """A log with a fixed key."""
    return AuditLog(b"k" * 32)
