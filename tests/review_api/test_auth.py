"""Signing in and out: cookies, ends of a login, guesses slowed down without shutting the owner out."""

from datetime import UTC, datetime, timedelta

import httpx
import pytest
from sqlalchemy import select

from models.audit import AuditAction, AuditEvent, AuditLog
from models.config import load_settings
from models.enums import Agency, Role
from models.people import Login, User
from models.session import Database
from review_api.auth import passwords
from review_api.auth.backoff import ACCOUNT_MAX_SECONDS, FREE_TRIES, FailureCounter, pause_seconds
from review_api.auth.passwords import BadPassword, check_password, random_password
from review_api.auth.service import TooManyTries
from review_api.people.service import BadUserName, OwnAccount, UserNameTaken
from tests.factories import PASSWORD
from tests.review_api.conftest import Client, People, Room, make_room


def cookies_of(response: httpx.Response) -> dict[str, str]:
    return {line.split("=", 1)[0]: line for line in response.headers.get_list("set-cookie")}


def test_a_login_is_kept_only_as_a_hash(room: Room, people: People) -> None:
    client = room.client("analyst")
    token = client.cookies["saqshy"]
    assert len(token) >= 43
    with room.db.read() as session:
        login = session.scalars(select(Login)).one()
    assert token not in vars(login).values()
    assert client.get("/api/v1/me").json()["name"] == "analyst"
    again = room.client("analyst")
    assert again.cookies["saqshy"] != token
    assert again.headers["X-CSRF-Token"] != client.headers["X-CSRF-Token"]


def test_cookies_are_out_of_reach(sqlite_room: Room, sqlite_people: People) -> None:
    cookies = cookies_of(sqlite_room.client().sign_in("analyst"))
    assert set(cookies) == {"saqshy", "saqshy-device"}
    for cookie in cookies.values():
        assert "HttpOnly" in cookie
        assert "SameSite=strict" in cookie
        assert "Path=/" in cookie
        assert "Domain" not in cookie
        assert "Secure" not in cookie


def test_behind_https_cookies_are_bound_to_the_host(
    sqlite_room: Room, sqlite_people: People, audit_log: AuditLog
) -> None:
    settings = load_settings(data_dir=sqlite_room.settings.data_dir, public_url="https://saqshy.example")
    room = make_room(settings, sqlite_room.db, audit_log, sqlite_room.clock())
    client = room.client(base_url="https://saqshy.example")
    response = client.sign_in("analyst")
    cookies = cookies_of(response)
    assert set(cookies) == {"__Host-saqshy", "__Host-saqshy-device"}
    assert all("Secure" in cookie for cookie in cookies.values())
    assert response.headers["strict-transport-security"]
    assert client.get("/api/v1/me").status_code == 200


def test_wrong_unknown_and_disabled_look_alike(sqlite_room: Room, sqlite_people: People) -> None:
    with sqlite_room.db.write() as session:
        sqlite_room.services.people.disable_user(
            session, sqlite_people.officer.id, actor=sqlite_people.admin.actor, now=sqlite_room.clock()
        )
    answers = [
        sqlite_room.client().sign_in("analyst", "wrong password 1"),
        sqlite_room.client().sign_in("nobody", "wrong password 1"),
        sqlite_room.client().sign_in("officer", PASSWORD),
        sqlite_room.client().sign_in("a\x00b", PASSWORD),
    ]
    assert {(answer.status_code, answer.content) for answer in answers} == {(401, answers[0].content)}
    assert all("set-cookie" not in answer.headers for answer in answers)


