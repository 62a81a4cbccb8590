"""`saqshy sources …`, `extract`, `reextract` and `import`.

Imports of what fetches and parses stand inside the functions: every start of
`saqshy` loads this module.
"""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import Actor, AuditAction, AuditEvent
from models.crawl import CrawlRun, Source
from models.doctor import Finding
from models.enums import RunState, SourceKind
from models.errors import Rejected
from models.installation import Installation, open_installation
from models.leases import JobReport
from models.logs import configure_logs
from models.progress import Progress
from models.urls import canonical_url
from models.worker import utc_now

OPERATOR = Actor(None, "operator")
SourceName = Annotated[str, typer.Argument(help="Name of the source, as `sources list` shows it.")]

sources = typer.Typer(
    no_args_is_help=True, help="Sources: list, new, check, enable, disable, run, ask-again."
)


class CannotRead(Rejected):
    """The given file cannot be opened."""


def sources_folder(home: Installation) -> Path:
    """Folder of the sources' YAML files."""
    from crawlers.sources_config import SHIPPED_SOURCES

    return home.settings.sources_dir or SHIPPED_SOURCES


def sync_source_rows(home: Installation) -> None:
    """Bring the rows of the sources up to date with their YAML files."""
    from crawlers.sources_config import sync_sources

    with home.database.write() as session:
        sync_sources(session, sources_folder(home), now=utc_now())


@sources.command(name="list")
def list_sources() -> None:
    """Show every source: on or off, last success, last run."""
    home = open_installation()
    with home.database.read() as session:
        for source in session.scalars(select(Source).order_by(Source.name)):
            run = session.scalars(
                select(CrawlRun)
                .where(CrawlRun.source_id == source.id, CrawlRun.state != RunState.MISSED)
                .order_by(CrawlRun.id.desc())
                .limit(1)
            ).first()
            if source.kind is SourceKind.IMPORT:
                typer.echo(f"    {source.name:24} {source.kind.value:12} {_last_import(session)}")
                continue
            last = f"{run.state.value}, {run.n_pages} pages, {run.n_ads} ads" if run else "never run"
            success = (
                source.last_success_at.isoformat(timespec="seconds") if source.last_success_at else "never"
            )
            state = "on " if source.is_enabled else "off"
            typer.echo(
                f"{state} {source.name:24} {source.kind.value:12} last success {success}; last run: {last}"
            )


def _last_import(session: Session) -> str:
    """When a file was last imported, and what it brought; nothing crawls this source."""
    query = select(AuditEvent).where(AuditEvent.action == AuditAction.IMPORT_FINISHED)
    event = session.scalars(query.order_by(AuditEvent.seq.desc()).limit(1)).first()
    if event is None:
        return "no file imported yet"
    facts = json.loads(event.details)
    return (
        f"last import {event.at.isoformat(timespec='seconds')}: "
        f"{facts['n_rows']} records, {facts['n_stored']} stored, {facts['n_refused']} refused"
    )


@sources.command()
def new(
    url: Annotated[str, typer.Argument(help="A page of the site: a list of ads, or an ad.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the source; made of the host unless given.")
    ] = None,
    cases: Annotated[
        Path | None,
        typer.Option(
            help="Folder of saved pages; tests/fixtures/pages of a checkout, else beside the sources."
        ),
    ] = None,
) -> None:
    """Fetch one page; write the skeleton of its source file and the first saved page, to be corrected."""
    from crawlers.new_source import new_source

    home = open_installation()
    configure_logs(home.settings.log_format, "warning")  # the scratch run speaks by its lines
    sync_source_rows(home)  # names what is wrong with the other files before anything is written
    folder = sources_folder(home)
    of_checkout = Path("tests/fixtures/pages")
    made = new_source(
        home.settings,
        url,
        folder=folder,
        cases=cases or (of_checkout if of_checkout.is_dir() else folder / "cases"),
        name=name,
    )
    sync_source_rows(home)
    for line in made.lines():
        typer.echo(line)
    raise typer.Exit(0 if made.case else 1)


