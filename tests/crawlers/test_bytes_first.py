"""Stored bytes and the sweep: what no row names goes, what somebody wants stays."""

import os
import time
from datetime import datetime
from pathlib import Path

from crawlers.bytes_first import ByteKeeper, _take_away, evidence_ids, sweep_evidence
from models.blobs import BlobStore
from models.session import Database


def _make_old(path: Path) -> None:
    os.utime(path, (time.time() - 7200, time.time() - 7200))


def test_the_sweep_takes_old_files_without_a_row(database: Database, now: datetime) -> None:
    store = BlobStore(database.settings.evidence_dir)
    with ByteKeeper(store) as keeper:
        named, orphan, young = keeper.keep([b"named", b"orphan", b"young"])
    with database.write() as session:
        ids = evidence_ids(session, [named, named], [now, now])
    assert list(ids) == [named.sha256]
    unfinished = store.path(orphan.sha256).with_name("0123.tmp")
    unfinished.write_bytes(b"half")
    for path in (store.path(named.sha256), store.path(orphan.sha256), unfinished):
        _make_old(path)
    assert sweep_evidence(database, store) == 2
    assert set(store.names()) == {named.sha256, young.sha256}
    assert store.get(named.sha256) == b"named"
    assert not unfinished.exists()


def test_a_file_that_was_wanted_meanwhile_goes_back(sqlite_database: Database) -> None:
    store = BlobStore(sqlite_database.settings.evidence_dir)
    with ByteKeeper(store) as keeper:
        (blob,) = keeper.keep([b"bytes"])
        path = store.path(blob.sha256)
        _make_old(path)
        (again,) = keeper.keep([b"bytes"])  # touches it, as a capture does
    assert again == blob
    assert _take_away(path, time.time() - 3600) is False
    assert store.get(blob.sha256) == b"bytes"