def test_an_unknown_name_costs_a_hash_too(
    sqlite_room: Room, sqlite_people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    original = passwords.is_password
    monkeypatch.setattr(passwords, "is_password", lambda p, h: (checked.append(h), original(p, h))[1])
    sqlite_room.client().sign_in("nobody", "wrong password 1")
    sqlite_room.client().sign_in("analyst", "wrong password 1")
    assert len(checked) == 2
    assert all(found.startswith("$argon2id$") for found in checked)


def test_a_login_ends_when_idle_and_at_its_absolute_end(room: Room, people: People) -> None:
    client, settings = room.client("analyst"), room.settings
    step = settings.login_idle_seconds - 1
    for _ in range(settings.login_absolute_seconds // step):
        room.clock.forward(seconds=step)
        assert client.get("/api/v1/me").status_code == 200
    room.clock.forward(seconds=step)
    assert client.get("/api/v1/me").status_code == 401


def test_a_login_from_the_future_is_refused(sqlite_room: Room, sqlite_people: People) -> None:
    client = sqlite_room.client("analyst")
    sqlite_room.clock.forward(hours=-1)
    assert client.get("/api/v1/me").status_code == 401


def test_signing_out_ends_the_login_itself(room: Room, people: People) -> None:
    client, other = room.client("analyst"), room.client("analyst")
    stolen = dict(client.cookies)
    assert client.post("/api/v1/logout").status_code == 204
    client.cookies = httpx.Cookies(stolen)
    assert client.get("/api/v1/me").status_code == 401
    assert other.get("/api/v1/me").status_code == 200


@pytest.mark.parametrize("act", ["disable", "password", "role"])
def test_changing_a_person_ends_all_their_logins_at_once(
    sqlite_room: Room, sqlite_people: People, act: str
) -> None:
    clients = [sqlite_room.client("analyst") for _ in range(3)]
    admin = sqlite_room.client("admin")
    body = {"password": {"password": "another long sentence"}, "role": {"role": "auditor"}}.get(act)
    answer = admin.post(f"/api/v1/people/{sqlite_people.analyst.id}/{act}", body)
    assert answer.status_code == 200, answer.text
    assert [client.get("/api/v1/me").status_code for client in clients] == [401, 401, 401]


def test_guesses_on_one_account_are_slowed_down(sqlite_room: Room, sqlite_people: People) -> None:
    """10 000 guesses from ever new addresses: at most 100 are tried in an hour."""
    auth, start = sqlite_room.services.auth, sqlite_room.clock()
    n_tried = 0

    def read_user() -> User:
        with sqlite_room.db.read() as session:
            return session.get_one(User, sqlite_people.analyst.id)

    user = read_user()
    for n in range(10_000):
        now = start + timedelta(seconds=n * 0.36)
        try:
            auth._check_pause(user, f"10.0.{n // 250}.{n % 250}", None, now)
        except TooManyTries:
            continue
        n_tried += 1
        auth._note_failure(user, f"10.0.{n // 250}.{n % 250}", None, now)
        # Only what is tried and fails changes the account.
        user = read_user()
    assert FREE_TRIES < n_tried <= 100


def test_the_owner_gets_in_under_attack(sqlite_room: Room, sqlite_people: People) -> None:
    owner = sqlite_room.client("analyst", address="10.0.0.1")
    assert owner.post("/api/v1/logout").status_code == 204
    attacker = sqlite_room.client(address="10.6.6.6")
    codes = [attacker.sign_in("analyst", f"wrong password {n}").status_code for n in range(20)]
    assert codes[:5] == [401] * 5
    assert codes[-1] == 429
    assert owner.sign_in("analyst").status_code == 200
    stranger = sqlite_room.client(address="10.0.0.2")
    assert stranger.sign_in("analyst").status_code in (200, 429)
    sqlite_room.clock.forward(seconds=ACCOUNT_MAX_SECONDS)
    assert sqlite_room.client(address="10.0.0.3").sign_in("analyst").status_code == 200


def test_a_device_token_is_of_one_account_and_slows_down_too(
    sqlite_room: Room, sqlite_people: People
) -> None:
    client = sqlite_room.client("analyst")
    client.headers.clear()
    codes = [client.sign_in("analyst", f"wrong password {n}").status_code for n in range(8)]
    assert codes == [401] * 5 + [429] * 3
    devices = sqlite_room.services.auth._devices
    token = devices.make(1)
    assert devices.is_of(token, 1)
    assert not devices.is_of(token, 2)
    assert not any(devices.is_of(bad, 1) for bad in (None, "", ".", "x." + token.split(".")[1], token + "0"))


def test_one_address_cannot_try_many_accounts(sqlite_room: Room, sqlite_people: People) -> None:
    attacker = sqlite_room.client(address="10.6.6.6")
    answers = [attacker.sign_in(f"user{n}", "wrong password 1") for n in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) >= 1


def test_a_counter_forgets_and_is_bounded() -> None:
    counter = FailureCounter(free=1, longest=100)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    counter.note_failure("a", start)
    assert counter.wait_seconds("a", start) == 1
    assert counter.wait_seconds("a", start + timedelta(hours=2)) == 0
    assert [pause_seconds(n, free=2, longest=5) for n in range(6)] == [0, 0, 1, 2, 4, 5]


def test_failures_are_recorded_without_what_was_typed(sqlite_room: Room, sqlite_people: People) -> None:
    sqlite_room.client().sign_in("my secret sentence", "wrong password 1")
    with sqlite_room.db.read() as session:
        event = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.LOGIN_FAILED)).one()
    assert event.subject_id == "unknown"
    assert "secret" not in f"{event.details}{event.actor_name}{event.subject_id}"


