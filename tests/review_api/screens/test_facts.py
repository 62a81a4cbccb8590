"""Codes of the ledger and the parsers in words, and the page of what could not be read."""

import re
from pathlib import Path

import pytest

from crawlers.importing import reasons
from models.audit import OPERATOR, AuditAction
from models.enums import ParseState, Role, SourceKind
from review_api.facts import reason_words, show_facts
from review_api.i18n import LOCALES, load_words
from tests.factories import make_page, make_source
from tests.review_api.acts import add_task
from tests.review_api.conftest import People, Room
from tests.review_api.screens.conftest import browser

ROOT = Path(reasons.__file__).parents[2]


@pytest.mark.parametrize("locale", LOCALES)
def test_facts_are_words(locale: str) -> None:
    words = load_words(locale)
    shown = show_facts(
        words,
        {
            "verdict": "confirm",
            "is_mvd_informed": False,
            "before": Role.ANALYST,
            "n_rows": 1200,
            "reasons": ["3 no_text"],
        },
    )
    text = "; ".join(f"{fact.label}: {fact.value}" for fact in shown)
    assert not re.search(r"[a-z]_[a-z]|=|False", text)


def test_every_fact_that_is_noted_has_a_word() -> None:
    rooms = ("review_api", "crawlers", "classifiers", "index", "models")
    text = "".join(path.read_text("utf-8") for room in rooms for path in (ROOT / room).rglob("*.py"))
    noted = {
        name
        for block in re.findall(r"(?:details|facts)\b[^{}\n]*\{([^{}]*)\}", text)
        for name in re.findall(r'"([a-z_0-9]+)":', block)
    }
    assert {"case_number", "reasons", "login_id"} <= noted
    assert [name for name in noted if not load_words("kk").has(f"fact.{name}")] == []


@pytest.mark.parametrize("locale", LOCALES)
def test_every_reason_has_words(locale: str) -> None:
    words = load_words(locale)
    codes = [
        *reasons._SENTENCES,
        "3_columns_instead_of_4",
        "text_is_no_text",
        "url_too_long",
        "parser_killed: time",
    ]
    other = words.text("unread_reason.other", code="")
    assert [code for code in codes if reason_words(words, code).startswith(other)] == []
    assert "x_y" in reason_words(words, "x_y: 7")


def test_what_could_not_be_read_is_listed(room: Room, people: People) -> None:
    with room.db.write() as session:
        source = make_source(session, "import", SourceKind.IMPORT)
        page = make_page(session, source, "https://site.example.kz/broken")
        page.parse_state, page.parse_problems = ParseState.PARSE_INCOMPLETE, ["too_deep", "too_deep"]
        room.audit.append(
            session,
            AuditAction.IMPORT_FINISHED,
            actor=OPERATOR,
            subject_kind="file",
            subject_id="ab" * 32,
            now=room.clock(),
            details={"n_rows": 9, "n_stored": 2, "n_refused": 7, "reasons": ["7 3_columns_instead_of_4"]},
        )
    for name in ("analyst", "admin", "auditor"):
        text = browser(room, name, "en").get("/unread").text
        assert "https://site.example.kz/broken" in text
        assert text.count("the page is nested too deeply") == 1
        assert "3 columns, the header has 4" in text
        assert "Imported files" in text
    assert browser(room, "officer").get("/unread").status_code == 403
    audit = browser(room, "auditor", "ru").get("/audit").text
    assert "столбцов 3, в заголовке 4: 7" in audit
    assert "n_rows" not in audit


def test_sources_that_come_with_saqshy_are_named_in_the_reader_s_language(
    sqlite_room: Room, sqlite_people: People
) -> None:
    with sqlite_room.db.write() as session:
        source = make_source(session, "sample_kanal")
    add_task(sqlite_room, source)
    assert "Каналы (учебный сайт)" in browser(sqlite_room, "analyst", "ru").get("/queue").text
    assert "Арналар (үлгі сайт)" in browser(sqlite_room, "analyst", "kk").get("/queue").text
