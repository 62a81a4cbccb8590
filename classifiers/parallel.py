"""Work on all processors of this machine: forked processes that share what is loaded, order kept."""

import os
import signal
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from itertools import islice
from multiprocessing import get_context
from typing import Any, TypeVar

from models.errors import SaqshyError
from models.processes import die_with_parent

_CHUNK = 32
# Chunks under way for each process: enough that none waits, few enough that a long file is never in memory.
_WAITING = 2

Item = TypeVar("Item")
Result = TypeVar("Result")

_work: Callable[[Any], Any]  # Any: whatever is worked on


class ProcessEnded(SaqshyError):
    """A process was ended from outside, most often because the machine has no memory left."""


def n_processors() -> int:
    """Return how many processors this process may use; 1 where the system does not say."""
    return len(os.sched_getaffinity(0)) if sys.platform == "linux" else 1


def in_processes(
    work: Callable[[Item], Result], items: Iterable[Item], n_processes: int, *, chunk: int = _CHUNK
) -> Iterator[Sequence[Result]]:
    """Yield the result of each item, in order, a chunk at a time.

    Args:
        work: done in processes forked from this one; it is not pickled.
        items: picklable.
        n_processes: how many.
        chunk: so many items are given to a process at a time.

    Raises:
        ProcessEnded: one of the processes is gone.
    """
    rest = iter(items)
    waiting: deque[Future[list[Result]]] = deque()
    with ProcessPoolExecutor(n_processes, get_context("fork"), _begin, (work,)) as pool:
        try:
            while part := list(islice(rest, chunk)):
                waiting.append(pool.submit(_do, part))
                if len(waiting) > _WAITING * n_processes:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        except BrokenProcessPool as error:
            raise ProcessEnded(
                "A process was ended from outside, and the work is not complete. If the memory is used up, "
                "let one processor do it: taskset -c 0 saqshy …"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _begin(work: Callable[[Any], Any]) -> None:
    global _work
    _work = work
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the first process hears it too, and ends this one
    die_with_parent()


def _do(chunk: Sequence[Any]) -> list[Any]:
    return [_work(item) for item in chunk]
