"""How much a crawl costs beside a null Scrapy spider with the same settings, in one run on one machine.

A site on loopback (a process of its own) answers under sixteen host names with
vacancies of about 14 KB. The null spider fetches them and forgets them; ours
also stores, fsyncs, extracts and keeps a frontier. Both ask for the same addresses
in the same order, and are timed from the first vacancy served to the end of their
process. They take turns; what counts is the median of the rounds' ratios, because
neighbours on the machine disturb both halves of a round alike. Processor time per
page (start of the process and parser child included) stands beside it.

    .venv/bin/python -m benchmarks.crawl
    .venv/bin/python -m benchmarks.crawl --pages 200 --rounds 5 --postgres postgresql://…/empty
"""

import argparse
import asyncio
import json
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import AsyncCrawlerProcess
from sqlalchemy import func, select

from crawlers.jobs import run_due_crawl
from crawlers.settings import scrapy_settings
from crawlers.sources_config import SourceConfig
from models.ad import Ad
from models.config import HostPort, Settings, load_settings
from models.crawl import Source
from models.runs import start_manual_run
from models.schema import upgrade_schema
from models.session import Database
from models.worker import utc_now

N_HOSTS = 16
TARGET_RATIO = 0.5
HOSTS = [f"board{n}.example" for n in range(N_HOSTS)]
FILLER = "<div class='related'><a href='#'>Тағы бір бос орын, толық жұмыс күні</a></div>\n" * 100


def vacancy(host: str, number: int) -> bytes:
    """A vacancy page as job boards write them."""
    text = f"Вакансия {number} на {host}. " + "Обязанности: работа на складе, график 2/2. " * 15
    posting = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": f"Кладовщик {number}",
        "description": text,
        "identifier": {"@type": "PropertyValue", "value": f"{host}-{number}"},
        "url": f"http://{host}/vacancy/{number}",
        "datePosted": "2026-11-01",
        "hiringOrganization": {"@type": "Organization", "name": "ТОО Қойма"},
    }
    script = f'<script type="application/ld+json">{json.dumps(posting, ensure_ascii=False)}</script>'
    return f"<html><head><title>{number}</title>{script}</head><body>{FILLER}</body></html>".encode()


def addresses(n_pages: int) -> list[str]:
    """All vacancies, in the order in which both spiders ask: one of each host in turn."""
    return [f"http://{host}/vacancy/{number}" for number in range(1, n_pages + 1) for host in HOSTS]


class _Protocol(asyncio.Protocol):
    """The least of HTTP/1.1: keeps connections open, answers GET from prepared bytes."""

    def __init__(self, answers: dict[tuple[str, str], bytes], first_served_at: Any) -> None:
        self.answers, self.first_served_at, self.waiting = answers, first_served_at, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while b"\r\n\r\n" in self.waiting:
            head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            path = lines[0].split(" ")[1]
            host = next(line[5:].strip() for line in lines if line.lower().startswith("host:"))
            body = self.answers.get((host.partition(":")[0], path))
            if body is not None and "vacancy" in path and not self.first_served_at.value:
                self.first_served_at.value = time.time()
            status = "200 OK" if body is not None else "404 Not Found"
            body = body or b""
            head_out = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
            self.transport.write(f"{head_out}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def serve(n_pages: int, port: Any, first_served_at: Any) -> None:
    """Run the site; ``port`` tells where."""
    answers = {(host, f"/vacancy/{n}"): vacancy(host, n) for host in HOSTS for n in range(1, n_pages + 1)}

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Protocol(answers, first_served_at), "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(main())


def source_config(n_pages: int) -> SourceConfig:
    """The source that both spiders crawl."""
    return SourceConfig.model_validate(
        {
            "name": "benchmark",
            "kind": "job_board",
            "title": "benchmark",
            "start": addresses(n_pages),
            "pages": [{"match": "/vacancy/", "page_object": "job_posting"}],
            "schedule": {"every_minutes": 60},
            "limits": {"delay_seconds": 0, "max_pages": N_HOSTS * n_pages, "max_depth": 0},
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
        wanted = scrapy_settings(settings, source_config(n_pages))
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


def time_ours(n_pages: int, target: HostPort, database_url: str | None) -> float:
    """Crawl into a fresh installation; returns when it ended, every vacancy in its row."""
    with tempfile.TemporaryDirectory(prefix="saqshy-crawl-") as folder:
        settings = bench_settings(Path(folder), target, database_url)
        db = Database(settings)
        upgrade_schema(db)
        with db.write() as session:
            config = source_config(n_pages)
            source = Source(
                name=f"benchmark{time.time_ns()}",
                kind=config.kind,
                title="benchmark",
                settings=config.model_dump(mode="json"),
                settings_sha256="",
                is_enabled=True,
                created_at=utc_now(),
            )
            session.add(source)
            session.flush()
            source_id = source.id
            start_manual_run(session, source, utc_now())
        run_due_crawl(db, settings, now=utc_now())
        ended_at = time.time()
        with db.read() as session:
            n_ads = session.scalar(select(func.count()).select_from(Ad).where(Ad.source_id == source_id))
        db.close()
    if n_ads != N_HOSTS * n_pages:
        raise SystemExit(f"only {n_ads} of {N_HOSTS * n_pages} vacancies arrived")
    return ended_at


@dataclass(frozen=True)
class Measured:
    """One crawl: pages per second, and processor time per page of all its processes (not the site's)."""

    rate: float
    cpu_ms: float

    def __str__(self) -> str:
        return f"{self.rate:.0f} pages/s, {self.cpu_ms:.1f} ms CPU/page"


def measure(crawl: Callable[[], float], n_pages: int, first_served_at: Any) -> Measured:
    """Time one crawl, which returns when it ended."""
    first_served_at.value = 0.0
    before = cpu_seconds()
    ended_at = crawl()
    after = cpu_seconds()
    return Measured(n_pages / (ended_at - first_served_at.value), 1000 * (after - before) / n_pages)


def cpu_seconds() -> float:
    """Processor time of this process, which reads the pages as a worker does, and of its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=150, help="vacancies per host (16 hosts)")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--postgres", help="address of an empty database; the embedded one is the default")
    parser.add_argument("--null", type=int, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.null is not None:
        run_null(given.pages, given.null)
        return
    port, first_served_at = multiprocessing.Value("i", 0), multiprocessing.Value("d", 0.0)
    site = multiprocessing.Process(target=serve, args=(given.pages, port, first_served_at), daemon=True)
    site.start()
    while not port.value:
        time.sleep(0.05)
    n_all, rounds = given.pages * N_HOSTS, []
    target = ("127.0.0.1", port.value)
    for _ in range(given.rounds):
        null = measure(lambda: time_null(given.pages, port.value), n_all, first_served_at)
        ours = measure(lambda: time_ours(given.pages, target, given.postgres), n_all, first_served_at)
        rounds.append((null, ours))
        load = os.getloadavg()[0]
        print(f"null {null}; ours {ours}; ratio {ours.rate / null.rate:.2f}, load {load:.1f}", flush=True)
    site.terminate()
    ratio = statistics.median(ours.rate / null.rate for null, ours in rounds)
    null, ours = (
        Measured(statistics.median(one.rate for one in side), statistics.median(one.cpu_ms for one in side))
        for side in zip(*rounds, strict=True)
    )
    print(
        f"{n_all} pages, medians of {given.rounds} rounds: null {null}; ours {ours};"
        f" ratio {ratio:.2f} (at least {TARGET_RATIO})"
    )
    sys.exit(0 if ratio >= TARGET_RATIO else 1)


if __name__ == "__main__":
    main()
