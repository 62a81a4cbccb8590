"""The loop of a worker process: jobs in lanes, each lane a thread, each job safe to repeat."""

import _thread
import signal
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from types import FrameType

from models.leases import JobReport
from models.logs import get_logger

log = get_logger(__name__)

MAX_PAUSE_SECONDS = 60.0
STOP_WITHIN_SECONDS = 12.0


@dataclass(frozen=True)
class Job:
    """A background function and how long it rests when it found nothing to do.

    One that ``does_all`` there is in each call rests also after work.
    """

    name: str
    run: Callable[[datetime], JobReport]
    idle_seconds: float = 1.0
    does_all: bool = False


def utc_now() -> datetime:
    """The clock of the entry points; everything below takes ``now`` as an argument."""
    return datetime.now(UTC)


class Lane:
    """Runs its jobs in turn: each at once again while it finds work, else after its own rest."""

    def __init__(
        self,
        jobs: Sequence[Job],
        stop: threading.Event,
        clock: Callable[[], datetime] = utc_now,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self.jobs, self.stop, self.clock, self.seconds = jobs, stop, clock, seconds
        self._n_errors: dict[str, int] = {}
        self._due_at = [seconds()] * len(jobs)

    def run(self) -> None:
        """Work until told to stop."""
        while not self.stop.is_set():
            self.stop.wait(self.run_once())

    def run_once(self) -> float:
        """Call each job that is due; returns for how many seconds to rest."""
        for n, job in enumerate(self.jobs):
            if self.stop.is_set():
                return 0.0
            if self._due_at[n] <= self.seconds():
                pause = self._run_job(job)
                self._due_at[n] = self.seconds() + pause
        return max(0.0, min(self._due_at) - self.seconds())

    def _run_job(self, job: Job) -> float:
        try:
            report = job.run(self.clock())
        except Exception as error:  # the edge: one broken job must not stop the others
            n = self._n_errors[job.name] = self._n_errors.get(job.name, 0) + 1
            pause = min(MAX_PAUSE_SECONDS, job.idle_seconds * 2.0 ** min(n, 10))
            # The kind of the error and where it arose; its message may quote an ad.
            log.error(
                "worker.job.failed",
                job=job.name,
                kind=type(error).__name__,
                at=_origin(error),
                n=n,
                pause=pause,
            )
            return pause
        self._n_errors.pop(job.name, None)
        if report.n_done or report.n_failed:
            log.info("worker.job.done", job=job.name, n_done=report.n_done, n_failed=report.n_failed)
        return 0.0 if report.n_done and not job.does_all else job.idle_seconds


def _origin(error: BaseException) -> str:
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}" if trace is not None else "unknown"


def stop_on_signals() -> threading.Event:
    """An event that SIGTERM or SIGINT sets; call from the main thread."""
    stop = threading.Event()

    def handle(_number: int, _frame: FrameType | None) -> None:
        # Not stop.set(): the main thread may be inside stop.wait() and hold the lock that set() needs.
        _thread.start_new_thread(stop.set, ())

    signal.signal(signal.SIGTERM, handle)
    signal.signal(signal.SIGINT, handle)
    return stop


def run_lanes(lanes: Sequence[Sequence[Job]], stop: threading.Event) -> None:
    """Run all lanes until ``stop`` is set, then give running jobs a few seconds to end."""
    threads = [
        threading.Thread(target=Lane(jobs, stop).run, name=f"lane-{jobs[0].name}", daemon=True)
        for jobs in lanes
    ]
    for thread in threads:
        thread.start()
    stop.wait()
    for thread in threads:
        thread.join(STOP_WITHIN_SECONDS)
