"""Who may call what: every route of the app, every kind of person; made from the route table."""

import re
from collections.abc import Iterator

import httpx
import pytest
from fastapi import FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import iter_route_contexts
from starlette.routing import Mount

from models.enums import Role
from review_api.deps import SAFE_METHODS, Access
from tests.factories import PASSWORD
from tests.review_api.acts import add_task, confirm
from tests.review_api.conftest import Client, People, Room

# What needs no rule: our own style, script and fonts.
FILES = {"/static"}

# The JSON API, by hand: the access matrix of record. Officer is F.
A, P, F, U, M = Role.ANALYST, Role.APPROVER, Role.OFFICER, Role.AUDITOR, Role.ADMIN
READERS, ALL = {A, P, F, U}, set(Role)
MATRIX: dict[tuple[str, str], set[Role]] = {
    ("POST", "/api/v1/login"): set(),
    ("GET", "/api/v1/health"): set(),
    ("POST", "/api/v1/logout"): ALL,
    ("GET", "/api/v1/me"): ALL,
    ("GET", "/api/v1/tasks"): {A, P, U},
    ("GET", "/api/v1/tasks/facets"): {A, P, U},
    ("GET", "/api/v1/tasks/mine"): {A, P},
    ("GET", "/api/v1/tasks/approvals"): {P, U},
    ("POST", "/api/v1/tasks/claim-next"): {A},
    ("GET", "/api/v1/tasks/{task_id}"): READERS,
    ("POST", "/api/v1/tasks/{task_id}/claim"): {A},
    ("POST", "/api/v1/tasks/{task_id}/prolong"): {A},
    ("POST", "/api/v1/tasks/{task_id}/put-back"): {A},
    ("POST", "/api/v1/tasks/{task_id}/show-newest"): {A},
    ("POST", "/api/v1/tasks/{task_id}/contacts"): {A, P},
    ("POST", "/api/v1/tasks/{task_id}/confirm"): {A},
    ("POST", "/api/v1/tasks/{task_id}/reject"): {A},
    ("POST", "/api/v1/tasks/{task_id}/approve"): {P},
    ("POST", "/api/v1/tasks/{task_id}/return"): {P},
    ("POST", "/api/v1/ads/search"): READERS,
    ("GET", "/api/v1/ads/unread"): READERS,
    ("GET", "/api/v1/legal-grounds"): READERS,
    ("GET", "/api/v1/entries"): READERS,
    ("GET", "/api/v1/entries/{entry_id}"): READERS,
    ("POST", "/api/v1/entries/{entry_id}/lift"): {F, P},
    ("GET", "/api/v1/releases"): READERS,
    ("GET", "/api/v1/releases/next"): READERS,
    ("POST", "/api/v1/releases"): {F},
    ("GET", "/api/v1/releases/{number}"): READERS,
    ("GET", "/api/v1/releases/{number}/files/{name}"): {F, U},
    ("POST", "/api/v1/releases/{number}/check"): {F, U},
    ("GET", "/api/v1/audit"): {U, M},
    ("POST", "/api/v1/audit/check"): {U, M},
    ("GET", "/api/v1/people"): {M, U},
    ("POST", "/api/v1/people"): {M},
    ("POST", "/api/v1/people/{user_id}/disable"): {M},
    ("POST", "/api/v1/people/{user_id}/enable"): {M},
    ("POST", "/api/v1/people/{user_id}/password"): {M},
    ("POST", "/api/v1/people/{user_id}/role"): {M},
    ("GET", "/api/v1/sources"): {A, P, U, M},
    ("GET", "/api/v1/sources/{source_id}"): {A, P, U, M},
    ("POST", "/api/v1/sources/{source_id}/run"): {A, M},
    ("POST", "/api/v1/sources/{source_id}/pause"): {A, M},
    ("POST", "/api/v1/sources/{source_id}/resume"): {A, M},
    ("POST", "/api/v1/sources/{source_id}/ask-again"): {A, M},
    ("POST", "/api/v1/sources/{source_id}/accept-drift"): {A, M},
    ("GET", "/api/v1/blind-spots"): {A, P, U, M},
    ("GET", "/api/v1/candidates"): {A, P, U},
    ("POST", "/api/v1/candidates/{candidate_id}/adopt"): {A},
    ("POST", "/api/v1/candidates/{candidate_id}/ignore"): {A},
    ("GET", "/api/v1/hand-ins"): {A, P, U},
    ("POST", "/api/v1/hand-ins"): {A, P},
    ("GET", "/api/v1/hand-ins/{hand_in_id}"): {A, P, U},
    ("GET", "/api/docs/openapi.json"): {M},
}


def find_rules(dependant: Dependant) -> Iterator[Access]:
    if isinstance(dependant.call, Access):
        yield dependant.call
    for inner in dependant.dependencies:
        yield from find_rules(inner)


def routes_of(app: FastAPI) -> list[tuple[str, str, list[Access]]]:
    """Method, path and rules of every route there is; mounted files apart."""
    found = []
    for context in iter_route_contexts(app.routes):
        if isinstance(context.original_route, Mount):
            assert context.path in FILES
            continue
        dependant = getattr(context, "dependant", None)
        rules = list(find_rules(dependant)) if dependant is not None else []
        found.extend((method, context.path, rules) for method in sorted(context.methods or ()))
    return found


def fill(path: str, number: int, *, user_id: int | None = None) -> str:
    """The path with ids in it; ``user_id`` stands for a person, so that nobody who acts is acted upon."""
    path = re.sub(r"\{(user|person)_id\}", str(user_id or number), path)
    return re.sub(r"\{[^}]+\}", str(number), path)


