"""Progress of long work: a bar on a terminal, a plain line now and then elsewhere."""

import sys
import time
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
        self.label, self.total, self.n = label, total, 0
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

    def advance(self, n: int = 1) -> None:
        """Count ``n`` more steps."""
        self.n += n
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
        elapsed = max(self._last_line - self._started, 1e-9)
        share = f" of {self.total} ({self.n / self.total:.0%})" if self.total else ""
        sys.stderr.write(f"{self.label}: {self.n}{share}, {self.n / elapsed:.0f}/s\n")
        sys.stderr.flush()
