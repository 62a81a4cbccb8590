"""`saqshy reindex`, and what `verify` and `doctor` say about the index.

Imports stand inside the functions: every start of `saqshy` loads this module.
"""

from collections.abc import Iterator

import typer

from models.audit import OPERATOR, AuditAction
from models.doctor import Finding
from models.errors import SaqshyError
from models.installation import Installation, open_installation
from models.progress import Progress
from models.worker import utc_now

MAX_NAMED = 20


def reindex() -> None:
    """Rebuild the search index from the database and swap it in; searches use the old one until then."""
    from index.engines import open_engine
    from index.jobs import reindex as rebuild

    home = open_installation()
    engine = open_engine(home.settings)
    with Progress("reindex") as progress:
        report = rebuild(home.database, engine, progress)
    with home.database.write() as session:
        home.audit.append(
            session,
            AuditAction.INDEX_REBUILT,
            actor=OPERATOR,
            subject_kind="search_index",
            subject_id=engine.name,
            now=utc_now(),
            details={"n_written": report.n_written, "n_refused": len(report.refused)},
        )
    typer.echo(
        f"{report.n_written} ads written, {len(report.refused)} refused, {report.n_behind} changed meanwhile"
    )
    for item in report.refused:
        typer.echo(f"ad {item.id} refused: {item.reason}")
    raise typer.Exit(1 if report.refused else 0)


def index_damages(home: Installation) -> Iterator[str]:
    """Compare the index with the database; one sentence per difference."""
    from index.engines import open_engine
    from index.jobs import verify_index
    from index.repository import count_ads

    engine = open_engine(home.settings)
    try:
        with home.database.read() as session:
            total = count_ads(session)
        with Progress("index", total) as progress:
            differences = verify_index(home.database, engine, progress)
    except SaqshyError as error:
        yield f"search index: it could not be checked. {error.message}"
        return
    for fact, ids in (
        ("is not in the search index", differences.missing),
        ("is older in the search index than in the database", differences.outdated),
        ("is newer in the search index than in the database", differences.ahead),
        ("is in the search index but not in the database", differences.unknown),
    ):
        yield from (f"ad {ad_id} {fact}" for ad_id in ids[:MAX_NAMED])
        if len(ids) > MAX_NAMED:
            yield f"and {len(ids) - MAX_NAMED} more ads: each {fact}. Run: saqshy reindex"
    yield from (f"search index: {damage}" for damage in differences.damage)


def index_findings(home: Installation) -> Iterator[Finding]:
    """Whether the search answers and how far it is behind."""
    from index.engine import NO_INDEX
    from index.engines import open_engine
    from index.repository import count_ads, read_backlog

    engine = open_engine(home.settings)
    health = engine.health()
    with home.database.read() as session:
        backlog, n_ads = read_backlog(session), count_ads(session)
    problem = f": {health.problem}" if health.problem else ""
    if health.problem == NO_INDEX:
        problem = f": there is no index, and {n_ads} ads to find. Run: saqshy reindex"
        problem = problem if n_ads else ": there is no index yet; the first start makes it. Run: saqshy up"
    yield Finding(
        health.is_ready or (health.problem == NO_INDEX and not n_ads), f"search ({health.engine}){problem}"
    )
    yield Finding(True, f"the search is {backlog.n_behind} ads behind the database")
