"""The embedded index's folder: generations, the switch between them, locks between processes."""

import fcntl
import json
import shutil
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

from index.engine import NO_INDEX, IndexDamaged, IndexMissing, IndexUnavailable
from models.blobs import fsync_folder, write_durably

LOCK_SECONDS = 30.0
_POLL_SECONDS = 0.02
# Every tantivy file ends with a JSON footer, its length and this number (little endian, 4 bytes each).
_FOOTER_MAGIC = 1337


class IndexFolder:
    """Names and locks only; what a generation holds is tantivy's affair."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def current(self) -> Path | None:
        """Folder of the generation in use; None when there is none yet."""
        try:
            name = (self.folder / "CURRENT").read_text().strip()
        except FileNotFoundError:
            return None
        return self.folder / name

    def require(self) -> Path:
        """Folder of the generation in use.

        Raises:
            IndexMissing: no index was made yet.
            IndexDamaged: the generation in use is gone.
        """
        generation = self.current()
        if generation is None:
            raise IndexMissing(NO_INDEX, delay_seconds=10)
        if not (generation / "meta.json").is_file():
            raise IndexDamaged(
                f"The search index {generation.name} is gone from the disk. Run: saqshy reindex",
                delay_seconds=60,
            )
        return generation

    def new_generation(self) -> Path:
        """Make a folder that nobody uses yet."""
        generation = self.folder / f"g-{uuid4().hex[:12]}"
        generation.mkdir(mode=0o700, parents=True)
        return generation

    def switch_to(self, generation: Path) -> None:
        """Let searches use this generation from now on; one step, durable."""
        fsync_folder(generation)
        draft = self.folder / f"CURRENT.{uuid4().hex}.tmp"
        write_durably(draft, f"{generation.name}\n".encode())
        draft.replace(self.folder / "CURRENT")
        fsync_folder(self.folder)

    def remove_unused(self) -> None:
        """Remove generations nobody uses; only under the rebuild lock. Open readers keep their files."""
        current = self.current()
        for generation in self.folder.glob("g-*"):
            if generation != current:
                shutil.rmtree(generation, ignore_errors=True)
        for draft in self.folder.glob("CURRENT.*.tmp"):
            draft.unlink(missing_ok=True)

    @contextmanager
    def writer_lock(self) -> Iterator[None]:
        """One writer among all processes; waits a while for the other.

        Raises:
            IndexUnavailable: another process kept writing.
        """
        with self._locked("writer.lock", "Another process is writing to the search index."):
            yield

    @contextmanager
    def rebuild_lock(self) -> Iterator[None]:
        """One rebuild at a time.

        Raises:
            IndexUnavailable: another process is rebuilding.
        """
        with self._locked("rebuild.lock", "Another process is rebuilding the search index."):
            yield

    @contextmanager
    def _locked(self, name: str, message: str) -> Iterator[None]:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        deadline = time.monotonic() + LOCK_SECONDS
        # The kernel drops the lock with the process, so a kill -9 leaves none behind.
        with (self.folder / name).open("w") as file:
            while True:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError as error:
                    if time.monotonic() > deadline:
                        raise IndexUnavailable(message, delay_seconds=30) from error
                    time.sleep(_POLL_SECONDS)
            yield

    def damaged_files(self) -> tuple[str, ...]:
        """Files of the last commit whose bytes no longer match their checksum, by name."""
        generation = self.require()
        segments = _segments(generation)
        return tuple(
            f"{generation.name}/{path.name}"
            for path in sorted(generation.iterdir())
            if path.name.partition(".")[0] in segments and not _is_whole(path)
        )


def _segments(generation: Path) -> set[str]:
    """Names that files of the last commit begin with; a killed writer leaves others, half written."""
    meta = json.loads((generation / "meta.json").read_bytes())
    return {segment["segment_id"].replace("-", "") for segment in meta["segments"]}


def _is_whole(path: Path) -> bool:
    try:
        body = path.read_bytes()
    except FileNotFoundError:  # a merge replaced it meanwhile
        return True
    if len(body) < 8 or int.from_bytes(body[-4:], "little") != _FOOTER_MAGIC:
        return False
    end = len(body) - 8 - int.from_bytes(body[-8:-4], "little")
    try:
        footer = json.loads(body[end:-8])
    except ValueError:
        return False
    return end >= 0 and zlib.crc32(body[:end]) == footer.get("crc")


def stamp_of(generation: Path) -> tuple[int, int, int]:
    """Something that differs after every commit: tantivy replaces this file each time."""
    facts = (generation / "meta.json").stat()
    return facts.st_ino, facts.st_mtime_ns, facts.st_size
