"""What a crawl costs beside a null Scrapy spider with the same settings, and what a second process brings.

A site on loopback (a process of its own) answers under sixteen host names with
vacancies of 12 KB. The null spider fetches them and forgets them; ours also
stores, fsyncs, extracts and keeps a frontier. Both ask for the same addresses
in the same order, and are timed from the first vacancy served to the end of their
process. They take turns; what counts is the median of the rounds' ratios, because
neighbours on the machine disturb all parts of a round alike. Processor time per
page (start of all processes included) stands beside it.

Two processes are two workers on one database, each with a source of its own and the
same pages. One crawl has four processes (fetching, storing, parsing, and the worker
that reads), so it fills more than one core alone. Their number is therefore also measured with
each crawl, all its processes and the site left to themselves, held on one core.

    .venv/bin/python -m benchmarks.crawl
    .venv/bin/python -m benchmarks.crawl --pages 200 --rounds 5 --postgres postgresql://…/empty
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import func, select

from benchmarks.crawl_site import HOSTS, N_HOSTS, RunningSite, addresses, running_site
from crawlers.jobs import run_due_crawl
from crawlers.settings import scrapy_settings
from crawlers.sources_config import SourceConfig
from models.ad import Ad
from models.config import HostPort, Settings, load_settings
from models.crawl import CrawlRun, Source
from models.enums import RunState
from models.runs import start_manual_run
from models.schema import upgrade_schema
from models.session import Database
from models.worker import utc_now

TARGET_RATIO, TARGET_SCALE = 0.7, 1.8
TWO = 2
ANY_CORE: tuple[int, ...] = ()


def source_config(start: Sequence[str], max_pages: int) -> SourceConfig:
    """The source that both spiders crawl."""
    return SourceConfig.model_validate(
        {
            "name": "benchmark",
            "kind": "job_board",
            "title": "benchmark",
            "start": start,
            "pages": [{"match": "/vacancy/", "page_object": "job_posting"}],
            "schedule": {"every_minutes": 60},
            "limits": {"delay_seconds": 0, "max_pages": max_pages, "max_depth": 0},
        }
    )


def bench_settings(data_dir: Path, target: HostPort, database_url: str | None) -> Settings:
    """Settings whose host names lead to the site."""
    return load_settings(
        data_dir=data_dir,
        database_url=database_url,
        loopback_allow=(target,),
        host_overrides=dict.fromkeys(HOSTS, target),
    )


def add_run(db: Database, name: str, config: SourceConfig) -> int:
    """Add a source with a run that is due; returns the run's id."""
    with db.write() as session:
        source = Source(
            name=f"{name}{time.time_ns()}",
            kind=config.kind,
            title="benchmark",
            settings=config.model_dump(mode="json"),
            settings_sha256="",
            is_enabled=True,
            created_at=utc_now(),
        )
        session.add(source)
        session.flush()
        return start_manual_run(session, source, utc_now()).id


class NullSpider(scrapy.Spider):
    """Fetches everything, keeps nothing."""

    name = "null"
    n_pages = 0

    async def start(self) -> Any:
        """Ask for every vacancy."""
        for url in addresses(self.n_pages):
            yield scrapy.Request(url, dont_filter=True)

    def parse(self, _response: Any) -> None:
        """Do nothing."""


def run_null(n_pages: int, port: int) -> None:
    """Be the null spider's process: our settings, Scrapy's own parts instead of ours."""
    with tempfile.TemporaryDirectory() as folder:
        settings = bench_settings(Path(folder), ("127.0.0.1", port), None)
        wanted = scrapy_settings(settings, source_config(addresses(1), N_HOSTS * n_pages))
    stock = "scrapy.downloadermiddlewares."
    wanted["DOWNLOADER_MIDDLEWARES"] = {
        **{name: where for name, where in wanted["DOWNLOADER_MIDDLEWARES"].items() if where is None},
        f"{stock}robotstxt.RobotsTxtMiddleware": 100,
        f"{stock}httpcompression.HttpCompressionMiddleware": 590,
        f"{stock}redirect.RedirectMiddleware": 600,
    }
    wanted["DOWNLOAD_HANDLERS"] = {"data": None, "file": None, "ftp": None, "s3": None}
    wanted["ITEM_PIPELINES"] = {}
    NullSpider.n_pages = n_pages
    process = AsyncCrawlerProcess(wanted)
    process.crawl(NullSpider)
    process.start()


def time_null(n_pages: int, port: int) -> float:
    """Run the null spider; returns when its process ended."""
    command = [sys.executable, "-m", "benchmarks.crawl", "--null", str(port), "--pages", str(n_pages)]
    subprocess.run(command, check=True, stderr=subprocess.DEVNULL)
    return time.time()


def work(order: str) -> None:
    """Be a worker's process: crawl one due run."""
    fields = json.loads(order)
    if fields["cores"]:
        os.sched_setaffinity(0, fields["cores"])
    settings = load_settings(**fields["settings"])
    db = Database(settings)
    run_due_crawl(db, settings, now=utc_now())
    db.close()


