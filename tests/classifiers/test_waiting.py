"""Without a usable artifact ads wait, visibly, and are read once there is one."""

import shutil
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from classifiers.artifact import BadArtifact
from classifiers.artifacts import Installed, _lexicon_sha256, is_fitted, load
from classifiers.lexicon import load_lexicon
from classifiers.waiting import LazyClassifier, classify_or_wait
from models.ad import AdVersion
from models.audit import AuditLog
from models.session import Database
from models.unscored import NO_ARTIFACT, count_unscored
from tests.conftest import ARTIFACTS
from tests.factories import make_ad

ORGAN = "Продам почку, срочно, вторая группа."


@pytest.fixture
def folder(installed: Installed, tmp_path: Path) -> Path:
    """A copy of the fitted artifact, to be damaged."""
    shutil.copytree(ARTIFACTS, tmp_path / "artifacts")
    return tmp_path / "artifacts"


def pointer_of(folder: Path, installed: Installed) -> Path:
    for path in folder.glob("fitted-from-*"):
        if path.read_text().strip() != installed.sha256:
            path.unlink()
    (path,) = folder.glob("fitted-from-*")
    return path


def test_ads_wait_without_an_artifact_and_are_read_when_it_is_there(
    sqlite_database: Database, audit_log: AuditLog, installed: Installed, folder: Path, now: datetime
) -> None:
    database = sqlite_database
    with database.write() as session:
        make_ad(session, text=ORGAN)
    empty = folder.parent / "nothing"
    place = [empty]
    classifier = LazyClassifier(lambda: load(place[0]), retry_seconds=15)
    assert classify_or_wait(database, audit_log, classifier, now=now).n_done == 0
    with database.read() as session:
        assert count_unscored(session) == [(NO_ARTIFACT, 1)]
        waiting = session.scalars(select(AdVersion)).one()
        assert (waiting.attempts, waiting.next_try_at, waiting.lease_token) == (0, None, None)
    place[0] = folder
    assert classify_or_wait(database, audit_log, classifier, now=now + timedelta(seconds=5)).n_done == 0
    assert classify_or_wait(database, audit_log, classifier, now=now + timedelta(seconds=20)).n_done == 1
    with database.read() as session:
        assert count_unscored(session) == []
        assert session.scalars(select(AdVersion)).one().classified_by_id is not None


def test_a_folder_without_an_artifact_is_told_apart(tmp_path: Path) -> None:
    assert not is_fitted(tmp_path)
    with pytest.raises(BadArtifact, match="not fitted yet"):
        load(tmp_path)


def test_an_artifact_of_other_texts_is_not_used(folder: Path, installed: Installed) -> None:
    pointer = pointer_of(folder, installed)
    pointer.rename(pointer.with_name("fitted-from-" + "0" * 32))
    with pytest.raises(BadArtifact, match="other texts"):
        load(folder)


@pytest.mark.parametrize("note", [b"", b"\xff\xfe", b"../../etc/passwd", b"0" * 64])
def test_a_damaged_note_is_not_followed(folder: Path, installed: Installed, note: bytes) -> None:
    pointer_of(folder, installed).write_bytes(note)
    with pytest.raises(BadArtifact, match="saqshy train"):
        load(folder)


def test_a_damaged_artifact_is_not_used(folder: Path, installed: Installed) -> None:
    blob = folder / installed.sha256[:2] / installed.sha256
    body = bytearray(blob.read_bytes())
    body[len(body) // 2] ^= 1
    blob.chmod(0o600)
    blob.write_bytes(bytes(body))
    with pytest.raises(BadArtifact, match="saqshy train"):
        load(folder)


def test_the_note_names_the_lexicon_in_use() -> None:
    assert _lexicon_sha256() == load_lexicon().sha256
