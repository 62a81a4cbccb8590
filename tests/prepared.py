"""Databases with the newest schema at once: migrated one time, then copied for each test.

A room whose tests are many imports these fixtures in its ``conftest.py``; they
stand in for those of the same names, which run the migrations every time.
"""

import shutil
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest

from models.config import Settings, load_settings
from models.session import Database
from tests.conftest import new_postgres_database, open_database
from tests.servers.postgres import RunningPostgres


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file that nobody has open."""
    settings = load_settings(data_dir=tmp_path_factory.mktemp("template") / "var")
    open_database(settings).close()
    return settings.data_dir / "saqshy.sqlite3"


@pytest.fixture(scope="session")
def postgres_template(postgres_server: RunningPostgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated, empty database that nobody is connected to."""
    url = new_postgres_database(postgres_server)
    open_database(
        load_settings(data_dir=tmp_path_factory.mktemp("template") / "var", database_url=url)
    ).close()
    return url.rpartition("/")[2]


@pytest.fixture
def sqlite_settings(sqlite_template: Path, tmp_path: Path) -> Settings:
    """A fresh installation on the embedded database."""
    settings = load_settings(data_dir=tmp_path / "var")
    settings.data_dir.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, settings.data_dir / sqlite_template.name)
    return settings


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """A fresh installation, once on the embedded database and once on PostgreSQL."""
    if request.param == "sqlite":
        found: Settings = request.getfixturevalue("sqlite_settings")
        return found
    server: RunningPostgres = request.getfixturevalue("postgres_server")
    template: str = request.getfixturevalue("postgres_template")
    name = f"t{uuid4().hex}"
    with psycopg.connect(server.url(), autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    settings = load_settings(data_dir=tmp_path / "var", database_url=server.url(name))
    settings.data_dir.mkdir(mode=0o700)
    return settings


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """The schema on both databases in turn."""
    database = Database(settings)
    yield database
    database.close()


@pytest.fixture
def sqlite_database(sqlite_settings: Settings) -> Iterator[Database]:
    """The schema on the embedded database only."""
    database = Database(sqlite_settings)
    yield database
    database.close()
