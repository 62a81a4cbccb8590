"""A page that scripts built, given out: a valid package that tells what was received from what is derived."""

import subprocess
import sys
from datetime import datetime
from io import BytesIO
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from crawlers.evidence.warc_file import BUILT_TYPE, Built, write_built_capture
from crawlers.evidence.wire import Exchange
from models.blobs import BlobStore
from models.enums import EvidenceKind
from models.evidence import Evidence
from models.integrity import find_damage
from models.review import ReviewTask
from review_api.evidence.schemas import EvidenceState
from review_api.i18n import load_words
from tests.factories import FlaggedTask
from tests.review_api.acts import add_task
from tests.review_api.conftest import People, Room
from tests.review_api.test_evidence import export, unpack

SHELL, DATA = b"<html><script src=/a.js></script></html>", b'["\xd0\xb6"]'
DOM = "<html><body>Жұмыс бар, скрипт құрған</body></html>".encode()


def _exchange(url: str, body: bytes, now: datetime) -> Exchange:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
    return Exchange(url, now, now, b"GET / HTTP/1.1\r\n\r\n", head, body, "192.0.2.1")


def _built_task(room: Room, now: datetime) -> FlaggedTask:
    """A case whose page was built by scripts."""
    task, store = add_task(room), BlobStore(room.settings.evidence_dir)
    with room.db.write() as session:
        page = session.get_one(ReviewTask, task.id).ad_version.page
        part = _exchange(f"{page.final_url}/data.json", DATA, now)
        built = Built(DOM, now, (part,), (("software", "Saqshy, Chrome/1"), ("partsAnswered", "1")))
        file = write_built_capture([_exchange(page.final_url, SHELL, now)], built, captured_at=now)
        blob = store.put(file.content)
        evidence = Evidence(
            sha256=blob.sha256,
            size_bytes=blob.size_bytes,
            captured_at=now,
            kind=EvidenceKind.BUILT,
            payload_offset=file.payload_offset,
            payload_bytes=file.payload_bytes,
            payload_sha256=file.payload_sha256,
        )
        session.add(evidence)
        session.flush()
        page.evidence_id, page.content_type = evidence.id, BUILT_TYPE
        assert find_damage(session, store, evidence) is None
    return task


def test_the_package_of_a_built_page_is_valid_and_tells_received_from_derived(
    sqlite_room: Room, sqlite_people: People, now: datetime, tmp_path: Path
) -> None:
    task = _built_task(sqlite_room, now)
    package = export(sqlite_room, task)
    (tmp_path / package.name).write_bytes(package.content)
    done = subprocess.run(
        [sys.executable, "-m", "wacz", "validate", "-f", package.name],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert "the passed WACZ is valid" in done.stdout, done.stderr
    folder = unpack(package, tmp_path)
    (archive,) = (folder / "archive").iterdir()
    records = [
        (record.rec_type, record.content_stream().read())
        for record in ArchiveIterator(BytesIO(archive.read_bytes()), check_digests="raise")
    ]
    assert [body for kind, body in records if kind == "response"] == [SHELL, DATA]
    assert records[-1] == ("conversion", DOM)
    checked = subprocess.run(
        ["sh", "verify/verify.sh"], cwd=folder, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_page_of_the_evidence_says_what_scripts_made(
    sqlite_room: Room, sqlite_people: People, now: datetime
) -> None:
    task = _built_task(sqlite_room, now)
    page = sqlite_room.client("analyst").get(f"/cases/{task.id}/evidence").text
    assert load_words("kk").word(EvidenceKind.BUILT) in page
    assert load_words("kk").word(EvidenceState.DAMAGED) not in page
