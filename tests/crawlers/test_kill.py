"""kill -9 at random moments of crawl and import: nothing lost or doubled. The site's journal is the judge."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from pathlib import Path

import pytest
from sqlalchemy import func, select

from crawlers.bytes_first import sweep_evidence
from crawlers.importing.files import import_file
from crawlers.jobs import run_due_crawl
from models.ad import Ad, AdVersion
from models.blobs import BlobStore
from models.config import Settings
from models.crawl import CrawlRun, FrontierRequest, Page, Source
from models.enums import FetchResult, ParseState, RequestState, RunState
from models.evidence import Evidence
from models.integrity import verify_evidence
from models.runs import start_manual_run
from models.session import Database
from models.worker import utc_now
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings, channel_page
from tests.servers.site import Reply, Site

N_PAGES = 24
N_RECORDS = 400
N_CRAWL_KILLS = 20
N_IMPORT_KILLS = 10
FEW_CRAWL_KILLS = 3
FEW_IMPORT_KILLS = 2

WORKER = """
import sys, json
from models.config import load_settings
from models.session import Database
from models.worker import utc_now
from crawlers.jobs import run_due_crawl
settings = load_settings(**json.loads(sys.argv[1]))
run_due_crawl(Database(settings), settings, now=utc_now())
"""
IMPORTER = """
import sys, json
from pathlib import Path
import models.tables
from models.config import load_settings
from models.session import Database
from models.worker import utc_now
from crawlers.importing.files import import_file
print("ready", flush=True)
import_file(Database(load_settings(**json.loads(sys.argv[1]))), Path(sys.argv[2]), now=utc_now())
"""


def _overrides(settings: Settings) -> str:
    return json.dumps(
        settings.model_dump(
            mode="json",
            include={"data_dir", "database_url", "loopback_allow", "host_overrides", "lease_seconds"},
        )
    )


def _start(code: str, *arguments: str) -> "subprocess.Popen[bytes]":
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """The worker, its crawl process and the parser child, at once, as a power cut would."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    if process.stdout is not None:
        process.stdout.close()


def _route_chain(site: Site, begin: int = 0) -> None:
    """Each page leads to the next, has two ads, and is a little slow; another ``begin``, other pages."""
    for n in range(begin, begin + N_PAGES):
        posts = {2 * n: f"Объявление номер {2 * n}", 2 * n + 1: f"Объявление номер {2 * n + 1}"}
        older = n + 1 if n + 1 < begin + N_PAGES else None
        path = "/" if n == begin else f"/?before={n}"
        body = channel_page(posts, older=older)
        site.routes[path] = Reply(partial(_once, body), pause_seconds=0.02)


def _once(body: bytes) -> Iterator[bytes]:
    yield body


def begin_chain(bench: CrawlBench) -> int:
    """Route the chain and have its source crawled; returns the number of the run, which no worker has yet."""
    _route_chain(bench.site)
    source_id = bench.add_source(
        pages=[{"match": ".", "page_object": "telegram_channel"}],
        limits={"max_depth": 100, "max_pages": 500, "max_stale_pages": 100},
    )
    with bench.db.write() as session:
        return start_manual_run(session, session.get_one(Source, source_id), utc_now()).id


def crawl_beside(bench: CrawlBench, n_pages: int, stop: threading.Event | None = None) -> threading.Thread:
    """A worker in a thread, after so many pages were served; it ends with its crawl or when told to stop."""
    worker = threading.Thread(
        target=partial(run_due_crawl, bench.db, bench.settings, now=utc_now(), stop=stop)
    )
    worker.start()
    deadline = time.monotonic() + 60
    while len(bench.site.paths()) < n_pages and time.monotonic() < deadline:
        time.sleep(0.02)
    return worker


def check_it_goes_on(bench: CrawlBench, run_id: int) -> None:
    """Nothing was lost, and the next workers bring the chain to its end."""
    _check_nothing_lost(bench)
    _finish(bench, run_id)
    assert len(bench.ads()) == 2 * N_PAGES


