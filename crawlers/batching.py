"""Group commit: what arrives within a moment, or during the batch before, goes to the disk together."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")

# What waits for company; beside the seconds between two requests to a real host it is nothing.
GATHER_SECONDS = 0.15


class Batcher(Generic[T]):
    """Gives single items to a function that does many at once, in a thread of its own.

    Args:
        work: does a batch; if it raises, every item of the batch fails with it.
        max_items: most items of one batch.
        gather_seconds: how long items wait for more while they are less than half of that.
    """

    def __init__(
        self,
        name: str,
        work: Callable[[list[T]], None],
        *,
        max_items: int = 128,
        gather_seconds: float = GATHER_SECONDS,
    ) -> None:
        self._work, self._max_items, self._gather_seconds = work, max_items, gather_seconds
        self._waiting: list[tuple[T, asyncio.Future[None]]] = []
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=name)
        self._runner: asyncio.Task[None] | None = None

    async def submit(self, item: T) -> None:
        """Have one item done; returns once its whole batch is."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._runner is None or self._runner.done():
            self._runner = asyncio.ensure_future(self._run())
        await done

    def close(self) -> None:
        """Wait for the batch that is being worked on and end the thread."""
        self._thread.shutdown()

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            if len(self._waiting) < self._max_items // 2:  # half a batch is company enough
                await asyncio.sleep(self._gather_seconds)
            batch, self._waiting = self._waiting[: self._max_items], self._waiting[self._max_items :]
            try:
                await loop.run_in_executor(self._thread, self._work, [item for item, _ in batch])
            except Exception as error:
                # Each waiter raises it where it stands; one that was cancelled meanwhile wants nothing.
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for _, done in batch:
                if not done.done():
                    done.set_result(None)
