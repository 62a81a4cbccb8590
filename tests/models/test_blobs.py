import hashlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from models.blobs import BlobDamaged, BlobMissing, BlobStore


def test_bytes_come_back_and_are_private(tmp_path: Path) -> None:
    store = BlobStore(tmp_path / "evidence")
    blob = store.put(b"\x00page\xff")
    assert blob.sha256 == hashlib.sha256(b"\x00page\xff").hexdigest()
    assert blob.size_bytes == 6
    assert store.get(blob.sha256) == b"\x00page\xff"
    assert store.path(blob.sha256).stat().st_mode & 0o777 == 0o600
    assert store.put(b"\x00page\xff") == blob
    assert list(store.names()) == [blob.sha256]


def test_a_changed_byte_and_a_missing_file_are_named(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    blob = store.put(b"page")
    store.path(blob.sha256).write_bytes(b"pagf")
    with pytest.raises(BlobDamaged, match=blob.sha256):
        store.get(blob.sha256)
    store.path(blob.sha256).unlink()
    with pytest.raises(BlobMissing, match=blob.sha256):
        store.get(blob.sha256)


def test_a_cut_file_under_the_right_name_is_written_again(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    blob = store.put(b"whole page")
    store.path(blob.sha256).write_bytes(b"whole")
    store.put(b"whole page")
    assert store.get(blob.sha256) == b"whole page"


def test_sweep_removes_what_no_row_names(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    kept, orphan = store.put(b"kept"), store.put(b"orphan")
    (store.path(kept.sha256).parent / "half.tmp").write_bytes(b"ha")
    assert store.sweep({kept.sha256}) == 2
    assert list(store.names()) == [kept.sha256]
    assert not store.path(orphan.sha256).exists()


def test_many_at_once_come_back_in_order_equal_ones_once(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    bodies = [b"one", b"two", b"one", b""]
    with ThreadPoolExecutor(4) as pool:
        blobs = store.put_many(bodies, run=pool.map)
    assert [store.get(blob.sha256) for blob in blobs] == bodies
    assert len(list(store.names())) == 3
    assert store.put_many(bodies) == blobs


def test_one_that_cannot_be_written_leaves_the_others_whole(tmp_path: Path) -> None:
    store = BlobStore(tmp_path)
    bad = store.path(hashlib.sha256(b"bad").hexdigest())
    bad.mkdir(parents=True)
    with pytest.raises(OSError, match="directory"):
        store.put_many([b"good", b"bad"])
    assert store.get(hashlib.sha256(b"good").hexdigest()) == b"good"
    assert not list(tmp_path.glob("??/*.tmp"))


def test_every_folder_with_a_new_entry_reaches_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    waited_for: list[Path] = []
    monkeypatch.setattr("models.blobs.fsync_folder", waited_for.append)
    store = BlobStore(tmp_path)
    paths = [store.path(blob.sha256) for blob in store.put_many([b"a", b"b"])]
    expected = {path.parent for path in paths} | {tmp_path}
    assert sorted(waited_for) == sorted(expected)
