"""`saqshy classify`, `train`, `evaluate`: texts in, signs, purposes, reasons and figures out; no database."""

import sys
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from models.config import load_settings
from models.errors import Rejected
from models.progress import Progress

_SHORT_FILE_BYTES = 256 * 1024


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
    from classifiers.parallel import n_processors

    installed = install(load_settings().artifacts_dir, _say_step)
    counts = BatchCounts()
    source, total = _open(file)
    # Whoever writes into a pipe may wait for each answer; a short file is done before processes are there.
    n_processes = n_processors() if (total or 0) > _SHORT_FILE_BYTES else 1
    with source, Progress("classify (bytes)", total) as progress:
        for line in classify_lines(
            source,
            installed,
            counts,
            lambda n: progress.advance(n - progress.n),
            n_processes=n_processes,
        ):
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


def evaluate(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Labelled JSON lines {text,label:flag|clear,purposes?,lang?,side?,disguise?,scenario?,"
            "writer?}, gzipped or not; without any, our own texts: corpus/test and corpus/blind."
        ),
    ] = None,
    flag_rate: Annotated[
        list[Path] | None,
        typer.Option(help="Unlabelled JSON lines {text,title?}, or a folder of them; only what is flagged."),
    ] = None,
    curve: Annotated[
        bool, typer.Option("--curve", help="Fit on growing parts of our texts; minutes.")
    ] = False,
    left_out: Annotated[
        bool, typer.Option("--left-out", help="Fit without each language in turn; minutes.")
    ] = False,
    json: Annotated[Path | None, typer.Option(help="Write all figures there.")] = None,
    html: Annotated[
        Path | None, typer.Option(help="Write a report with plots and wrong answers there.")
    ] = None,
    card: Annotated[Path | None, typer.Option(help="Write the model card there.")] = None,
) -> None:
    """Measure the classifier: precision, recall and flag rate with intervals, one row a set."""
    from classifiers import report
    from classifiers.artifacts import install
    from classifiers.measuring import Plan, run

    unlabelled = [path for given in flag_rate or () for path in _files_of(given)]
    for path in (*(files or ()), *unlabelled):
        _open(path)[0].close()  # better now than after minutes
    installed = install(load_settings().artifacts_dir, _say_step)
    plan = Plan(files or (), unlabelled, has_curve=curve, has_left_out=left_out)
    try:
        with ExitStack() as bars:
            evaluation = run(plan, installed, partial(_start_stage, bars))
    except OSError as error:
        raise NoSuchFile(f"{error.filename} cannot be read: {error.strerror or error}.") from error
    typer.echo(report.summary(evaluation))
    for target, content in ((json, report.as_json), (html, report.as_html), (card, report.as_card)):
        if target is not None:
            _write(target, content(evaluation))


def _start_stage(bars: ExitStack, name: str, n_steps: int) -> Callable[[], None]:
    """Close the bar of the stage before and open the next."""
    bars.close()
    return bars.enter_context(Progress(name, n_steps)).advance


def _files_of(given: Path) -> list[Path]:
    """Return a file itself, or the JSON lines of a folder."""
    return sorted([*given.glob("*.jsonl"), *given.glob("*.jsonl.gz")]) if given.is_dir() else [given]


def _write(target: Path, content: str | bytes) -> None:
    data = content if isinstance(content, bytes) else content.encode()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    except OSError as error:
        raise NoSuchFile(f"{target} cannot be written: {error.strerror}.") from error


def _say_step(step: str) -> None:
    typer.echo(f"fitting the classifier: {step}", err=True)


def _open(file: Path) -> tuple[BinaryIO, int | None]:
    if file == Path("-"):
        return sys.stdin.buffer, None
    try:
        return file.open("rb"), file.stat().st_size
    except OSError as error:
        raise NoSuchFile(f"{file} cannot be read: {error.strerror}.") from error
