"""One crawl, one process: ``python -m crawlers.crawl_process``, started by a worker.

A reactor cannot be started twice, and what talks to hostile servers shall not
share a process with other work. It only fetches and keeps: the worker reads the
pages meanwhile, and the links that it finds come back as rows of the frontier.
The worker writes one line of JSON (settings and run) to standard input and keeps
it open; when it ends, so does this process.
"""

import gc
import json
import logging
import os
import random
import signal
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

from pydantic import SecretStr
from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import select
from sqlalchemy.orm import Session

import models.tables  # noqa: F401 - every table that a foreign key may name
from crawlers.capture import RunContext
from crawlers.capture_process import CaptureProcess
from crawlers.chromium import find_browser
from crawlers.frontier import NewRequest, add_requests
from crawlers.pace import Pace
from crawlers.pictures.wanted import ask_for_pictures
from crawlers.settings import scrapy_settings
from crawlers.sources_config import SourceConfig, check_delay, config_of
from crawlers.spiders.frontier import FrontierSpider
from models.config import Settings, load_settings
from models.crawl import CrawlRun, FrontierRequest, Source
from models.enums import RequestKind, RunKind
from models.errors import BadSettings, SaqshyError
from models.logs import configure_logs, get_logger
from models.processes import die_with_parent
from models.runs import LISTING_RUNS
from models.session import Database
from models.urls import host_of
from models.worker import utc_now

log = get_logger(__name__)

EXIT_CANNOT_STORE = 3
_STDIN = 0
_SWITCH_SECONDS = 0.0005
_GC_THRESHOLD = 5_000
_STOP_WITHIN_SECONDS = 10.0


@dataclass(frozen=True)
class Order:
    """What a worker asks of this process."""

    run_id: int
    settings: Settings

    def to_line(self) -> bytes:
        """One line for standard input; passes on only what a crawl needs."""
        fields = self.settings.model_dump(
            mode="json",
            include={
                "data_dir", "database_url", "user_agent", "loopback_allow", "host_overrides",
                "lease_seconds", "log_format", "log_level", "chromium",
            },
        )  # fmt: skip
        for name in ("hh_token", "vk_token"):  # dumped they would be stars
            key: SecretStr | None = getattr(self.settings, name)
            fields[name] = key.get_secret_value() if key is not None else None
        return json.dumps({"run_id": self.run_id, "settings": fields}).encode() + b"\n"

    @classmethod
    def from_line(cls, line: bytes) -> "Order":
        """Read what :meth:`to_line` wrote."""
        fields = json.loads(line)
        return cls(int(fields["run_id"]), load_settings(**fields["settings"]))


def run_context(session: Session, order: Order) -> RunContext:
    """Read the run and put its start addresses into the frontier (once).

    Raises:
        BadSource: the source asks a foreign host too fast.
    """
    run = session.get_one(CrawlRun, order.run_id)
    config = config_of(session.get_one(Source, run.source_id))
    now = utc_now()
    if run.kind in LISTING_RUNS:
        start = [NewRequest(url, RequestKind.START) for url in config.start]
        add_requests(session, run.id, start, max_pages=config.limits.max_pages, now=now)
    elif run.kind is RunKind.HANDED_IN:
        config = with_hosts_of_run(session, config, run.id)
    ask_for_pictures(session, run.id, run.source_id, config, now)
    check_delay(config, loopback_hosts(order.settings))
    return RunContext(
        run_id=run.id,
        source_id=run.source_id,
        config=config,
        lease_seconds=order.settings.lease_seconds,
        started_at=run.started_at or now,
        kind=run.kind,
    )


def with_hosts_of_run(session: Session, config: SourceConfig, run_id: int) -> SourceConfig:
    """The settings with the hosts that people handed in, so that redirects stay within them."""
    urls = session.scalars(select(FrontierRequest.url).where(FrontierRequest.crawl_run_id == run_id))
    return config.model_copy(update={"hosts": tuple({*config.hosts, *map(host_of, urls)})})


def loopback_hosts(settings: Settings) -> frozenset[str]:
    """Host names and addresses that our settings lead to loopback."""
    return frozenset(settings.host_overrides) | {address for address, _ in settings.loopback_allow}


def crawl(order: Order) -> int:
    """Fetch and keep the pages of one run to its end, as far as that is possible now.

    Returns:
        Exit status: 0 when all that came was stored.
    """
    db = Database(order.settings)
    try:
        with db.write() as session:
            run = run_context(session, order)
        db.close()  # no connection crosses the fork
        with CaptureProcess(order.settings, run) as capture:
            _end_with_worker()
            return _crawl(order.settings, db, capture, run)
    finally:
        db.close()


def _crawl(settings: Settings, db: Database, capture: CaptureProcess, run: RunContext) -> int:
    logging.disable(logging.INFO)  # its constructor makes Scrapy talkative: addresses would be logged
    process = AsyncCrawlerProcess(scrapy_settings(settings, run.config))
    logging.getLogger("scrapy").setLevel(logging.WARNING)
    # They would name addresses, with tracebacks for each host that does not answer; the rows say why.
    logging.getLogger("scrapy.downloadermiddlewares.robotstxt").setLevel(logging.CRITICAL)
    logging.getLogger("scrapy.core.downloader.handlers").setLevel(logging.ERROR)
    logging.disable(logging.NOTSET)
    pace = Pace(db, delay_seconds=run.config.limits.delay_seconds, clock=utc_now, jitter=random.Random())
    crawler = process.create_crawler(FrontierSpider)
    browser = _browser_for(settings, run)
    process.crawl(crawler, db=db, capture=capture, run=run, pace=pace, clock=utc_now, browser=browser)
    process.start()
    spider = crawler.spider
    if not isinstance(spider, FrontierSpider) or process.bootstrap_failed:
        return 1
    return EXIT_CANNOT_STORE if spider.failure else 0


def _browser_for(settings: Settings, run: RunContext) -> Path | None:
    """The browser of a source that needs one.

    Raises:
        BadSettings: it is gone since the worker looked; the run is tried again.
    """
    if run.config.browser is None:
        return None
    browser = find_browser(settings)
    if browser is None:
        raise BadSettings("There is no Chromium any more.")
    return browser


def _end_with_worker() -> None:
    """Watch standard input; its end means that the worker is gone."""

    def watch() -> None:
        while os.read(_STDIN, 1024):
            pass
        os.kill(os.getpid(), signal.SIGTERM)  # Scrapy ends in order on SIGTERM
        threading.Event().wait(_STOP_WITHIN_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="worker-watch", daemon=True).start()


def _read_line(descriptor: int) -> bytes:
    """Read one line without Python's buffer, which the watching thread would hold at the end."""
    line = bytearray()
    while not line.endswith(b"\n"):
        part = os.read(descriptor, 1)
        if not part:
            break
        line += part
    return bytes(line)


def main() -> None:
    """Read the order from standard input and crawl."""
    order = Order.from_line(_read_line(_STDIN))
    configure_logs(order.settings.log_format, order.settings.log_level)
    # The reactor wakes for every piece of an answer; at Python's 5 ms it would wait that long
    # for the storing threads each time.
    sys.setswitchinterval(_SWITCH_SECONDS)
    # Rows and responses are many and short-lived: look for cycles less often, and never among the modules.
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)
    die_with_parent()
    try:
        status = crawl(order)
    except SaqshyError as error:
        log.error("crawl.failed", run_id=order.run_id, kind=error.code, message=error.message)
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
