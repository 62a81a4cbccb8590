from datetime import UTC, datetime

from sqlalchemy import text

from models.blobs import BlobStore
from models.config import Settings
from models.crawl import Page, Source
from models.enums import FetchResult, SourceKind
from models.evidence import Evidence
from models.integrity import count_evidence, verify_evidence
from models.session import Database

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def store_page(database: Database, store: BlobStore, body: bytes, url: str) -> str:
    blob = store.put(body)
    with database.write() as session:
        source = session.query(Source).first() or Source(
            name="s", kind=SourceKind.FEED, title="S", settings={}, settings_sha256="0" * 64, created_at=NOW
        )
        session.add(source)
        evidence = Evidence(sha256=blob.sha256, size_bytes=blob.size_bytes, captured_at=NOW)
        session.add(evidence)
        session.flush()
        session.add(
            Page(
                source_id=source.id,
                url=url,
                url_sha256="0" * 64,
                final_url=url,
                fetched_at=NOW,
                headers={},
                result=FetchResult.PAGE,
                evidence_id=evidence.id,
            )
        )
    return blob.sha256


def test_each_damage_names_its_page(database: Database, settings: Settings) -> None:
    store = BlobStore(settings.evidence_dir)
    store_page(database, store, b"whole", "http://a.example/whole")
    changed = store_page(database, store, b"changed", "http://a.example/changed")
    cut = store_page(database, store, b"cut off", "http://a.example/cut")
    missing = store_page(database, store, b"missing", "http://a.example/missing")
    store.path(changed).write_bytes(b"chAnged")
    store.path(cut).write_bytes(b"cut")
    store.path(missing).unlink()
    with database.read() as session:
        assert count_evidence(session) == 4
    damages = list(verify_evidence(database, store))
    assert damages[0] is None
    assert [d for d in damages if d] == [
        f"stored file {changed} was changed: page 2 (http://a.example/changed)",
        f"stored file {cut} has 3 bytes instead of 7: page 3 (http://a.example/cut)",
        f"stored file {missing} is missing: page 4 (http://a.example/missing)",
    ]


def test_a_check_holds_up_nobody_who_writes(sqlite_database: Database, sqlite_settings: Settings) -> None:
    store = BlobStore(sqlite_settings.evidence_dir)
    for n in range(501):
        store_page(sqlite_database, store, b"%d" % n, f"http://a.example/{n}")
    n_checked = 0
    for damage in verify_evidence(sqlite_database, store):
        assert damage is None
        n_checked += 1
        if n_checked in (1, 501):
            with sqlite_database.write() as session:
                session.execute(text("PRAGMA busy_timeout=100"))
                session.query(Source).one().title = str(n_checked)
    assert n_checked == 501
