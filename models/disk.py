"""Room on the disk: the last of it belongs to what people decide, not to what crawls bring."""

import os
from pathlib import Path

from models.errors import Retryable

# Decisions, lifts and releases of many days; nothing is taken in any more once only this is left.
RESERVE_BYTES = 128 * 1024**2
_LOOK_AGAIN_SECONDS = 60.0


class DiskFull(Retryable):
    """Too little room is left to take anything in."""


def free_bytes(folder: Path) -> int:
    """Room that is left for an ordinary user on the disk of a folder, or of the nearest one above it."""
    while not folder.exists():
        folder = folder.parent
    found = os.statvfs(folder)
    return found.f_bavail * found.f_frsize


def check_room(folder: Path) -> None:
    """Pass if the disk of a folder has room for more to be taken in.

    Raises:
        DiskFull: names the folder.
    """
    free = free_bytes(folder)
    if free < RESERVE_BYTES:
        n_free, n_kept = free // 1024**2, RESERVE_BYTES // 1024**2
        raise DiskFull(
            f"Only {n_free} MiB are free on the disk of {folder}; below {n_kept} MiB nothing is taken in. "
            "Free space; what was begun goes on.",
            delay_seconds=_LOOK_AGAIN_SECONDS,
        )
