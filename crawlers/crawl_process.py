"""One crawl, one process: ``python -m crawlers.crawl_process``, forked by the starter of a worker.

A reactor cannot be started twice, and what talks to hostile servers shall not
share a process with other work. It only fetches and keeps: the worker reads the
pages meanwhile, and the links that it finds come back as rows of the frontier.
The worker keeps its end of standard input open; when it ends, so does this process.
"""

import gc
import logging
import os
import random
import signal
import sys
import threading
from contextlib import suppress
from pathlib import Path

from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import select
from sqlalchemy.orm import Session, configure_mappers

import models.tables  # noqa: F401 - every table that a foreign key may name
from crawlers.capture import RunContext
from crawlers.capture_process import CaptureProcess
from crawlers.chromium import find_browser
from crawlers.frontier import NewRequest, add_requests
from crawlers.order import EXIT_CANNOT_STORE, Order
from crawlers.pace import Pace
from crawlers.pictures.wanted import ask_for_pictures
from crawlers.settings import load_parts, scrapy_settings
from crawlers.sources_config import SourceConfig, check_delay, config_of
from crawlers.spiders.frontier import FrontierSpider
from crawlers.starter import serve
from models.config import Settings
from models.crawl import CrawlRun, FrontierRequest, Source
from models.enums import RequestKind, RunKind
from models.errors import BadSettings, SaqshyError
from models.logs import configure_logs, get_logger
from models.runs import LISTING_RUNS
from models.session import Database
from models.urls import host_of
from models.worker import utc_now

log = get_logger(__name__)

_STDIN = 0
_SWITCH_SECONDS = 0.0005
_GC_THRESHOLD = 5_000
_STOP_WITHIN_SECONDS = 10.0


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
        with suppress(ConnectionError):
            while os.read(_STDIN, 1024):
                pass
        os.kill(os.getpid(), signal.SIGTERM)  # Scrapy ends in order on SIGTERM
        threading.Event().wait(_STOP_WITHIN_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="worker-watch", daemon=True).start()


def prepare() -> None:
    """Do once what each crawl would do anew."""
    # The reactor wakes for every piece of an answer; at Python's 5 ms it would wait that long
    # for the storing threads each time.
    sys.setswitchinterval(_SWITCH_SECONDS)
    configure_mappers()
    load_parts()
    # Rows and responses are many and short-lived: look for cycles less often, and never among the modules.
    gc.freeze()
    gc.set_threshold(_GC_THRESHOLD)


def main() -> None:
    """Be the starter, and in each process that it forks read the order and crawl."""
    prepare()
    order = serve()
    if order is None:
        return
    configure_logs(order.settings.log_format, order.settings.log_level)
    try:
        status = crawl(order)
    except SaqshyError as error:
        log.error("crawl.failed", run_id=order.run_id, kind=error.code, message=error.message)
        status = 1
    sys.exit(status)


if __name__ == "__main__":
    main()
