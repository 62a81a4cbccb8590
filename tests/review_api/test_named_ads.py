"""Search by what people copy: the number of a case, the address of an ad."""

import pytest

from models.ad import Ad
from review_api.ads.names import read_addresses, read_case_number
from tests.factories import make_ad
from tests.review_api.acts import add_task
from tests.review_api.conftest import People, Room
from tests.review_api.screens.conftest import browser, token_of
from tests.review_api.screens.test_forms import send


@pytest.mark.parametrize("text", ["2026-000017", " 2026-17 ", "№ 2026-000017", "2026/17", "2026 – 17"])
def test_case_numbers_as_people_write_them(text: str) -> None:
    assert read_case_number(text) == "2026-000017"


@pytest.mark.parametrize(
    "text", ["", "2026", "2026-0000017", "работа 2026-17", "87011234567", "2026-17 Корея"]
)
def test_what_is_no_case_number(text: str) -> None:
    assert read_case_number(text) is None


def test_addresses_as_people_copy_them() -> None:
    assert read_addresses("HTTPS://Example.kz/a/1?utm_source=x#top") == (
        "https://example.kz/a/1",
        "https://example.kz/a/1/",
    )
    assert read_addresses("example.kz/a/1/")[:2] == ("https://example.kz/a/1/", "https://example.kz/a/1")
    assert "http://example.kz/a/1" in read_addresses("example.kz/a/1")


@pytest.mark.parametrize(
    "text", ["", "example.kz", "работа в Корее", "см. https://example.kz/1", "https:///x", "a/b"]
)
def test_what_is_no_address_of_a_page(text: str) -> None:
    assert read_addresses(text) == ()


def test_a_case_number_and_an_address_lead_to_the_case(room: Room, people: People) -> None:
    task = add_task(room)
    with room.db.read() as session:
        url = session.get_one(Ad, task.ad_id).url
    client = browser(room, "analyst", "en")
    for question in (task.case_number, f" {url}", url.partition("://")[2]):
        answer = send(client, "/search", "/search", q=question)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/cases/{task.id}"), question
        found = client.post(
            "/api/v1/ads/search",
            {"text": question},
            headers={"X-CSRF-Token": token_of(client.get("/search").text)},
        ).json()
        assert [row["case_number"] for row in found["rows"]] == [task.case_number]
    assert {query.text for query in room.engine.asked} == {""}


def test_an_ad_without_a_case_is_listed_by_its_address_with_its_contacts_hidden(
    sqlite_room: Room, sqlite_people: People
) -> None:
    with sqlite_room.db.write() as session:
        ad = make_ad(session, url="https://site.example.kz/17", title="Жұмыс", text="тел +7 701 123 45 67")
        url = ad.url
    client = browser(sqlite_room, "analyst", "en")
    answer = send(client, "/search", "/search", q=url)
    page = client.get(answer.headers["location"]).text
    assert "Жұмыс" in page
    assert "1 ad" in page
    assert "123 45" not in page


def test_a_number_that_no_case_has_is_searched_for(sqlite_room: Room, sqlite_people: People) -> None:
    answer = send(browser(sqlite_room, "analyst"), "/search", "/search", q="2026-000999")
    assert answer.headers["location"].startswith("/search?s=")
