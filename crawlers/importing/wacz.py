"""Web archives in a WACZ: a zip whose listing names each file with its hash; only whole files are read."""

import json
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path, PurePosixPath

LISTING = "datapackage.json"
MAX_LISTING_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 10_000
MAX_ARCHIVE_BYTES = 64 * 1024**3
# Archives inside are compressed already; a file that grows a hundredfold is no archive of pages.
MAX_GROWTH = 100
_CHUNK_BYTES = 1024 * 1024
_ARCHIVES = (".warc", ".warc.gz")
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, NotImplementedError, RuntimeError)


class _Refused(Exception):
    """An entry cannot be used; ``args[0]`` is a stable word."""


@dataclass(frozen=True, slots=True)
class WaczEntry:
    """One web archive inside, unpacked to ``path`` while it is the present one; or why it was refused."""

    name: str
    path: Path | None = None
    reason: str | None = None


def is_wacz(path: Path) -> bool:
    """Whether a file is a zip with the listing of a WACZ or with web archives in it."""
    if not zipfile.is_zipfile(path):
        return False
    try:
        with zipfile.ZipFile(path) as wacz:
            names = wacz.namelist()
    except _BROKEN:
        return False
    return LISTING in names or any(name.endswith(_ARCHIVES) for name in names)


def size_of_archives(path: Path) -> int:
    """Bytes of all web archives inside once unpacked, as the zip says; 0 when it cannot be read."""
    try:
        with zipfile.ZipFile(path) as wacz:
            return sum(info.file_size for info in wacz.infolist() if info.filename.endswith(_ARCHIVES))
    except _BROKEN:
        return 0


def archives_of(path: Path) -> Iterator[WaczEntry]:
    """The web archives of a WACZ in order, each unpacked into a scratch file that ends with its turn.

    A name that leads out of the archive, a bomb, a cut or changed file is named
    and passed over; the rest goes on.
    """
    try:
        with zipfile.ZipFile(path) as wacz:
            infos = wacz.infolist()
            if len(infos) > MAX_ENTRIES:
                yield WaczEntry(path.name, reason="too_many_files")
                return
            hashes, reason = _listing(wacz)
            if reason is not None:
                yield WaczEntry(LISTING, reason=reason)
            seen = set()
            for info in infos:
                if _is_unsafe(info.filename):
                    yield WaczEntry(_shown(info.filename), reason="unsafe_name")
                elif info.filename in seen:
                    yield WaczEntry(_shown(info.filename), reason="named_twice")
                elif info.filename.endswith(_ARCHIVES):
                    yield from _unpacked(wacz, info, hashes)
                seen.add(info.filename)
            for name in sorted(hashes.keys() - seen):
                if name.endswith(_ARCHIVES):
                    yield WaczEntry(_shown(name), reason="listed_but_missing")
    except _BROKEN:
        yield WaczEntry(path.name, reason="broken_zip")


def _is_unsafe(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return not name or name.startswith("/") or "\\" in name or ".." in parts or not name.isprintable()


def _shown(name: str) -> str:
    return "".join(letter if letter.isprintable() else "?" for letter in name)[:200]


def _listing(wacz: zipfile.ZipFile) -> tuple[dict[str, str], str | None]:
    """SHA-256 by name as the listing says; a WACZ without a usable one is read unchecked, and said to be."""
    try:
        with wacz.open(LISTING) as file:
            body = file.read(MAX_LISTING_BYTES + 1)
        if len(body) > MAX_LISTING_BYTES:
            return {}, "listing_unreadable"
        resources = json.loads(body)["resources"]
        found = {str(entry["path"]): str(entry["hash"]) for entry in resources}
    except KeyError:
        return {}, "no_listing"
    except (ValueError, TypeError, RecursionError, *_BROKEN):
        return {}, "listing_unreadable"
    return {name: value.removeprefix("sha256:").lower() for name, value in found.items()}, None


def _unpacked(wacz: zipfile.ZipFile, info: zipfile.ZipInfo, hashes: dict[str, str]) -> Iterator[WaczEntry]:
    try:
        with _scratch_copy(wacz, info, hashes.get(info.filename) if hashes else "") as path:
            yield WaczEntry(info.filename, path)
    except _Refused as refused:
        yield WaczEntry(info.filename, reason=str(refused))


@contextmanager
def _scratch_copy(wacz: zipfile.ZipFile, info: zipfile.ZipInfo, wanted: str | None) -> Iterator[Path]:
    """Unpack one entry, bounded by what it may grow to, and compare its hash.

    ``wanted`` is None when the listing leaves the entry out, and "" when there is no listing.
    """
    if wanted is None:
        raise _Refused("not_listed")
    most = min(MAX_ARCHIVE_BYTES, max(_CHUNK_BYTES, info.compress_size * MAX_GROWTH))
    with tempfile.NamedTemporaryFile(prefix="saqshy-wacz-") as copy:
        digest, n_bytes = sha256(), 0
        try:
            with wacz.open(info) as file:
                while chunk := file.read(_CHUNK_BYTES):
                    n_bytes += len(chunk)
                    if n_bytes > most:
                        raise _Refused("zip_bomb")
                    digest.update(chunk)
                    copy.write(chunk)
        except _BROKEN:
            raise _Refused("cut_off") from None
        if wanted and digest.hexdigest() != wanted:
            raise _Refused("hash_differs")
        copy.flush()
        yield Path(copy.name)
