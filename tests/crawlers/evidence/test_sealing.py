"""Seals and time stamps, and F9: every damage of evidence is found and names its item."""

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select, text

from crawlers.evidence.commands import evidence_findings
from crawlers.evidence.pictures import want_pictures
from crawlers.evidence.sealing import anchor_pending, seal_day, seal_items, seal_pending
from models.audit import AuditAction, AuditEvent, AuditLog
from models.blobs import BlobStore
from models.config import Settings
from models.enums import PictureState, SealKind, SealState
from models.evidence import Evidence, Picture, Seal, TimeStamp
from models.installation import Installation, prepare_installation
from models.integrity import verify_evidence
from models.leases import JobReport
from models.merkle import follow, path_of, unpack_members
from models.seals import evidence_damages, verify_seals
from models.session import Database
from tests.conftest import open_database
from tests.crawlers.evidence.conftest import Authorities, store_pages
from tests.factories import make_flagged_task


def damages(database: Database, audit: AuditLog) -> list[str]:
    store = BlobStore(database.settings.evidence_dir)
    files = [damage for damage in verify_evidence(database, store) if damage]
    with database.read() as session:
        return [*files, *verify_seals(database), *audit.verify(session)]


def seals(database: Database, kind: SealKind) -> list[Seal]:
    with database.read() as session:
        found = list(session.scalars(select(Seal).where(Seal.kind == kind).order_by(Seal.id)))
        for seal in found:
            assert seal.stamps is not None
        return found


def test_new_evidence_comes_under_a_root_that_the_audit_log_knows(
    database: Database, audit_log: AuditLog, now: datetime
) -> None:
    ids = store_pages(database, database.settings.evidence_dir, now, 5)
    assert seal_pending(database, audit_log, now=now).n_done == 5
    assert seal_pending(database, audit_log, now=now).n_done == 0
    (seal,) = seals(database, SealKind.BATCH)
    members = unpack_members(seal.members)
    assert [member[0] for member in members] == ids
    digests = [digest for _, digest in members]
    assert {follow(digest, path_of(digests, n)) for n, digest in enumerate(digests)} == {seal.root_sha256}
    with database.read() as session:
        assert set(session.scalars(select(Evidence.seal_id))) == {seal.id}
        event = session.get_one(AuditEvent, seal.audit_seq)
    assert event.action is AuditAction.EVIDENCE_SEALED
    assert seal.root_sha256 in event.details
    assert damages(database, audit_log) == []


def test_seals_are_not_made_more_often_than_wanted(
    sqlite_database: Database, audit_log: AuditLog, now: datetime
) -> None:
    folder = sqlite_database.settings.evidence_dir
    store_pages(sqlite_database, folder, now, 1)
    assert seal_pending(sqlite_database, audit_log, now=now).n_done == 1
    with sqlite_database.write() as session:
        session.add(Evidence(sha256="0" * 64, size_bytes=0, captured_at=now))
    assert seal_pending(sqlite_database, audit_log, now=now + timedelta(seconds=10)).n_done == 0
    assert seal_pending(sqlite_database, audit_log, now=now + timedelta(seconds=61)).n_done == 1


def test_a_clock_that_stood_in_the_future_holds_up_no_seal(
    sqlite_database: Database, audit_log: AuditLog, now: datetime
) -> None:
    db, wrong = sqlite_database, now + timedelta(days=400)
    store_pages(db, db.settings.evidence_dir, now, 1)
    assert seal_pending(db, audit_log, now=wrong).n_done == 1
    with db.write() as session:
        session.add(Evidence(sha256="0" * 64, size_bytes=0, captured_at=now))
    assert seal_pending(db, audit_log, now=now).n_done == 1
    assert seal_day(db, audit_log, now=now).n_done == 1
    assert [seal.day_id is None for seal in seals(db, SealKind.BATCH)] == [False, True]


def test_what_has_nothing_to_do_waits_for_no_writer(
    sqlite_database: Database, audit_log: AuditLog, now: datetime
) -> None:
    db = sqlite_database
    with db.write():
        assert seal_pending(db, audit_log, now=now) == JobReport()
        assert seal_day(db, audit_log, now=now) == JobReport()
        assert seal_items(db, audit_log, now=now) == JobReport()
        assert want_pictures(db, now=now) == JobReport()


def test_new_seals_go_before_those_that_were_tried_often(
    sqlite_database: Database, audit_log: AuditLog, now: datetime, authorities: Authorities
) -> None:
    db = sqlite_database
    db.settings = authorities.name_in(db.settings)
    authorities.two.is_up = False
    for day in range(11):
        with db.write() as session:
            session.add(Evidence(sha256=f"{day:064}", size_bytes=0, captured_at=now))
        seal_pending(db, audit_log, now=now, after_seconds=0)
        seal_day(db, audit_log, now=now, is_early=True)
    assert anchor_pending(db, audit_log, now=now).n_failed == 10
    assert anchor_pending(db, audit_log, now=now + timedelta(hours=1)).n_failed == 10
    assert {seal.state for seal in seals(db, SealKind.DAY)} == {SealState.PARTLY}


