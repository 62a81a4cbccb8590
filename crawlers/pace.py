"""The pace of hosts inside one crawl process, on top of the rows that all workers share."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable
from datetime import datetime

from crawlers.politeness import HostPaused, reserve_slot
from models.session import Database

_JITTER = 0.5


class Pace:
    """Hands out each host's turns.

    Args:
        delay_seconds: least time between two requests to one host; 0 keeps no
            turns (only hosts that our settings lead to loopback).
        clock: present time.
        jitter: randomness of the pauses.
    """

    def __init__(
        self, db: Database, *, delay_seconds: float, clock: Callable[[], datetime], jitter: random.Random
    ) -> None:
        self._db, self._clock, self._jitter = db, clock, jitter
        self._delay_seconds = delay_seconds
        self._slower: dict[str, float] = {}
        self._paused: dict[str, datetime] = {}
        self._turns: dict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def slow_down(self, host: str, delay_seconds: float) -> None:
        """Obey a host's Crawl-delay where it is longer than the source's delay."""
        self._slower[host] = max(delay_seconds, self._slower.get(host, 0.0))

    def pause(self, host: str, until: datetime) -> None:
        """Send nothing more to a host for a while; a shorter pause never ends a longer one."""
        self._paused[host] = max(until, self._paused.get(host, until))

    def check(self, host: str) -> None:
        """Pass if this process knows of no pause.

        Raises:
            HostPaused: the host is resting.
        """
        now = self._clock()
        until = self._paused.get(host)
        if until is not None and until > now:
            raise HostPaused(host, until, now)

    async def wait_seconds(self, host: str) -> float:
        """Take the host's next turn and say how long to wait for it.

        Raises:
            HostPaused: it is resting.
        """
        self.check(host)
        delay = max(self._delay_seconds, self._slower.get(host, 0.0))
        if delay == 0:
            return 0.0
        async with self._turns[host]:
            slot_at = await asyncio.to_thread(self._reserve, host, delay)
        return (slot_at - self._clock()).total_seconds()

    def _reserve(self, host: str, delay: float) -> datetime:
        with self._db.write() as session:
            spread = delay * (1 + self._jitter.uniform(0, _JITTER))
            return reserve_slot(session, host, delay_seconds=spread, now=self._clock())
