"""What holds for every request and every response: headers, sizes, hosts, unreadable input."""

import json
import time
from typing import Any

import pytest

from index.engine import FacetCount, Hit, SearchPage
from index.highlights import Segment
from index.queries import Facet
from models.enums import ParseState
from models.errors import NotFound
from review_api.errors import error_body
from review_api.middlewares import CONTENT_SECURITY_POLICY, MAX_BODY_BYTES
from tests.factories import PASSWORD, make_page, make_source
from tests.review_api.acts import add_task, confirm_form
from tests.review_api.conftest import Client, People, Room

XSS = "<script>alert(1)</script>{{7*7}}"


def check_headers(response: Any) -> None:
    headers = response.headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in headers["content-security-policy"]
    assert "unsafe" not in headers["content-security-policy"]
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"


def test_every_kind_of_response_carries_the_headers(
    sqlite_room: Room, sqlite_people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = sqlite_room.client("analyst")
    for path in ("/api/v1/me", "/api/nothing", "/api/v1/tasks/1", "/api/v1/tasks?limit=x", "/nothing", "/"):
        check_headers(client.get(path))
    check_headers(client.request("DELETE", "/api/v1/me"))
    check_headers(client.post("/api/v1/login", content=b"x" * (MAX_BODY_BYTES + 1)))
    check_headers(client.get("/api/v1/me", headers={"Host": "evil.example"}))

    def fail(*_args: object, **_values: object) -> None:
        raise RuntimeError("secret inside")

    monkeypatch.setattr(sqlite_room.services.tasks, "queue", fail)
    broken = client.get("/api/v1/tasks")
    check_headers(broken)
    assert broken.status_code == 500
    assert "secret" not in broken.text
    assert broken.json()["code"] == "UnexpectedError"


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "x/admin?", "localhost@evil", ""])
def test_unknown_hosts_are_refused(sqlite_room: Room, sqlite_people: People, host: str) -> None:
    assert sqlite_room.client().get("/api/v1/health", headers={"Host": host}).status_code == 400


def test_bodies_over_1_mib_are_refused_before_they_are_read(sqlite_room: Room, sqlite_people: People) -> None:
    client = sqlite_room.client("analyst")
    whole = client.post("/api/v1/login", content=b"x" * (MAX_BODY_BYTES + 1))
    assert (whole.status_code, whole.json()["code"]) == (413, "BodyTooLarge")

    async def endless() -> Any:
        for _ in range(200):
            yield b"x" * 65_536
        raise AssertionError("read far too much")

    assert client.post("/api/v1/login", content=endless()).status_code == 413
    lying = client.post("/api/v1/login", content=b"{}", headers={"Content-Length": str(10**12)})
    assert lying.status_code == 413


@pytest.mark.parametrize(
    ("content", "media"),
    [
        (b"&".join(b"a%d=1" % n for n in range(100_000)), "application/x-www-form-urlencoded"),
        (b"--x\r\n" * 50_000, "multipart/form-data; boundary=x"),
        (b"--x\r\n" + b"a" * 900_000, "multipart/form-data; boundary=x"),
        (b"{" * 100_000, "application/json"),
        (b"[" * 100_000 + b"]" * 100_000, "application/json"),
        (b'{"name": "\xff"}', "application/json"),
        (b'{"name": "\\ud800", "password": "x"}', "application/json"),
        (b'{"name": {"$ne": 1}, "password": ["x"]}', "application/json"),
        (b"", "application/json"),
    ],
)
def test_unreadable_bodies_are_refused_quickly(
    sqlite_room: Room, sqlite_people: People, content: bytes, media: str
) -> None:
    for path in ("/api/v1/login", "/api/v1/tasks/1/confirm"):
        client = sqlite_room.client("analyst")
        start = time.perf_counter()
        answer = client.post(path, content=content, headers={"Content-Type": media})
        assert 400 <= answer.status_code < 500
        assert set(answer.json()) == {"code", "message", "context"}
        assert time.perf_counter() - start < 2


@pytest.mark.parametrize("number", ["0", "-1", "9223372036854775808", "1e3", "%00", "' OR 1=1 --", "9" * 400])
def test_ids_that_are_none(sqlite_room: Room, sqlite_people: People, number: str) -> None:
    client = sqlite_room.client("officer")
    for path in ("tasks/{}", "entries/{}", "releases/{}", "tasks/1?version_id={}"):
        assert client.get(f"/api/v1/{path.format(number)}").status_code in (404, 422)


@pytest.mark.parametrize("text", ["a\x00b", "x" * 5000])
def test_texts_that_no_database_holds(sqlite_room: Room, sqlite_people: People, text: str) -> None:
    task, client = add_task(sqlite_room), sqlite_room.client("analyst")
    assert client.post(f"/api/v1/tasks/{task.id}/claim").status_code == 200
    body = {**confirm_form(task).model_dump(mode="json"), "reason": text}
    assert client.post(f"/api/v1/tasks/{task.id}/confirm", body).status_code == 422
    assert client.get("/api/v1/tasks", params={"region": text}).status_code == 422


