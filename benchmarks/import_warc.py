"""A web archive of 1 GB through ``saqshy import``: rate, memory, progress, and a kill -9 in the middle.

The archive is made on the fly from the saved pages of ``../shared/fixtures``, each record with an address
and bytes of its own: pages of the kinds that sources have (channels, forums, feeds, vacancies, listings);
each tenth is of any other site, read by its main text, and each fiftieth is longer than 256 KB. The real
command imports it, is killed with -9 in the middle, and runs again to the end; then every response must be
one page, and no more. ``--even`` takes all pages in turn, which makes a record three times as dear to read.

    .venv/bin/python -m benchmarks.import_warc
    .venv/bin/python -m benchmarks.import_warc --mb 100 --gzip --postgres postgresql://…/empty
"""

import argparse
import gzip
import os
import random
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, cycle
from pathlib import Path

from sqlalchemy import func, select

from crawlers.bytes_first import sweep_evidence
from crawlers.extraction import extract_page
from models.blobs import BlobStore
from models.config import Settings, load_settings
from models.crawl import Page
from models.enums import ParseState
from models.evidence import Evidence
from models.installation import prepare_installation
from models.session import Database
from models.worker import utc_now

FIXTURES = Path(__file__).resolve().parent.parent.parent / "shared" / "fixtures"
FOLDERS = ("feeds", "forums", "hh", "jobboards", "kz_misc", "olx", "structured_data", "telegram", "wordpress")
TYPES = {".html": "text/html", ".json": "application/json", ".xml": "application/xml",
         ".rss": "application/rss+xml", ".atom": "application/atom+xml"}  # fmt: skip
LARGE_BYTES = 256 * 1024
TARGET_RATE = 200.0
# Memory of the command with its parsers: median of the last quarter of the time against that of the second.
MAX_GROWTH = 1.15
SAMPLE_SECONDS = 0.25


@dataclass(frozen=True)
class Sample:
    """One saved page."""

    body: bytes
    content_type: str
    host: str


def samples() -> Iterator[Sample]:
    """All saved pages."""
    for path in sorted(path for folder in FOLDERS for path in (FIXTURES / folder).rglob("*")):
        if path.suffix in TYPES:
            host = path.stem.lower().replace("_", "-")[:40].strip("-.") + ".example"
            yield Sample(path.read_bytes(), TYPES[path.suffix], host)


def mixture(*, is_even: bool) -> Iterator[Sample]:
    """Pages without end: in turn, or the dear ones seldom."""
    pages = list(samples())
    random.Random(1).shuffle(pages)
    if is_even:
        yield from cycle(pages)
    large = cycle([page for page in pages if len(page.body) > LARGE_BYTES])
    small = [page for page in pages if len(page.body) <= LARGE_BYTES]
    dear = {page.host for page in small if is_generic(page)}
    seldom = cycle([page for page in small if page.host in dear])
    often = cycle([page for page in small if page.host not in dear])
    for n in count(1):
        yield next(large if n % 50 == 0 else seldom if n % 10 == 0 else often)


def is_generic(page: Sample) -> bool:
    """Whether only the last resort reads it."""
    found = extract_page(page.body, url=f"https://{page.host}/", content_type=page.content_type)
    return found.page_object in (None, "generic")


def write_archive(path: Path, n_bytes: int, *, is_gzip: bool, is_even: bool) -> int:
    """Write an archive of at least that size; returns how many responses it holds."""
    pages = mixture(is_even=is_even)
    with path.open("wb") as file:
        for n in count(1):
            record = response_record(next(pages), n)
            file.write(gzip.compress(record, 1) if is_gzip else record)
            if file.tell() >= n_bytes:
                return n
    raise AssertionError("a count has no end")


def response_record(sample: Sample, number: int) -> bytes:
    """One response: the saved page on a host of its own, its ads with ids of their own."""
    own = b"%d" % number
    body = sample.body.replace(b'data-post="', b'data-post="r' + own)
    for mark in (b"</guid>", b"</id>"):
        body = body.replace(mark, own + mark)
    body += b" " * number if "json" in sample.content_type else b"<!-- %s -->" % own
    http = f"HTTP/1.1 200 OK\r\nContent-Type: {sample.content_type}\r\n\r\n".encode()
    answer = http + body
    head = (
        f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number:032x}>\r\n"
        f"WARC-Date: 2026-05-{1 + number % 28:02d}T10:00:00Z\r\n"
        f"WARC-Target-URI: https://r{number}.{sample.host}/p/{number}\r\n"
        f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(answer)}\r\n\r\n"
    )
    return head.encode() + answer + b"\r\n\r\n"


