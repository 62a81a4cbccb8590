"""Words that were recognised in an ad's pictures: a part of the ad with hits and contacts of its own."""

from datetime import datetime

from sqlalchemy import select

from classifiers.artifacts import Installed
from classifiers.jobs import classify_pending
from classifiers.linking import link_pending
from classifiers.picture_words import read_whole_ad
from models.ad import AdVersion, Contact
from models.audit import AuditLog
from models.classification import Classification
from models.enums import Language, TextPlace
from models.session import Database
from tests.factories import make_ad, make_source

TITLE, TEXT = "Объявление", "Подробности на картинке."
PICTURE = "Продам почку, здоров.\n\nЗвоните: +7 701 123 45 67"
PARTS = {TextPlace.TITLE: TITLE, TextPlace.TEXT: TEXT, TextPlace.PICTURE: PICTURE}


def test_hits_point_into_the_words_of_the_picture(installed: Installed) -> None:
    assert not installed.classify(TEXT, TITLE).flagged
    found = installed.classify(TEXT, TITLE, PICTURE)
    assert found.flagged
    spans = [*found.indicators, *found.counter_signs, *found.model_words, *found.contacts]
    assert {span.place for span in found.indicators if span.counted} == {TextPlace.PICTURE}
    assert {contact.place for contact in found.contacts} == {TextPlace.PICTURE}
    for span in spans:
        assert PARTS[span.place][span.start : span.end] == span.quote
    order = list(TextPlace)
    places = [order.index(hit.place) for hit in found.indicators]
    assert places == sorted(places)


def test_without_pictures_nothing_is_another(installed: Installed) -> None:
    for text in (TEXT, PICTURE, ""):
        assert installed.classify(text, TITLE, None) == installed.classify(text, TITLE)
        assert installed.classify(text, TITLE, "") == installed.classify(text, TITLE)


def test_an_ad_that_is_only_a_picture_has_its_language(installed: Installed) -> None:
    found = installed.classify("", None, "Бүйрек сатамын, қаны бірінші топ, өте шұғыл")
    assert (found.flagged, found.language) == (True, Language.KK)


def test_letters_that_a_machine_took_for_others_are_no_disguise(installed: Installed) -> None:
    mixed = "Рrодам пoчку, с р о ч н о, п0чка"  # Latin letters among Cyrillic ones, and letters apart
    assert "X01" in {hit.code for hit in installed.classify(mixed).indicators}
    assert "X01" not in {hit.code for hit in installed.classify("", None, mixed).indicators}


HARMLESS = "Толығырақ суретте"
KIDNEY = "Бүйрек сатамын, қаны бірінші топ.\nӨте шұғыл, ұялы телефон +7 701 123 45 67"


def test_neither_part_talks_the_other_out_of_a_flag(installed: Installed) -> None:
    assert installed.classify(KIDNEY).flagged
    for pictures in ((KIDNEY, HARMLESS), (HARMLESS, KIDNEY)):
        text, picture = pictures
        found, explanation = read_whole_ad(installed, text, None, picture)
        assert found.flagged
        assert explanation is not None
        for hit in found.indicators:
            whole = picture if hit.place is TextPlace.PICTURE else text
            assert whole[hit.start : hit.end] == hit.quote
    calm, explanation = read_whole_ad(installed, HARMLESS, None, "Бүгін ауа райы жақсы")
    assert (calm.flagged, explanation) == (False, None)
    assert calm == installed.classify(HARMLESS, None, "Бүгін ауа райы жақсы")


def test_the_line_stores_where_it_was_found(
    database: Database, audit_log: AuditLog, installed: Installed, now: datetime
) -> None:
    with database.write() as session:
        ad = make_ad(session, make_source(session), title=TITLE, text=TEXT, picture_text=PICTURE)
        version_id = ad.current_version_id
    assert classify_pending(database, audit_log, installed, now=now).n_done == 1
    assert link_pending(database, now=now).n_done == 1
    with database.read() as session:
        found = session.scalars(select(Classification)).one()
        assert found.is_flagged
        assert {hit.place for hit in found.hits if hit.is_counted} == {TextPlace.PICTURE}
        for hit in found.hits:
            assert PARTS[hit.place][hit.start : hit.end] == hit.quote
        contact = session.scalars(select(Contact).where(Contact.ad_version_id == version_id)).one()
        assert (contact.place, contact.value) == (TextPlace.PICTURE, "+77011234567")
        assert found.explanation is not None
        assert {fact["place"] for fact in found.explanation["facts"]} <= {"title", "text", "picture"}
        assert session.get_one(AdVersion, version_id).picture_text == PICTURE