def test_errors_never_repeat_what_was_sent(sqlite_room: Room, sqlite_people: People) -> None:
    answer = sqlite_room.client().post("/api/v1/login", {"name": 1, "password": PASSWORD, "x": "canary"})
    assert answer.status_code == 422
    assert PASSWORD not in answer.text
    assert "canary" not in answer.text
    assert error_body(NotFound("x", task_id=1)) == {
        "code": "NotFound",
        "message": "x",
        "context": {"task_id": 1},
    }


def test_hostile_text_travels_as_data(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room, title=XSS, text=f"{XSS} паспорт остаётся у администратора")
    client = sqlite_room.client("analyst")
    for path in ("/api/v1/tasks", f"/api/v1/tasks/{task.id}"):
        answer = client.get(path)
        assert answer.headers["content-type"] == "application/json"
        assert XSS in json.dumps(answer.json(), ensure_ascii=False)
    assert client.get(f"/api/v1/tasks/{task.id}").json()["version"]["title"] == XSS


def test_the_api_describes_itself_to_administrators_only(sqlite_room: Room, sqlite_people: People) -> None:
    description = sqlite_room.client("admin").get("/api/docs/openapi.json").json()
    assert "/api/v1/tasks/{task_id}/approve" in description["paths"]
    assert description["components"]["schemas"]["ConfirmForm"]["examples"]
    for path in ("/docs", "/redoc", "/openapi.json"):
        assert sqlite_room.client("admin").get(path).status_code == 404


# --- search -----------------------------------------------------------------------------------------------


def search(client: Client, **body: Any) -> Any:
    answer = client.post("/api/v1/ads/search", body)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_search_shows_what_the_database_has(room: Room, people: People) -> None:
    task = add_task(room, title="Работа")
    title = (Segment("Работа ", 0, True, False), Segment("+7 701 234 56 78", 7, False, True))
    hits = tuple(Hit(ad_id, 1, 3, title, ()) for ad_id in (task.ad_id, 10**6))
    room.engine.page = SearchPage(hits, 2, {Facet.LEVEL: (FacetCount("high", 2),)}, None)
    found = search(room.client("analyst"), text="работа", filters={"level": ["high"]}, size=5)
    assert room.engine.asked[0].filters == {Facet.LEVEL: ("high",)}
    (row,) = found["rows"]
    assert (row["case_number"], row["level"], row["purposes"]) == (
        task.case_number,
        "high",
        ["sexual_exploitation"],
    )
    assert row["title"][0] == {"text": "Работа ", "is_match": True}
    assert "234" not in json.dumps(row)
    assert found["facets"] == {"level": [{"value": "high", "n": 2}]}
    assert found["state"] == {"is_available": True, "n_behind": 1, "problem": None}


def test_search_says_when_it_cannot_be_asked(sqlite_room: Room, sqlite_people: People) -> None:
    add_task(sqlite_room)
    found = search(sqlite_room.client("analyst"), text="работа")
    assert found["rows"] == []
    assert found["state"] == {"is_available": False, "n_behind": 1, "problem": "IndexUnavailable"}


def test_what_could_not_be_read_is_counted(room: Room, people: People) -> None:
    with room.db.write() as session:
        source = make_source(session)
        for n, state in enumerate((ParseState.PARSE_INCOMPLETE, ParseState.FAILED, ParseState.FAILED)):
            url = f"https://x.example.kz/{n}"
            make_page(session, source, url, parse_state=state, parse_problems=["depth"])
    unread = room.client("auditor").get("/api/v1/ads/unread").json()
    assert (unread["n_pages_incomplete"], unread["n_pages_failed"], len(unread["pages"])) == (1, 2, 3)


def test_the_audit_log_is_read_and_checked(sqlite_room: Room, sqlite_people: People) -> None:
    for _ in range(3):
        sqlite_room.client("analyst")
    auditor = sqlite_room.client("auditor")
    first = auditor.get("/api/v1/audit", params={"limit": 2, "actor_name": "analyst"}).json()
    second = auditor.get(
        "/api/v1/audit", params={"limit": 2, "actor_name": "analyst", "cursor": first["next_cursor"]}
    ).json()
    assert [line["seq"] for line in (*first["lines"], *second["lines"])] == [3, 2, 1]
    assert second["next_cursor"] is None
    assert auditor.post("/api/v1/audit/check").json()["damages"] == []
    with sqlite_room.db.write() as session:
        session.connection().exec_driver_sql("DROP TRIGGER audit_event_no_update")
        session.connection().exec_driver_sql("UPDATE audit_event SET actor_name = 'x' WHERE seq = 2")
    assert auditor.post("/api/v1/audit/check").json()["damages"] == ["audit event 2 was changed"]


@pytest.mark.parametrize("path", ["/queue", "/work", "/api/v1/tasks", "/sign-in", "/nothing"])
def test_head_answers_the_head_of_get(sqlite_room: Room, sqlite_people: People, path: str) -> None:
    client = sqlite_room.client("analyst")
    answered, head = client.get(path), client.request("HEAD", path)
    assert head.status_code == answered.status_code
    assert head.headers["content-type" if answered.status_code != 303 else "location"]
    assert head.content == b""


def test_head_asks_for_a_login_as_get_does(sqlite_room: Room) -> None:
    assert sqlite_room.client().request("HEAD", "/queue").status_code == 303
