"""F6 on a real small disk: full or read-only in the middle. The intake stops and says so."""

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from crawlers.importing.files import import_file
from crawlers.jobs import run_due_crawl
from models.audit import AuditLog
from models.crawl import CrawlRun
from models.disk import RESERVE_BYTES, DiskFull, free_bytes
from models.enums import RunState
from models.worker import utc_now
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, bench_settings
from tests.crawlers.test_kill import N_PAGES, _check_files, _check_nothing_lost, _finish, begin_chain
from tests.faults.conftest import wait_until
from tests.review_api.acts import REASON, list_address
from tests.review_api.conftest import add_people, make_room
from tests.servers.site import Site

DISK_BYTES = RESERVE_BYTES + 64 * 1024**2


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own, in memory."""
    folder = tmp_path / "disk"
    folder.mkdir()
    options = ["-t", "tmpfs", "-o", f"size={DISK_BYTES}", "saqshy-test", str(folder)]
    done = subprocess.run(["mount", *options], check=False, capture_output=True)
    if done.returncode:
        pytest.skip("only root may mount the small disk that this test fills")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(disk: Path, *, leave: int) -> Path:
    """Let only so many bytes be free."""
    filler = disk / "filler"
    with filler.open("ab") as file:
        os.posix_fallocate(file.fileno(), 0, file.tell() + free_bytes(disk) - leave)
    return filler


def disk_bench(disk: Path, site: Site) -> CrawlBench:
    settings = bench_settings(disk / "var", site, [SITE_HOST])
    return CrawlBench(site, settings, open_database(settings))


def state_of(bench: CrawlBench, run_id: int) -> tuple[RunState, str | None]:
    with bench.db.read() as session:
        run = session.get_one(CrawlRun, run_id)
        return run.state, run.error


def check_whole(bench: CrawlBench, run_id: int) -> None:
    with bench.db.write() as session:
        run = session.get_one(CrawlRun, run_id)
        run.lease_expires_at = run.next_try_at = None  # what waits for its time is another test's business
    _finish(bench, run_id)
    _check_nothing_lost(bench)
    _check_files(bench.db, bench.settings)
    assert len(bench.ads()) == 2 * N_PAGES


def test_f6_the_last_of_the_disk_belongs_to_what_people_decide(
    disk: Path, site: Site, audit_log: AuditLog, tmp_path: Path
) -> None:
    bench = disk_bench(disk, site)
    run_id = begin_chain(bench)
    (tmp_path / "a.jsonl").write_text('{"id": "1", "text": "Ищу няню"}')
    room = make_room(bench.settings, bench.db, audit_log, utc_now())
    people = add_people(room)
    listed = list_address(room, people.analyst, people.approver)
    filler = fill(disk, leave=RESERVE_BYTES - 1024**2)
    with pytest.raises(DiskFull, match="are free on the disk"):
        run_due_crawl(bench.db, bench.settings, now=utc_now())
    with pytest.raises(DiskFull):
        import_file(bench.db, tmp_path / "a.jsonl", now=utc_now())
    assert site.served() == []
    assert state_of(bench, run_id) == (RunState.DUE, None)
    assert room.services.releases.make_release(people.officer.actor, now=room.clock()).number == 1
    with bench.db.write() as session:
        room.services.blocklist.lift(session, people.officer, listed.entry_id, REASON, now=room.clock())
    assert room.services.releases.make_release(people.officer.actor, now=room.clock()).number == 2
    filler.unlink()
    assert import_file(bench.db, tmp_path / "a.jsonl", now=utc_now()).n_stored == 1
    assert run_due_crawl(bench.db, bench.settings, now=utc_now()).n_done == 1
    assert len(bench.ads()) == 2 * N_PAGES + 2  # the listed one and the imported one
    bench.db.close()


def _full(disk: Path) -> Callable[[], None]:
    filler = fill(disk, leave=0)
    return filler.unlink


def _read_only(disk: Path) -> Callable[[], None]:
    """The folder of the stored pages cannot be written."""
    evidence = disk / "var" / "evidence"
    mount = ["mount", "--bind", str(evidence), str(evidence)]
    subprocess.run(mount, check=True)
    subprocess.run(["mount", "-o", "remount,bind,ro", str(evidence)], check=True)

    def mend() -> None:
        subprocess.run(["umount", "--lazy", str(evidence)], check=True)

    return mend


@pytest.mark.slow
@pytest.mark.parametrize("break_disk", [_full, _read_only], ids=["full", "read_only"])
@pytest.mark.parametrize("n_served", [1, 3, 8, 14, 20])
def test_f6_a_disk_that_fails_in_the_middle_leaves_nothing_half(
    disk: Path, site: Site, break_disk: Callable[[Path], Callable[[], None]], n_served: int
) -> None:
    bench = disk_bench(disk, site)
    run_id = begin_chain(bench)
    errors: list[str] = []

    def work() -> None:
        try:
            run_due_crawl(bench.db, bench.settings, now=utc_now())
        except Exception as error:  # as the worker's loop would meet it
            errors.append(type(error).__name__)

    worker = threading.Thread(target=work)
    worker.start()
    wait_until(lambda: len(site.paths()) >= n_served, what="a page")
    mend = break_disk(disk)
    try:
        worker.join(60)
        assert not worker.is_alive()
        _check_nothing_lost(bench)  # reading goes on
        state, error = state_of(bench, run_id)
        assert state in (RunState.DUE, RunState.RUNNING, RunState.DONE)
        assert set(errors) <= {"OperationalError"}
        if state is RunState.DUE:
            assert error == "cannot_store"
    finally:
        mend()
    check_whole(bench, run_id)
    bench.db.close()
