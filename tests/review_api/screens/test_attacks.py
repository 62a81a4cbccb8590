"""Crawled text is hostile: on every page it is text, and nothing else."""

from urllib.parse import urlsplit

from selectolax.lexbor import LexborHTMLParser

from index.engine import Hit, SearchPage
from index.highlights import Segment
from models.review import ReviewTask
from review_api.middlewares import CONTENT_SECURITY_POLICY
from tests.review_api.conftest import People, Room
from tests.review_api.screens.conftest import ATTACK, Cases, browser, token_of

URL_ATTRIBUTES = ("href", "src", "action", "formaction", "srcset", "poster", "data")


def pages_of(cases: Cases) -> dict[str, tuple[str, ...]]:
    """Every page, by who opens it."""
    case_pages = tuple(
        f"/cases/{case}" for case in (cases.open, cases.claimed, cases.confirmed, cases.listed)
    )
    return {
        "analyst": (
            "/work",
            "/queue",
            "/queue?level=urgent",
            f"/queue?region={ATTACK[:30]}",
            "/search",
            "/keys",
            "/releases",
            "/entries",
            f"/entries/{cases.entry}",
            *case_pages,
            f"/cases/{cases.claimed}/versions/1",
        ),
        "approver": ("/work", "/approvals", f"/approvals/{cases.confirmed}", f"/cases/{cases.confirmed}"),
        "officer": ("/releases", "/entries", "/entries?state=active"),
        "auditor": ("/audit", f"/audit?actor_name={ATTACK[:40]}", "/people", "/queue", "/approvals"),
        "admin": ("/people", "/audit"),
    }


def check_page(html: str) -> None:
    """No element, attribute or address on the page comes from a text."""
    assert "{{7*7}}" in html or "49" not in html or ATTACK not in html
    tree = LexborHTMLParser(html)
    scripts = tree.css("script")
    assert [urlsplit(s.attributes["src"] or "").path for s in scripts] == ["/static/saqshy.js"]
    assert tree.css("iframe, object, embed, style, base, foreignObject, math, meta[http-equiv]") == []
    assert all((image.attributes["src"] or "").startswith("/static/") for image in tree.css("img"))
    for node in tree.css("*"):
        for name, value in node.attributes.items():
            assert not name.startswith("on"), (node.tag, name)
            assert name != "style", node.tag
            if name in URL_ATTRIBUTES:
                assert (value or "").startswith(("/", "#", "?")), (node.tag, name, value)
                assert not (value or "").startswith("//"), (node.tag, name, value)


def test_every_page_shows_hostile_text_as_text(
    sqlite_room: Room, sqlite_people: People, cases: Cases
) -> None:
    n_pages = 0
    for locale in ("kk", "ru", "en"):
        for name, paths in pages_of(cases).items():
            client = browser(sqlite_room, name, locale)
            for path in paths:
                answer = client.get(path)
                assert answer.status_code == 200, (name, path, answer.text[:300])
                assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
                assert answer.headers["cache-control"] == "no-store"
                assert answer.headers["content-type"] == "text/html; charset=utf-8"
                assert f'<html lang="{locale}">' in answer.text
                check_page(answer.text)
                n_pages += 1
    assert n_pages > 60


def test_policy_allows_nothing_inline_and_nothing_from_outside() -> None:
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "http" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY


def test_the_attack_is_there_to_be_read(sqlite_room: Room, sqlite_people: People, cases: Cases) -> None:
    html = browser(sqlite_room, "analyst").get(f"/cases/{cases.open}").text
    text = LexborHTMLParser(html).css_first(".ad-text").text()  # type: ignore[union-attr]
    assert "<iframe src=//evil.example>" in text
    assert "{{7*7}}${7*7}" in text
    assert "U+202E" in html


def test_open_contacts_are_text_too(sqlite_room: Room, sqlite_people: People, cases: Cases) -> None:
    client = browser(sqlite_room, "approver")
    token = token_of(client.get(f"/cases/{cases.confirmed}").text)
    answer = client.post(f"/cases/{cases.confirmed}/contacts", data={"csrf_token": token})
    assert answer.status_code == 200
    check_page(answer.text)


def test_search_results_and_the_question_are_text(
    sqlite_room: Room, sqlite_people: People, cases: Cases
) -> None:
    with sqlite_room.db.read() as session:
        ad_id = session.get_one(ReviewTask, cases.open).ad_id
    pieces = (Segment(ATTACK, 0, True, False), Segment(ATTACK, len(ATTACK), False, False))
    sqlite_room.engine.page = SearchPage(
        hits=(Hit(ad_id, 1, 0, pieces, pieces),), total=1, facets={}, next_cursor=None
    )
    client = browser(sqlite_room, "analyst")
    token = token_of(client.get("/search").text)
    sent = client.post("/search", data={"q": ATTACK, "csrf_token": token})
    assert sent.status_code == 303
    answer = client.get(sent.headers["location"])
    assert answer.status_code == 200
    assert sqlite_room.engine.asked[-1].text == ATTACK.strip()
    check_page(answer.text)


def test_search_words_stand_in_no_address(sqlite_room: Room, sqlite_people: People) -> None:
    client = browser(sqlite_room, "analyst")
    token = token_of(client.get("/search").text)
    sent = client.post("/search", data={"q": "канарейка 77015550167", "csrf_token": token})
    where = sent.headers["location"]
    assert where.startswith("/search?s=")
    assert "77015550167" not in where
    page = client.get(where)
    assert 'value="канарейка 77015550167"' in page.text
    assert client.get(where[:-4] + "AAAA").status_code == 422


ERRORS = {
    "/cases/999999": 404,
    "/cases/0": 422,
    "/cases/%3Cscript%3E": 422,
    "/approvals/999999": 403,
    "/releases/999999": 404,
    "/entries/999999": 404,
    "/cases/1/versions/99": 404,
    "/<script>alert(1)</script>": 404,
    "/queue?level=%22%3E%3Cscript%3E": 422,
    "/queue?cursor=%22%3E%3Cscript%3E": 422,
    "/people": 403,
    "/audit": 403,
}


def test_errors_say_what_to_do_and_repeat_nothing(
    sqlite_room: Room, sqlite_people: People, cases: Cases
) -> None:
    client = browser(sqlite_room, "analyst", "en")
    for path, status in ERRORS.items():
        answer = client.get(path)
        assert answer.status_code == status, path
        assert answer.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
        assert "script>alert" not in answer.text
        check_page(answer.text)
        assert LexborHTMLParser(answer.text).css_first("main h1") is not None


def test_a_note_cookie_from_elsewhere_says_nothing_new(sqlite_room: Room, sqlite_people: People) -> None:
    client = browser(sqlite_room, "analyst")
    client.cookies.set("saqshy_note", "claimed?case=<script>alert(1)</script>")
    check_page(client.get("/work").text)
    client.cookies.set("saqshy_note", "no_such_note?case=1")
    assert "note--done" not in client.get("/work").text
    client.cookies.set("saqshy_note", "claimed?x={0.__class__}")
    assert client.get("/work").status_code == 200
