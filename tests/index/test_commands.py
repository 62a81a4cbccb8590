from datetime import datetime

import pytest
import typer
from sqlalchemy import select

from index.commands import index_damages, index_findings, reindex
from index.engines import open_engine
from index.jobs import index_pending
from models.audit import AuditAction, AuditEvent
from models.config import Settings
from models.installation import Installation, prepare_installation
from tests.index import rows


@pytest.fixture
def home(sqlite_settings: Settings, now: datetime, monkeypatch: pytest.MonkeyPatch) -> Installation:
    home = prepare_installation(sqlite_settings, now)
    with home.database.write() as session:
        for number in range(3):
            rows.add_ad(session, number, "Продам гараж")
    monkeypatch.setattr("index.commands.open_installation", lambda: home)
    return home


def test_a_lost_document_is_named_until_the_index_is_rebuilt(
    home: Installation, now: datetime, capsys: pytest.CaptureFixture[str]
) -> None:
    assert list(index_damages(home)) == []
    missing, _ = index_findings(home)
    assert (missing.is_well, "Run: saqshy reindex" in missing.text) == (False, True)
    engine = open_engine(home.settings)
    index_pending(home.database, engine, now=now)
    assert list(index_damages(home)) == []
    engine.delete({2: 1})
    assert list(index_damages(home)) == ["ad 2 is not in the search index"]
    with pytest.raises(typer.Exit) as ended:
        reindex()
    assert ended.value.exit_code == 0
    assert "3 ads written, 0 refused, 0 changed meanwhile" in capsys.readouterr().out
    assert list(index_damages(home)) == []
    assert [finding.is_well for finding in index_findings(home)] == [True, True]
    with home.database.read() as session:
        (line,) = session.scalars(select(AuditEvent).where(AuditEvent.action == AuditAction.INDEX_REBUILT))
    assert line.details == '{"n_refused":0,"n_written":3}'
    assert list(home.audit_damages()) == []


def test_an_index_that_cannot_be_read_is_said_with_what_to_do(home: Installation, now: datetime) -> None:
    index_pending(home.database, open_engine(home.settings), now=now)
    (meta,) = home.settings.index_dir.glob("g-*/meta.json")
    meta.write_text("{")
    (damage,) = index_damages(home)
    assert damage.startswith("search index: ")
    assert damage.count("Run: saqshy reindex") == 1


def test_an_index_that_the_first_start_will_make_is_nothing_wrong(
    sqlite_settings: Settings, now: datetime
) -> None:
    home = prepare_installation(sqlite_settings, now)
    missing, _ = index_findings(home)
    assert (missing.is_well, "Run: saqshy up" in missing.text) == (True, True)