def time_ours(
    settings: Settings, n_pages: int, *, n_workers: int = 1, cores: Sequence[tuple[int, ...]] = (ANY_CORE,)
) -> float:
    """Crawl into a fresh installation; returns when the last worker ended, every vacancy in its row."""
    db = Database(settings)
    upgrade_schema(db)
    config = source_config(addresses(n_pages), N_HOSTS * n_pages)
    run_ids = [add_run(db, f"benchmark{number}-", config) for number in range(n_workers)]
    fields = settings.model_dump(
        mode="json", include={"data_dir", "database_url", "loopback_allow", "host_overrides"}
    )
    command = [sys.executable, "-m", "benchmarks.crawl", "--work"]
    workers = [
        subprocess.Popen(
            [*command, json.dumps({"settings": fields, "cores": cores[number % len(cores)]})],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for number in range(n_workers)
    ]
    for worker in workers:
        worker.wait()
    ended_at = time.time()
    with db.read() as session:
        n_ads = session.scalar(
            select(func.count())
            .select_from(Ad)
            .join(CrawlRun, CrawlRun.source_id == Ad.source_id)
            .where(CrawlRun.id.in_(run_ids), CrawlRun.state == RunState.DONE)
        )
    db.close()
    if n_ads != N_HOSTS * n_pages * n_workers:
        raise SystemExit(f"only {n_ads} of {N_HOSTS * n_pages * n_workers} vacancies arrived")
    return ended_at


@dataclass(frozen=True)
class Measured:
    """A crawl: pages per second, and processor time per page of all its processes (not the site's)."""

    rate: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.rate:.0f} pages/s, {self.cpu_ms:.1f} ms CPU/page"


def measure(site: RunningSite, n_pages: int, crawl: Callable[[], float]) -> Measured:
    """Time one crawl, which returns when it ended."""
    site.first_served_at.value = 0.0
    before = cpu_seconds()
    ended_at = crawl()
    after = cpu_seconds()
    return Measured(n_pages / (ended_at - site.first_served_at.value), 1000 * (after - before) / n_pages)


def cpu_seconds() -> float:
    """Processor time of the ended children of this process, and of theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def free_cores() -> tuple[float, int]:
    """How much of the machine's cores nobody uses, over a second, and how many it has.

    On one that others use, a crawl of four processes gets more of it than the null spider's
    one, and a second crawl finds nothing left: then no ratio by the clock says anything.
    """

    def looked() -> tuple[int, int]:
        used = list(map(int, Path("/proc/stat").read_text().splitlines()[0].split()[1:9]))
        return used[3] + used[4], sum(used)  # idle, and waiting for the disk

    n_cores = os.cpu_count() or 1
    idle_before, all_before = looked()
    time.sleep(1.0)
    idle_after, all_after = looked()
    return n_cores * (idle_after - idle_before) / max(1, all_after - all_before), n_cores


def one_round(
    site: RunningSite, n_pages: int, new_settings: Callable[[], Settings], cores: Sequence[int]
) -> dict[str, Measured]:
    """All crawls once, by name; those that want two cores only where there are two."""
    each = [(core,) for core in cores[:TWO]]
    crawls: dict[str, tuple[int, Callable[[], float]]] = {
        "null": (1, lambda: time_null(n_pages, site.address[1])),
        "ours": (1, lambda: time_ours(new_settings(), n_pages)),
    }
    if len(each) == TWO:
        crawls |= {
            "two": (TWO, lambda: time_ours(new_settings(), n_pages, n_workers=TWO)),
            "ours_on_a_core": (1, lambda: time_ours(new_settings(), n_pages, cores=each[:1])),
            "two_on_a_core_each": (
                TWO,
                lambda: time_ours(new_settings(), n_pages, n_workers=TWO, cores=each),
            ),
        }
    n_all = n_pages * N_HOSTS
    found = {}
    for name, (times, crawl) in crawls.items():
        found[name] = measure(site, n_all * times, crawl)
        print(f"  {name}: {found[name]}, load {os.getloadavg()[0]:.1f}", flush=True)
    return found


def report(rounds: Sequence[dict[str, Measured]]) -> bool:
    """Print the medians; returns whether the goals are met."""

    def ratio(name: str, beside: str) -> float:
        return statistics.median(one[name].rate / one[beside].rate for one in rounds)

    for name in rounds[0]:
        rates = statistics.median(one[name].rate for one in rounds)
        cpu = statistics.median(one[name].cpu_ms for one in rounds)
        print(f"{name}: {Measured(rates, cpu)}")
    of_null = ratio("ours", "null")
    print(f"ours / null: {of_null:.2f} (at least {TARGET_RATIO})")
    if "two" not in rounds[0]:
        print("two processes: not measured, there is one core")
        return of_null >= TARGET_RATIO
    alone = ratio("two_on_a_core_each", "ours_on_a_core")
    print(f"two processes / one, a core each: {alone:.2f} (at least {TARGET_SCALE})")
    print(f"two processes / one, both free to use all cores: {ratio('two', 'ours'):.2f}")
    return of_null >= TARGET_RATIO and alone >= TARGET_SCALE


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=150, help="vacancies per host (16 hosts)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--postgres", help="address of an empty database; the embedded one is the default")
    parser.add_argument("--null", type=int, help=argparse.SUPPRESS)
    parser.add_argument("--work", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.null is not None:
        run_null(given.pages, given.null)
        return
    if given.work is not None:
        work(given.work)
        return
    cores = sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []
    # Removed at the very end: ext4 makes files slowly for minutes after many were removed.
    with tempfile.TemporaryDirectory(prefix="saqshy-crawl-") as home, running_site(given.pages) as site:

        def new_settings() -> Settings:
            return bench_settings(Path(tempfile.mkdtemp(dir=home)), site.address, given.postgres)

        rounds = []
        for number in range(given.rounds):
            n_free, n_cores = free_cores()
            print(
                f"round {number + 1} of {given.rounds}: {n_free:.1f} of {n_cores} cores are free", flush=True
            )
            rounds.append(one_round(site, given.pages, new_settings, cores))
        is_met = report(rounds)
    sys.exit(0 if is_met else 1)


if __name__ == "__main__":
    with suppress(KeyboardInterrupt):
        main()
