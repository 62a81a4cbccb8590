"""Due slots: one run each, missed ones named, one caught up, silence noticed."""

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select

from crawlers.schedule import overdue_sources, start_due_crawls
from crawlers.slots import Schedule, slots
from crawlers.sources_config import SourceConfig
from models.crawl import CrawlRun, Source
from models.enums import RunState
from models.runs import start_manual_run
from models.session import Database

HOURLY = {"every_minutes": 60}


def _add_source(db: Database, now: datetime, schedule: dict[str, Any], name: str = "ads") -> int:
    config = SourceConfig.model_validate(
        {
            "name": name,
            "kind": "classifieds",
            "title": name,
            "start": ["http://a.example/"],
            "schedule": schedule,
        }
    )
    with db.write() as session:
        source = Source(
            name=name,
            kind=config.kind,
            title=name,
            settings=config.model_dump(mode="json"),
            settings_sha256="",
            is_enabled=True,
            created_at=now,
        )
        session.add(source)
        session.flush()
        return source.id


def _tick(db: Database, now: datetime) -> int:
    with db.write() as session:
        return start_due_crawls(session, now).n_done


def _states(db: Database) -> list[tuple[datetime, RunState]]:
    with db.read() as session:
        rows = session.execute(select(CrawlRun.slot_at, CrawlRun.state).order_by(CrawlRun.slot_at))
        return [(row.slot_at, row.state) for row in rows]


def _finish_all(db: Database, now: datetime) -> None:
    with db.write() as session:
        for run in session.scalars(select(CrawlRun).where(CrawlRun.state == RunState.DUE)):
            run.state = RunState.DONE
            session.get_one(Source, run.source_id).last_success_at = now


def test_a_slot_is_one_run_with_any_number_of_ticks(database: Database, now: datetime) -> None:
    _add_source(database, now, HOURLY)
    assert _tick(database, now) == 1  # a new source is crawled at once
    assert _tick(database, now) == 0
    assert _tick(database, now + timedelta(seconds=30)) == 0
    assert [state for _, state in _states(database)] == [RunState.DUE]


def test_f8_after_three_dead_hours_the_newest_slot_is_caught_up(database: Database, now: datetime) -> None:
    _add_source(database, now, HOURLY)
    _tick(database, now)
    _finish_all(database, now)
    _tick(database, now + timedelta(hours=3, minutes=10))
    states = [state for _, state in _states(database)]
    assert states == [RunState.DONE, RunState.MISSED, RunState.MISSED, RunState.DUE]


def test_f8_a_crawl_longer_than_its_interval_never_overlaps(database: Database, now: datetime) -> None:
    _add_source(database, now, HOURLY)
    _tick(database, now)
    _tick(database, now + timedelta(hours=1))
    assert [state for _, state in _states(database)] == [RunState.DUE, RunState.MISSED]


def test_a_new_source_that_a_person_had_crawled_missed_nothing(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, {"every_minutes": 60})
    with database.write() as session:
        start_manual_run(session, session.get_one(Source, source_id), now)
    assert _tick(database, now) == 0
    _finish_all(database, now)
    assert _tick(database, now + timedelta(minutes=1)) == 0
    assert _tick(database, now + timedelta(hours=1)) == 1
    assert [state for _, state in _states(database)] == [RunState.DONE, RunState.DUE]


def test_a_source_that_is_off_has_no_slots(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, HOURLY)
    with database.write() as session:
        session.get_one(Source, source_id).is_enabled = False
    assert _tick(database, now) == 0
    with database.read() as session:
        assert overdue_sources(session, now + timedelta(days=9)) == []


def test_hours_of_days_in_their_zone() -> None:
    schedule = Schedule(hours="9,18", days="mon-fri", minute=30, zone="Asia/Almaty")
    friday = datetime(2026, 11, 20, 0, 0, tzinfo=UTC)
    found = list(slots(schedule, friday, friday + timedelta(days=4)))
    assert found == [
        datetime(2026, 11, 20, 4, 30, tzinfo=UTC),  # 09:30 in Almaty, UTC+5
        datetime(2026, 11, 20, 13, 30, tzinfo=UTC),
        datetime(2026, 11, 23, 4, 30, tzinfo=UTC),  # after the weekend
        datetime(2026, 11, 23, 13, 30, tzinfo=UTC),
    ]


def test_a_new_source_with_hours_waits_for_them(database: Database) -> None:
    noon = datetime(2026, 11, 20, 7, 0, tzinfo=UTC)
    _add_source(database, noon, {"hours": "3"})
    assert _tick(database, noon) == 0
    assert _tick(database, noon + timedelta(days=1)) == 1


def test_the_watchdog_counts_from_the_last_success(database: Database, now: datetime) -> None:
    _add_source(database, now, HOURLY)
    _tick(database, now)
    _finish_all(database, now)
    with database.read() as session:
        assert overdue_sources(session, now + timedelta(minutes=70)) == []
        (late,) = overdue_sources(session, now + timedelta(minutes=130))
    assert (late.name, late.n_slots, late.last_success_at) == ("ads", 2, now)


def test_run_now_gives_the_open_run_instead_of_a_second(database: Database, now: datetime) -> None:
    source_id = _add_source(database, now, HOURLY)
    _tick(database, now)
    _finish_all(database, now)
    with database.write() as session:
        source = session.get_one(Source, source_id)
        first = start_manual_run(session, source, now + timedelta(minutes=59))
        assert start_manual_run(session, source, now + timedelta(minutes=60)).id == first.id
    assert _tick(database, now + timedelta(minutes=61)) == 1
    # The open run stands for the slot, too.
    assert [state for _, state in _states(database)] == [RunState.DONE, RunState.DUE, RunState.MISSED]


def test_slots_of_a_clock_that_stood_in_the_future_hold_up_nothing(
    sqlite_database: Database, now: datetime
) -> None:
    db = sqlite_database
    _add_source(db, now, HOURLY)
    assert _tick(db, now) == 1
    _finish_all(db, now)
    wrong = now + timedelta(days=2)
    assert _tick(db, wrong) == 48
    _finish_all(db, wrong)
    with db.write() as session:
        session.execute(delete(CrawlRun).where(CrawlRun.slot_at > now, CrawlRun.slot_at < wrong))
    assert _tick(db, now + timedelta(hours=1)) == 1
