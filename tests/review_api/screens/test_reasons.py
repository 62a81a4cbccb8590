"""Reasons on the case page: precision, words of the statistical part, combination, what would change."""

import json
import os

import pytest
from selectolax.lexbor import LexborHTMLParser, LexborNode

from models.classification import Classification, IndicatorHit
from models.enums import TextPlace
from models.review import ReviewTask
from review_api.i18n import LOCALES, load_words
from review_api.marks import Span, cut
from review_api.precision import FILE_NAME, Precision, Precisions
from tests.factories import START, make_ad, make_classifier, make_flagged_task
from tests.review_api.conftest import People, Room
from tests.review_api.screens.conftest import browser

TEXT = "Билет за наш счёт, паспорт остаётся у администратора. Пишите +7 701 234 56 78"


def section(tree: LexborHTMLParser, name: str) -> LexborNode:
    found = tree.css_first(f"section[aria-labelledby={name}]")
    assert found is not None, name
    return found


def add_case(room: Room, **explanation: object) -> int:
    """A case with what the statistical part read, as the classify job stores it."""
    stored = {
        "probability": 0.934,
        "threshold": 0.79,
        "changes": [
            {"kind": "without", "codes": ["R04"], "n_words": 0},
            {"kind": "unsaid_words", "codes": [], "n_words": 1},
            {"kind": "of a later version", "codes": [], "n_words": 0},
        ],
    }
    with room.db.write() as session:
        task = make_flagged_task(session, text=TEXT)
        row = session.get_one(Classification, task.classification_id)
        copy = {
            name: getattr(row, name)
            for name in ("ad_version_id", "language", "is_flagged", "priority", "level", "side", "created_at")
        }
        # What a classifier said is never changed: a second result stands beside the first.
        start = TEXT.index("паспорт")
        second = Classification(
            **copy,
            classifier_version_id=make_classifier(session, "test-2").id,
            rules=["strong_sign", "statistical"],
            model_words=[
                {"place": "text", "start": start, "end": start + 16, "quote": "?", "weight": 2.5},
                {"place": "text", "start": TEXT.index("+7"), "end": len(TEXT), "quote": "?", "weight": 0.5},
            ],
            explanation=stored | explanation,
            triaged_at=START,
        )
        quote = "паспорт остаётся у администратора"
        second.hits = [
            IndicatorHit(
                code="R04",
                place=TextPlace.TEXT,
                start=start,
                end=start + len(quote),
                quote=quote,
                weight=9,
                is_counter_sign=False,
                is_counted=True,
            )
        ]
        session.add(second)
        session.flush()
        session.get_one(ReviewTask, task.id).classification_id = second.id
        return task.id


@pytest.mark.parametrize("locale", LOCALES)
def test_the_case_page_says_all_reasons(sqlite_room: Room, sqlite_people: People, locale: str) -> None:
    case = add_case(sqlite_room)
    tree = LexborHTMLParser(browser(sqlite_room, "analyst", locale).get(f"/cases/{case}").text)
    words = load_words(locale)
    assert words.text("read.share", share=93, threshold=79) in section(tree, "read").text()
    assert words.text("read.both") in section(tree, "read").text()
    assert words.text("rule.statistical") in section(tree, "rules").text()
    lines = [line.text() for line in section(tree, "changes").css("li")]
    assert len(lines) == 2
    assert "R04" in lines[0]
    assert "паспорт остаётся" in lines[1]


def test_contacts_stay_masked_among_the_words(sqlite_room: Room, sqlite_people: People) -> None:
    case = add_case(sqlite_room)
    tree = LexborHTMLParser(browser(sqlite_room, "analyst").get(f"/cases/{case}").text)
    assert "234 56" not in section(tree, "read").text()
    assert next(mark.text() for mark in tree.css("mark.mark--read")).startswith("паспорт")


def test_a_flag_that_nothing_small_undoes_says_so(sqlite_room: Room, sqlite_people: People) -> None:
    case = add_case(sqlite_room, changes=[])
    tree = LexborHTMLParser(browser(sqlite_room, "analyst", "en").get(f"/cases/{case}").text)
    assert load_words("en").text("change.far_flagged") in section(tree, "changes").text()


def test_a_case_of_an_older_classifier_shows_what_it_has(sqlite_room: Room, sqlite_people: People) -> None:
    with sqlite_room.db.write() as session:
        case = make_flagged_task(session).id
    tree = LexborHTMLParser(browser(sqlite_room, "analyst").get(f"/cases/{case}").text)
    assert tree.css_first("#read") is None
    assert tree.css_first("#changes") is None


def test_measured_precision_is_shown_where_it_is_known(sqlite_room: Room, sqlite_people: People) -> None:
    case = add_case(sqlite_room)
    client = browser(sqlite_room, "analyst", "en")
    assert "Measured on" not in client.get(f"/cases/{case}").text
    figures = {"set": "corpus/test", "indicators": {"R04": {"k": 41, "n": 43, "value": 0.95}}}
    file = sqlite_room.settings.data_dir / FILE_NAME
    file.write_text(json.dumps({"indicator_precision": figures}))
    assert "Measured on the texts “corpus/test”: right in 41 of 43." in client.get(f"/cases/{case}").text


@pytest.mark.parametrize(
    "content", ["", "{", "[]", "{}", '{"indicator_precision": null}', '{"indicator_precision": 3}']
)
def test_a_file_that_is_not_ours_gives_no_precision(sqlite_room: Room, content: str) -> None:
    file = sqlite_room.settings.data_dir / FILE_NAME
    file.write_text(content)
    assert Precisions(file).of("R04") is None


def test_precision_follows_the_file(sqlite_room: Room) -> None:
    file = sqlite_room.settings.data_dir / FILE_NAME
    precisions = Precisions(file)
    assert precisions.of("R04") is None
    for k in (1, 2):
        share = {"k": k, "n": 3}
        file.write_text(json.dumps({"indicator_precision": {"set": "test", "indicators": {"R04": share}}}))
        os.utime(file, ns=(k, k))
        assert precisions.of("R04") == Precision(k, 3, "test")


def test_read_words_and_signs_share_a_place() -> None:
    sign = Span(0, 6, 1, "R01", "sign")
    read = Span(3, 9, 0, "", "read", is_read=True)
    segments = cut("abcdefghi", [sign, read])
    assert [(s.text, s.look, s.is_read) for s in segments] == [
        ("abc", "sign", False),
        ("def", "sign", True),
        ("ghi", "read", True),
    ]
    assert [s.numbers for s in segments] == [(), (sign,), ()]


def test_unscored_ads_are_said_on_the_queue_and_listed(sqlite_room: Room, sqlite_people: People) -> None:
    with sqlite_room.db.write() as session:
        ad = make_ad(session, text="секрет", url="https://a.example/1")
        ad.current_version.error = "classify: BadArtifact"  # type: ignore[union-attr]
    client = browser(sqlite_room, "analyst", "ru")
    queue = LexborHTMLParser(client.get("/queue").text)
    note = queue.css_first(".note--warn")
    assert note is not None
    assert "артефакта классификатора нет" in note.text()
    assert "saqshy train" in note.text()
    assert note.css_first("a").attributes["href"] == "/unread#texts"  # type: ignore[union-attr]
    listed = client.get("/unread").text
    assert "https://a.example/1" in listed
    assert "секрет" not in listed
