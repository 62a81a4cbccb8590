"""Secrets of this installation: made at the first start, kept in one private folder."""

import os
from pathlib import Path

from models.blobs import fsync_folder, write_durably
from models.errors import BadSettings

SECRET_BYTES = 32


def load_secret(path: Path, what: str) -> bytes:
    """Read 32 secret bytes, or make them on the first start (file mode 0600).

    Args:
        path: the file; hexadecimal.
        what: name of the key in messages, such as "signing key".

    Raises:
        BadSettings: the file is there but is no key, or others may read it.
    """
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        _make(path)
    if path.stat().st_mode & 0o077:
        raise BadSettings(f"Others may read the {what} {path}. Run: chmod 600 {path}")
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except ValueError:
        secret = b""
    if len(secret) != SECRET_BYTES:
        raise BadSettings(f"The {what} {path} is damaged. Restore it from your backup.")
    return secret


def _make(path: Path) -> None:
    # Written beside and linked: of two processes that start at once, one key wins for both.
    temporary = path.with_name(f"{path.name}.{os.getpid()}.tmp")
    write_durably(temporary, os.urandom(SECRET_BYTES).hex().encode())
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        pass
    finally:
        temporary.unlink()
    fsync_folder(path.parent)
