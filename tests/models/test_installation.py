import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.audit import Actor, AuditAction, load_heads
from models.config import Settings, load_settings
from models.doctor import Finding, examine
from models.errors import BadSettings
from models.installation import Installation, prepare_installation
from models.processes import AlreadyRunning, check_port_is_free, only_one
from tests.conftest import new_postgres_database
from tests.servers.postgres import free_port

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Nothing is there yet, not even a schema."""
    if request.param == "sqlite":
        return load_settings(data_dir=tmp_path / "var")
    url = new_postgres_database(request.getfixturevalue("postgres_server"))
    return load_settings(data_dir=tmp_path / "var", database_url=url)


def wrong(installation: Installation) -> list[str]:
    return [finding.text for finding in examine(installation, []) if not finding.is_well]


def test_a_fresh_installation_is_private_and_well(settings: Settings) -> None:
    installation = prepare_installation(settings, NOW)
    assert settings.data_dir.stat().st_mode & 0o777 == 0o700
    assert wrong(installation) == []
    installation.database.close()


def test_preparing_twice_keeps_the_key(sqlite_settings: Settings) -> None:
    prepare_installation(sqlite_settings, NOW).database.close()
    key = (sqlite_settings.keys_dir / "audit.key").read_bytes()
    prepare_installation(sqlite_settings, NOW).database.close()
    assert (sqlite_settings.keys_dir / "audit.key").read_bytes() == key


def test_without_a_database_the_next_step_is_named(sqlite_settings: Settings) -> None:
    with pytest.raises(BadSettings, match="Run: saqshy migrate"):
        _ = Installation(sqlite_settings).database


def test_doctor_names_what_others_may_read(sqlite_settings: Settings) -> None:
    installation = prepare_installation(sqlite_settings, NOW)
    sqlite_settings.data_dir.chmod(0o755)
    (sqlite_settings.keys_dir / "audit.key").chmod(0o644)
    found = wrong(installation)
    assert any(f"chmod 700 {sqlite_settings.data_dir}" in text for text in found)
    assert any(f"chmod 600 {sqlite_settings.keys_dir / 'audit.key'}" in text for text in found)
    installation.database.close()


def test_doctor_goes_on_after_a_part_that_cannot_be_looked_at(sqlite_settings: Settings) -> None:
    installation = prepare_installation(sqlite_settings, NOW)

    def broken(_installation: Installation) -> list[Finding]:
        raise BadSettings("The moon is in the way.")

    findings = list(examine(installation, [broken, lambda _: [Finding(True, "last")]]))
    assert [f.text for f in findings[-2:]] == ["The moon is in the way.", "last"]
    installation.database.close()


def test_a_log_cut_back_to_an_older_state_is_seen(sqlite_settings: Settings) -> None:
    installation = prepare_installation(sqlite_settings, NOW)
    with installation.database.write() as session:
        installation.audit.append(
            session,
            AuditAction.SOURCE_ENABLED,
            actor=Actor(None, "operator"),
            subject_kind="source",
            subject_id=1,
            now=NOW,
        )
    installation.note_audit_head(NOW)
    assert [head.seq for head in load_heads(sqlite_settings.audit_heads_file)] == [0, 1]
    installation.database.close()
    (sqlite_settings.data_dir / "saqshy.sqlite3").unlink()
    restored = prepare_installation(sqlite_settings, NOW)
    assert list(restored.audit_damages()) == ["audit event 1 was noted outside the database and is gone"]
    restored.database.close()


def test_one_folder_one_set_of_processes(tmp_path: Path) -> None:
    with only_one(tmp_path / "up.lock"), pytest.raises(AlreadyRunning), only_one(tmp_path / "up.lock"):
        raise AssertionError("two at once")
    with only_one(tmp_path / "up.lock"):
        pass


def test_a_taken_port_is_named() -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BadSettings, match=f"127.0.0.1:{port}"):
            check_port_is_free("127.0.0.1", port)
    check_port_is_free("127.0.0.1", free_port())


def test_an_embedded_installation_never_loads_what_only_others_need() -> None:
    code = (
        "import sys, index.engines, review_api.services as _;"
        "print(*({'elasticsearch', 'fpdf', 'matplotlib', 'scrapy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout.split() == []
