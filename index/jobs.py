"""Keeping the index up with the database: pending ads, a rebuild, a comparison.

The database is the truth. What stands in ``Ad.indexed_revision`` is noted only
after the engine has acknowledged the document, so a crash in between writes it
once more, which changes nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from index import repository
from index.documents import SearchDocument
from index.engine import BATCH, IndexUnavailable, ItemResult, Outcome, SearchEngine, WriteReport
from models.ad import Ad
from models.errors import Retryable
from models.leases import JobReport, hold_back, lease_rows
from models.logs import get_logger
from models.progress import Progress
from models.session import Database

log = get_logger(__name__)

COMPARE_BATCH = 1000


@dataclass(frozen=True)
class ReindexReport:
    """Outcome of a rebuild; ``n_behind`` ads changed meanwhile and are pending, ``refused`` fit no index."""

    n_written: int
    n_behind: int
    refused: tuple[ItemResult, ...]


@dataclass(frozen=True)
class IndexDifferences:
    """Where index and database disagree, by ad id; ads that are pending anyway are left out.

    Attributes:
        n_checked: ads compared.
        missing: not in the index.
        outdated: the index holds an older revision than the database noted.
        ahead: the index holds a newer revision than the database has (a restored backup): reindex.
        unknown: in the index, but no such ad.
        damage: names of damaged files or parts.
    """

    n_checked: int
    missing: tuple[int, ...]
    outdated: tuple[int, ...]
    ahead: tuple[int, ...]
    unknown: tuple[int, ...]
    damage: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether index and database agree."""
        return not (self.missing or self.outdated or self.ahead or self.unknown or self.damage)


def index_pending(
    database: Database,
    engine: SearchEngine,
    *,
    now: datetime,
    limit: int = BATCH,
    lease_seconds: float = 120.0,
) -> JobReport:
    """Write the documents of up to ``limit`` ads that the index is behind by.

    A missing index is made anew and every ad becomes pending. A document that is
    wrong in itself is held back on its row; the others are written.

    Args:
        database: where the ads are.
        engine: where they go.
        now: present time.
        limit: ads in one call.
        lease_seconds: after this another worker may take the same ads.

    Raises:
        Retryable: the engine takes nothing now; every ad stays pending.
    """
    _ensure_index(database, engine)
    with database.read() as session:
        if not repository.has_pending(session, now):
            return JobReport()
    with database.write() as session:
        token, ids = lease_rows(
            session,
            Ad,
            where=repository.IS_BEHIND,
            # New ads first: after a new classifier version every old one is pending too.
            order_by=[Ad.id.desc()],
            n=limit,
            now=now,
            seconds=lease_seconds,
        )
    if not ids:
        return JobReport()
    try:
        with database.read() as session:
            documents = repository.load_documents(session, ids)
        report = engine.write(documents)
        engine.refresh()
    except Retryable:
        with database.write() as session:
            repository.give_back(session, ids, token)
        raise
    return _settle(database, report, token, now)


def _ensure_index(database: Database, engine: SearchEngine) -> None:
    if engine.exists():
        return
    # In this order: were the index there first, a crash in between would leave it empty for good.
    with database.write() as session:
        repository.mark_all_behind(session)
    engine.create()
    log.info("index.created", engine=engine.name)


def _settle(database: Database, report: WriteReport, token: str, now: datetime) -> JobReport:
    """Note each document's fate on its row, in one transaction."""
    done = [item for item in report.items if item.outcome in (Outcome.WRITTEN, Outcome.STALE)]
    failed, deferred = report.of(Outcome.FAILED), report.of(Outcome.DEFERRED)
    with database.write() as session:
        repository.mark_indexed(session, ((item.id, item.version) for item in done))
        repository.give_back(session, [item.id for item in deferred], token)
        for item in failed:
            row = session.get(Ad, item.id)
            if row is not None and row.lease_token == token:
                hold_back(row, f"index: {item.reason}", now=now)
                log.error("index.ad.failed", ad_id=item.id, revision=item.version, reason=item.reason)
    if deferred:
        log.warning("index.ads.deferred", n=len(deferred), reason=deferred[0].reason)
        if not done:
            raise IndexUnavailable(
                f"The search index takes no documents now ({deferred[0].reason}).", delay_seconds=30
            )
    return JobReport(n_done=len(done), n_failed=len(failed))


