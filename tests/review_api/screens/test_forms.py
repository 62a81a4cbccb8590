"""What a form does: 303 and a note, or the page again with the errors and all that was written."""

import httpx
import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import func, select

from models.audit import AuditAction, AuditEvent
from models.enums import Purpose, TaskState
from models.review import Decision
from review_api.rendering import safe_path
from tests.factories import PASSWORD
from tests.review_api.acts import REASON, add_task, claim, confirm, list_address, load_task
from tests.review_api.conftest import Client, People, Room
from tests.review_api.screens.conftest import browser, token_of


def send(client: Client, page: str, action: str, **values: object) -> httpx.Response:
    """Send a form with the token of the page it stands on."""
    token = token_of(client.get(page).text)
    return client.post(action, data={"csrf_token": token, **values})


def decision(task_id: int, ad_version_id: int, **values: object) -> dict[str, object]:
    whole = {
        "ad_version_id": str(ad_version_id),
        "verdict": "confirm",
        "purposes": ["sexual_exploitation"],
        "legal_ground": "cc-128",
        "reason": REASON,
    }
    return {**whole, **values}


def test_a_confirmation_is_kept_and_said(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    client = browser(sqlite_room, "analyst", "en")
    page = f"/cases/{task.id}"
    answer = send(client, page, f"{page}/decision", **decision(task.id, task.ad_version_id))
    assert (answer.status_code, answer.headers["location"]) == (303, "/queue")
    assert f"Case {task.case_number} is confirmed" in client.get("/queue").text
    assert f"Case {task.case_number} is confirmed" not in client.get("/queue").text
    assert load_task(sqlite_room, task).state is TaskState.CONFIRMED


def test_a_form_that_is_not_whole_comes_back_whole(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    client = browser(sqlite_room, "analyst", "ru")
    page = f"/cases/{task.id}"
    form = decision(task.id, task.ad_version_id, legal_ground="", purposes=[], reason="коротко")
    answer = send(client, page, f"{page}/decision", **form)
    assert answer.status_code == 422
    tree = LexborHTMLParser(answer.text)
    summary = tree.css_first("[role=alert][data-focus]")
    assert summary is not None
    fields = [link.attributes["href"] for link in summary.css("a")]
    assert fields == ["#purposes-field", "#legal_ground"]
    assert all(tree.css_first(str(field)) is not None for field in fields)
    assert tree.css_first("#reason").text() == "коротко"  # type: ignore[union-attr]
    assert tree.css_first("input[value=confirm][checked]") is not None
    with sqlite_room.db.read() as session:
        assert session.scalar(select(func.count()).select_from(Decision)) == 0


@pytest.mark.parametrize("verdict", ["confirm", "reject"])
@pytest.mark.parametrize("length", [4001, 200_001])
def test_a_reason_that_is_too_long_is_kept(
    sqlite_room: Room, sqlite_people: People, verdict: str, length: int
) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    page = f"/cases/{task.id}"
    form = decision(task.id, task.ad_version_id, verdict=verdict, reason="x" * length)
    answer = send(browser(sqlite_room, "analyst", "en"), page, f"{page}/decision", **form)
    assert answer.status_code == 422
    tree = LexborHTMLParser(answer.text)
    assert tree.css_first("#reason").text() == "x" * length  # type: ignore[union-attr]
    assert f"{length:,} characters, at most 4,000" in tree.css_first("#reason-error").text()  # type: ignore[union-attr]


def test_an_approver_s_long_reason_is_kept(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    made = confirm(sqlite_room, sqlite_people.analyst, task)
    page = f"/approvals/{task.id}"
    answer = send(
        browser(sqlite_room, "approver", "en"),
        page,
        page,
        confirm_decision_id=str(made.decision_id),
        verdict="return",
        reason="я" * 5000,
    )
    assert answer.status_code == 422
    assert "я" * 5000 in answer.text


def test_an_unknown_purpose_loses_nothing_else(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    page = f"/cases/{task.id}"
    form = decision(task.id, task.ad_version_id, purposes=["forced_labour", "nothing_known"])
    answer = send(browser(sqlite_room, "analyst", "en"), page, f"{page}/decision", **form)
    assert answer.status_code == 422
    tree = LexborHTMLParser(answer.text)
    ticked = [box.attributes["value"] for box in tree.css("input[name=purposes][checked]")]
    assert ticked == ["forced_labour"]
    assert tree.css_first("#reason").text() == REASON  # type: ignore[union-attr]
    assert "is not on the list" in tree.css_first("#purposes-field-error").text()  # type: ignore[union-attr]


def test_purposes_are_proposed_beside_boxes_that_nobody_has_ticked(
    sqlite_room: Room, sqlite_people: People
) -> None:
    task = add_task(sqlite_room, scores={Purpose.ORGAN_REMOVAL: 0.91, Purpose.FORCED_LABOUR: 0.2})
    claim(sqlite_room, sqlite_people.analyst, task)
    tree = LexborHTMLParser(browser(sqlite_room, "analyst", "en").get(f"/cases/{task.id}").text)
    assert tree.css("input[name=purposes][checked]") == []
    labels = {
        box.attributes["value"]: box.parent.text()  # type: ignore[union-attr]
        for box in tree.css("input[name=purposes]")
    }
    assert "proposed by the system, 0.91" in labels["organ_removal"]
    assert "proposed" not in labels["forced_labour"]


def test_an_ad_without_a_title_names_its_case_once(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room, title="")
    tree = LexborHTMLParser(browser(sqlite_room, "analyst", "en").get("/queue").text)
    assert tree.css_first(".queue__title").text() == "Ad without a title"  # type: ignore[union-attr]
    assert tree.css_first(".queue__ad").text().count(task.case_number) == 1  # type: ignore[union-attr]


def test_what_is_said_to_be_kept_is_kept(sqlite_room: Room, sqlite_people: People) -> None:
    refused = Client(sqlite_room.app).post("/sign-in", data={"name": "analyst", "password": "wrong one"})
    assert "Құпиясөзден басқа жазғаныңыз сақталды" in refused.text
    admin = browser(sqlite_room, "admin", "en")
    person = str(sqlite_people.analyst.id)
    answer = send(admin, "/people", "/people/password", user_id=person, new_password="short")
    assert answer.status_code == 422
    assert "is kept" not in answer.text
    assert "Mend the places named and send it again." in answer.text


def test_what_the_service_refuses_is_said_beside_the_field(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    client = browser(sqlite_room, "analyst", "kk")
    page = f"/cases/{task.id}"
    answer = send(client, page, f"{page}/decision", **decision(task.id, task.ad_version_id, reason="қысқа"))
    assert answer.status_code == 422
    assert "Себебін кемінде 10 таңбамен жазыңыз." in answer.text


def test_a_lost_claim_loses_no_text(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    client = browser(sqlite_room, "analyst", "en")
    page = f"/cases/{task.id}"
    token = token_of(client.get(page).text)
    sqlite_room.clock.forward(minutes=16)
    form = {"csrf_token": token, **decision(task.id, task.ad_version_id)}
    answer = client.post(f"{page}/decision", data=form)
    assert answer.status_code == 409
    assert "You do not hold this task now" in answer.text
    assert REASON in answer.text


def test_put_back_and_claim_next(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    client = browser(sqlite_room, "analyst", "en")
    taken = send(client, "/queue", "/queue/claim-next")
    assert taken.headers["location"] == f"/cases/{task.id}"
    assert "yours until 21 November 2026, 14:15 (UTC+5)" in client.get(f"/cases/{task.id}").text
    form = decision(task.id, task.ad_version_id, verdict="put_back")
    back = send(client, f"/cases/{task.id}", f"/cases/{task.id}/decision", **form)
    assert back.status_code == 303
    assert load_task(sqlite_room, task).state is TaskState.OPEN


def test_claim_next_keeps_to_the_chosen_facets(sqlite_room: Room, sqlite_people: People) -> None:
    add_task(sqlite_room)
    wanted = add_task(sqlite_room, scores={Purpose.ORGAN_REMOVAL: 0.9})
    client = browser(sqlite_room, "analyst")
    page = client.get("/queue?purpose=organ_removal").text
    assert '<input type="hidden" name="purpose" value="organ_removal">' in page
    taken = send(client, "/queue", "/queue/claim-next", purpose="organ_removal")
    assert taken.headers["location"] == f"/cases/{wanted.id}"


def test_who_was_slower_is_told_who_holds_it(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    client = browser(sqlite_room, "analyst", "en")
    token = token_of(client.get("/queue").text)
    claim(sqlite_room, sqlite_people.analyst2, task)
    answer = client.post(f"/cases/{task.id}/claim", data={"csrf_token": token})
    assert answer.status_code == 409
    assert sqlite_people.analyst2.display_name in answer.text


def test_contacts_open_once_and_leave_a_line(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    claim(sqlite_room, sqlite_people.analyst, task)
    client = browser(sqlite_room, "analyst")
    page = client.get(f"/cases/{task.id}").text
    assert "701 234" not in page
    opened = send(client, f"/cases/{task.id}", f"/cases/{task.id}/contacts")
    assert opened.status_code == 200
    assert "+7 701 234 56 78" in opened.text
    assert "701 234" not in client.get(f"/cases/{task.id}").text
    with sqlite_room.db.read() as session:
        lines = session.scalars(
            select(AuditEvent).where(AuditEvent.action == AuditAction.CONTACTS_OPENED)
        ).all()
    assert len(lines) == 1


def test_addresses_are_text_and_never_links(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room, url="https://site.example/ads/1")
    html = browser(sqlite_room, "analyst").get(f"/cases/{task.id}").text
    assert "https://site.example/ads/1" in html
    assert 'href="http' not in html


def test_approval_asks_for_the_case_number(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    first = confirm(sqlite_room, sqlite_people.analyst, task)
    client = browser(sqlite_room, "approver", "en")
    page = f"/approvals/{task.id}"
    form = {
        "confirm_decision_id": str(first.decision_id),
        "content_sha256": task.content_sha256,
        "verdict": "approve",
        "reason": "The signs are plain.",
    }
    wrong = send(client, page, page, **form, case_number="2026-1")
    assert wrong.status_code == 422
    assert "The case number does not fit" in wrong.text
    assert "The signs are plain." in wrong.text
    right = send(client, page, page, **form, case_number=f" {task.case_number} ")
    assert (right.status_code, right.headers["location"]) == (303, "/approvals")
    assert load_task(sqlite_room, task).state is TaskState.APPROVED


def test_the_first_signer_finds_no_form(sqlite_room: Room, sqlite_people: People) -> None:
    task = add_task(sqlite_room)
    confirm(sqlite_room, sqlite_people.analyst, task)
    assert browser(sqlite_room, "analyst").get(f"/approvals/{task.id}").status_code == 403
    page = browser(sqlite_room, "auditor").get(f"/approvals/{task.id}").text
    assert 'name="verdict"' not in page


def test_a_release_asks_for_its_number(sqlite_room: Room, sqlite_people: People) -> None:
    list_address(sqlite_room, sqlite_people.analyst, sqlite_people.approver)
    client = browser(sqlite_room, "officer", "en")
    wrong = send(client, "/releases", "/releases", number="7")
    assert wrong.status_code == 422
    assert "Type 1." in wrong.text
    made = send(client, "/releases", "/releases", number="1")
    assert made.headers["location"] == "/releases/1"
    page = client.get("/releases/1").text
    assert "whole, signature valid" in page
    for kind in ("csv", "xlsx", "json"):
        assert client.get(f"/releases/1/files/saqshy-blocklist-000001.{kind}").status_code == 200
    assert "no new one is made" in client.get("/releases").text


@pytest.mark.parametrize(
    "path", ["/queue/claim-next", "/sign-out", "/language", "/keys", "/search", "/cases/1/claim"]
)
def test_a_form_without_its_token_changes_nothing(
    sqlite_room: Room, sqlite_people: People, path: str
) -> None:
    task = add_task(sqlite_room)
    client = browser(sqlite_room, "analyst", "en")
    answer = client.post(path, data={"locale": "ru", "keys": "off"})
    assert answer.status_code == 403
    assert "The page is too old" in answer.text
    assert load_task(sqlite_room, task).state is TaskState.OPEN


def test_signing_in_wrongly_says_so_and_forgets_the_password(
    sqlite_room: Room, sqlite_people: People
) -> None:
    client = Client(sqlite_room.app)
    answer = client.post("/sign-in", data={"name": "analyst", "password": "not it at all", "locale": "ru"})
    assert answer.status_code == 401
    assert "not it at all" not in answer.text
    assert 'value="analyst"' in answer.text


def test_the_language_is_chosen_at_sign_in_and_kept(sqlite_room: Room, sqlite_people: People) -> None:
    client = Client(sqlite_room.app)
    assert '<html lang="kk">' in client.get("/sign-in").text
    assert '<html lang="ru">' in client.get("/sign-in?lang=ru").text
    assert '<html lang="ru">' in client.get("/sign-in").text
    client.post("/sign-in", data={"name": "analyst", "password": PASSWORD, "locale": "ru"})
    assert '<html lang="ru">' in client.get("/work").text
    elsewhere = Client(sqlite_room.app)
    elsewhere.post("/sign-in", data={"name": "analyst", "password": PASSWORD})
    assert '<html lang="ru">' in elsewhere.get("/work").text
    send(elsewhere, "/work", "/language", locale="en", back="/work")
    assert '<html lang="en">' in client.get("/work").text


def test_an_ended_login_leads_back_to_where_one_was(sqlite_room: Room, sqlite_people: People) -> None:
    client = browser(sqlite_room, "analyst", "en")
    sqlite_room.clock.forward(hours=13)
    answer = client.get("/queue")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?back=/queue")
    page = client.get("/sign-in?back=/queue").text
    assert "Your login has ended" in page
    assert '<input type="hidden" name="back" value="/queue">' in page


@pytest.mark.parametrize(
    "path",
    [
        "//evil.example",
        "https://evil.example",
        "/\\evil.example",
        "javascript:alert(1)",
        "",
        "/a\nb",
        "\\\\x",
    ],
)
def test_nothing_leads_to_another_host(path: str) -> None:
    assert safe_path(path) == "/"


def test_search_that_is_down_or_behind_is_said(sqlite_room: Room, sqlite_people: People) -> None:
    add_task(sqlite_room)
    client = browser(sqlite_room, "analyst", "en")
    page = client.get("/search").text
    assert "Search does not work just now" in page


def test_an_empty_queue_says_what_it_means(sqlite_room: Room, sqlite_people: People) -> None:
    client = browser(sqlite_room, "analyst", "en")
    assert "This does not mean that there is no crime" in client.get("/queue").text
    add_task(sqlite_room)
    assert "There are other tasks in the queue" in client.get("/queue?level=low").text


def test_people_are_added_disabled_and_given_passwords(sqlite_room: Room, sqlite_people: People) -> None:
    client = browser(sqlite_room, "admin", "en")
    form = {"name": "dana", "display_name": "Дана Серік", "role": "analyst", "agency": "mki", "locale": "kk"}
    short = send(client, "/people", "/people", **form, password="short")
    assert short.status_code == 422
    assert 'value="Дана Серік"' in short.text
    assert "at least 15 characters" in short.text
    assert send(client, "/people", "/people", **form, password="a long sentence to keep").status_code == 303
    page = client.get("/people").text
    assert "dana was added" in page
    users = sqlite_room.services.people
    with sqlite_room.db.read() as session:
        dana = next(user for user in users.list_users(session) if user.name == "dana")
    assert send(client, "/people", f"/people/{dana.id}/disable").status_code == 303
    assert "may not sign in" in client.get("/people").text


def test_keys_can_be_switched_off(sqlite_room: Room, sqlite_people: People) -> None:
    client = browser(sqlite_room, "analyst", "en")
    assert 'data-keys="on"' in client.get("/queue").text
    send(client, "/queue", "/keys", keys="off", back="/queue")
    assert 'data-keys="off"' in client.get("/queue").text
