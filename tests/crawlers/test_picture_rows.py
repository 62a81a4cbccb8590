"""Rows of pictures on both databases: wanted, answered, made versions; twice is once, and facts stay."""

from datetime import datetime, timedelta
from hashlib import sha256

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from crawlers.capture import Fetched, RunContext
from crawlers.frontier import LeasedRequest, lease_requests
from crawlers.items import AdItem, ContactItem
from crawlers.pictures.answers import store_pictures
from crawlers.pictures.reader import find_tesseract
from crawlers.pictures.versions import add_picture_texts
from crawlers.pictures.wanted import leave_pictures, note_shown_pictures
from crawlers.sources_config import SourceConfig
from crawlers.storing import Sighting, StoredAds, store_ads
from models.ad import Ad, AdVersion
from models.crawl import FrontierRequest, Source
from models.enums import (
    AdPictureState,
    ContactKind,
    FetchResult,
    PictureProblem,
    RequestKind,
    RequestState,
    RunKind,
    SourceKind,
)
from models.picture import AdPicture, PictureBand, ReadPicture, picture_key
from models.runs import add_run
from models.session import Database
from tests.conftest import skip_unless_ci
from tests.crawlers import drawing
from tests.crawlers.drawing import KIDNEY_RU, as_file, draw
from tests.factories import make_page

URL = "http://ads.example/1.png"
OTHER = "http://ads.example/2.png"
CONFIG = SourceConfig.model_validate(
    {
        "name": "channel",
        "kind": "channel",
        "title": "Channel",
        "start": ["http://ads.example/"],
        "schedule": {"every_minutes": 60},
        "limits": {"retry_seconds": 0},
        "pictures": {},
    }
)


class Bench:
    """A source that asks for pictures, a run of it, and what storing and answering do."""

    def __init__(self, db: Database, now: datetime) -> None:
        self.db, self.now = db, now
        with db.write() as session:
            source = Source(
                name="channel",
                kind=SourceKind.CHANNEL,
                title="Channel",
                settings=CONFIG.model_dump(mode="json"),
                settings_sha256="",
                is_enabled=True,
                created_at=now,
            )
            session.add(source)
            session.flush()
            self.source_id = source.id
            self.run_id = add_run(session, source.id, RunKind.SCHEDULED, now).id
        self.context = RunContext(self.run_id, self.source_id, CONFIG, 60, now)

    def see(self, session: Session, text: str, *pictures: str, run_id: int | None = None) -> StoredAds:
        """A page shows the one ad with this text and these pictures."""
        self.now += timedelta(minutes=1)
        source = session.get_one(Source, self.source_id)
        page = make_page(session, source, "http://ads.example/", fetched_at=self.now)
        item = AdItem(
            "1",
            "http://ads.example/1",
            "",
            text,
            contacts=(ContactItem(ContactKind.HANDLE, "@author"),),
            pictures=pictures,
        )
        stored = store_ads(session, self.source_id, [Sighting(page.id, item, self.now)])
        note_shown_pictures(session, self.source_id, stored.shown_pictures, run_id=run_id, now=self.now)
        return stored

    def lease(self) -> list[LeasedRequest]:
        with self.db.write() as session:
            return lease_requests(
                session, self.run_id, source_id=self.source_id, n=10, now=self.now, seconds=60
            )

    def answer(
        self, leased: LeasedRequest, body: bytes | None, result: FetchResult = FetchResult.PAGE
    ) -> None:
        fetched = Fetched(leased, result, self.now, leased.url, http_status=200, body=body, is_final=True)
        store_pictures(self.db, self.context, [fetched], now=self.now)

    def versions(self) -> list[AdVersion]:
        with self.db.read() as session:
            found = list(session.scalars(select(AdVersion).order_by(AdVersion.number)))
            for version in found:
                assert version.contacts is not None
            session.expunge_all()
            return found

    def current(self) -> AdVersion:
        with self.db.read() as session:
            ad = session.scalars(select(Ad)).one()
            return next(version for version in self.versions() if version.id == ad.current_version_id)


@pytest.fixture
def bench(database: Database, now: datetime) -> Bench:
    if find_tesseract() is None or not drawing.FONT.exists():
        skip_unless_ci("Tesseract with kaz, rus, eng and DejaVu are needed (tests/install_servers.sh)")
    return Bench(database, now)