@sources.command()
def check(name: SourceName) -> None:
    """Fetch one page of a source as a crawl would, and the first ads it lists; show what is extracted."""
    from crawlers.checking import check_source

    home = open_installation()
    configure_logs(home.settings.log_format, "warning")  # the scratch run speaks by its lines
    sync_source_rows(home)  # what was corrected a moment ago counts
    report = check_source(home.database, home.settings, name)
    for line in report.lines():
        typer.echo(line)
    raise typer.Exit(0 if report.is_good else 1)


@sources.command()
def enable(
    name: SourceName,
    terms_read_by: Annotated[str | None, typer.Option(help="Who has read its robots.txt and terms.")] = None,
) -> None:
    """Switch a source on; a real one only after a person has read its robots.txt and terms."""
    from crawlers.sources_config import enable_source

    home, now = open_installation(), utc_now()
    sync_source_rows(home)
    with home.database.write() as session:
        source = enable_source(session, name, terms_read_by=terms_read_by, now=now)
        _note(home, session, AuditAction.SOURCE_ENABLED, source)
    typer.echo(f"{name} is on; it is crawled at its next slot.")


@sources.command()
def disable(name: SourceName) -> None:
    """Switch a source off; what it brought stays."""
    from crawlers.sources_config import disable_source

    home = open_installation()
    with home.database.write() as session:
        _note(home, session, AuditAction.SOURCE_DISABLED, disable_source(session, name))
    typer.echo(f"{name} is off.")


def _note(home: Installation, session: Session, action: AuditAction, source: Source) -> None:
    home.audit.append(
        session,
        action,
        actor=OPERATOR,
        subject_kind="source",
        subject_id=source.id,
        now=utc_now(),
        details={"name": source.name, "terms_read_by": source.terms_read_by},
    )


@sources.command()
def run(name: SourceName) -> None:
    """Ask for a crawl of a source now; a running worker takes it up."""
    from crawlers.sources_config import get_source
    from models.runs import start_manual_run

    home = open_installation()
    with home.database.write() as session:
        started = start_manual_run(session, get_source(session, name), utc_now())
        typer.echo(f"Crawl run {started.id} of {name} is due; a worker takes it up within seconds.")


@sources.command()
def ask_again(
    host: Annotated[str, typer.Argument(help="Name of the host, as the alarm shows it.")],
    reason: Annotated[str, typer.Option(prompt=True, help="Why it may be asked again.")],
) -> None:
    """Ask a host again that refused us so often that only a person may decide it."""
    from models.runs import ask_host_again

    if not reason.strip():
        raise typer.BadParameter("Write the reason.")
    home, now = open_installation(), utc_now()
    with home.database.write() as session:
        was_resting = ask_host_again(session, host, now)
        if was_resting:
            home.audit.append(
                session,
                AuditAction.HOST_ASKED_AGAIN,
                actor=OPERATOR,
                subject_kind="host",
                subject_id=host,
                now=now,
                details={"host": host, "reason": reason},
            )
    typer.echo(f"{host} is asked again." if was_resting else f"{host} was not resting; nothing to change.")


def extract(
    file: Annotated[Path, typer.Argument(help="A saved page.")],
    url: Annotated[str, typer.Option(help="The address it was saved from.")],
    content_type: Annotated[str | None, typer.Option(help="Its Content-Type header, if known.")] = None,
) -> None:
    """Read a saved page: its ads as JSON lines; exit status 1 if it could not be read wholly."""
    from crawlers.items import ad_json
    from crawlers.sandbox import ParserChild

    url = canonical_url(url)
    try:
        body = file.read_bytes()
    except OSError as error:
        raise CannotRead(f"{file} cannot be read: {error.strerror}.") from error
    with ParserChild() as parser:
        found = parser.extract(body, url=url, content_type=content_type)
    for ad in found.ads:
        typer.echo(json.dumps(ad_json(ad), ensure_ascii=False))
    for problem in found.problems:
        typer.echo(f"{file}: {problem}", err=True)
    if not found.is_complete:
        typer.echo(f"{file}: parse_incomplete: not all of it could be read", err=True)
    raise typer.Exit(0 if found.is_complete else 1)