@dataclass
class Ran:
    """One run of the command.

    Attributes:
        cpu_seconds: processor time of it and its children.
        memory: resident bytes of it and its children, every SAMPLE_SECONDS.
        lines: what it said on standard error.
    """

    seconds: float = 0.0
    cpu_seconds: float = 0.0
    memory: list[int] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)
    out: str = ""

    @property
    def growth(self) -> float:
        """Memory late in the run against early in it."""
        quarter = max(1, len(self.memory) // 4)
        early, late = self.memory[quarter : 2 * quarter], self.memory[-quarter:]
        return statistics.median(late) / statistics.median(early or late)


def run_import(path: Path, environment: dict[str, str], *, kill_at: int | None = None) -> Ran:
    """Run ``saqshy import``; its whole group is killed with -9 when ``kill_at`` pages are read."""
    ran, started, cpu_before = Ran(), time.monotonic(), cpu_seconds()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "import", str(path)],
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    if process.stdout is None or process.stderr is None:
        raise AssertionError("pipes were asked for")
    said = threading.Thread(target=lambda stream: ran.lines.extend(stream), args=(process.stderr,))
    said.start()
    while process.poll() is None:
        ran.memory.append(memory_of_group(process.pid))
        if kill_at is not None and count_pages(environment) >= kill_at:
            os.killpg(process.pid, signal.SIGKILL)
        time.sleep(SAMPLE_SECONDS)
    ran.seconds, ran.cpu_seconds = time.monotonic() - started, cpu_seconds() - cpu_before
    said.join()
    ran.out = process.stdout.read()
    return ran


def cpu_seconds() -> float:
    """Processor time of all ended children, theirs included."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def memory_of_group(group: int) -> int:
    """Resident bytes of all processes of a group; shared pages count in each."""
    total = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            of_group = int((folder / "stat").read_text().rpartition(")")[2].split()[2])
            if of_group == group:
                total += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue  # it ended meanwhile
    return total


def settings_of(environment: dict[str, str]) -> Settings:
    """The settings that the command reads from its environment."""
    return load_settings(
        data_dir=Path(environment["SAQSHY_DATA_DIR"]), database_url=environment.get("SAQSHY_DATABASE_URL")
    )


def doubled_or_lost(environment: dict[str, str], n_records: int) -> list[str]:
    """What does not stand exactly once."""
    settings = settings_of(environment)
    db, store = Database(settings), BlobStore(settings.evidence_dir)
    sweep_evidence(db, store, older_than_seconds=0)
    with db.read() as session:
        n_pages = session.scalar(select(func.count()).select_from(Page))
        n_unread = session.scalar(
            select(func.count()).select_from(Page).where(Page.parse_state == ParseState.PENDING)
        )
        files, named = set(store.names()), set(session.scalars(select(Evidence.sha256)))
    db.close()
    wrong = []
    if n_pages != n_records:
        wrong.append(f"{n_pages} pages of {n_records} responses")
    if n_unread:
        wrong.append(f"{n_unread} pages unread")
    if files != named:
        wrong.append(f"{len(files ^ named)} files without row or rows without file")
    return wrong


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--mb", type=int, default=1024, help="size of the archive")
    parser.add_argument("--gzip", action="store_true", help="each record compressed, as archives usually are")
    parser.add_argument("--even", action="store_true", help="all saved pages in turn")
    parser.add_argument("--postgres", help="address of an empty database; the embedded one is the default")
    given = parser.parse_args()
    if not FIXTURES.is_dir():
        raise SystemExit("../shared/fixtures (saved pages) is not beside this checkout")
    with tempfile.TemporaryDirectory(prefix="saqshy-import-") as name:
        folder = Path(name)
        archive = folder / ("pages.warc.gz" if given.gzip else "pages.warc")
        n_bytes = given.mb * 1024 * 1024
        n_records = write_archive(archive, n_bytes, is_gzip=given.gzip, is_even=given.even)
        environment = {"SAQSHY_DATA_DIR": str(folder / "var")}
        if given.postgres:
            environment["SAQSHY_DATABASE_URL"] = given.postgres
        prepare_installation(settings_of(environment), utc_now()).database.close()
        sys.exit(0 if measure(archive, environment, n_records) else 1)


def measure(archive: Path, environment: dict[str, str], n_records: int) -> bool:
    """Import with a kill in the middle; whether all goals are met."""
    n_mb = archive.stat().st_size / 1024**2
    print(f"{n_mb:.0f} MB, {n_records} responses, load {os.getloadavg()[0]:.1f}", flush=True)
    killed = run_import(archive, environment, kill_at=n_records // 3)
    n_kept = count_pages(environment)
    print(f"killed with -9 after {killed.seconds:.0f} s and {n_kept} pages", flush=True)
    second = run_import(archive, environment)
    print("".join(second.lines[:1] + second.lines[-2:]), end="")
    print(second.out.splitlines()[0].partition(": ")[2])
    n_rest = n_records - n_kept
    rate, cpu_ms = n_rest / second.seconds, 1000 * second.cpu_seconds / n_rest
    print(f"run again: {second.seconds:.0f} s for the other {n_rest}, {cpu_ms:.1f} ms CPU/record:")
    print(f"{rate:.0f} records/s (at least {TARGET_RATE:.0f}), {rate * n_mb / n_records:.1f} MB/s")
    n_most = max(second.memory) / 1024**2
    print(f"memory: at most {n_most:.0f} MB, late/early {second.growth:.2f} (at most {MAX_GROWTH})")
    wrong = doubled_or_lost(environment, n_records)
    print("; ".join(wrong) or "nothing doubled, nothing lost")
    has_time_left = any(" left" in line for line in second.lines)
    return rate >= TARGET_RATE and second.growth <= MAX_GROWTH and has_time_left and not wrong


def count_pages(environment: dict[str, str]) -> int:
    """How many responses are read so far."""
    db = Database(settings_of(environment))
    with db.read() as session:
        is_read = Page.parse_state != ParseState.PENDING
        n = session.scalar(select(func.count()).select_from(Page).where(is_read)) or 0
    db.close()
    return n


if __name__ == "__main__":
    main()
