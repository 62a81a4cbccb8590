"""`saqshy classify`: texts in, signs, purposes and reasons out; no database."""

import sys
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from models.config import load_settings
from models.errors import Rejected
from models.progress import Progress


class NoSuchFile(Rejected):
    """The given file cannot be opened."""


def classify(
    file: Annotated[
        Path, typer.Argument(help="JSON lines or CSV with {id?,title?,text}; - reads standard input.")
    ] = Path("-"),
) -> None:
    """Classify texts: one JSON line out per input, in order; exit status 1 if any input could not be read."""
    from classifiers.artifacts import install
    from classifiers.batch import BatchCounts, classify_lines

    installed = install(load_settings().artifacts_dir, _say_step)
    counts = BatchCounts()
    source, total = _open(file)
    with source, Progress("classify (bytes)", total) as progress:
        for line in classify_lines(source, installed, counts, lambda n: progress.advance(n - progress.n)):
            sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()
    typer.echo(
        f"{counts.n_done} classified, {counts.n_flagged} flagged, {counts.n_failed} could not be read",
        err=True,
    )
    raise typer.Exit(1 if counts.n_failed else 0)


def train() -> None:
    """Fit the statistical part anew from the texts that ship with Saqshy; same texts, same bytes."""
    from classifiers.artifacts import refit

    installed = refit(load_settings().artifacts_dir, _say_step)
    typer.echo(f"{installed.version}: fitted on {installed.scorer.artifact.n_texts} texts")


def _say_step(step: str) -> None:
    typer.echo(f"fitting the classifier: {step}", err=True)


def _open(file: Path) -> tuple[BinaryIO, int | None]:
    if file == Path("-"):
        return sys.stdin.buffer, None
    try:
        return file.open("rb"), file.stat().st_size
    except OSError as error:
        raise NoSuchFile(f"{file} cannot be read: {error.strerror}.") from error