def reextract(
    source: Annotated[str | None, typer.Option(help="Only stored pages of this source.")] = None,
    page: Annotated[list[int] | None, typer.Option(help="Only these pages, by id.")] = None,
) -> None:
    """Run the page objects again over stored pages; a text that comes out otherwise is a new version."""
    from crawlers.reextracting import reextract as read_again
    from crawlers.sandbox import ParserChild

    home = open_installation()
    with ParserChild() as parser, Progress("reextract") as progress:
        report = read_again(
            home.database,
            home.store,
            parser,
            now=utc_now(),
            source_name=source,
            page_ids=page or (),
            progress=progress,
        )
    typer.echo(str(report))


def import_files(
    files: Annotated[list[Path], typer.Argument(help="WARC, JSON lines or CSV, each also as .gz; or WACZ.")],
) -> None:
    """Take files into the line as if crawled, with their own capture times; twice stores once.

    Exit status 1 if a record was refused; the rest is stored.
    """
    from crawlers.importing.files import BadImport, import_file

    home, n_failed = open_installation(), 0
    for file in files:
        try:
            with Progress(f"import {file.name}") as progress:
                report = import_file(home.database, file, now=utc_now(), progress=progress)
        except BadImport as error:
            n_failed += 1
            typer.echo(f"{file}: {error.message}", err=True)
            continue
        for line in report.lines():
            typer.echo(line)
        n_failed += report.n_refused
        with home.database.write() as session:
            home.audit.append(
                session,
                AuditAction.IMPORT_FINISHED,
                actor=OPERATOR,
                subject_kind="file",
                subject_id=sha256_of(file),
                now=utc_now(),
                details={
                    "n_rows": report.n_rows,
                    "n_stored": report.n_stored,
                    "n_refused": report.n_refused,
                    "reasons": report.reasons,
                },
            )
    raise typer.Exit(1 if n_failed else 0)


def sweep(home: Installation, now: datetime) -> JobReport:
    """Remove stored files that no row names, as a crash leaves them; the log says how many."""
    from crawlers.bytes_first import sweep_evidence

    n_removed = sweep_evidence(home.database, home.store)
    if n_removed:
        with home.database.write() as session:
            home.audit.append(
                session,
                AuditAction.EVIDENCE_SWEPT,
                actor=Actor(None, "worker"),
                subject_kind="evidence",
                subject_id="files",
                now=now,
                details={"n_removed": n_removed},
            )
    return JobReport(n_done=n_removed)


def sha256_of(file: Path) -> str:
    """Hash of a file's bytes; the audit log names an imported file by it."""
    with file.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def source_findings(home: Installation) -> Iterator[Finding]:
    """Whether the sources' files are sound, and which sources are on or overdue."""
    from crawlers.browser_fetch.missing import browser_findings
    from crawlers.schedule import overdue_sources
    from crawlers.sources_config import load_sources

    yield Finding(True, f"{len(load_sources(sources_folder(home)))} sources in {sources_folder(home)}")
    with home.database.read() as session:
        enabled = session.scalars(select(Source.name).where(Source.is_enabled).order_by(Source.name)).all()
        yield Finding(True, f"sources that are on: {', '.join(enabled) or 'none'}")
        yield from browser_findings(session, home.settings)
        for late in overdue_sources(session, utc_now()):
            yield Finding(
                False, f"Source {late.name} is overdue by {late.n_slots} slots. Is a worker running?"
            )
