"""What the tests of faults share: the bench of a crawl, and waiting for what must happen."""

import time
from collections.abc import Callable

from tests.crawlers.conftest import bench as bench
from tests.crawlers.conftest import site as site


def wait_until(condition: Callable[[], bool], seconds: float = 60, what: str = "it") -> None:
    """Wait for a condition; fails when it does not come true in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen in {seconds:g} s"
        time.sleep(0.02)
