from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from models.audit import Actor, AuditAction, AuditLog, Head, load_audit_key, load_heads, save_head
from models.errors import BadSettings
from models.session import Database

SYSTEM = Actor(None, "system")
START = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def append_some(database: Database, log: AuditLog, n: int) -> None:
    for number in range(n):
        with database.write() as session:
            log.append(
                session,
                AuditAction.TASK_OPENED,
                actor=SYSTEM,
                subject_kind="review_task",
                subject_id=number,
                now=START + timedelta(seconds=number),
                details={"ұ": "қ ө \u2028", "n": number, "ok": True, "none": None},
            )


def damages(database: Database, log: AuditLog, outside: tuple[Head, ...] = ()) -> list[str]:
    with database.read() as session:
        return list(log.verify(session, outside))


def tamper(database: Database, *statements: str) -> None:
    """Do what only somebody with the database's owner rights can: drop the guards first."""
    with database.write() as session:
        if database.is_sqlite:
            session.execute(text("DROP TRIGGER audit_event_no_update"))
            session.execute(text("DROP TRIGGER audit_event_no_delete"))
        else:
            session.execute(text("ALTER TABLE audit_event DISABLE TRIGGER ALL"))
        for statement in statements:
            session.execute(text(statement))


def test_whole_log_has_no_damage(database: Database, audit_log: AuditLog) -> None:
    append_some(database, audit_log, 20)
    with database.read() as session:
        head = audit_log.head(session)
    assert head.seq == 20
    assert damages(database, audit_log, (head,)) == []


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE audit_event SET details = '{}' WHERE seq = 3", "audit event 3 was changed"),
        ("UPDATE audit_event SET actor_name = 'x' WHERE seq = 5", "audit event 5 was changed"),
        ("UPDATE audit_event SET action = 'login.ended' WHERE seq = 1", "audit event 1 was changed"),
        ("DELETE FROM audit_event WHERE seq = 4", "audit event 4 is missing"),
        ("DELETE FROM audit_event WHERE seq = 8", "audit log ends at event 7, but its head says 8"),
        ("UPDATE audit_head SET seq = 7", "audit log ends at event 8, but its head says 7"),
    ],
)
def test_every_damage_is_named(database: Database, audit_log: AuditLog, statement: str, named: str) -> None:
    append_some(database, audit_log, 8)
    tamper(database, statement)
    assert any(named in damage for damage in damages(database, audit_log))


def test_a_cut_tail_with_a_matching_head_is_seen_from_outside(
    database: Database, audit_log: AuditLog
) -> None:
    append_some(database, audit_log, 8)
    with database.read() as session:
        outside = audit_log.head(session)
        mac6 = session.execute(text("SELECT mac FROM audit_event WHERE seq = 6")).scalar_one()
    tamper(
        database, "DELETE FROM audit_event WHERE seq > 6", f"UPDATE audit_head SET seq = 6, mac = '{mac6}'"
    )
    assert damages(database, audit_log) == []
    assert damages(database, audit_log, (outside,)) == [
        "audit event 8 was noted outside the database and is gone"
    ]


def test_a_log_rewritten_under_another_key_is_seen(database: Database, audit_log: AuditLog) -> None:
    append_some(database, AuditLog(b"o" * 32), 3)
    assert [d for d in damages(database, audit_log) if "was changed" in d] == [
        f"audit event {n} was changed" for n in (1, 2, 3)
    ]


@pytest.mark.parametrize("statement", ["UPDATE audit_event SET details = '{}'", "DELETE FROM audit_event"])
def test_the_database_refuses_to_change_the_log(
    database: Database, audit_log: AuditLog, statement: str
) -> None:
    append_some(database, audit_log, 2)
    with pytest.raises(DatabaseError, match="append-only"), database.write() as session:
        session.execute(text(statement))
    assert damages(database, audit_log) == []


def test_an_event_of_a_transaction_that_fails_is_not_kept(database: Database, audit_log: AuditLog) -> None:
    def fail(session: Session) -> None:
        audit_log.append(
            session, AuditAction.RELEASE_MADE, actor=SYSTEM, subject_kind="release", subject_id=1, now=START
        )
        raise RuntimeError("the work failed")

    with pytest.raises(RuntimeError), database.write() as session:
        fail(session)
    with database.read() as session:
        assert audit_log.head(session).seq == 0


def test_many_appenders_make_one_chain(database: Database, audit_log: AuditLog) -> None:
    def work() -> None:
        append_some(database, audit_log, 25)

    run_threads(work, 4)
    with database.read() as session:
        assert audit_log.head(session).seq == 100
    assert damages(database, audit_log) == []


def run_threads(work: Callable[[], None], n: int) -> None:
    threads = [Thread(target=work) for _ in range(n)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_key_is_made_once_and_kept_private(tmp_path: Path) -> None:
    path = tmp_path / "keys" / "audit.key"
    key = load_audit_key(path)
    assert len(key) == 32
    assert load_audit_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_readable_or_damaged_key_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "audit.key"
    load_audit_key(path)
    path.chmod(0o644)
    with pytest.raises(BadSettings, match="chmod 600"):
        load_audit_key(path)
    path.chmod(0o600)
    path.write_text("not hex")
    with pytest.raises(BadSettings, match="damaged"):
        load_audit_key(path)


def test_outside_heads_survive_an_unfinished_line(tmp_path: Path) -> None:
    path = tmp_path / "heads.jsonl"
    save_head(path, Head(1, "a" * 64), START)
    save_head(path, Head(1, "a" * 64), START)
    save_head(path, Head(2, "b" * 64), START)
    with path.open("a") as file:
        file.write('{"seq": 3, "mac": "cc')
    assert load_heads(path) == [Head(1, "a" * 64), Head(2, "b" * 64)]
