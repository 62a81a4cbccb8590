import threading
from collections.abc import Callable
from datetime import UTC, datetime

from models.leases import JobReport
from models.worker import Job, Lane, run_lanes

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def lane(*jobs: Job, seconds: Callable[[], float] = lambda: 0.0) -> Lane:
    return Lane(jobs, threading.Event(), clock=lambda: NOW, seconds=seconds)


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

    second = 0.0
    only_broken = lane(Job("broken", broken), seconds=lambda: second)
    for pause in (2, 4, 8):
        assert only_broken.run_once() == pause
        second += pause
    both = lane(Job("broken", broken), Job("sound", sound))
    both.run_once()
    assert n_calls == 1


def test_each_job_keeps_its_own_pause() -> None:
    second, calls = 0.0, []

    def job(name: str, idle_seconds: float) -> Job:
        def run(_now: datetime) -> JobReport:
            calls.append((name, second))
            return JobReport(n_done=1)

        return Job(name, run, idle_seconds, does_all=True)

    both = lane(job("often", 10), job("hourly", 25), seconds=lambda: second)
    while second < 50:
        second += both.run_once()
    assert [at for name, at in calls if name == "often"] == [0, 10, 20, 30, 40]
    assert [at for name, at in calls if name == "hourly"] == [0, 25]


def test_lanes_end_when_told() -> None:
    stop = threading.Event()
    done = threading.Event()

    def job(_now: datetime) -> JobReport:
        done.set()
        stop.set()
        return JobReport()

    run_lanes([[Job("a", job)], [Job("b", lambda _now: JobReport())]], stop)
    assert done.is_set()