def _finish(bench: CrawlBench, run_id: int) -> None:
    """Let a worker take up what is left, as it would: after the leases have run out."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        with bench.db.read() as session:
            if session.get_one(CrawlRun, run_id).state in (RunState.DONE, RunState.FAILED):
                return
        if run_due_crawl(bench.db, bench.settings, now=utc_now()).n_done == 0:
            time.sleep(0.3)
    pytest.fail("the run did not come to its end")


def _check_nothing_lost(bench: CrawlBench) -> None:
    served = {f"http://{SITE_HOST}{path}" for path in bench.site.paths()}
    with bench.db.read() as session:
        stored = set(session.scalars(select(Page.url).where(Page.result == FetchResult.PAGE)))
        waiting = set(
            session.scalars(
                select(FrontierRequest.url).where(
                    FrontierRequest.state.in_((RequestState.PENDING, RequestState.LEASED))
                )
            )
        )
        assert served <= stored | waiting
        doubled = session.execute(
            select(Ad.external_id, func.count())
            .group_by(Ad.source_id, Ad.external_id)
            .having(func.count() > 1)
        ).all()
        assert not doubled


def _check_files(db: Database, settings: Settings) -> None:
    store = BlobStore(settings.evidence_dir)
    sweep_evidence(db, store, older_than_seconds=0)
    assert [damage for damage in verify_evidence(db, store) if damage] == []
    with db.read() as session:
        assert set(store.names()) == set(session.scalars(select(Evidence.sha256)))
    assert not list(store.folder.glob("**/*.tmp"))


@pytest.mark.timeout(200)
def test_a_few_kills_during_crawls_lose_nothing(settings: Settings, tmp_path: Path, site: Site) -> None:
    _crawl_under_kills(settings, tmp_path, site, seed=1, n_kills=FEW_CRAWL_KILLS)


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("seed", range(20, 25))
def test_f1_kills_at_random_moments_of_crawls_lose_nothing(
    settings: Settings, tmp_path: Path, site: Site, seed: int
) -> None:
    _crawl_under_kills(settings, tmp_path, site, seed=seed, n_kills=N_CRAWL_KILLS)


def _crawl_under_kills(settings: Settings, folder: Path, site: Site, *, seed: int, n_kills: int) -> None:
    own = bench_settings(folder / "var", site, [SITE_HOST], database_url=settings.database_url)
    bench = CrawlBench(site, own, open_database(own))
    _kill_and_finish(bench, random.Random(seed), n_kills=n_kills)
    bench.db.close()


def _kill_and_finish(bench: CrawlBench, chance: random.Random, *, n_kills: int) -> None:
    _route_chain(bench.site)
    source_id = bench.add_source(
        pages=[{"match": ".", "page_object": "telegram_channel"}],
        limits={"max_depth": 100, "max_pages": 500},
    )
    n_killed, n_chains = 0, 1
    while n_killed < n_kills:
        with bench.db.write() as session:
            run = start_manual_run(session, session.get_one(Source, source_id), utc_now())
            run.lease_expires_at = run.next_try_at = None  # the test's kill is known; no need to wait for it
            run_id = run.id
            n_stored = session.scalar(select(func.count(Page.id)).where(Page.crawl_run_id == run_id)) or 0
        # Among the pages that are left, or most workers would end before they are killed; never
        # twice at the same page, which after five kills would rightly count as poison.
        n_left = max(2, N_PAGES - n_stored)
        n_wanted = len(bench.site.paths()) + chance.randint(2, n_left)
        worker = _start(WORKER, _overrides(bench.settings))
        _wait_for_some_pages(bench.site, worker, n_wanted)
        time.sleep(chance.uniform(0, 0.05))
        if worker.poll() is None:
            n_killed += 1
        _kill_group(worker)
        _check_nothing_lost(bench)
        with bench.db.read() as session:
            is_done = session.get_one(CrawlRun, run_id).state is RunState.DONE
        if is_done and n_killed < n_kills:
            # A crawl of known pages soon ends, so the next kills find new ones.
            _route_chain(bench.site, n_chains * N_PAGES)
            n_chains += 1
    with bench.db.write() as session:
        run = session.get_one(CrawlRun, run_id)
        run.lease_expires_at = run.next_try_at = None
    _finish(bench, run_id)
    _check_nothing_lost(bench)
    _check_files(bench.db, bench.settings)
    with bench.db.read() as session:
        n_ads = 2 * N_PAGES * n_chains
        assert session.scalar(select(func.count()).select_from(Ad)) == n_ads
        assert session.scalar(select(func.count()).select_from(AdVersion)) == n_ads
        unread = session.scalar(
            select(func.count()).select_from(Page).where(Page.parse_state == ParseState.PENDING)
        )
        assert unread == 0


def _wait_for_some_pages(site: Site, worker: "subprocess.Popen[bytes]", n: int) -> None:
    deadline = time.monotonic() + 60
    while len(site.paths()) < n and worker.poll() is None and time.monotonic() < deadline:
        time.sleep(0.005)


def _write_records(path: Path, prefix: str) -> None:
    lines = (
        json.dumps(
            {"id": f"{prefix}-{n}", "text": f"Запись {prefix} {n}", "source": "kill"}, ensure_ascii=False
        )
        for n in range(N_RECORDS)
    )
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


@pytest.mark.timeout(200)
def test_a_few_kills_during_imports_double_nothing(settings: Settings, tmp_path: Path) -> None:
    _import_under_kills(settings, tmp_path, seed=1, n_kills=FEW_IMPORT_KILLS)


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_kills_at_random_moments_of_imports_double_nothing(settings: Settings, tmp_path: Path) -> None:
    _import_under_kills(settings, tmp_path, seed=10, n_kills=N_IMPORT_KILLS)


def _import_under_kills(settings: Settings, folder: Path, *, seed: int, n_kills: int) -> None:
    db = open_database(settings)
    chance, n_killed, files = random.Random(seed), 0, list[Path]()
    while n_killed < n_kills:
        files.append(folder / f"records{len(files)}.jsonl")
        _write_records(files[-1], str(len(files)))
        importer = _start(IMPORTER, _overrides(settings), str(files[-1]))
        assert importer.stdout is not None
        importer.stdout.readline()
        time.sleep(chance.uniform(0, 1.0))
        n_killed += importer.poll() is None
        _kill_group(importer)
    for file in files:
        report = import_file(db, file, now=utc_now())
        assert (report.n_rows, report.n_refused) == (N_RECORDS, 0)
    with db.read() as session:
        for model in (Ad, AdVersion, Page):
            n_rows = session.scalar(select(func.count()).select_from(model))
            assert n_rows == N_RECORDS * len(files)
    _check_files(db, settings)
    db.close()
