"""How somebody without us checks a package: files of the proof, and a script of sha256sum and openssl."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from models.merkle import Step
from review_api.evidence.schemas import DayProof

# Characters that stand beside each other on the cover sheet.
SHEET_LINE = 105


@dataclass(frozen=True)
class ItemFiles:
    """Where an item's parts lie in the package.

    Attributes:
        archive: the WARC; None for a picture.
        is_picture: it is the picture of the item's page.
        original: the stored file where it is not the unpacked archive.
        stamps: pairs of answer and certificates.
        day_stamps: the same, on the root of the day.
        proof: siblings in the order they are followed; ``leaf`` in a name starts the next tree.
    """

    number: int
    sha256: str
    url: str
    archive: str | None
    original: str | None
    stamps: tuple[tuple[str, str], ...]
    day_stamps: tuple[tuple[str, str], ...]
    proof: tuple[str, ...]
    is_picture: bool = False

    @property
    def name(self) -> str:
        """How the script's output and comments call it."""
        return f"picture of item {self.number}" if self.is_picture else f"item {self.number}"

    @property
    def read(self) -> str:
        """The command that gives the stored bytes."""
        return f"cat {self.original}" if self.original else f"gzip -dc {self.archive}"


def proof_files(name: str, proof: DayProof | None) -> Iterator[tuple[str, bytes]]:
    """Siblings as files, to be hashed in the order of their names."""
    if proof is None:
        return
    yield from _siblings(f"{name}-a", proof.steps_to_batch)
    yield from _siblings(f"{name}-b", proof.steps_to_day)


def _siblings(name: str, steps: Sequence[Step]) -> Iterator[tuple[str, bytes]]:
    for number, step in enumerate(steps, 1):
        side = "left" if step.is_left else "right"
        yield f"proof/{name}{number:02}-{side}.bin", bytes.fromhex(step.sibling)


def stamp_command(stamp: tuple[str, str], file: str) -> str:
    """The command that checks one stamp over a file; a long one in lines that can be copied from a sheet."""
    answer, roots = stamp
    parts = (f"openssl ts -verify -data {file}", f"-in {answer}", f"-CAfile {roots}")
    command = " ".join(parts)
    return command if len(command) <= SHEET_LINE else " \\\n  ".join(parts)


_HEAD = """#!/bin/sh
# Checks this package with sha256sum, gzip and openssl alone, in the folder it was unpacked to:
#   unzip CASE.wacz -d folder && cd folder && sh verify/verify.sh
set -eu
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
sha() { openssl dgst -sha256 -binary; }
leaf() { { printf '\\000'; cat "$work/h"; } | sha > "$work/n"; mv "$work/n" "$work/h"; }
left() { { printf '\\001'; cat "$1" "$work/h"; } | sha > "$work/n"; mv "$work/n" "$work/h"; }
right() { { printf '\\001'; cat "$work/h" "$1"; } | sha > "$work/n"; mv "$work/n" "$work/h"; }
stamp() { openssl ts -verify -data "$work/$1" -in "$2" -CAfile "$3" >/dev/null 2>&1 \\
    || { echo "WRONG time stamp $2"; exit 1; }; echo "ok time stamp $2"; }

sha256sum --quiet -c verify/sha256sum.txt
echo "ok all files are those that were packed"
"""


def checking_script(items: Sequence[ItemFiles]) -> str:
    """The script: hashes of all files, of each item, and every time stamp; exit status 1 if any is wrong."""
    return _HEAD + "".join(_lines_of(item) for item in items) + 'echo "All is well."\n'


def _lines_of(item: ItemFiles) -> str:
    lines = [
        "",
        f"# {item.name}",
        f'{item.read} > "$work/item"',
        f'echo "{item.sha256}  $work/item" | sha256sum --quiet -c -',
        f'echo "ok {item.name} {item.sha256}"',
    ]
    lines += [f"stamp item {answer} {roots}" for answer, roots in item.stamps]
    if item.day_stamps:
        lines += ['sha < "$work/item" > "$work/h"', "leaf"]
        lines += [_step(path) for path in item.proof if _tree(path) == "a"]
        lines += ["leaf", *(_step(path) for path in item.proof if _tree(path) == "b")]
        lines += [f"stamp h {answer} {roots}" for answer, roots in item.day_stamps]
    return "\n".join([*lines, ""])


def _tree(path: str) -> str:
    """``a`` from the item to its batch, ``b`` from the batch to the day."""
    return path.rsplit("-", 2)[1][0]


def _step(path: str) -> str:
    return f"{'left' if path.endswith('-left.bin') else 'right'} {path}"
