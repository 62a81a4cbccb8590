"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
from datetime import timedelta
from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as RichProgress

LINE_EVERY_SECONDS = 5.0


class Progress:
    """Counts steps of one long work on standard error.

    Args:
        label: what is being done, in one or two words.
        total: number of steps; None when it is not known.
    """

    def __init__(self, label: str, total: int | None = None) -> None:
        self.label, self.total, self.n, self._is_estimate = label, total, 0, False
        self._started = self._last_line = time.monotonic()
        self._bar: RichProgress | None = None
        if sys.stderr.isatty():
            self._bar = RichProgress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TaskProgressColumn(show_speed=True),
                TimeRemainingColumn(),
                console=Console(stderr=True),
            )
            self._task = self._bar.add_task(label, total=total)

    def __enter__(self) -> "Progress":
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()
        else:
            self._print_line()

    def advance(self, n: int = 1, *, share: float | None = None) -> None:
        """Count ``n`` more steps.

        Args:
            n: so many.
            share: how much of the work is done now, in (0, 1], where the number of steps is not known.
        """
        self.n += n
        if share is not None:
            self._is_estimate = share < 1
            self.set_total(max(self.n, round(self.n / max(share, 1e-9))))
        if self._bar is not None:
            self._bar.advance(self._task, n)
        elif time.monotonic() - self._last_line >= LINE_EVERY_SECONDS:
            self._print_line()

    def set_total(self, total: int) -> None:
        """Tell the number of steps once it is known."""
        self.total = total
        if self._bar is not None:
            self._bar.update(self._task, total=total)

    def _print_line(self) -> None:
        self._last_line = time.monotonic()
        rate = self.n / max(self._last_line - self._started, 1e-9)
        share, left = "", ""
        if self.total:
            about = "about " if self._is_estimate else ""
            share = f" of {about}{self.total} ({self.n / self.total:.0%})"
            if self.n < self.total and rate:
                left = f", {timedelta(seconds=round((self.total - self.n) / rate))} left"
        sys.stderr.write(f"{self.label}: {self.n}{share}, {rate:.0f}/s{left}\n")
        sys.stderr.flush()
