from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import event, select, update

from index.documents import SearchDocument
from index.embedded import EmbeddedEngine
from index.engine import IndexUnavailable, ItemResult, Outcome, SearchEngine, WriteReport
from index.jobs import index_pending, reindex, verify_index
from index.queries import Facet, SearchQuery
from index.repository import Backlog, load_documents, read_backlog
from models.ad import Ad, AdVersion, mark_changed
from models.enums import ContactKind, Level, Purpose, TaskState, TextPlace
from models.leases import JobReport
from models.progress import Progress
from models.session import Database
from tests.index import rows
from tests.index.factories import make_document


def backlog(database: Database) -> Backlog:
    with database.read() as session:
        return read_backlog(session)


def add_ads(database: Database, n: int, text: str = "Продам гараж") -> list[int]:
    with database.write() as session:
        return [rows.add_ad(session, i, f"{text} {i}").id for i in range(n)]


def change(database: Database, *ad_ids: int) -> None:
    with database.write() as session:
        mark_changed(session, *ad_ids)


def row(database: Database, ad_id: int) -> Ad:
    with database.read() as session:
        ad = session.get_one(Ad, ad_id)
        session.expunge(ad)
        return ad


class Faulty:
    """An engine whose write misbehaves as told; all else is the real one's."""

    def __init__(
        self, engine: SearchEngine, *, refuse: frozenset[int] = frozenset(), is_down: bool = False
    ) -> None:
        self._engine = engine
        self.refuse, self.is_down, self.is_full, self.after_write = refuse, is_down, False, lambda: None

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)

    def write(self, documents: Sequence[SearchDocument]) -> WriteReport:
        if self.is_down:
            raise IndexUnavailable("The search server cannot be reached.", delay_seconds=1)
        if self.is_full:
            return WriteReport(tuple(ItemResult(d.id, d.version, Outcome.DEFERRED, "429") for d in documents))
        written = self._engine.write([d for d in documents if d.id not in self.refuse])
        results = {item.id: item for item in written.items}
        self.after_write()
        return WriteReport(
            tuple(results.get(d.id, ItemResult(d.id, d.version, Outcome.FAILED, "bad")) for d in documents)
        )


# --- documents from rows ------------------------------------------------------------------


def test_a_document_holds_what_its_rows_say(database: Database) -> None:
    text = "Продам почку, звоните 8 701 123 45 67"
    with database.write() as session:
        ad = rows.add_ad(session, 1, text, title="Почка", region=" Алматы ")
        version = session.get_one(AdVersion, ad.current_version_id)
        rows.add_contact(session, version, ContactKind.PHONE, "+77011234567", "8 701 123 45 67")
        found = rows.add_classification(
            session,
            version,
            scores={Purpose.ORGAN_REMOVAL: 0.97, Purpose.FORCED_LABOUR: 0.2},
            hits=[("O01", True, False), ("O01", True, False), ("P02", False, False), ("C03", True, True)],
        )
        rows.add_task(session, found, "2026-1", TaskState.REJECTED)
        rows.add_task(session, found, "2026-2", TaskState.OPEN)
    with database.read() as session:
        (document,) = load_documents(session, [ad.id])
    assert (document.id, document.version, document.title, document.text) == (ad.id, 1, "Почка", text)
    assert document.facets == {
        Facet.SOURCE: ("olx",),
        Facet.SOURCE_KIND: ("classifieds",),
        Facet.REGION: ("Алматы",),
        Facet.AD_STATE: ("live",),
        Facet.TASK_STATE: ("open",),
        Facet.LEVEL: ("high",),
        Facet.SIDE: ("offer",),
        Facet.LANGUAGE: ("ru",),
        Facet.FLAG: ("flagged",),
        Facet.INDICATOR: ("O01",),
        Facet.PURPOSE: ("organ_removal",),
    }
    assert document.contacts == ("77011234567",)
    assert document.contact_spans == {TextPlace.TITLE: (), TextPlace.TEXT: ((22, 37),)}
    assert (document.level, document.priority) == (Level.HIGH, 0.9)


def test_an_unread_ad_is_neither_flagged_nor_clear(database: Database) -> None:
    (ad_id,) = add_ads(database, 1)
    with database.read() as session:
        (document,) = load_documents(session, [ad_id])
    assert document.level is None
    assert not {Facet.FLAG, Facet.LEVEL, Facet.LANGUAGE} & set(document.facets)


