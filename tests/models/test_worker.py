import threading
from datetime import UTC, datetime

from models.leases import JobReport
from models.worker import Job, Lane, run_lanes

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def lane(*jobs: Job) -> Lane:
    return Lane(jobs, threading.Event(), clock=lambda: NOW)


def test_a_lane_goes_on_at_once_while_there_is_work() -> None:
    reports = iter([JobReport(2, 0), JobReport(0, 0)])
    working = lane(Job("classify", lambda _now: next(reports), idle_seconds=3))
    assert working.run_once() == 0
    assert working.run_once() == 3


def test_jobs_are_told_the_time() -> None:
    seen: list[datetime] = []

    def job(now: datetime) -> JobReport:
        seen.append(now)
        return JobReport()

    lane(Job("a", job)).run_once()
    assert seen == [NOW]


def test_a_broken_job_rests_longer_each_time_and_never_stops_the_others() -> None:
    n_calls = 0

    def broken(_now: datetime) -> JobReport:
        raise ValueError("text of an ad that must not be logged")

    def sound(_now: datetime) -> JobReport:
        nonlocal n_calls
        n_calls += 1
        return JobReport()

    only_broken = lane(Job("broken", broken))
    assert [only_broken.run_once() for _ in range(3)] == [2, 4, 8]
    both = lane(Job("broken", broken), Job("sound", sound))
    both.run_once()
    assert n_calls == 1


def test_lanes_end_when_told() -> None:
    stop = threading.Event()
    done = threading.Event()

    def job(_now: datetime) -> JobReport:
        done.set()
        stop.set()
        return JobReport()

    run_lanes([[Job("a", job)], [Job("b", lambda _now: JobReport())]], stop)
    assert done.is_set()