def test_from_a_wanted_picture_to_a_version(bench: Bench) -> None:
    body = as_file(draw(KIDNEY_RU))
    with bench.db.write() as session:
        bench.see(session, "Текст", URL, run_id=bench.run_id)
    (leased,) = bench.lease()
    assert (leased.kind, leased.url_sha256) == (RequestKind.PICTURE, picture_key(URL))
    bench.answer(leased, body)
    first, second = bench.versions()
    assert (first.picture_text, second.page_sha256) == (None, first.content_sha256)
    assert "почку" in (second.picture_text or "")
    assert [contact.value for contact in second.contacts] == ["@author"]
    assert (second.observed_at, second.page_id, second.url) == (first.observed_at, first.page_id, first.url)
    assert bench.current().id == second.id
    with bench.db.read() as session:
        read = session.scalars(select(ReadPicture)).one()
        assert read.sha256 == sha256(body).hexdigest()
        assert session.scalars(select(FrontierRequest.state)).one() is RequestState.DONE
        assert session.scalars(select(Ad.is_index_behind)).one()
    # The answer of a holder whose lease is over, and the work done once more, change nothing.
    bench.answer(leased, body)
    with bench.db.write() as session:
        assert add_picture_texts(session, [second.ad_id]) == 0
    assert len(bench.versions()) == 2


def test_the_same_text_leads_to_the_version_with_words(bench: Bench) -> None:
    with bench.db.write() as session:
        bench.see(session, "Текст", URL, run_id=bench.run_id)
    bench.answer(bench.lease()[0], as_file(draw(KIDNEY_RU)))
    with bench.db.write() as session:
        assert bench.see(session, "Текст", "http://ads.example/another-address.png").n_unchanged == 1
    assert bench.current().number == 2
    with bench.db.write() as session:
        bench.see(session, "Другой текст", URL)
    assert [version.number for version in bench.versions()] == [1, 2, 3, 4]
    assert bench.current().number == 4
    assert "почку" in (bench.current().picture_text or "")


def test_an_edit_before_the_picture_came_stays_the_present_text(bench: Bench) -> None:
    with bench.db.write() as session:
        bench.see(session, "Сначала", URL, run_id=bench.run_id)
        bench.see(session, "Потом", run_id=bench.run_id)
    bench.answer(bench.lease()[0], as_file(draw(KIDNEY_RU)))
    assert bench.current().text == "Потом"
    assert [(v.text, bool(v.picture_text)) for v in bench.versions()] == [
        ("Сначала", False),
        ("Потом", False),
        ("Сначала", True),
    ]


def test_words_wait_for_the_other_picture_of_their_ad(bench: Bench) -> None:
    with bench.db.write() as session:
        bench.see(session, "Текст", URL, OTHER, run_id=bench.run_id)
    leased = {one.url: one for one in bench.lease()}
    bench.answer(leased[URL], as_file(draw(KIDNEY_RU)))
    assert len(bench.versions()) == 1
    bench.answer(leased[OTHER], None, FetchResult.REFUSED)
    assert "почку" in (bench.current().picture_text or "")
    with bench.db.read() as session:
        states = session.execute(select(AdPicture.url, AdPicture.state, AdPicture.problem))
        assert {row[0]: tuple(row[1:]) for row in states} == {
            URL: (AdPictureState.READ, None),
            OTHER: (AdPictureState.NOT_READ, PictureProblem.REFUSED),
        }


def test_words_of_two_pictures_stand_in_page_order_and_once(bench: Bench) -> None:
    urls = [f"http://ads.example/{n}.png" for n in range(3)]
    bodies = [as_file(draw(text)) for text in ("Первая картинка", "Вторая картинка", "Первая картинка")]
    with bench.db.write() as session:
        bench.see(session, "Текст", *urls, run_id=bench.run_id)
    for leased in sorted(bench.lease(), key=lambda one: one.url, reverse=True):
        bench.answer(leased, bodies[urls.index(leased.url)])
    assert bench.current().picture_text == "Первая картинка\n\nВторая картинка"


def test_a_run_does_not_stay_open_for_pictures(bench: Bench) -> None:
    with bench.db.write() as session:
        bench.see(session, "Текст", URL, run_id=bench.run_id)
        leave_pictures(session, bench.run_id)
        assert session.scalars(select(FrontierRequest.state)).one() is RequestState.FAILED
        assert session.scalars(select(AdPicture.state)).one() is AdPictureState.WANTED


def test_facts_of_a_picture_are_never_rewritten(bench: Bench) -> None:
    with bench.db.write() as session:
        bench.see(session, "Текст", URL, run_id=bench.run_id)
    bench.answer(bench.lease()[0], as_file(draw(KIDNEY_RU)))
    with bench.db.read() as session:
        assert len(session.scalars(select(PictureBand)).all()) == 4
    for statement in (
        update(ReadPicture).values(text="другое"),
        delete(ReadPicture).where(ReadPicture.id > 0),
        update(AdVersion).values(picture_text="другое"),
        update(AdVersion).values(page_sha256=None),
    ):
        with pytest.raises(DatabaseError, match="append-only"), bench.db.write() as session:
            session.execute(statement)
