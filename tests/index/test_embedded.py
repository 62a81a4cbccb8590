"""What only the embedded engine must stand: other processes, kill -9, damaged files."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from index import folder
from index.embedded import EmbeddedEngine
from index.engine import IndexDamaged, IndexUnavailable, Outcome
from index.queries import SearchQuery
from tests.index.factories import make_document

ROOT = Path(__file__).resolve().parent.parent.parent

WRITER = """
import sys
from pathlib import Path
from index.embedded import EmbeddedEngine
from tests.index.factories import make_document
engine = EmbeddedEngine(Path(sys.argv[1]))
first, batch = int(sys.argv[2]), 20
print("ready", flush=True)
while True:
    engine.write([make_document(i, f"объявление {i}") for i in range(first, first + batch)])
    print(first + batch - 1, flush=True)
    first += batch
"""

FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from index.embedded import EmbeddedEngine
from index.engine import IndexUnavailable
from tests.index.factories import make_document
engine = EmbeddedEngine(Path(sys.argv[1]))
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
for ask in (engine.write, engine.rebuild):
    try:
        ask([make_document(i, f"новый {i} " * 50) for i in range(1, 200)])
    except IndexUnavailable as error:
        print(error.message, flush=True)
"""

REBUILDER = """
import sys, time
from pathlib import Path
from index.embedded import EmbeddedEngine
from tests.index.factories import make_document
def documents():
    for i in range(1, 100_000):
        yield make_document(i, "новый")
        if i == 3000:
            print("half", flush=True)
            time.sleep(60)
EmbeddedEngine(Path(sys.argv[1])).rebuild(documents())
"""


def start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )


def generation(path: Path) -> Path:
    return path / (path / "CURRENT").read_text().strip()


@pytest.mark.slow
def test_kill_9_of_the_writer_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    rng = random.Random(7)
    engine = EmbeddedEngine(tmp_path)
    engine.create()
    last = 0
    for _ in range(8):
        process = start(WRITER, tmp_path, last + 1)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        for _ in range(rng.randint(1, 5)):
            last = int(process.stdout.readline())
        time.sleep(rng.uniform(0.0, 0.05))
        os.kill(process.pid, signal.SIGKILL)
        rest, _ = process.communicate()
        last = max([last, *map(int, rest.split())])
        held = dict(engine.ids_and_versions())
        assert set(held) >= set(range(1, last + 1))
        assert engine.health().is_ready
        assert engine.find_damage() == ()
        # The dead writer's lock is gone: the next batch goes in at once.
        assert engine.write([make_document(10_000_000)]).count(Outcome.WRITTEN) == 1
    assert last >= 8 * 20


