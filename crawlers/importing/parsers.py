"""Parser children side by side: an import reads as many pages at once as there are processors."""

import os
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from queue import SimpleQueue
from types import TracebackType
from typing import Self

from crawlers.items import Extraction
from crawlers.reading import Parser
from crawlers.sandbox import ParserChild
from crawlers.stored_page import StoredPage

# Beyond that, the one thread that stores is what takes the time.
MAX_PARSERS = 4

_Read = Callable[[Parser, StoredPage], Extraction]


class ParserPool:
    """A thread with a parser child of its own for each processor; use as a context manager."""

    def __init__(self) -> None:
        n = min(MAX_PARSERS, len(os.sched_getaffinity(0)))
        self._children = ExitStack()
        self._free: SimpleQueue[ParserChild] = SimpleQueue()
        for _ in range(n):
            self._free.put(self._children.enter_context(ParserChild()))
        self._threads = ThreadPoolExecutor(n, thread_name_prefix="parse")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._threads.shutdown(cancel_futures=True)
        self._children.close()

    def submit(self, read: _Read, page: StoredPage) -> "Future[Extraction]":
        """Have a page read by the next child that is free."""
        return self._threads.submit(self._read, read, page)

    def _read(self, read: _Read, page: StoredPage) -> Extraction:
        child = self._free.get()
        try:
            return read(child, page)
        finally:
            self._free.put(child)
