"""A running review room for tests: app, services, a clock to turn, and people who sign in."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from sqlalchemy.orm import Session

from index.documents import SearchDocument
from index.engine import IndexUnavailable, SearchPage
from index.queries import SearchQuery
from models.audit import AuditLog
from models.config import Settings
from models.enums import Role
from models.people import User
from models.session import Database
from review_api.app import create_app
from review_api.auth.schemas import Person
from review_api.services import Services
from tests.conftest import run_async
from tests.factories import PASSWORD, make_user, write_evidence_to

HOST = "localhost"


class Clock:
    """A present that only moves when told to."""

    def __init__(self, start: datetime) -> None:
        self.time = start

    def __call__(self) -> datetime:
        """The present."""
        return self.time

    def forward(self, **parts: float) -> datetime:
        """Let time pass."""
        self.time += timedelta(**parts)
        return self.time


@dataclass
class FakeEngine:
    """A search engine that gives what it was told, or is not there (``page`` None)."""

    page: SearchPage | None = None
    asked: list[SearchQuery] = field(default_factory=list)
    documents: list[SearchDocument] = field(default_factory=list)

    def search(self, query: SearchQuery) -> SearchPage:
        """Note the question, give the answer."""
        self.asked.append(query)
        if self.page is None:
            raise IndexUnavailable("The index does not answer.", delay_seconds=5)
        return self.page


class Client:
    """One browser: keeps cookies, sends the CSRF token that it was given."""

    def __init__(self, app: FastAPI, *, address: str = "127.0.0.1", base_url: str = f"http://{HOST}") -> None:
        self._app = app
        self._address = address
        self._base_url = base_url
        self.cookies = httpx.Cookies()
        self.headers: dict[str, str] = {}

    def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        """Send one request to the app."""
        return run_async(self._send(method, path, **options))

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        transport = httpx.ASGITransport(self._app, raise_app_exceptions=False, client=(self._address, 50_000))
        async with httpx.AsyncClient(
            transport=transport, base_url=self._base_url, cookies=self.cookies, headers=self.headers
        ) as client:
            response = await client.request(method, path, **options)
            self.cookies = client.cookies
            return response

    def get(self, path: str, **options: Any) -> httpx.Response:
        """GET."""
        return self.request("GET", path, **options)

    def post(self, path: str, json: object = None, **options: Any) -> httpx.Response:
        """POST, as JSON unless ``content`` or ``data`` is given."""
        if "content" not in options and "data" not in options and json is not None:
            options["json"] = json
        return self.request("POST", path, **options)

    def sign_in(self, name: str, password: str = PASSWORD) -> httpx.Response:
        """Sign in and keep the CSRF token."""
        response = self.post("/api/v1/login", {"name": name, "password": password})
        if response.status_code == 200:
            self.headers["X-CSRF-Token"] = response.json()["csrf_token"]
        return response


@dataclass
class Room:
    """The review room under test."""

    settings: Settings
    db: Database
    audit: AuditLog
    engine: FakeEngine
    clock: Clock
    app: FastAPI

    @property
    def services(self) -> Services:
        """The app's services."""
        services: Services = self.app.state.services
        return services

    def client(self, name: str | None = None, **options: Any) -> Client:
        """A browser, signed in as ``name`` unless None."""
        client = Client(self.app, **options)
        if name is not None:
            response = client.sign_in(name)
            assert response.status_code == 200, response.text
        return client

    def add_user(self, name: str, role: Role) -> Person:
        """A person with the password of all test users."""
        with self.db.write() as session:
            return as_person(make_user(session, name, role, created_at=self.clock()))

    def write(self, work: Callable[[Session], Any]) -> Any:
        """Run a piece of work in one transaction."""
        with self.db.write() as session:
            return work(session)


def as_person(user: User) -> Person:
    """The user as services see them, without a real login."""
    return Person(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        agency=user.agency,
        locale=user.locale,
        login_id=0,
        csrf_token="",
    )


def make_room(settings: Settings, db: Database, audit: AuditLog, now: datetime) -> Room:
    """Put a room together."""
    clock, engine = Clock(now), FakeEngine()
    write_evidence_to(settings.evidence_dir)
    app = create_app(settings, db=db, audit=audit, search=engine, now=clock)  # type: ignore[arg-type]
    return Room(settings, db, audit, engine, clock, app)


@pytest.fixture
def room(settings: Settings, database: Database, audit_log: AuditLog, now: datetime) -> Room:
    """The review room, on both databases in turn."""
    return make_room(settings, database, audit_log, now)


@pytest.fixture
def sqlite_room(
    sqlite_settings: Settings, sqlite_database: Database, audit_log: AuditLog, now: datetime
) -> Room:
    """The review room on the embedded database, for what does not depend on the database."""
    return make_room(sqlite_settings, sqlite_database, audit_log, now)


@dataclass(frozen=True)
class People:
    """One of each kind."""

    analyst: Person
    analyst2: Person
    approver: Person
    approver2: Person
    officer: Person
    auditor: Person
    admin: Person


def add_people(room: Room) -> People:
    """Add one of each kind; their names are those of the fields."""
    return People(
        analyst=room.add_user("analyst", Role.ANALYST),
        analyst2=room.add_user("analyst2", Role.ANALYST),
        approver=room.add_user("approver", Role.APPROVER),
        approver2=room.add_user("approver2", Role.APPROVER),
        officer=room.add_user("officer", Role.OFFICER),
        auditor=room.add_user("auditor", Role.AUDITOR),
        admin=room.add_user("admin", Role.ADMIN),
    )


@pytest.fixture
def people(room: Room) -> People:
    """Everybody in ``room``."""
    return add_people(room)


@pytest.fixture
def sqlite_people(sqlite_room: Room) -> People:
    """Everybody in ``sqlite_room``."""
    return add_people(sqlite_room)
