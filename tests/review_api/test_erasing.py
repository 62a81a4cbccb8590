"""Erasing evidence takes the words read in pictures out of every row; what other evidence holds stays."""

import re
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from classifiers.artifacts import Installed
from classifiers.jobs import classify_pending
from classifiers.linking import link_pending
from crawlers.pictures.versions import add_picture_texts
from index.documents import AdFacts, build_document
from models.ad import Ad, AdVersion, Contact
from models.audit import SYSTEM
from models.base import Base
from models.classification import Classification, IndicatorHit
from models.enums import AdPictureState, PictureProblem, PictureState, TextPlace
from models.evidence import Evidence, Picture
from models.picture import AdPicture, ReadPicture, picture_key
from models.review import ReviewTask
from models.worker import utc_now
from review_api.evidence.schemas import Erased
from review_api.i18n import load_words
from review_api.jobs import open_review_tasks
from tests.factories import make_ad, make_evidence, next_number
from tests.review_api.acts import add_task
from tests.review_api.conftest import Room, add_people
from tests.review_api.screens.conftest import browser

WORDS = (
    "Продам почку срочно, звоните +7 701 555 44 33 или @zerek_kidney. Требуются девушки в Дубай, билет и "
    "виза за наш счёт, паспорт сдают, выходить нельзя, зарплата 970 000 тенге"
)
TRACES = ("почку", "555 44 33", "5554433", "zerek_kidney", "паспорт сдают", "970 000", "970000")
TEXT = "Подробности на картинке, звоните +7 701 111 22 33"
URL = "https://cdn.example/poster.jpg"


def show_poster(session: Session, url: str, picture: ReadPicture) -> Ad:
    """An ad whose words stand in the picture alone, as the crawler stores it."""
    ad = make_ad(session, url=url, title="Объявление", text=TEXT, pictures=[URL])
    row = AdPicture(
        ad_id=ad.id, url=URL, url_sha256=picture_key(URL), state=AdPictureState.READ,
        wanted_at=utc_now(), answered_at=utc_now(), picture_id=picture.id,
    )  # fmt: skip
    session.add(row)
    session.flush()
    assert add_picture_texts(session, [ad.id]) == 1
    return ad


def read_poster(session: Session) -> ReadPicture:
    picture = ReadPicture(
        sha256=picture_key(f"poster {next_number()}"), size_bytes=48_000, perceptual_hash="0" * 16,
        text=WORDS, confidence=0.94, reader="tesseract", read_at=utc_now(),
    )  # fmt: skip
    session.add(picture)
    session.flush()
    return picture


def understand(room: Room, installed: Installed) -> None:
    while classify_pending(room.db, room.audit, installed, now=utc_now()).n_done:
        continue
    while link_pending(room.db, now=utc_now()).n_done:
        continue
    while open_review_tasks(room.db, room.audit, now=utc_now() + timedelta(seconds=1)).n_done:
        continue


def traces(room: Room) -> set[str]:
    """Tables in which the words still stand, whole or in part."""
    with room.db.read() as session:
        return {
            table.name
            for table in Base.metadata.sorted_tables
            for row in session.execute(select(table))
            if any(trace in repr(row) for trace in TRACES)
        }


def erase(room: Room, ad_id: int) -> Erased:
    with room.db.write() as session:
        evidence = session.get_one(Evidence, evidence_of(session, ad_id))
        return room.services.evidence.erase(session, evidence, reason="law", actor=SYSTEM, now=room.clock())


def evidence_of(session: Session, ad_id: int) -> int:
    version = session.get_one(AdVersion, session.get_one(Ad, ad_id).current_version_id)
    assert version.page.evidence_id is not None
    return version.page.evidence_id


@pytest.fixture
def posters(room: Room, installed: Installed) -> Sequence[int]:
    """Two ads on two stored pages that show one picture, read and flagged."""
    with room.db.write() as session:
        picture = read_poster(session)
        ads = [show_poster(session, f"https://a.example/{n}", picture).id for n in range(2)]
    understand(room, installed)
    holding = {"ad_version", "classification", "contact", "indicator_hit", "read_picture"}
    assert traces(room) == holding
    return ads


