"""Requests from the frontier's rows to the spider, as many as are on their way at once."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import datetime, timedelta

from crawlers.capture import RunContext
from crawlers.frontier import (
    LeasedRequest,
    has_unparsed_pages,
    lease_requests,
    next_pending_at,
    renew_leases,
)
from crawlers.rechecks import add_rechecks
from models.crawl import Source
from models.logs import get_logger
from models.runs import LISTING_RUNS
from models.session import Database

log = get_logger(__name__)

# Enough that the network never waits for the disk: one batch on its way there and one that gathers.
# The bodies among them are bounded by SCRAPER_SLOT_MAX_ACTIVE_SIZE.
MAX_UNDERWAY = 320
# A run whose next request is later than this ends its process and comes back as a due run.
PATIENCE = timedelta(seconds=20)
_POLL_SECONDS = 0.5
_LINKS_POLL_SECONDS = 0.05


class Intake:
    """Leases requests of one run until nothing is left that could be done now.

    Args:
        clock: present time.
    """

    def __init__(
        self,
        db: Database,
        run: RunContext,
        *,
        clock: Callable[[], datetime],
    ) -> None:
        self._db, self._run, self._clock = db, run, clock
        self._underway: dict[int, str] = {}
        self._changed = asyncio.Event()
        self._is_stopping = False
        self._is_rechecked = False
        delay = run.config.limits.delay_seconds
        self._room = MAX_UNDERWAY if delay == 0 else max(2, min(16, int(run.lease_seconds / (4 * delay))))
        if run.config.browser is not None:
            self._room = 1  # the next page waits until the scripts of the one before have run

    def stop(self) -> None:
        """Take nothing more; what is underway is brought to its end."""
        self._is_stopping = True
        self._changed.set()

    def finished(self, request: LeasedRequest) -> None:
        """A request is settled; its page, if any, waits for its reader."""
        self._underway.pop(request.id, None)
        self._changed.set()

    async def requests(self) -> AsyncIterator[LeasedRequest]:
        """Yield requests as there is room for them."""
        beat = asyncio.ensure_future(self._keep_leases())
        try:
            while not self._is_stopping:
                # Taken in larger steps: each look into the frontier is a transaction. Yet soon enough
                # that what is left to fetch lasts until the next batch is on the disk.
                if len(self._underway) > self._room * 3 // 4:
                    await self._wait(_POLL_SECONDS)
                    continue
                batch = await asyncio.to_thread(self._lease, self._room - len(self._underway))
                self._underway.update((request.id, request.token) for request in batch)
                for request in batch:
                    yield request
                if not batch and not await self._is_more_to_come():
                    return
        finally:
            beat.cancel()

    async def _wait(self, seconds: float) -> None:
        try:
            await asyncio.wait_for(self._changed.wait(), seconds)
        except TimeoutError:
            return
        self._changed.clear()

    async def _is_more_to_come(self) -> bool:
        """With nothing to take now: wait for what may bring more; False when that is nothing."""
        if self._underway:
            await self._wait(_POLL_SECONDS)
            return True
        pause = await asyncio.to_thread(self._pause_until_next)
        if pause is None:
            return False
        await self._wait(min(pause, 1.0))
        return True

    def _lease(self, n: int) -> list[LeasedRequest]:
        with self._db.write() as session:
            if not session.get_one(Source, self._run.source_id).is_crawled:
                log.info("crawl.source.not_crawled", source_id=self._run.source_id)
                self._is_stopping = True
                return []
            return lease_requests(
                session,
                self._run.run_id,
                source_id=self._run.source_id,
                n=n,
                now=self._clock(),
                seconds=self._run.lease_seconds,
            )

    def _pause_until_next(self) -> float | None:
        """Seconds until something can be done; None when the run is at its end, or will be for long."""
        now = self._clock()
        with self._db.read() as session:
            next_at = next_pending_at(session, self._run.run_id, now)
            is_unread = has_unparsed_pages(session, self._run.run_id)
        if next_at is not None:
            return (next_at - now).total_seconds() if next_at - now <= PATIENCE else None
        if is_unread:  # what is read beside us may bring new addresses
            return _LINKS_POLL_SECONDS
        if self._is_rechecked or self._run.kind not in LISTING_RUNS:
            return None
        self._is_rechecked = True
        with self._db.write() as session:
            n_added = add_rechecks(session, self._run, now=now)
        return 0.0 if n_added else None

    async def _keep_leases(self) -> None:
        while True:
            await asyncio.sleep(self._run.lease_seconds / 3)
            await asyncio.to_thread(self._renew)

    def _renew(self) -> None:
        tokens = set(self._underway.values())
        with self._db.write() as session:
            renew_leases(session, tokens, now=self._clock(), seconds=self._run.lease_seconds)
