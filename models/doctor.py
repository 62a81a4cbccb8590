"""Looking at a set-up and saying in plain words what is wrong with it."""

import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from models.errors import SaqshyError
from models.installation import Installation
from models.session import check_database

MIN_FREE_BYTES = 1024**3


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at; ``text`` says what it is and, when it is wrong, what to do."""

    is_well: bool
    text: str


Examination = Callable[[Installation], Iterable[Finding]]


def examine(installation: Installation, of_rooms: Iterable[Examination]) -> Iterator[Finding]:
    """Look at everything, one finding after the other, each once; what fails is itself a finding."""
    said: set[str] = set()
    for examination in (_python, _folder, _database, _keys, _loopback, *of_rooms):
        for finding in _look(examination, installation):
            if finding.text not in said:
                said.add(finding.text)
                yield finding


def _look(examination: Examination, installation: Installation) -> Iterator[Finding]:
    try:
        yield from examination(installation)
    except SaqshyError as error:
        yield Finding(False, error.message)
    except DBAPIError as error:
        yield Finding(
            False, f"The database does not answer ({type(error.orig).__name__}). Is its address right?"
        )
    except OSError as error:
        yield Finding(False, f"{error.filename or 'a file'} cannot be used: {error.strerror}.")


def _python(_installation: Installation) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    yield Finding(sys.version_info >= (3, 11), f"Python {version} (3.11 or newer is needed)")


def _folder(installation: Installation) -> Iterator[Finding]:
    folder = installation.settings.data_dir
    if not folder.is_dir():
        yield Finding(False, f"There is no data folder {folder}. Run: saqshy migrate")
        return
    yield Finding(True, f"data folder {folder.resolve()}")
    for path in (folder, installation.settings.keys_dir):
        if path.exists() and path.stat().st_mode & 0o077:
            yield Finding(False, f"Others may read {path}. Run: chmod 700 {path}")
    for path in _readable_files(installation.settings.keys_dir):
        yield Finding(False, f"Others may read {path}. Run: chmod 600 {path}")
    yield look_at_disk(folder)


def look_at_disk(folder: Path) -> Finding:
    """Whether the disk of the data folder has room; a full one stops the intake, reading goes on."""
    free = shutil.disk_usage(folder).free
    return Finding(
        free >= MIN_FREE_BYTES,
        f"{free // 1024**2} MiB free on the disk of {folder} ({MIN_FREE_BYTES // 1024**2} are needed)",
    )


def _readable_files(folder: Path) -> list[Path]:
    return [path for path in sorted(folder.glob("*")) if path.stat().st_mode & 0o077]


def _database(installation: Installation) -> Iterator[Finding]:
    name = "the embedded database" if installation.settings.is_sqlite else "PostgreSQL"
    problems = check_database(installation.database)
    yield from (Finding(False, problem) for problem in problems)
    if not problems:
        yield Finding(True, f"{name}: schema and safety settings")


def _keys(installation: Installation) -> Iterator[Finding]:
    damages = installation.audit_damages()
    first = next(damages, None)
    yield Finding(first is None, "audit log and its key" if first is None else f"{first}. Run: saqshy verify")


def _loopback(installation: Installation) -> Iterator[Finding]:
    allowed = ", ".join(f"{address}:{port}" for address, port in installation.settings.loopback_allow)
    yield Finding(True, f"the crawler may reach on this machine: {allowed or 'nothing'}")
