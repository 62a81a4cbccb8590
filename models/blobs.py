"""Files named by their SHA-256: written whole or not at all, compared after writing."""

import hashlib
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar
from uuid import uuid4

from models.errors import SaqshyError


class BlobMissing(SaqshyError):
    """A row names bytes that are not in the store."""


class BlobDamaged(SaqshyError):
    """Stored bytes no longer match the hash that names them."""


# Files written but not yet waited for; many processes may hold no more than 1024 descriptors.
_OPEN_AT_ONCE = 128
# A file gets its place on the disk near its first folder. ext4 passes over places that were freed in the last
# minutes, looking at each: after a large deletion, from 256 folders that takes it three times as long.
_UNFINISHED = "__"


@dataclass(frozen=True)
class Blob:
    """Name and size of stored bytes."""

    sha256: str
    size_bytes: int


T = TypeVar("T")


class Runner(Protocol):
    """What calls a function for every item: ``map``, or the ``map`` of a thread pool."""

    def __call__(self, function: Callable[[T], None], items: Iterable[T], /) -> Iterable[None]:
        """Call it; errors come when the result is read, when no call is running any more."""


class BlobStore:
    """Content-addressed folder: ``ab/abcd…``.

    ``put`` returns only after the bytes and their folder entry are on the disk;
    a crash leaves at most a ``.tmp`` file, which ``sweep`` removes.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        """Where the bytes of that hash lie."""
        return Path(self._name(sha256))

    def _name(self, sha256: str) -> str:
        """The same as text; a crawl asks for it several times per page, and paths are dear."""
        return f"{self.folder}/{sha256[:2]}/{sha256}"

    def put(self, body: bytes) -> Blob:
        """Store bytes durably; storing the same bytes again costs a look, not a write.

        Raises:
            BlobDamaged: what the disk gave back is not what was written.
            OSError: the disk is full or broken; nothing is left behind under the final name.
        """
        return self.put_many([body])[0]

    def put_many(self, bodies: Sequence[bytes], *, run: Runner = map) -> list[Blob]:
        """Store many bodies durably, with one wait for each folder that got entries.

        Args:
            bodies: of any size; equal ones are stored once.
            run: calls a function for each file and folder; a thread pool's ``map`` lets fsyncs wait together.

        Returns:
            One blob per body, in order; on the disk when this returns.

        Raises:
            BlobDamaged, OSError: as :meth:`put`; what was stored before stays and is whole.
        """
        blobs = [Blob(_sha256(body), len(body)) for body in bodies]
        wanted = {blob: body for blob, body in zip(blobs, bodies, strict=True) if not self._has(blob)}
        if wanted:
            waiting = list(wanted.items())
            for start in range(0, len(waiting), _OPEN_AT_ONCE):
                self._write(waiting[start : start + _OPEN_AT_ONCE], run)
            folders = {self.folder / blob.sha256[:2] for blob in wanted}
            # Each fsync makes the disk empty its cache; at the same time, that costs once.
            _finish(run(fsync_folder, folders | {self.folder}))
        return blobs

    def _has(self, blob: Blob) -> bool:
        try:
            return os.stat(self._name(blob.sha256)).st_size == blob.size_bytes  # noqa: PTH116 - see _name
        except FileNotFoundError:
            return False

    def _write(self, wanted: Sequence[tuple[Blob, bytes]], run: Runner) -> None:
        """Write files and name them; their folders' entries are not on the disk yet."""
        opened: list[tuple[int, str]] = []
        try:
            for _, body in wanted:
                temporary = f"{self.folder}/{_UNFINISHED}/{uuid4().hex}.tmp"
                descriptor = _create(temporary)
                opened.append((descriptor, temporary))
                _write_out(descriptor, body)
            # Threads share only the wait for the disk: whatever else they did would cost them a turn each.
            _finish(run(os.fsync, [descriptor for descriptor, _ in opened]))
            for (blob, _), (descriptor, temporary) in zip(wanted, opened, strict=True):
                if _sha256(os.pread(descriptor, blob.size_bytes + 1, 0)) != blob.sha256:
                    raise BlobDamaged("The disk gave back other bytes than were written.", sha256=blob.sha256)
                _rename(temporary, self._name(blob.sha256))
        except BaseException:
            for _, temporary in opened:
                Path(temporary).unlink(missing_ok=True)
            raise
        finally:
            for descriptor, _ in opened:
                os.close(descriptor)

    def get(self, sha256: str) -> bytes:
        """Read bytes and check them.

        Raises:
            BlobMissing: no such file.
            BlobDamaged: the file's content has another hash.
        """
        try:
            body = self.path(sha256).read_bytes()
        except FileNotFoundError as error:
            raise BlobMissing(f"Stored bytes {sha256} are missing.", sha256=sha256) from error
        if _sha256(body) != sha256:
            raise BlobDamaged(f"Stored bytes {sha256} were changed on the disk.", sha256=sha256)
        return body

    def names(self) -> Iterator[str]:
        """Hashes of all stored files."""
        for path in self.folder.glob("??/*"):
            if path.suffix != ".tmp":
                yield path.name

    def sweep(self, known: set[str]) -> int:
        """Remove unfinished files and files that no row names; returns how many.

        Only safe while nobody writes: a file stands on the disk before its row is committed.
        """
        n_removed = 0
        for path in list(self.folder.glob("??/*")):
            if path.suffix == ".tmp" or path.name not in known:
                path.unlink()
                n_removed += 1
        return n_removed


def _sha256(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


def _finish(calls: Iterable[None]) -> None:
    for _ in calls:
        pass


def _create(name: str) -> int:
    """Open a new file, readable by its owner only, and make its folder if it is the first there."""
    flags = os.O_RDWR | os.O_CREAT | os.O_EXCL
    try:
        return os.open(name, flags, 0o600)
    except FileNotFoundError:
        _make_folder_of(name)
        return os.open(name, flags, 0o600)


def _rename(temporary: str, name: str) -> None:
    try:
        os.replace(temporary, name)  # noqa: PTH105 - no paths: see BlobStore._name
    except FileNotFoundError:
        _make_folder_of(name)
        os.replace(temporary, name)  # noqa: PTH105


def _make_folder_of(name: str) -> None:
    Path(name).parent.mkdir(mode=0o700, parents=True, exist_ok=True)


def write_durably(path: Path, body: bytes) -> None:
    """Write a new file, readable by its owner only, and wait until the disk has it."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        _write_out(descriptor, body)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_out(descriptor: int, body: bytes) -> None:
    rest = memoryview(body)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def fsync_folder(folder: Path) -> None:
    """Wait until the disk has the folder's entries."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
