"""What goes to the disk together: batches that wait for company only while they are small."""

import asyncio
import threading

from crawlers.batching import Batcher
from tests.conftest import run_async

NEVER = 3600.0


def test_half_a_batch_goes_at_once() -> None:
    done: list[list[int]] = []

    async def submit() -> None:
        batcher: Batcher[int] = Batcher("test", done.append, max_items=4, gather_seconds=NEVER)
        await asyncio.wait_for(asyncio.gather(batcher.submit(1), batcher.submit(2)), 10)
        batcher.close()

    run_async(submit())
    assert done == [[1, 2]]


def test_what_comes_during_a_batch_goes_together_up_to_its_size() -> None:
    done: list[list[int]] = []
    may_go = threading.Event()

    def store(items: list[int]) -> None:
        may_go.wait(10)
        done.append(items)

    async def submit() -> None:
        batcher: Batcher[int] = Batcher("test", store, max_items=4, gather_seconds=NEVER)
        waiting = [asyncio.ensure_future(batcher.submit(n)) for n in range(2)]
        await asyncio.sleep(0.01)
        waiting += [asyncio.ensure_future(batcher.submit(n)) for n in range(2, 8)]
        await asyncio.sleep(0.01)
        may_go.set()
        await asyncio.wait_for(asyncio.gather(*waiting), 10)
        batcher.close()

    run_async(submit())
    assert done == [[0, 1], [2, 3, 4, 5], [6, 7]]


def test_fewer_than_that_wait_for_company() -> None:
    done: list[list[int]] = []

    async def submit() -> None:
        batcher: Batcher[int] = Batcher("test", done.append, max_items=8, gather_seconds=0.2)
        first = asyncio.ensure_future(batcher.submit(1))
        await asyncio.sleep(0.01)
        await asyncio.wait_for(asyncio.gather(first, batcher.submit(2)), 10)
        batcher.close()

    run_async(submit())
    assert done == [[1, 2]]
