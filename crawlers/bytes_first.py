"""Bytes before understanding: many bodies to the disk at once, and a sweep that takes no wanted file."""

import os
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from models.blobs import Blob, BlobStore
from models.disk import check_room
from models.enums import EvidenceKind
from models.evidence import Evidence
from models.session import Database

T = TypeVar("T")

# A disk serves waiting fsyncs together, so eight of them take little longer than one.
_WRITERS = 8
# Far longer than any process holds a file on the disk whose row is not committed yet.
ORPHAN_AFTER_SECONDS = 3600.0


class ByteKeeper:
    """Writes bodies to a store with several threads; use as a context manager."""

    def __init__(self, store: BlobStore) -> None:
        self.store = store
        self._pool = ThreadPoolExecutor(_WRITERS, thread_name_prefix="fsync")

    def __enter__(self) -> "ByteKeeper":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown()

    def keep(self, bodies: Sequence[bytes]) -> list[Blob]:
        """Store bodies durably; returns when the disk has all of them.

        Raises:
            DiskFull: too little room is left; nothing was written.
            BlobDamaged, OSError: one could not be stored.
        """
        check_room(self.store.folder)
        blobs = self.store.put_many(bodies, run=self._run)
        # A file that was there already may be an orphan that a sweep is just taking away:
        # touching it says that it is wanted, and fails if it is gone.
        gone = [body for blob, body in zip(blobs, bodies, strict=True) if not self._touch(blob)]
        return blobs if not gone else self.keep(bodies)

    def _run(self, function: Callable[[T], None], items: Iterable[T]) -> Iterator[None]:
        """Call a function for every item; each thread takes the next when it is done with its last."""
        waiting = iter(list(items))

        def work() -> None:
            for item in waiting:
                function(item)

        running = [self._pool.submit(work) for _ in range(_WRITERS)]
        wait(running)  # after a failure, too: no thread may still use what its caller then closes
        return (future.result() for future in running)

    def _touch(self, blob: Blob) -> bool:
        try:
            os.utime(self.store.path(blob.sha256))
        except FileNotFoundError:
            return False
        return True


def evidence_ids(
    session: Session,
    blobs: Sequence[Blob],
    captured_at: Sequence[datetime],
    *,
    kind: EvidenceKind = EvidenceKind.BODY,
) -> dict[str, int]:
    """Rows of stored bytes by hash; made where they are missing."""
    rows = {
        blob.sha256: {"sha256": blob.sha256, "size_bytes": blob.size_bytes, "captured_at": at, "kind": kind}
        for blob, at in reversed(list(zip(blobs, captured_at, strict=True)))
    }
    if not rows:
        return {}
    ids = insert_missing(session, Evidence, list(rows.values()), key="sha256")
    known = [sha256 for sha256 in rows if sha256 not in ids]
    return ids | _ids_of(session, known) if known else ids


def _ids_of(session: Session, hashes: Sequence[str]) -> dict[str, int]:
    rows = session.execute(select(Evidence.sha256, Evidence.id).where(Evidence.sha256.in_(hashes)))
    return {row.sha256: row.id for row in rows}


def sweep_evidence(
    db: Database, store: BlobStore, *, older_than_seconds: float = ORPHAN_AFTER_SECONDS
) -> int:
    """Remove what a crash left: unfinished files, and files that no row names. Safe while others write.

    Args:
        db: the database.
        store: the stored bytes.
        older_than_seconds: younger files are left alone; their rows may be on the way.

    Returns:
        How many files were removed.
    """
    limit = time.time() - older_than_seconds
    n_removed, chunk = 0, []
    for path in store.folder.glob("??/*"):
        if _is_older(path, limit):
            chunk.append(path)
        if len(chunk) == 500:
            n_removed += _sweep_chunk(db, chunk, limit)
            chunk = []
    return n_removed + _sweep_chunk(db, chunk, limit)


def _sweep_chunk(db: Database, paths: Sequence[Path], limit: float) -> int:
    names = [path.name for path in paths if path.suffix != ".tmp"]
    with db.read() as session:
        wanted = set(
            session.scalars(
                select(Evidence.sha256).where(Evidence.sha256.in_(names), Evidence.erased_at.is_(None))
            )
        )
    return sum(_take_away(path, limit) for path in paths if path.name not in wanted)


def _take_away(path: Path, limit: float) -> bool:
    """Remove a file, unless somebody touched it meanwhile; then it goes back to its place."""
    aside = path.with_name(f"{path.name}.swept.tmp")
    with suppress(FileNotFoundError):
        path.rename(aside)
        if not _is_older(aside, limit):
            aside.rename(path)
            return False
        aside.unlink()
        return True
    return False


def _is_older(path: Path, limit: float) -> bool:
    try:
        return path.stat().st_mtime <= limit
    except FileNotFoundError:
        return False