def test_the_reading_by_the_present_classifier_counts(sqlite_database: Database) -> None:
    with sqlite_database.write() as session:
        ad = rows.add_ad(session, 1, "текст")
        version = session.get_one(AdVersion, ad.current_version_id)
        rows.add_classification(session, version, classifier="old", level=Level.URGENT)
        rows.add_classification(session, version, classifier="new", level=Level.LOW, is_flagged=False)
    with sqlite_database.read() as session:
        (document,) = load_documents(session, [ad.id])
    assert document.level is Level.LOW
    assert document.facets[Facet.FLAG] == ("clear",)


def test_many_documents_cost_as_many_queries_as_one(sqlite_database: Database) -> None:
    ids = add_ads(sqlite_database, 40)
    statements: list[str] = []
    event.listen(sqlite_database.engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    with sqlite_database.read() as session:
        assert [d.id for d in load_documents(session, ids)] == ids
    assert sum(statement.startswith("SELECT") for statement in statements) == 5


# --- pending ads --------------------------------------------------------------------------


def test_pending_ads_are_written_and_noted(
    database: Database, embedded_engine: EmbeddedEngine, now: datetime
) -> None:
    ids = add_ads(database, 5)
    assert backlog(database) == Backlog(5, 0)
    assert index_pending(database, embedded_engine, now=now, limit=3) == JobReport(n_done=3)
    assert backlog(database).n_behind == 2
    assert index_pending(database, embedded_engine, now=now) == JobReport(n_done=2)
    assert index_pending(database, embedded_engine, now=now) == JobReport()
    assert embedded_engine.search(SearchQuery("гараж")).total == 5

    change(database, ids[1])
    assert backlog(database).n_behind == 1
    assert index_pending(database, embedded_engine, now=now) == JobReport(n_done=1)
    assert embedded_engine.versions_of(ids) == {i: 2 if i == ids[1] else 1 for i in ids}
    assert verify_index(database, embedded_engine).is_whole


def test_an_ad_changed_while_it_is_written_stays_pending(
    database: Database, embedded_engine: EmbeddedEngine, now: datetime
) -> None:
    first, second = add_ads(database, 2)
    engine = Faulty(embedded_engine)
    engine.after_write = lambda: change(database, second)
    assert index_pending(database, engine, now=now) == JobReport(n_done=2)
    assert [row(database, i).is_index_behind for i in (first, second)] == [False, True]
    engine.after_write = lambda: None
    assert index_pending(database, engine, now=now) == JobReport(n_done=1)
    assert embedded_engine.versions_of([second]) == {second: 2}


def test_a_crash_between_acknowledgement_and_note_changes_nothing(
    database: Database, embedded_engine: EmbeddedEngine, now: datetime
) -> None:
    add_ads(database, 3)
    engine = Faulty(embedded_engine)

    def crash() -> None:
        raise KeyboardInterrupt

    engine.after_write = crash
    with pytest.raises(KeyboardInterrupt):
        index_pending(database, engine, now=now, lease_seconds=60)
    assert embedded_engine.count() == 3
    assert backlog(database).n_behind == 3
    # The lease of the dead worker still holds; then its rows come back and are written once more.
    assert index_pending(database, embedded_engine, now=now) == JobReport()
    later = now + timedelta(seconds=61)
    assert index_pending(database, embedded_engine, now=later) == JobReport(n_done=3)
    assert embedded_engine.count() == 3
    assert verify_index(database, embedded_engine).is_whole


def test_an_old_revision_after_a_new_one_sets_nothing_back(
    database: Database, embedded_engine: EmbeddedEngine, now: datetime
) -> None:
    (ad_id,) = add_ads(database, 1)
    engine = Faulty(embedded_engine)

    def overtake() -> None:
        engine.after_write = lambda: None
        change(database, ad_id)
        index_pending(database, embedded_engine, now=now + timedelta(hours=1))

    # The lease runs out while the first worker is slow; a second writes revision 2 and notes it.
    engine.after_write = overtake
    index_pending(database, engine, now=now)
    ad = row(database, ad_id)
    assert (ad.indexed_revision, ad.is_index_behind) == (2, False)
    assert embedded_engine.versions_of([ad_id]) == {ad_id: 2}


def test_an_engine_that_is_down_leaves_all_pending(
    database: Database, embedded_engine: EmbeddedEngine, now: datetime
) -> None:
    ids = add_ads(database, 3)
    engine = Faulty(embedded_engine, is_down=True)
    for _ in range(10):
        with pytest.raises(IndexUnavailable):
            index_pending(database, engine, now=now)
    assert backlog(database) == Backlog(3, 0)
    assert {row(database, i).attempts for i in ids} == {0}
    engine.is_down, engine.is_full = False, True
    with pytest.raises(IndexUnavailable):
        index_pending(database, engine, now=now)
    assert backlog(database) == Backlog(3, 0)
    engine.is_full = False
    assert index_pending(database, engine, now=now) == JobReport(n_done=3)


def test_one_bad_document_is_held_back_and_the_others_are_written(
    database: Database, embedded_engine: EmbeddedEngine, now: datetime
) -> None:
    ids = add_ads(database, 30)
    bad = ids[7]
    engine = Faulty(embedded_engine, refuse=frozenset({bad}))
    assert index_pending(database, engine, now=now) == JobReport(n_done=29, n_failed=1)
    assert backlog(database) == Backlog(1, 1)
    assert row(database, bad).error == "index: bad"
    assert index_pending(database, engine, now=now) == JobReport()
    engine.refuse = frozenset()
    assert index_pending(database, engine, now=now + timedelta(hours=1)) == JobReport(n_done=1)
    assert backlog(database) == Backlog(0, 0)
    assert row(database, bad).error is None


def test_a_lost_index_is_filled_again_by_itself(
    sqlite_database: Database,
    engine: SearchEngine,
    without_index: Callable[[SearchEngine], SearchEngine],
    now: datetime,
) -> None:
    database = sqlite_database
    ids = add_ads(database, 4)
    assert verify_index(database, without_index(engine)).is_whole, "what is pending is not lost"
    index_pending(database, engine, now=now)
    lost = without_index(engine)
    assert verify_index(database, lost).missing == tuple(ids)
    assert index_pending(database, lost, now=now) == JobReport(n_done=4)
    assert lost.count() == 4
    assert verify_index(database, lost).is_whole


# --- rebuild and comparison, on both engines ------------------------------------------------


def test_reindex_equals_the_database(
    sqlite_database: Database, engine: SearchEngine, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    database = sqlite_database
    ids = add_ads(database, 25)
    index_pending(database, engine, now=now)
    engine.write([make_document(9999, "чужой")])
    before = engine.search(SearchQuery("гараж", size=100))
    with Progress("reindex") as progress:
        report = reindex(database, engine, progress)
    assert (report.n_written, report.n_behind, report.refused) == (25, 0, ())
    assert "25 of 25" in capsys.readouterr().err
    assert engine.search(SearchQuery("гараж", size=100)) == before
    assert [i for i, _ in engine.ids_and_versions()] == ids
    assert verify_index(database, engine).is_whole


def test_ads_changed_during_a_rebuild_are_pending_after_it(
    sqlite_database: Database, embedded_engine: EmbeddedEngine, now: datetime
) -> None:
    database = sqlite_database
    ids = add_ads(database, 10)
    index_pending(database, embedded_engine, now=now)

    class Busy(Faulty):
        def rebuild(self, documents: Iterator[SearchDocument]) -> object:
            held = list(documents)
            # Another worker writes a newer revision and a new ad to the old index and notes both.
            change(database, ids[0])
            with database.write() as session:
                rows.add_ad(session, 77, "новый гараж")
            index_pending(database, embedded_engine, now=now)
            return embedded_engine.rebuild(held)

    report = reindex(database, Busy(embedded_engine))  # type: ignore[arg-type]
    assert report.n_behind == 2
    assert index_pending(database, embedded_engine, now=now) == JobReport(n_done=2)
    assert verify_index(database, embedded_engine).is_whole
    assert embedded_engine.count() == 11


def test_verify_names_every_difference(
    sqlite_database: Database, engine: SearchEngine, now: datetime
) -> None:
    database = sqlite_database
    ids = add_ads(database, 6)
    index_pending(database, engine, now=now)
    held: Mapping[int, int] = engine.versions_of(ids)
    engine.delete({ids[0]: held[ids[0]]})
    with database.write() as session:
        session.execute(update(Ad).where(Ad.id == ids[1]).values(revision=3, indexed_revision=3))
    engine.write([make_document(ids[2], version=8), make_document(4242)])
    change(database, ids[3])  # pending is not damaged
    engine.refresh()
    differences = verify_index(database, engine)
    assert differences.missing == (ids[0],)
    assert differences.outdated == (ids[1],)
    assert differences.ahead == (ids[2],)
    assert differences.unknown == (4242,)
    assert differences.n_checked == 6
    assert not differences.is_whole

    reindex(database, engine)
    index_pending(database, engine, now=now)
    assert verify_index(database, engine).is_whole
    with database.read() as session:
        assert set(session.scalars(select(Ad.is_index_behind))) == {False}