def reindex(database: Database, engine: SearchEngine, progress: Progress | None = None) -> ReindexReport:
    """Rebuild the index from the database and swap it in; searches use the old one until then.

    Afterwards the rows' bookkeeping is set to what the new index holds, so an ad
    that changed during the rebuild is pending and comes with the next job.

    Raises:
        Retryable: the engine failed; the old index stays in use.
    """
    if progress is not None:
        with database.read() as session:
            progress.set_total(repository.count_ads(session))
    report = engine.rebuild(_all_documents(database, progress))
    _note_what_is_held(database, engine)
    with database.read() as session:
        backlog = repository.read_backlog(session)
    log.info("index.rebuilt", engine=engine.name, n_written=report.n_written, n_refused=len(report.refused))
    return ReindexReport(report.n_written, backlog.n_behind, report.refused)


def _all_documents(database: Database, progress: Progress | None) -> Iterator[SearchDocument]:
    last = 0
    while True:
        # A short look each time: on SQLite a reader that stays open keeps writers waiting.
        with database.read() as session:
            ids = repository.ad_ids_after(session, last, BATCH)
            documents = repository.load_documents(session, ids) if ids else []
        if not ids:
            return
        yield from documents
        last = ids[-1]
        if progress is not None:
            progress.advance(len(ids))


def _note_what_is_held(database: Database, engine: SearchEngine) -> None:
    for page in _bookkeeping(database):
        held = engine.versions_of([ad.id for ad in page])
        behind = [ad.id for ad in page if held.get(ad.id, 0) < ad.revision]
        news = [
            (ad.id, held[ad.id])
            for ad in page
            if held.get(ad.id, 0) >= ad.revision and (ad.is_behind or ad.indexed_revision != held[ad.id])
        ]
        if behind or news:
            with database.write() as session:
                repository.mark_indexed(session, news)
                repository.mark_behind(session, behind)


def _bookkeeping(database: Database) -> Iterator[list[repository.Bookkeeping]]:
    last = 0
    while True:
        with database.read() as session:
            page = repository.bookkeeping_after(session, last, COMPARE_BATCH)
        if not page:
            return
        yield page
        last = page[-1].id


def verify_index(
    database: Database, engine: SearchEngine, progress: Progress | None = None
) -> IndexDifferences:
    """Compare ids and versions of all documents with the database, and files with their checksums.

    Where there is no index at all, every ad that should be in it is missing.

    Raises:
        Retryable: the engine cannot be asked.
    """
    has_index = engine.exists()
    n_checked = 0
    missing: list[int] = []
    outdated: list[int] = []
    ahead: list[int] = []
    for page in _bookkeeping(database):
        # Asked after the database was: what was indexed in between is newer, never a difference.
        held = engine.versions_of([ad.id for ad in page]) if has_index else {}
        settled = [ad for ad in page if not ad.is_behind]
        missing += (ad.id for ad in settled if ad.id not in held)
        outdated += (ad.id for ad in settled if held.get(ad.id, ad.indexed_revision) < ad.indexed_revision)
        ahead += _still_ahead(
            database, {ad.id: held[ad.id] for ad in page if held.get(ad.id, 0) > ad.revision}
        )
        n_checked += len(page)
        if progress is not None:
            progress.advance(len(page))
    return IndexDifferences(
        n_checked,
        tuple(missing),
        tuple(outdated),
        tuple(ahead),
        _unknown(database, engine) if has_index else (),
        engine.find_damage() if has_index else (),
    )


def _still_ahead(database: Database, held: dict[int, int]) -> list[int]:
    """Of documents that looked newer than their rows, those that are: a row may have moved on meanwhile."""
    if not held:
        return []
    with database.read() as session:
        present = repository.revisions(session, list(held))
    return [ad_id for ad_id, version in held.items() if version > present.get(ad_id, 0)]


def _unknown(database: Database, engine: SearchEngine) -> tuple[int, ...]:
    unknown: list[int] = []
    for page in repository.in_pages(engine.ids_and_versions(), COMPARE_BATCH):
        with database.read() as session:
            known = repository.revisions(session, list(page))
        unknown += (ad_id for ad_id in page if ad_id not in known)
    return tuple(unknown)
