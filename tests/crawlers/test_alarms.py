"""Alarms and candidates: opened once, ended by what the rows say, never by themselves into a crawl."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.alarms import watch_sources
from crawlers.candidates import find_candidates, place_of
from models.ad import AdVersion, Contact
from models.crawl import CrawlRun, Host, Source
from models.enums import AlarmKind, CandidateState, ContactKind, RunKind, RunState
from models.runs import add_run
from models.session import Database
from models.watch import Alarm, Candidate, PageProfile
from tests.crawlers.test_schedule import _add_source
from tests.factories import make_ad, make_flagged_task

HOURLY = {"every_minutes": 60}


def _runs(session: Session, source_id: int, now: datetime, news: list[int]) -> None:
    """Hourly good runs that end now, each with so many new texts."""
    for hours, n_new in enumerate(reversed(news)):
        at = now - timedelta(hours=hours)
        run = add_run(session, source_id, RunKind.MANUAL, at)
        run.state, run.finished_at, run.n_new_versions, run.n_pages = RunState.DONE, at, n_new, 1


def _watch(db: Database, now: datetime) -> dict[tuple[AlarmKind, str], bool]:
    """Every alarm that ever was, and whether it is open."""
    with db.write() as session:
        watch_sources(session, now)
    with db.read() as session:
        return {(a.kind, a.subject): a.ended_at is None for a in session.scalars(select(Alarm))}


def test_a_source_that_grows_silent_against_its_own_rhythm(database: Database, now: datetime) -> None:
    busy = _add_source(database, now, HOURLY, "busy")
    slow = _add_source(database, now, HOURLY, "slow")
    with database.write() as session:
        for source_id in (busy, slow):
            session.get_one(Source, source_id).last_success_at = now
        _runs(session, busy, now, [1, 2, 1, 3, 1, 1, 1, 2, 0, 0, 0, 0])
        _runs(session, slow, now, [1, 0, 0, 0, 0] * 8)  # every fifth hour is its rhythm
    assert _watch(database, now) == {(AlarmKind.SILENT, ""): True}
    assert _watch(database, now) == {(AlarmKind.SILENT, ""): True}
    with database.read() as session:
        assert session.scalars(select(Alarm)).one().source_id == busy
    with database.write() as session:
        run = session.scalars(select(CrawlRun).where(CrawlRun.source_id == busy, CrawlRun.finished_at == now))
        run.one().n_new_versions = 4
    assert _watch(database, now) == {(AlarmKind.SILENT, ""): False}


def test_overdue_is_an_alarm_of_its_own_and_a_pause_ends_it(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, HOURLY)
    later = now + timedelta(hours=3)
    assert _watch(database, later) == {(AlarmKind.OVERDUE, ""): True}
    with database.write() as session:
        session.get_one(Source, source_id).paused_at = later
    assert _watch(database, later) == {(AlarmKind.OVERDUE, ""): False}


def test_drift_is_open_until_the_field_is_filled_about_as_before(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, HOURLY)
    with database.write() as session:
        session.get_one(Source, source_id).last_success_at = now
        session.add(
            PageProfile(
                source_id=source_id,
                page_object="olx_ad",
                n_pages=90,
                n_ads=90,
                usual={"region": 0.9, "title": 1.0},
                recent={"region": 0.05, "title": 1.0},
                updated_at=now,
            )
        )
    drift = (AlarmKind.DRIFT, "olx_ad.region")
    assert _watch(database, now) == {drift: True}
    for recent, is_open in ((0.3, True), (0.6, False)):
        with database.write() as session:
            session.scalars(select(PageProfile)).one().recent = {"region": recent, "title": 1.0}
        assert _watch(database, now) == {drift: is_open}


def test_a_host_that_waits_for_a_person_is_an_alarm(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, HOURLY)
    with database.write() as session:
        session.get_one(Source, source_id).last_success_at = now
        session.add(Host(name="a.example", n_refusals=9, paused_until=now + timedelta(days=3000)))
    assert _watch(database, now) == {(AlarmKind.SHUT_OUT, "a.example"): True}


@pytest.mark.parametrize(
    ("kind", "value", "place"),
    [
        (ContactKind.HANDLE, "@Rabota_KZ", "t.me/rabota_kz"),
        (ContactKind.LINK, "https://t.me/s/rabota_kz/55?x=1", "t.me/rabota_kz"),
        (ContactKind.LINK, "telegram.me/Rabota_kz", "t.me/rabota_kz"),
        (ContactKind.LINK, "t.me/+AbC12", "t.me/+AbC12"),
        (ContactKind.LINK, "https://www.instagram.com/Agent.kz/", "instagram.com/agent.kz"),
        (ContactKind.LINK, "https://work.example.kz:443/a/b#c", "work.example.kz"),
        (ContactKind.LINK, "wa.me/77010000000", None),
        (ContactKind.PHONE, "+77010000000", None),
        (ContactKind.LINK, "https://t.me/", None),
    ],
)
def test_one_place_for_all_its_spellings(kind: ContactKind, value: str, place: str | None) -> None:
    assert place_of(kind, value) == place


def _name(session: Session, version_id: int | None, kind: ContactKind, value: str) -> None:
    session.add(Contact(ad_version_id=version_id, kind=kind, value=value))


def test_named_places_are_counted_with_their_flagged_ads(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, HOURLY)
    with database.write() as session:
        source = session.get_one(Source, source_id)
        flagged = make_flagged_task(session, source, contacts=[(ContactKind.HANDLE, "@night_kz")])
        version = session.get_one(AdVersion, flagged.ad_version_id)
        _name(session, version.id, ContactKind.LINK, "t.me/night_kz")  # the same place, the same ad
        for _ in range(2):
            plain = make_ad(session, source)
            _name(session, plain.current_version_id, ContactKind.LINK, "https://agency.example/x")
            _name(session, plain.current_version_id, ContactKind.LINK, "http://a.example/own-site")
        alone = make_ad(session, source)
        _name(session, alone.current_version_id, ContactKind.HANDLE, "@only_once")
    assert find_candidates(database, now).n_done == 2
    with database.write():  # nothing differs, so nothing waits for another's transaction
        assert find_candidates(database, now).n_done == 0
    with database.read() as session:
        found = {row.place: (row.n_ads, row.n_flagged) for row in session.scalars(select(Candidate))}
    assert found == {"t.me/night_kz": (1, 1), "agency.example": (2, 0)}
    with database.write() as session:
        row = session.scalars(select(Candidate).where(Candidate.place == "agency.example")).one()
        row.state, row.reason = CandidateState.IGNORED, "Лицензия бар"
        session.add(
            Contact(ad_version_id=version.id, kind=ContactKind.LINK, value="https://agency.example/y")
        )
    assert find_candidates(database, now).n_done == 1
    with database.read() as session:
        assert session.scalars(select(CrawlRun)).all() == []
    with database.read() as session:
        row = session.scalars(select(Candidate).where(Candidate.place == "agency.example")).one()
        assert (row.state, row.reason) == (CandidateState.IGNORED, "Лицензия бар")
        assert (row.n_ads, row.n_flagged) == (3, 1)