# --- people -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("password", "rule"),
    [
        ("short", "short"),
        ("elevenchars", "short"),
        ("x" * 129, "long"),
        ("qwertyuiop123", "common"),
        ("Password1234", "common"),
        ("ҚазақстанҚазақстан", "common"),
        ("aaaaaaaaaaaaaa", "common"),
        ("aigerim12345", "name"),
    ],
)
def test_weak_passwords_are_refused(password: str, rule: str) -> None:
    with pytest.raises(BadPassword) as refused:
        check_password(password, name="aigerim")
    assert refused.value.context["rule"] == rule


@pytest.mark.parametrize(
    "password", ["a quiet blue lamp", "x9!kQ2#vLp0z", "жеті қазына — жеті сөз", "x1y2z" * 25]
)
def test_good_passwords_are_taken_as_they_are(password: str) -> None:
    assert check_password(password, name="aigerim") == password
    assert passwords.is_password(password, passwords.hash_password(password))


def test_sample_users_have_random_passwords_and_come_once(room: Room) -> None:
    with room.db.write() as session:
        made = room.services.people.create_sample_users(session, now=room.clock())
    assert {user.role for user in made} == set(Role)
    assert len({user.password for user in made}) == len(made)
    assert all(room.client().sign_in(user.name, user.password).status_code == 200 for user in made[:2])
    with room.db.write() as session:
        assert room.services.people.create_sample_users(session, now=room.clock()) == ()
    assert random_password() != random_password()


def test_names_are_unique_and_plain(room: Room, people: People) -> None:
    def create(name: str) -> None:
        with room.db.write() as session:
            room.services.people.create_user(
                session,
                name=name,
                display_name="X",
                role=Role.ANALYST,
                agency=Agency.MKI,
                password=PASSWORD,
                actor=people.admin.actor,
                now=room.clock(),
            )

    with pytest.raises(UserNameTaken):
        create("analyst")
    for name in ("", "ab", "Айгерим", "a b c", "-abc", "x" * 65, "abc\n"):
        with pytest.raises(BadUserName):
            create(name)


def test_nobody_changes_their_own_rights(sqlite_room: Room, sqlite_people: People) -> None:
    people, admin, now = sqlite_room.services.people, sqlite_people.admin, sqlite_room.clock()
    with pytest.raises(OwnAccount), sqlite_room.db.write() as session:
        people.set_role(session, admin.id, Role.APPROVER, actor=admin.actor, now=now)
    with pytest.raises(OwnAccount), sqlite_room.db.write() as session:
        people.disable_user(session, admin.id, actor=admin.actor, now=now)


def test_a_fresh_installation_has_no_user(sqlite_database: Database) -> None:
    with sqlite_database.read() as session:
        assert session.scalars(select(User)).all() == []


def test_clients_are_apart(sqlite_room: Room, sqlite_people: People) -> None:
    first = sqlite_room.client("analyst")
    assert Client(sqlite_room.app).get("/api/v1/me").status_code == 401
    assert first.get("/api/v1/me").status_code == 200
