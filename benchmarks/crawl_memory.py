"""Memory of a crawl's processes over many pages: below its limit, and flat.

One run fetches, stores and reads short vacancies (1.5 KB) from the site on loopback. What each
process holds (resident memory, pages shared with others included) is looked at every second.
Flat means that from a fifth of the way on no process grows by more than a tenth of the limit.

    .venv/bin/python -m benchmarks.crawl_memory
    .venv/bin/python -m benchmarks.crawl_memory --pages 100000
"""

import argparse
import os
import statistics
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.crawl import add_run, bench_settings, source_config
from benchmarks.crawl_site import HOSTS, N_HOSTS, addresses, running_site
from crawlers.frontier import NewRequest, add_requests
from crawlers.jobs import run_due_crawl
from models.crawl import CrawlRun, Page
from models.enums import ParseState, RequestKind, RunState
from models.schema import upgrade_schema
from models.session import Database
from models.worker import utc_now

LIMIT_MB = 150.0
MOST_GROWTH_MB = LIMIT_MB / 10
SETTLED = 0.2
_STEP = 5000
_PAGE_MB = os.sysconf("SC_PAGE_SIZE") / 1024**2


@dataclass(frozen=True)
class Look:
    """Resident memory of one process at one moment."""

    share_done: float
    mb: float


def children_of(pid: int) -> list[int]:
    """Processes that a process started, by their entries in /proc."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def processes() -> Iterator[tuple[str, int]]:
    """The crawl's processes below this one, by what they do."""
    for pid in children_of(os.getpid()):
        with suppress(OSError):
            command = Path(f"/proc/{pid}/cmdline").read_text()
            if "crawlers.sandbox" in command:
                yield "parsing", pid
            if "crawlers.crawl_process" in command:
                yield "starting", pid
                for crawl in children_of(pid):
                    yield "fetching", crawl
                    yield from (("storing", child) for child in children_of(crawl))


def resident_mb(pid: int) -> float:
    """Resident memory of a process."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * _PAGE_MB


def crawl(db: Database, ended: threading.Event) -> None:
    """Run the due crawl."""
    try:
        run_due_crawl(db, db.settings, now=utc_now())
    finally:
        ended.set()


def add_addresses(db: Database, run_id: int, n_pages: int) -> None:
    """Put the vacancies into the run's frontier, some at a time."""
    urls = addresses(n_pages)
    for start in range(0, len(urls), _STEP):
        with db.write() as session:
            requests = [NewRequest(url, RequestKind.AD, 1) for url in urls[start : start + _STEP]]
            add_requests(session, run_id, requests, max_pages=len(urls) + 1, now=utc_now())


def n_read(db: Database, run_id: int) -> int:
    """Pages of the run that were read."""
    with db.read() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Page)
                .where(Page.crawl_run_id == run_id, Page.parse_state == ParseState.PARSED)
            )
            or 0
        )


def watch(db: Database, run_id: int, n_all: int) -> dict[str, list[Look]]:
    """Crawl, and look at the processes every second meanwhile."""
    looks: dict[str, list[Look]] = defaultdict(list)
    ended = threading.Event()
    worker = threading.Thread(target=crawl, args=(db, ended))
    started = told = time.monotonic()
    worker.start()
    while not ended.wait(1.0):
        done = n_read(db, run_id) / n_all
        for name, pid in processes():
            with suppress(OSError):
                looks[name].append(Look(done, resident_mb(pid)))
        if time.monotonic() - told > 30:
            told = time.monotonic()
            now = ", ".join(f"{name} {rows[-1].mb:.0f} MB" for name, rows in sorted(looks.items()))
            print(f"  {done:.0%} after {told - started:.0f} s: {now}", flush=True)
    worker.join()
    print(f"{n_all} pages in {time.monotonic() - started:.0f} s")
    return looks


def report(looks: dict[str, list[Look]]) -> bool:
    """Print what each process held; returns whether the one that fetches keeps the limit and all are flat."""
    is_good = True
    for name, rows in sorted(looks.items()):
        most = max(row.mb for row in rows)
        growth = growth_mb(rows)
        print(f"{name}: at most {most:.0f} MB, growth from {SETTLED:.0%} on {growth:+.1f} MB")
        is_good = is_good and growth <= MOST_GROWTH_MB and (name != "fetching" or most <= LIMIT_MB)
    print(f"goal: fetching at most {LIMIT_MB:.0f} MB, nothing grows by more than {MOST_GROWTH_MB:.0f} MB")
    return is_good


def growth_mb(rows: Sequence[Look]) -> float:
    """Median of the last fifth of the way less that of the second; 0 when it was over too soon to tell."""
    first = [row.mb for row in rows if SETTLED <= row.share_done < 2 * SETTLED]
    last = [row.mb for row in rows if row.share_done >= 1 - SETTLED]
    return statistics.median(last) - statistics.median(first) if first and last else 0.0


def main() -> int:
    """Measure and print; 1 when a goal is missed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pages", type=int, default=8000)
    parser.add_argument("--postgres", help="address of an empty database; the embedded one is the default")
    given = parser.parse_args()
    per_host = -(-given.pages // N_HOSTS)
    with tempfile.TemporaryDirectory(prefix="saqshy-memory-") as home, running_site(0) as site:
        db = Database(bench_settings(Path(home), site.address, given.postgres))
        upgrade_schema(db)
        run_id = add_run(db, "memory", source_config([f"http://{HOSTS[0]}/vacancy/1"], N_HOSTS * per_host))
        add_addresses(db, run_id, per_host)
        looks = watch(db, run_id, N_HOSTS * per_host)
        with db.read() as session:
            state = session.get_one(CrawlRun, run_id).state
        n_done = n_read(db, run_id)
        db.close()
    if state is not RunState.DONE or n_done != N_HOSTS * per_host:
        raise SystemExit(f"the run ended {state}, {n_done} of {N_HOSTS * per_host} pages were read")
    return 0 if report(looks) else 1


if __name__ == "__main__":
    sys.exit(main())