def test_one_stamp_covers_a_day(
    database: Database, audit_log: AuditLog, now: datetime, authorities: Authorities
) -> None:
    database.settings = authorities.name_in(database.settings)
    store_pages(database, database.settings.evidence_dir, now, 3)
    seal_pending(database, audit_log, now=now)
    assert seal_day(database, audit_log, now=now + timedelta(hours=1)).n_done == 0
    tomorrow = now + timedelta(days=1)
    assert seal_day(database, audit_log, now=tomorrow).n_done == 1
    assert anchor_pending(database, audit_log, now=tomorrow).n_done == 1
    (day,) = seals(database, SealKind.DAY)
    assert (day.state, [stamp.authority for stamp in day.stamps]) == (SealState.ANCHORED, ["one", "two"])
    (batch,) = seals(database, SealKind.BATCH)
    assert (batch.state, batch.day_id) == (SealState.COVERED, day.id)
    assert (authorities.one.n_asked, authorities.two.n_asked) == (1, 1)
    assert damages(database, audit_log) == []


def test_what_no_authority_stamps_is_stamped_later(
    sqlite_database: Database, audit_log: AuditLog, now: datetime, authorities: Authorities
) -> None:
    db = sqlite_database
    db.settings = authorities.name_in(db.settings)
    with db.write() as session:
        make_flagged_task(session, opened_at=now)
    assert seal_items(db, audit_log, now=now).n_done == 1
    assert seal_items(db, audit_log, now=now).n_done == 0
    # Bytes that are erased before the stamps are there are stamped all the same: their hash is known.
    with db.write() as session:
        session.scalars(select(Evidence)).one().erased_at = now
    authorities.one.is_up = authorities.two.is_up = False
    assert anchor_pending(db, audit_log, now=now + timedelta(hours=1)).n_failed == 1
    (item,) = seals(db, SealKind.ITEM)
    assert (item.state, item.error) == (SealState.UNANCHORED, "two: NoStamp")
    authorities.one.is_up = True
    assert anchor_pending(db, audit_log, now=now + timedelta(hours=2)).n_failed == 1
    assert seals(db, SealKind.ITEM)[0].state is SealState.PARTLY
    authorities.two.is_up = True
    assert anchor_pending(db, audit_log, now=now + timedelta(hours=5)).n_done == 1
    assert seals(db, SealKind.ITEM)[0].state is SealState.ANCHORED
    assert damages(db, audit_log) == []


def test_an_authority_on_loopback_that_is_not_listed_is_not_asked(
    sqlite_database: Database, audit_log: AuditLog, now: datetime, authorities: Authorities
) -> None:
    db = sqlite_database
    db.settings = authorities.name_in(db.settings).model_copy(update={"loopback_allow": ()})
    store_pages(db, db.settings.evidence_dir, now, 1)
    seal_pending(db, audit_log, now=now)
    seal_day(db, audit_log, now=now, is_early=True)
    assert anchor_pending(db, audit_log, now=now).n_failed == 1
    assert (authorities.one.n_asked, authorities.two.n_asked) == (0, 0)


def test_doctor_says_what_is_missing(
    sqlite_settings: Settings, now: datetime, authorities: Authorities
) -> None:
    home = prepare_installation(sqlite_settings, now)
    assert "time stamp authorities: none" in next(evidence_findings(home)).text
    both = Installation(authorities.name_in(sqlite_settings))
    assert [finding.is_well for finding in evidence_findings(both)] == [True, True, True]
    (both.settings.authority_roots_dir / "two.pem").unlink()
    assert [finding.is_well for finding in evidence_findings(both)] == [False]
    home.database.close()
    both.database.close()


@pytest.fixture
def sealed(
    sqlite_settings: Settings, audit_log: AuditLog, now: datetime, authorities: Authorities
) -> Iterator[Database]:
    """Four items, sealed and stamped."""
    db = open_database(authorities.name_in(sqlite_settings))
    store_pages(db, db.settings.evidence_dir, now, 4)
    seal_pending(db, audit_log, now=now)
    seal_day(db, audit_log, now=now, is_early=True)
    assert anchor_pending(db, audit_log, now=now).n_done == 1
    yield db
    db.close()


def rewrite(database: Database, *statements: str) -> None:
    """What somebody does who may write the database: away with the triggers, then the change."""
    with database.engine.begin() as connection:
        names = connection.execute(text("SELECT name FROM sqlite_master WHERE type = 'trigger'")).scalars()
        for name in list(names):
            connection.execute(text(f"DROP TRIGGER {name}"))
        for statement in statements:
            connection.execute(text(statement))


