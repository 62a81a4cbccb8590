"""The composition root: the `saqshy` command and the schedule. No logic lives here, and nobody imports it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from models.config import load_settings
from models.errors import SaqshyError

if TYPE_CHECKING:  # each command loads only what it needs: `classify` starts without database, web or Scrapy
    import threading
    from datetime import datetime

    from sqlalchemy.orm import Session

    from crawlers.sandbox import ParserChild
    from models.installation import Installation
    from models.leases import JobReport
    from models.processes import Child
    from models.session import Database
    from models.worker import Job

N_CRAWL_LANES = 3
TICK_SECONDS = 15
WATCH_SECONDS = 30

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def about() -> None:
    """Saqshy watches public online ads for signs of human trafficking."""
    os.umask(0o077)


@app.command()
def migrate() -> None:
    """Make or update the schema, the keys and the rows of the sources; safe to repeat."""
    prepare()
    typer.echo("The database is up to date.")


def prepare() -> Installation:
    """The first step of every start."""
    from crawlers.commands import sync_source_rows
    from models.installation import open_installation, prepare_installation
    from models.worker import utc_now
    from review_api.commands import finish_interrupted_releases

    installation = prepare_installation(open_installation().settings, utc_now())
    sync_source_rows(installation)
    finish_interrupted_releases(installation)
    prepare_classifier()
    return installation


def prepare_classifier() -> None:
    """Fit the classifier at the first start; in a process of its own, whose memory goes with it."""
    # Without an artifact the ads wait in the unscored queue, so a failure here stops nothing.
    subprocess.run(saqshy("install-classifier"), check=False)  # noqa: S603 - our own command line


@app.command(hidden=True)
def install_classifier() -> None:
    """Fit the classifier if it is not there yet; says so, since it takes a minute."""
    from classifiers.artifact import BadArtifact
    from classifiers.artifacts import install, is_fitted

    folder = load_settings().artifacts_dir
    if is_fitted(folder):
        return

    def say(step: str) -> None:
        typer.echo(f"Fitting the classifier from the texts that come with Saqshy, once: {step}")

    try:
        install(folder, say)
    except BadArtifact as error:
        typer.echo(f"WRONG {error.message}", err=True)


@app.command()
def up() -> None:
    """Everything on one machine with embedded defaults; prints the address. Ctrl-C ends it."""
    from review_api.commands import first_administrator

    supervise(first_administrator, [])


@app.command()
def demo() -> None:
    """The same with the bundled sample web as its source, and sample users."""
    from crawlers.sample_web.demo import sample_environment
    from models.processes import Child
    from review_api.commands import sample_users

    port, environment = sample_environment()
    os.environ.update(environment)
    supervise(sample_users, [Child("sample-web", saqshy("sample-web", str(port)), {})])


def supervise(make_users: Callable[[Installation], Sequence[str]], more: Sequence[Child]) -> None:
    """Run all processes of one machine until Ctrl-C."""
    import threading

    from models.announce import announce
    from models.doctor import examine
    from models.processes import Child, Supervisor, check_port_is_free, only_one
    from models.worker import stop_on_signals

    settings = load_settings()
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    with only_one(settings.data_dir / "up.lock"):
        check_port_is_free(settings.host, settings.port)
        home = prepare()
        lines = [*make_users(home), *(f"WRONG {f.text}" for f in examine(home, []) if not f.is_well)]
        # On one terminal only what needs a person; each process alone tells more.
        quiet = {"SAQSHY_LOG_LEVEL": os.environ.get("SAQSHY_LOG_LEVEL", "warning")}
        names = ("serve", "worker", "scheduler", "watchdog")
        children = [*more, *(Child(name, saqshy(name), quiet) for name in names)]
        stop = stop_on_signals()
        threading.Thread(target=announce, args=(settings, lines, stop), daemon=True).start()
        Supervisor(children).run(stop)
    typer.echo("Saqshy has stopped. The same command goes on where it stopped.")


def saqshy(*arguments: str) -> list[str]:
    """Command line of one of our own processes."""
    return [sys.executable, str(Path(__file__).resolve()), *arguments]


@app.command(hidden=True)
def sample_web(port: int) -> None:
    """The bundled sample sites on loopback, for ``demo``."""
    from crawlers.sample_web.server import serve as serve_sample_web

    serve_sample_web(port, load_settings().data_dir / "sample-web.json")


@app.command()
def serve() -> None:
    """Answer people: the pages and the JSON API."""
    from index.engines import open_engine
    from models.installation import open_installation
    from review_api.app import create_app
    from review_api.server import run_server

    home = open_installation()
    run_server(
        create_app(home.settings, db=home.database, audit=home.audit, search=open_engine(home.settings)),
        home.settings,
    )


@app.command()
def worker() -> None:
    """Do the background work: crawl, extract, classify, link, triage, index."""
    from crawlers.sandbox import ParserChild
    from models.installation import open_installation
    from models.worker import run_lanes, stop_on_signals

    home, stop = open_installation(), stop_on_signals()
    with ParserChild() as parser:
        run_lanes(lanes(home, parser, stop), stop)


def lanes(home: Installation, parser: ParserChild, stop: threading.Event) -> list[list[Job]]:
    """The jobs of a worker: crawls beside each other, the pipeline in the order of the flow, upkeep."""
    from classifiers.artifacts import load
    from classifiers.linking import link_pending
    from classifiers.waiting import LazyClassifier, classify_or_wait
    from crawlers.ad_checks import start_ad_checks
    from crawlers.candidates import find_candidates
    from crawlers.commands import sweep
    from crawlers.hand_ins import HandInDesk
    from crawlers.jobs import run_due_crawl
    from crawlers.reextracting import extract_pending
    from index.engines import open_engine
    from index.jobs import index_pending
    from models.runs import URGENT_RUNS
    from models.worker import Job
    from review_api.jobs import expire_claims, expire_entries, open_review_tasks

    database, settings, audit, engine = home.database, home.settings, home.audit, open_engine(home.settings)
    crawl = Job("crawl", lambda now: run_due_crawl(database, settings, now=now, stop=stop), 2.0)
    urgent = Job(
        "crawl_urgent",
        lambda now: run_due_crawl(database, settings, now=now, stop=stop, kinds=URGENT_RUNS),
        1.0,
    )
    seconds = float(settings.lease_seconds)
    classifier = LazyClassifier(lambda: load(settings.artifacts_dir))
    pipeline = [
        Job(
            "extract",
            lambda now: extract_pending(database, home.store, parser, now=now, lease_seconds=seconds),
        ),
        Job("classify", lambda now: classify_or_wait(database, audit, classifier, now=now)),
        Job("link", lambda now: link_pending(database, now=now)),
        Job("triage", lambda now: open_review_tasks(database, audit, now=now)),
        Job("index", lambda now: index_pending(database, engine, now=now)),
    ]
    upkeep = [
        Job("expire_claims", lambda now: expire_claims(database, audit, now=now), 10.0),
        Job("expire_entries", lambda now: expire_entries(database, audit, now=now), 60.0),
        Job("find_candidates", lambda now: find_candidates(database, now), 3600.0, does_all=True),
        Job("start_ad_checks", in_one_write(database, start_ad_checks), 300.0),
        Job("sweep_evidence", lambda now: sweep(home, now), 3600.0, does_all=True),
        Job("note_audit_head", home.note_audit_head, 60.0),
    ]
    hand_ins = Job("take_hand_ins", HandInDesk(database, home.store).take)
    # What a person waits for has a lane of its own, which no long crawl can occupy.
    return [*([[crawl]] * N_CRAWL_LANES), [urgent], [hand_ins], pipeline, upkeep, evidence_lane(home)]


def evidence_lane(home: Installation) -> list[Job]:
    """The jobs that make evidence provable; apart, since authorities and browsers may be slow."""
    from crawlers.evidence.pictures import take_pictures, want_pictures
    from crawlers.evidence.rechecking import check_evidence_due
    from crawlers.evidence.sealing import anchor_pending, seal_day, seal_items, seal_pending
    from models.worker import Job

    database, audit, store = home.database, home.audit, home.store
    return [
        Job("seal_evidence", lambda now: seal_pending(database, audit, now=now), 10.0),
        Job("seal_items", lambda now: seal_items(database, audit, now=now), 10.0),
        Job("seal_day", lambda now: seal_day(database, audit, now=now), 60.0),
        Job("want_pictures", lambda now: want_pictures(database, now=now), 10.0),
        Job("take_pictures", lambda now: take_pictures(database, store, now=now), 10.0),
        Job("check_evidence", lambda now: check_evidence_due(database, store, now=now), 30.0),
        Job("anchor_evidence", lambda now: anchor_pending(database, audit, now=now), 30.0),
    ]


def in_one_write(
    database: Database, work: Callable[[Session, datetime], JobReport]
) -> Callable[[datetime], JobReport]:
    """A job that is one transaction."""

    def run(now: datetime) -> JobReport:
        with database.write() as session:
            return work(session, now)

    return run


@app.command()
def scheduler() -> None:
    """Tick: turn due slots of the sources into rows. Any number may run; a slot is crawled once."""
    from apscheduler.schedulers.background import BackgroundScheduler

    from crawlers.schedule import start_due_crawls
    from models.installation import open_installation
    from models.worker import stop_on_signals, utc_now

    home = open_installation()

    def tick() -> None:
        with home.database.write() as session:
            start_due_crawls(session, utc_now())

    stop = stop_on_signals()
    ticking = BackgroundScheduler(timezone="UTC")
    ticking.add_job(tick, "interval", seconds=TICK_SECONDS, next_run_time=utc_now(), coalesce=True)
    ticking.start()
    stop.wait()
    ticking.shutdown()


@app.command()
def watchdog() -> None:
    """Raise alarms: a source overdue, silent, drifted or shut out, a full disk; apart from the scheduler."""
    from crawlers.alarms import watch_sources
    from models.doctor import look_at_disk
    from models.installation import open_installation
    from models.leases import JobReport
    from models.logs import get_logger
    from models.worker import Job, run_lanes, stop_on_signals

    home, log = open_installation(), get_logger("manage")

    def look(now: datetime) -> JobReport:
        disk = look_at_disk(home.settings.data_dir)
        if not disk.is_well:
            log.error("watchdog.disk.full", fact=disk.text)
        with home.database.write() as session:
            watch_sources(session, now)
        return JobReport()

    # As a job it outlives a database that is away, and says so.
    run_lanes([[Job("watch", look, WATCH_SECONDS)]], stop_on_signals())


@app.command()
def verify() -> None:
    """Check evidence, audit log, releases and index; names each damaged item, exit status 1 if any."""
    from models.installation import open_installation

    home = open_installation()
    damages = list(find_damages(home))
    for damage in damages:
        typer.echo(f"DAMAGED: {damage}")
    if damages:
        raise typer.Exit(1)
    typer.echo("All is well: evidence, audit log, releases and index are as they were written.")


def find_damages(home: Installation) -> Iterator[str]:
    """Damages of all rooms, in the order of the flow."""
    from index.commands import index_damages
    from models.integrity import count_evidence, verify_evidence
    from models.progress import Progress
    from models.seals import verify_seals
    from review_api.commands import release_damages

    with home.database.read() as session:
        n_files = count_evidence(session)
    with Progress("evidence", n_files) as progress:
        for damage in verify_evidence(home.database, home.store):
            progress.advance()
            if damage:
                yield damage
    yield from verify_seals(home.database)
    yield from home.audit_damages()
    yield from release_damages(home)
    yield from index_damages(home)


@app.command()
def doctor() -> None:
    """Say in plain words what is wrong with this set-up; exit status 1 if anything is."""
    from classifiers.waiting import classifier_findings
    from crawlers.commands import source_findings
    from crawlers.evidence.commands import evidence_findings
    from crawlers.pictures.commands import picture_findings
    from index.commands import index_findings
    from models.doctor import examine
    from models.installation import open_installation

    n_wrong = 0
    rooms = [source_findings, picture_findings, evidence_findings, classifier_findings, index_findings]
    for finding in examine(open_installation(), rooms):
        n_wrong += not finding.is_well
        typer.echo(f"{'ok   ' if finding.is_well else 'WRONG'} {finding.text}")
    raise typer.Exit(1 if n_wrong else 0)


def add_scoring_commands() -> None:
    """The commands that need neither database nor web; a batch of texts should not wait for those."""
    from classifiers.commands import classify, evaluate, train

    app.command()(classify)
    app.command()(train)
    app.command()(evaluate)


SCORING = frozenset({"classify", "train", "evaluate"})


def add_room_commands() -> None:
    """All other commands that belong to one room alone."""
    from crawlers.commands import extract, import_files, reextract, sources
    from crawlers.evidence.commands import anchor
    from index.commands import reindex
    from review_api.commands import export, users
    from review_api.evidence.commands import evidence

    app.command()(extract)
    app.command()(reextract)
    app.command(name="import")(import_files)
    app.command()(reindex)
    app.command()(export)
    app.add_typer(sources, name="sources")
    app.add_typer(users, name="users")
    evidence.command()(anchor)
    app.add_typer(evidence, name="evidence")


add_scoring_commands()
if SCORING.isdisjoint(sys.argv[1:2]):
    add_room_commands()


def main() -> None:
    """Entry point: expected errors become one sentence and exit status 2."""
    try:
        app()
    except SaqshyError as error:
        typer.echo(f"saqshy: {error.message}", err=True)
        sys.exit(2)
    except Exception as error:
        from sqlalchemy.exc import DBAPIError

        if not isinstance(error, DBAPIError):
            raise
        # Its text may quote values of rows; the kind says enough.
        kind = type(error.orig).__name__
        typer.echo(f"saqshy: the database refused or does not answer ({kind}). Run: saqshy doctor", err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
