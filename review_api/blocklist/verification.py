"""Checking stored releases against their rows, and the last step of an interrupted one."""

import json
from collections.abc import Iterator, Sequence
from hashlib import sha256
from pathlib import Path

from models.blobs import fsync_folder
from models.blocklist import BlocklistRelease
from review_api.blocklist import names
from review_api.blocklist.lines import IDENTITY_FIELDS, content_sha256
from review_api.blocklist.schemas import Damage
from review_api.blocklist.signing import canonical_manifest, is_signed

ROW = "row"


def publish_part(folder: Path, release: BlocklistRelease) -> bool:
    """Rename the release's finished folder into place if a crash left it before that; twice is once."""
    part, final = folder / names.part_name(release.number), folder / names.folder_name(release.number)
    if final.exists() or not part.exists():
        return False
    try:
        part.rename(final)
    except FileNotFoundError:
        # Another process was quicker.
        return False
    fsync_folder(folder)
    return True


def check_release(folder: Path, release: BlocklistRelease, *, n_lines: int, own_key: str) -> Iterator[Damage]:
    """Compare one release's files, row and signature with each other.

    Args:
        folder: of all releases.
        release: the row.
        n_lines: lines that the database has for it.
        own_key: this installation's public key, base64.

    Yields:
        One damage per thing that does not agree, naming the file (or ``row``).
    """
    number = release.number

    def damage(file: str, problem: str) -> Damage:
        return Damage(number, file, problem)

    manifest = canonical_manifest(release)
    if release.public_key != own_key:
        yield damage(ROW, "signed with a key that is not this installation's")
    if not is_signed(manifest, release.signature, release.public_key):
        yield damage(ROW, "the signature does not fit what the row says")
    if n_lines != release.n_entries:
        yield damage(ROW, f"says {release.n_entries} entries, but {n_lines} lines belong to it")
    expected = {
        names.file_name(number, "csv"): release.csv_sha256,
        names.file_name(number, "xlsx"): release.xlsx_sha256,
        names.file_name(number, "json"): release.json_sha256,
        names.MANIFEST_NAME: sha256(manifest).hexdigest(),
        names.SIGNATURE_NAME: sha256(release.signature.encode()).hexdigest(),
    }
    home = folder / names.folder_name(number)
    for name, wanted in expected.items():
        problem = _compare(home / name, wanted)
        if problem:
            yield damage(name, problem)
    if home.is_dir():
        for path in sorted(home.iterdir()):
            if path.name not in expected:
                yield damage(path.name, "does not belong to the release")
    for problem in _check_content(home / names.file_name(number, "json"), release):
        yield damage(names.file_name(number, "json"), problem)


def _compare(path: Path, wanted: str) -> str | None:
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return (
        None
        if sha256(body).hexdigest() == wanted
        else "was changed: its SHA-256 is not the one that was signed"
    )


def _check_content(path: Path, release: BlocklistRelease) -> Iterator[str]:
    try:
        entries = json.loads(path.read_bytes())["entries"]
        content = content_sha256([{name: line[name] for name in IDENTITY_FIELDS} for line in entries])
    except OSError:
        return
    except (ValueError, KeyError, TypeError):
        yield "cannot be read as a list"
        return
    if len(entries) != release.n_entries:
        yield f"holds {len(entries)} entries instead of {release.n_entries}"
    if content != release.content_sha256:
        yield "lists other entries than were released"


def check_numbers(folder: Path, numbers: Sequence[int]) -> Iterator[Damage]:
    """Numbers run from 1 without a gap, and no folder stands there without a row."""
    for expected, number in enumerate(numbers, 1):
        if number != expected:
            yield Damage(expected, ROW, f"is missing (the next one found is {number})")
            break
    known = {names.folder_name(number) for number in numbers}
    for path in sorted(folder.glob("[0-9]*")) if folder.is_dir() else ():
        if path.name not in known:
            number = int(path.name) if path.name.isdigit() else 0
            yield Damage(number, path.name, "is a folder of no release")
