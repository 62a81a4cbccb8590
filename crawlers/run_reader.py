"""A worker reads the pages of a run while the crawl process fetches more."""

import gc
import threading
from types import TracebackType
from typing import Self

from crawlers.reextracting import config_of_run, read_run
from crawlers.sandbox import ParserChild
from models.blobs import BlobStore
from models.crawl import CrawlRun
from models.logs import get_logger
from models.session import Database
from models.worker import utc_now

log = get_logger(__name__)

_POLL_SECONDS = 0.1
_RETRY_SECONDS = 1.0
_END_WITHIN_SECONDS = 10.0
_GC_THRESHOLD = 20_000


class RunReader:
    """A thread that reads what a run has stored; the block it stands around is the run's crawl process.

    All it knows stands in rows. If it dies, the leases of its pages run out and
    whoever has the run next, or ``extract_pending``, reads them.

    Args:
        stop: ends it after the pages it is at; without that, it reads all before the block ends.
    """

    def __init__(self, db: Database, *, run_id: int, stop: threading.Event) -> None:
        self._db, self._run_id, self._stop = db, run_id, stop
        self._store = BlobStore(db.settings.evidence_dir)
        self._is_fetched = threading.Event()
        self._thread = threading.Thread(target=self._work, name=f"read-run-{run_id}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_fetched.set()
        self._thread.join(_END_WITHIN_SECONDS)

    def _work(self) -> None:
        # Rows and pages are many and short-lived: look for cycles less often, and never among the modules.
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        with self._db.read() as session:
            follow = config_of_run(session.get_one(CrawlRun, self._run_id))
        with ParserChild() as parser:
            parser.start()  # while the crawl process is starting too
            while not self._stop.is_set():
                is_last = self._is_fetched.is_set()
                pause = _POLL_SECONDS
                try:
                    if read_run(
                        self._db,
                        self._store,
                        parser,
                        run_id=self._run_id,
                        follow=follow,
                        now=utc_now(),
                        lease_seconds=self._db.settings.lease_seconds,
                    ):
                        continue
                except Exception as error:  # the edge: its pages stay pending
                    log.error("crawl.read.failed", run_id=self._run_id, kind=type(error).__name__)
                    pause = _RETRY_SECONDS
                if is_last:
                    return
                self._is_fetched.wait(pause)
