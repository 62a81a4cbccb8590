from datetime import UTC, datetime, timedelta
from threading import Thread

from models.crawl import Source
from models.enums import RunState, SourceKind
from models.leases import MAX_ATTEMPTS, hold_back, lease_rows, release
from models.session import Database
from models.tables import crawl

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def make_runs(database: Database, n: int) -> None:
    with database.write() as session:
        source = Source(
            name="s", kind=SourceKind.FEED, title="S", settings={}, settings_sha256="0" * 64, created_at=NOW
        )
        session.add(source)
        session.flush()
        for number in range(n):
            session.add(crawl.CrawlRun(source_id=source.id, slot_at=NOW + timedelta(minutes=number)))


def take(database: Database, n: int, now: datetime = NOW) -> list[int]:
    with database.write() as session:
        _, ids = lease_rows(
            session,
            crawl.CrawlRun,
            where=crawl.CrawlRun.state == RunState.DUE,
            order_by=[crawl.CrawlRun.slot_at],
            n=n,
            now=now,
            seconds=60,
        )
        return ids


def test_a_leased_row_is_taken_once_until_the_lease_ends(database: Database) -> None:
    make_runs(database, 3)
    first = take(database, 2)
    assert len(first) == 2
    assert len(take(database, 5)) == 1
    assert take(database, 5) == []
    assert sorted(take(database, 5, NOW + timedelta(seconds=60))) == sorted([*first, max(first) + 1])


def test_many_workers_never_share_a_row(database: Database) -> None:
    make_runs(database, 60)
    taken: list[int] = []

    def work() -> None:
        while ids := take(database, 4):
            taken.extend(ids)

    threads = [Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == sorted(set(taken))
    assert len(taken) == 60


def test_a_failed_row_waits_longer_each_time_and_then_gives_up(database: Database) -> None:
    make_runs(database, 1)
    now, pauses = NOW, []
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert len(take(database, 1, now)) == 1
        with database.write() as session:
            run = session.query(crawl.CrawlRun).one()
            goes_on = hold_back(run, "some_error", now=now)
            assert run.next_try_at is not None
            pauses.append((run.next_try_at - now).total_seconds())
            assert goes_on == (attempt < MAX_ATTEMPTS)
        assert take(database, 1, now) == []
        now = now + timedelta(seconds=pauses[-1])
    assert pauses == [30.0 * 2**n for n in range(MAX_ATTEMPTS)]


def test_a_finished_row_starts_anew(database: Database) -> None:
    make_runs(database, 1)
    take(database, 1)
    with database.write() as session:
        run = session.query(crawl.CrawlRun).one()
        assert run.attempts == 1
        release(run)
        assert (run.attempts, run.lease_token, run.error) == (0, None, None)
