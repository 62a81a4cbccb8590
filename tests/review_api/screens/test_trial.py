"""Trying a text: read in a process of its own, shown with all reasons, kept nowhere."""

import shutil
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser
from sqlalchemy import func, select

from classifiers.artifacts import Installed
from models.tables import Base
from review_api.trial.reader import ClassifierMissing, TextUnreadable, TrialReader
from review_api.trial.views import MAX_TEXT
from tests.conftest import ARTIFACTS
from tests.review_api.conftest import People, Room
from tests.review_api.screens.conftest import PAYLOADS, browser, token_of

KOREA = (
    "Требуются девушки 18–25 модельной внешности. Билет и виза за наш счёт, дорогу потом отработаешь. "
    "Паспорт остаётся у администратора. Интим не предлагать. Зызурупка. +7 701 555 01 67"
)
UNHEARD = "Зызурупка"


@pytest.fixture
def fitted_room(sqlite_room: Room, sqlite_people: People, installed: Installed) -> Iterator[Room]:
    """A room whose data folder holds the artifact."""
    shutil.copytree(ARTIFACTS, sqlite_room.settings.artifacts_dir)
    yield sqlite_room
    sqlite_room.services.trial.close()


def rows(room: Room) -> dict[str, int]:
    with room.db.read() as session:
        return {
            table.name: session.scalar(select(func.count()).select_from(table)) or 0
            for table in Base.metadata.sorted_tables
        }


def test_a_text_is_read_with_all_reasons_and_kept_nowhere(
    fitted_room: Room, caplog: pytest.LogCaptureFixture
) -> None:
    client = browser(fitted_room, "analyst", "ru")
    token = token_of(client.get("/try").text)
    before = rows(fitted_room)
    for locale in ("ru", "kk", "en"):
        client.post("/language", data={"csrf_token": token, "locale": locale, "back": "/try"})
        answer = client.post("/try", data={"csrf_token": token, "title": "Работа в Корее", "text": KOREA})
        assert answer.status_code == 200
        tree = LexborHTMLParser(answer.text)
        for section in ("signs", "counter-signs", "purposes", "rules", "read", "changes"):
            assert tree.css_first(f"#{section}") is not None, section
        assert tree.css("mark.mark--read")
        assert tree.css(".read-words tbody tr")
        assert tree.css_first("#text").text() == KOREA  # type: ignore[union-attr]
        shown = tree.css_first(".ad-text").text()  # type: ignore[union-attr]
        assert "Паспорт остаётся у администратора" in shown
    assert rows(fitted_room) == before
    assert UNHEARD not in caplog.text
    kept = [path for path in fitted_room.settings.data_dir.rglob("*") if path.is_file()]
    assert [path.name for path in kept if UNHEARD.encode() in path.read_bytes()] == []


def test_a_pasted_attack_stays_text(fitted_room: Room) -> None:
    payload = PAYLOADS[0]
    client = browser(fitted_room, "analyst", "ru")
    token = token_of(client.get("/try").text)
    answer = client.post("/try", data={"csrf_token": token, "title": payload, "text": " ".join(PAYLOADS)})
    assert answer.status_code == 200
    assert "<script>alert" not in answer.text
    assert "<img" not in answer.text


@pytest.mark.parametrize(
    ("text", "title", "field"),
    [
        ("", "", "text"),
        (" \n", "", "text"),
        ("я" * (MAX_TEXT + 1), "", "text"),
        ("текст", "т" * 501, "title"),
    ],
)
def test_a_form_that_cannot_be_read_comes_back_whole(
    sqlite_room: Room, sqlite_people: People, text: str, title: str, field: str
) -> None:
    client = browser(sqlite_room, "approver", "en")
    token = token_of(client.get("/try").text)
    answer = client.post("/try", data={"csrf_token": token, "title": title, "text": text})
    assert answer.status_code == 422
    tree = LexborHTMLParser(answer.text)
    assert tree.css_first("[role=alert] a").attributes["href"] == f"#{field}"  # type: ignore[union-attr]
    assert tree.css_first("#title").attributes["value"] == title  # type: ignore[union-attr]


@pytest.mark.parametrize("damage", ["no folder", "empty folder", "damaged note"])
def test_without_a_classifier_the_page_says_so_and_keeps_the_text(
    sqlite_room: Room, sqlite_people: People, damage: str
) -> None:
    folder = sqlite_room.settings.artifacts_dir
    if damage != "no folder":
        folder.mkdir(parents=True)
    if damage == "damaged note":
        (folder / f"fitted-from-{'0' * 32}").write_text("nonsense")
    client = browser(sqlite_room, "analyst", "ru")
    token = token_of(client.get("/try").text)
    answer = client.post("/try", data={"csrf_token": token, "text": "Продам диван"})
    sqlite_room.services.trial.close()
    assert answer.status_code == 503
    assert "saqshy train" in answer.text
    assert "Продам диван" in answer.text


def test_officers_and_strangers_try_nothing(sqlite_room: Room, sqlite_people: People) -> None:
    assert browser(sqlite_room, "officer").get("/try").status_code == 403
    assert sqlite_room.client().get("/try").status_code == 303


def fake(tmp_path: Path, body: str) -> TrialReader:
    """A reader whose process is a few lines of Python."""
    script = tmp_path / "child.py"
    script.write_text("import json, sys, time\n" + textwrap.dedent(body))
    return TrialReader(tmp_path, command=lambda _folder: [sys.executable, str(script)], text_seconds=1.0)


def test_a_text_that_takes_too_long_ends_with_its_process(tmp_path: Path) -> None:
    reader = fake(
        tmp_path,
        """
        print('{"ready": true}', flush=True)
        for line in sys.stdin:
            if json.loads(line)["text"] == "slow":
                time.sleep(60)
            if json.loads(line)["text"] == "fatal":
                sys.exit(3)
            print(json.dumps({"said": json.loads(line)}), flush=True)
        """,
    )
    assert reader.read("quick", None) == {"said": {"text": "quick", "title": None}}
    for text in ("slow", "fatal"):
        with pytest.raises(TextUnreadable):
            reader.read(text, None)
        assert reader.read("после", "т")["said"] == {"text": "после", "title": "т"}
    reader.close()


@pytest.mark.parametrize(
    "body",
    ["print(json.dumps({'problem': 'BadArtifact'}), flush=True)", "sys.exit(1)", "print('', flush=True)"],
)
def test_a_process_that_does_not_start_is_a_missing_classifier(tmp_path: Path, body: str) -> None:
    reader = fake(tmp_path, body)
    with pytest.raises(ClassifierMissing):
        reader.read("text", None)
    reader.close()