def test_kill_9_of_a_rebuild_leaves_the_old_index_and_no_rubbish(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.rebuild([make_document(1, "старый")])
    process = start(REBUILDER, tmp_path)
    assert process.stdout is not None
    assert process.stdout.readline() == "half\n"
    assert len(list(tmp_path.glob("g-*"))) == 2
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    assert engine.search(SearchQuery("старый")).total == 1
    engine.rebuild([make_document(1, "старый"), make_document(2)])
    assert engine.count() == 2
    assert list(tmp_path.glob("g-*")) == [generation(tmp_path)]


def test_a_full_disk_is_said_and_what_was_there_stays(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.rebuild([make_document(1, "старый")])
    said, _ = start(FULL_DISK, tmp_path).communicate(timeout=60)
    assert said.count("Check the space") == 2
    assert [hit.ad_id for hit in engine.search(SearchQuery()).hits] == [1]
    assert engine.find_damage() == ()
    engine.write([make_document(2)])
    assert engine.count() == 2


def write_from(path: Path, first: int) -> None:
    engine = EmbeddedEngine(path)
    for i in range(first, first + 20):
        assert engine.write([make_document(i)]).count(Outcome.WRITTEN) == 1


def test_processes_take_turns_at_writing_and_all_see_all(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.create()
    assert engine.count() == 0
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=write_from, args=(tmp_path, first)) for first in (1, 101, 201)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
        assert writer.exitcode == 0
    assert engine.count() == 60


def test_threads_search_while_another_writes(embedded_engine: EmbeddedEngine) -> None:
    problems: list[BaseException] = []
    stop = threading.Event()

    def search() -> None:
        try:
            while not stop.is_set():
                page = embedded_engine.search(SearchQuery("продавец"))
                assert page.total >= len(page.hits)
        except BaseException as error:
            problems.append(error)

    threads = [threading.Thread(target=search) for _ in range(3)]
    for thread in threads:
        thread.start()
    for i in range(1, 30):
        embedded_engine.write([make_document(i)])
    embedded_engine.rebuild([make_document(i) for i in range(1, 30)])
    stop.set()
    for thread in threads:
        thread.join(20)
    assert problems == []
    assert embedded_engine.count() == 29


def test_a_writer_that_never_ends_is_waited_for_only_so_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.create()
    monkeypatch.setattr(folder, "LOCK_SECONDS", 0.1)
    with folder.IndexFolder(tmp_path).writer_lock(), pytest.raises(IndexUnavailable, match="writing"):
        EmbeddedEngine(tmp_path).write([make_document(1)])
    assert engine.write([make_document(1)]).count(Outcome.WRITTEN) == 1


def test_many_small_batches_do_not_pile_up_files(embedded_engine: EmbeddedEngine, tmp_path: Path) -> None:
    for i in range(1, 51):
        embedded_engine.write([make_document(i)])
    assert embedded_engine.count() == 50
    assert len(list(generation(tmp_path / "index").glob("*.store"))) < 20


def damage(path: Path, how: str) -> str:
    victim = max(generation(path).glob("*.idx"), key=lambda p: p.stat().st_size)
    body = victim.read_bytes()
    if how == "cut":
        victim.write_bytes(body[: len(body) // 2])
    elif how == "missing":
        victim.unlink()
    else:
        victim.write_bytes(bytes([body[0] ^ 1]) + body[1:])
    return victim.name


@pytest.mark.parametrize("how", ["cut", "missing"])
def test_a_broken_file_is_said_and_a_rebuild_mends_it(tmp_path: Path, how: str) -> None:
    writer = EmbeddedEngine(tmp_path)
    writer.create()
    writer.write([make_document(i) for i in range(1, 50)])
    name = damage(tmp_path, how)
    engine = EmbeddedEngine(tmp_path)
    with pytest.raises(IndexDamaged, match=f"{name} is missing, damaged .* Run: saqshy reindex"):
        engine.search(SearchQuery())
    with pytest.raises(IndexDamaged):
        engine.write([make_document(1)])
    health = engine.health()
    assert not health.is_ready
    assert health.problem is not None
    assert "saqshy reindex" in health.problem
    engine.rebuild([make_document(1)])
    assert engine.count() == 1
    assert engine.health().is_ready


def test_one_flipped_bit_is_found_and_its_file_named(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.create()
    engine.write([make_document(i) for i in range(1, 50)])
    assert engine.find_damage() == ()
    name = damage(tmp_path, "flip")
    assert engine.find_damage() == (f"{generation(tmp_path).name}/{name}",)


def test_a_generation_that_is_gone_is_said(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path)
    engine.create()
    generation(tmp_path).rename(tmp_path / "elsewhere")
    with pytest.raises(IndexDamaged, match="saqshy reindex"):
        EmbeddedEngine(tmp_path).count()


def test_the_folder_is_for_its_owner_only(tmp_path: Path) -> None:
    engine = EmbeddedEngine(tmp_path / "index")
    engine.create()
    for path in (tmp_path / "index", generation(tmp_path / "index")):
        assert path.stat().st_mode & 0o077 == 0
