"""Fixtures every room shares: the saved material, both databases, keys, a clock."""

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from classifiers.artifacts import Installed, install
from models.audit import AuditLog
from models.config import Settings, load_settings
from models.schema import upgrade_schema
from models.session import Database
from tests.servers.postgres import RunningPostgres, find_postgres, start_postgres

SHARED = Path(__file__).resolve().parent.parent.parent / "shared"
IS_CI = os.environ.get("CI") == "true"


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
    """Settings of a fresh installation, once on the embedded database and once on PostgreSQL."""
    if request.param == "sqlite":
        return load_settings(data_dir=tmp_path / "var")
    server: RunningPostgres = request.getfixturevalue("postgres_server")
    return load_settings(data_dir=tmp_path / "var", database_url=new_postgres_database(server))


@pytest.fixture
def sqlite_settings(tmp_path: Path) -> Settings:
    """Settings of a fresh installation on the embedded database, for what does not depend on the database."""
    return load_settings(data_dir=tmp_path / "var")


def new_postgres_database(server: RunningPostgres) -> str:
    """Address of a new, empty database on the server."""
    name = f"t{uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    return server.url(name)


def open_database(settings: Settings) -> Database:
    """A database with the newest schema."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings)
    upgrade_schema(database)
    return database


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The schema on both databases in turn."""
    database = open_database(settings)
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