def flip(database: Database, path: Callable[[int], str]) -> None:
    file = BlobStore(database.settings.evidence_dir).path(path(2))
    body = bytearray(file.read_bytes())
    body[3] ^= 1
    file.write_bytes(body)


def cut(database: Database, path: Callable[[int], str]) -> None:
    file = BlobStore(database.settings.evidence_dir).path(path(2))
    file.write_bytes(file.read_bytes()[:-1])


def lose(database: Database, path: Callable[[int], str]) -> None:
    BlobStore(database.settings.evidence_dir).path(path(2)).unlink()


def swap(database: Database, path: Callable[[int], str]) -> None:
    store = BlobStore(database.settings.evidence_dir)
    one, two = store.path(path(2)), store.path(path(3))
    first, second = one.read_bytes(), two.read_bytes()
    one.write_bytes(second)
    two.write_bytes(first)


def swap_rows(database: Database, path: Callable[[int], str]) -> None:
    one, two = path(2), path(3)
    rewrite(
        database,
        "UPDATE evidence SET sha256 = 'x' WHERE id = 2",
        f"UPDATE evidence SET sha256 = '{one}' WHERE id = 3",
        f"UPDATE evidence SET sha256 = '{two}' WHERE id = 2",
    )


def rewrite_payload_and_digest(database: Database, path: Callable[[int], str]) -> None:
    blob = BlobStore(database.settings.evidence_dir).put(b"<html>page X</html>")
    rewrite(
        database, f"UPDATE evidence SET sha256 = '{blob.sha256}', size_bytes = {blob.size_bytes} WHERE id = 2"
    )


def delete_row(database: Database, path: Callable[[int], str]) -> None:
    rewrite(
        database,
        "PRAGMA foreign_keys=OFF",
        "DELETE FROM page WHERE evidence_id = 2",
        "DELETE FROM evidence WHERE id = 2",
    )


@pytest.mark.parametrize("damage", [flip, cut, lose, swap, swap_rows, rewrite_payload_and_digest, delete_row])
def test_f9_every_damage_names_its_item(
    sealed: Database, audit_log: AuditLog, damage: Callable[..., None]
) -> None:
    with sealed.read() as session:
        hashes = {row.id: row.sha256 for row in session.execute(select(Evidence.id, Evidence.sha256))}
    assert damages(sealed, audit_log) == []
    damage(sealed, lambda evidence_id: hashes[evidence_id])
    found = damages(sealed, audit_log)
    assert any(hashes[2] in line or "evidence 2 " in line for line in found)
    assert not any(hashes[n] in line or f"evidence {n} " in line for line in found for n in (1, 4))


def test_f9_a_seal_rewritten_with_its_item_is_found(sealed: Database, audit_log: AuditLog) -> None:
    with sealed.read() as session:
        (seal,) = session.scalars(select(Seal).where(Seal.kind == SealKind.BATCH))
        day = session.get_one(Seal, seal.day_id)
        stamp = session.scalars(select(TimeStamp)).first()
    assert stamp is not None
    fake = "ab" * 32
    rewrite(
        sealed,
        f"UPDATE evidence_seal SET root_sha256 = '{fake}' WHERE id IN ({seal.id}, {day.id})",
    )
    found = "\n".join(damages(sealed, audit_log))
    assert f"seal {seal.id} (batch): the audit log says that something else was sealed" in found
    assert f"time stamp of one on seal {day.id}: The time stamp does not hold" in found


def test_f9_a_seal_taken_away_with_all_that_hangs_on_it_is_missed(
    sealed: Database, audit_log: AuditLog, now: datetime
) -> None:
    rewrite(sealed, "UPDATE evidence SET kind = 'picture' WHERE id = 2")
    with sealed.write() as session:
        session.add(Picture(evidence_id=1, png_id=2, state=PictureState.TAKEN, wanted_at=now))
    assert seal_items(sealed, audit_log, now=now).n_done == 1
    assert anchor_pending(sealed, audit_log, now=now).n_done == 1
    (batch,), (day,) = seals(sealed, SealKind.BATCH), seals(sealed, SealKind.DAY)
    assert damages(sealed, audit_log) == []
    rewrite_payload_and_digest(sealed, lambda evidence_id: f"{evidence_id}")
    rewrite(
        sealed,
        "DELETE FROM time_stamp",
        "UPDATE evidence SET seal_id = NULL",
        "UPDATE evidence_seal SET day_id = NULL",
        "DELETE FROM evidence_seal",
    )
    found = "\n".join(damages(sealed, audit_log))
    for seal in (f"seal {batch.root_sha256}", f"seal {day.root_sha256}", "evidence 2"):
        assert f"the seal of {seal} is gone; audit event" in found
    assert f"the time stamp of seal {day.root_sha256} is gone" in found
    with sealed.read() as session:
        of_item = list(evidence_damages(session, session.get_one(Evidence, 2)))
    # Its own seal, and two stamps on it.
    assert [line.startswith("the ") for line in of_item] == [True, True, True]