def test_no_row_holds_the_words_once_all_evidence_is_erased(room: Room, posters: Sequence[int]) -> None:
    first, second = posters
    with room.db.read() as session:
        before = session.get_one(Ad, first).revision
        hashes = session.scalars(select(AdVersion.content_sha256).order_by(AdVersion.id)).all()
        hits = session.scalars(select(IndicatorHit.code).order_by(IndicatorHit.id)).all()
        kept_by = evidence_of(session, second)
    erased = erase(room, first)
    # The other stored page shows the same picture: its words stay there, and it is named.
    assert (erased.n_versions, erased.held_by) == (1, (kept_by,))
    assert traces(room)
    assert erase(room, second).held_by == ()
    assert traces(room) == set()
    with room.db.read() as session:
        assert session.scalars(select(AdVersion.content_sha256).order_by(AdVersion.id)).all() == hashes
        assert session.scalars(select(IndicatorHit.code).order_by(IndicatorHit.id)).all() == hits
        assert session.scalars(select(Contact.value).where(Contact.place == TextPlace.TEXT)).all()
        picture = session.scalars(select(ReadPicture)).one()
        assert (picture.problem, len(picture.sha256)) == (PictureProblem.ERASED, 64)
        ad = session.get_one(Ad, first)
        version = session.get_one(AdVersion, ad.current_version_id)
        assert (ad.is_index_behind, ad.revision > before) == (True, True)
        assert build_document(ad, AdFacts(version=version)).text == TEXT
    if room.db.is_sqlite:
        room.db.close()
        stored = Path(room.settings.data_dir / "saqshy.sqlite3").read_bytes()
        assert not any(trace.encode() in stored for trace in TRACES)


def test_the_words_of_other_evidence_stay_whole(room: Room, posters: Sequence[int]) -> None:
    first, second = posters
    erase(room, first)
    with room.db.read() as session:
        version = session.get_one(AdVersion, session.get_one(Ad, second).current_version_id)
        of_version = select(Classification.id).where(Classification.ad_version_id == version.id)
        assert version.picture_text == WORDS
        assert any(
            hit.quote
            for hit in session.scalars(
                select(IndicatorHit).where(IndicatorHit.classification_id.in_(of_version))
            )
        )
    # A page that shows the same again brings no words back.
    with room.db.write() as session:
        assert add_picture_texts(session, [first, second], is_final=True) == 0


def test_a_case_says_that_words_were_erased(room: Room, posters: Sequence[int]) -> None:
    add_people(room)
    erase(room, posters[0])
    with room.db.read() as session:
        of_ad = select(ReviewTask).where(ReviewTask.ad_id == posters[0])
        task = session.scalars(of_ad).one()
        exported = room.services.evidence.of_case(session, task).pictures
    assert [(one.problem, one.words) for one in exported] == [(PictureProblem.ERASED, None)]
    page = browser(room, "analyst", "ru").get(f"/cases/{task.id}")
    assert page.status_code == 200
    assert load_words("ru").text("pictureproblem.erased") in page.text
    assert not any(trace in page.text for trace in ("паспорт сдают", "555 44 33", "970 000"))
    marks = set(re.findall(r'href="#(mark-\d+)"', page.text))
    assert all(f'id="{mark}"' in page.text for mark in marks)


def test_words_are_erased_and_never_changed(room: Room, posters: Sequence[int]) -> None:
    erase(room, posters[0])
    for statement in (
        update(AdVersion).values(picture_text="другое"),
        update(AdVersion).values(picture_text=None),
        update(ReadPicture).values(text=None),
        update(ReadPicture).values(text="", problem=PictureProblem.ERASED),
        update(Classification).values(model_words=[]),
        update(Classification).values(explanation=None),
    ):
        with pytest.raises(DatabaseError, match="append-only"), room.db.write() as session:
            session.execute(statement)


def test_the_picture_of_an_erased_page_is_erased_too_and_the_page_says_so(sqlite_room: Room) -> None:
    room, people = sqlite_room, add_people(sqlite_room)
    task = add_task(room)
    with room.db.write() as session:
        png = make_evidence(session, b"png")
        page_id = evidence_of(session, task.ad_id)
        session.add(
            Picture(
                evidence_id=page_id, state=PictureState.TAKEN, wanted_at=utc_now(), taken_at=utc_now(),
                png_id=png.id, browser="Chromium/1",
            )
        )  # fmt: skip
    address, words = f"/cases/{task.id}/evidence", load_words("ru")
    assert f"{address}/export" in browser(room, people.officer.name, "ru").get(address).text
    erased = erase(room, task.ad_id)
    with room.db.read() as session:
        rows = session.scalars(select(Evidence).where(Evidence.erased_at.is_not(None))).all()
        assert {row.sha256 for row in rows} == set(erased.files)
        assert {row.id for row in rows} == {page_id, png.id}
    page = browser(room, people.officer.name, "ru").get(address).text
    assert f"{address}/export" not in page  # nothing is left to leave
    assert f"{address}/pictures/{png.id}" not in page
    lines = re.findall(r"<li><time.*?</li>", page)
    said = [line for line in lines if words.text("action.evidence.erased") in line]
    assert [words.text("evidence.picture").lower() in line for line in said] == [False, True]
    assert all(words.text("evidence.item", number=1) in line for line in said)
    # An officer has no queue to go back to.
    assert 'href="/queue"' not in page
    assert 'href="/queue"' in browser(room, people.analyst.name, "ru").get(address).text