def test_every_route_declares_exactly_one_rule(sqlite_room: Room) -> None:
    routes = routes_of(sqlite_room.app)
    assert len(routes) >= len(MATRIX)
    wrong = [(method, path, len(rules)) for method, path, rules in routes if len(rules) != 1]
    assert wrong == []


def test_the_json_api_has_the_rules_of_the_matrix(sqlite_room: Room) -> None:
    found = {
        (method, path): set(rules[0].roles)
        for method, path, rules in routes_of(sqlite_room.app)
        if path.startswith("/api/")
    }
    assert found == MATRIX


def test_nothing_is_changed_by_a_safe_method(sqlite_room: Room) -> None:
    methods = {method for method, _, _ in routes_of(sqlite_room.app)}
    assert methods - SAFE_METHODS == {"POST"}


@pytest.fixture
def clients(sqlite_room: Room, sqlite_people: People) -> dict[str, Client]:
    """Everybody who may come, and who must not."""
    room = sqlite_room
    names = ("analyst", "analyst2", "approver", "officer", "auditor", "admin")
    clients = {name: room.client(name) for name in names}
    room.add_user("gone", Role.ADMIN)
    clients["disabled"] = room.client("gone")
    with room.db.write() as session:
        gone = next(u for u in room.services.people.list_users(session) if u.name == "gone")
        room.services.people.disable_user(session, gone.id, actor=sqlite_people.admin.actor, now=room.clock())
    clients["ended"] = room.client("officer")
    assert clients["ended"].post("/api/v1/logout").status_code == 204
    clients["anonymous"] = room.client()
    return clients


def roles_of(people: People) -> dict[str, Role]:
    return {name: person.role for name, person in vars(people).items()}


def test_every_person_at_every_route(
    sqlite_room: Room, sqlite_people: People, clients: dict[str, Client]
) -> None:
    """Who has no right gets the same short answer whatever the id; who has one never gets 401 or 403."""
    room = sqlite_room
    task = add_task(room)
    confirm(room, sqlite_people.analyst, task)
    victim = room.add_user("victim", Role.ANALYST)
    roles = roles_of(sqlite_people)
    skipped = {"/api/v1/logout", "/sign-out", "/logout"}
    for method, path, rules in routes_of(room.app):
        if path in skipped or rules[0].is_public or "HEAD" in method:
            continue
        for name, client in clients.items():
            answers = [
                client.request(method, fill(path, task.id, user_id=victim.id)),
                client.request(method, fill(path, 10**9)),
            ]
            role = roles.get(name)
            may = role in rules[0].roles
            for answer in answers:
                problem = (method, path, name, answer.status_code)
                assert answer.status_code < 500, problem
                if may:
                    assert answer.status_code != 401, problem
                    is_object_rule = "contacts" in path
                    assert answer.status_code != 403 or is_object_rule, problem
                elif role is None:
                    assert is_sign_in(answer), problem
                else:
                    assert answer.status_code == 403, problem
            if not may:
                first, second = (re.sub(r"\d+", "", answer.text) for answer in answers)
                assert (answers[0].status_code, first) == (answers[1].status_code, second), (
                    method,
                    path,
                    name,
                )


def is_sign_in(answer: httpx.Response) -> bool:
    """401, or on a page the way to the sign-in form."""
    return answer.status_code == 401 or (
        answer.status_code in (302, 303) and "sign" in answer.headers["location"]
    )


def test_an_expired_login_opens_nothing(sqlite_room: Room, sqlite_people: People) -> None:
    room, client = sqlite_room, sqlite_room.client("analyst")
    assert client.get("/api/v1/me").status_code == 200
    room.clock.forward(seconds=room.settings.login_idle_seconds)
    assert client.get("/api/v1/me").status_code == 401


# --- requests from elsewhere ------------------------------------------------------------------------------


def changing(room: Room) -> list[tuple[str, str]]:
    return [
        (method, path)
        for method, path, rules in routes_of(room.app)
        if method not in SAFE_METHODS and not rules[0].is_public
    ]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
    ],
)
def test_changes_from_another_site_are_refused(
    sqlite_room: Room, sqlite_people: People, headers: dict[str, str]
) -> None:
    for name in ("analyst", "approver", "officer", "admin"):
        client = sqlite_room.client(name)
        for method, path in changing(sqlite_room):
            answer = client.request(method, fill(path, 1), headers=headers)
            assert answer.status_code == 403, (method, path)
    answer = sqlite_room.client().post(
        "/api/v1/login", {"name": "analyst", "password": PASSWORD}, headers=headers
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("token", [None, "", "wrong", "қате"])
def test_changes_without_the_logins_token_are_refused(
    sqlite_room: Room, sqlite_people: People, token: str | None
) -> None:
    for name in ("analyst", "approver", "officer", "admin"):
        client = sqlite_room.client(name)
        client.headers.clear()
        for method, path in changing(sqlite_room):
            answer = client.request(
                method, fill(path, 1), data={"csrf_token": token} if token is not None else None
            )
            assert answer.status_code == 403, (method, path)


def test_another_logins_token_is_refused(sqlite_room: Room, sqlite_people: People) -> None:
    first, second = sqlite_room.client("analyst"), sqlite_room.client("analyst2")
    first.headers = second.headers
    assert first.post("/api/v1/tasks/claim-next").status_code == 403


def test_the_token_may_come_in_a_form_field(sqlite_room: Room, sqlite_people: People) -> None:
    client = sqlite_room.client("analyst")
    token = client.headers.pop("X-CSRF-Token")
    answer = client.post("/api/v1/tasks/claim-next", data={"csrf_token": token})
    assert answer.status_code == 200


def test_a_route_without_a_rule_is_noticed() -> None:
    app = FastAPI()

    @app.get("/open")
    def page() -> str:
        return ""

    assert [(path, rules) for _, path, rules in routes_of(app) if path == "/open"] == [("/open", [])]
