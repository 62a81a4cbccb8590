"""Evidence of a case: the package that leaves and its checks with public tools, custody, the page."""

import gzip
import json
import re
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from shutil import copytree

import pytest
from pypdf import PdfReader
from sqlalchemy import select

from crawlers.evidence.sealing import anchor_pending, seal_day, seal_items, seal_pending
from crawlers.evidence.warc_file import write_capture
from crawlers.evidence.wire import Exchange
from models.audit import SYSTEM, AuditAction, AuditEvent, AuditLog
from models.blobs import BlobStore
from models.config import Settings, load_settings
from models.enums import EvidenceKind, PictureState
from models.evidence import Evidence, Picture
from models.review import ReviewTask
from review_api.evidence.schemas import EvidenceState, Export
from review_api.evidence.service import CaseFrozen
from review_api.tasks.schemas import DecisionMade
from tests.conftest import open_database
from tests.crawlers.evidence.conftest import Authorities, signers
from tests.factories import FlaggedTask
from tests.review_api.acts import add_task, approve, claim, confirm_form
from tests.review_api.conftest import Room, add_people, make_room
from tests.servers.authority import Authority, Signer

__all__ = ["signers"]

Anchored = tuple[Room, FlaggedTask]
CAPTURED_AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
KEY = b"k" * 32
PAGE = "<html><body><h1>Жұмыс бар</h1></body></html>".encode()
PNG = (
    b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde\x00\x00"
    b"\x00\x0cIDATx\x9cc\xf8\xff\xff?\x00\x05\xfe\x02\xfe\r\xefF\xb8\x00\x00\x00\x00IEND\xaeB`\x82"
)


def capture_page(room: Room, task: FlaggedTask, now: datetime) -> int:
    """Give the task's page a real capture and a picture; the id of the capture."""
    store = BlobStore(room.settings.evidence_dir)
    with room.db.write() as session:
        page = session.get_one(ReviewTask, task.id).ad_version.page
        exchange = Exchange(
            url=page.final_url,
            sent_at=now,
            received_at=now,
            request_head=b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n",
            response_head=b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n",
            body=PAGE,
            address="192.0.2.1",
        )
        file = write_capture([exchange], body=PAGE, captured_at=now)
        blob, png = store.put(file.content), store.put(PNG)
        evidence = Evidence(
            sha256=blob.sha256,
            size_bytes=blob.size_bytes,
            captured_at=now,
            kind=EvidenceKind.CAPTURE,
            payload_offset=file.payload_offset,
            payload_bytes=file.payload_bytes,
            payload_sha256=file.payload_sha256,
        )
        picture = Evidence(
            sha256=png.sha256, size_bytes=png.size_bytes, captured_at=now, kind=EvidenceKind.PICTURE
        )
        session.add_all([evidence, picture])
        session.flush()
        page.evidence_id = evidence.id
        session.add(
            Picture(
                evidence_id=evidence.id,
                state=PictureState.TAKEN,
                wanted_at=now,
                taken_at=now,
                png_id=picture.id,
                browser="Chromium/1",
            )
        )
        return evidence.id


@pytest.fixture(scope="module")
def anchored_once(
    tmp_path_factory: pytest.TempPathFactory, signers: tuple[Signer, Signer]
) -> tuple[Settings, FlaggedTask]:
    """A case whose page is captured, sealed and stamped, item and day; made once, each test has a copy."""
    plain = load_settings(data_dir=tmp_path_factory.mktemp("anchored") / "var")
    db, audit = open_database(plain), AuditLog(KEY)
    room = make_room(plain, db, audit, CAPTURED_AT)
    add_people(room)
    task = add_task(room)
    for n in range(2):
        add_task(room, url=f"http://other.example/{n}")
    with ExitStack() as stack:
        authorities = Authorities(*(stack.enter_context(Authority(signer)) for signer in signers))
        db.settings = named = authorities.name_in(plain)
        capture_page(room, task, CAPTURED_AT)
        seal_pending(db, audit, now=CAPTURED_AT)
        seal_day(db, audit, now=CAPTURED_AT + timedelta(days=1))
        seal_items(db, audit, now=CAPTURED_AT)
        for _ in range(3):
            anchor_pending(db, audit, now=CAPTURED_AT)
    db.close()
    return named, task


@pytest.fixture
def anchored(
    anchored_once: tuple[Settings, FlaggedTask], sqlite_settings: Settings
) -> Iterator[tuple[Room, FlaggedTask]]:
    """A copy of the stamped case in a room of its own."""
    named, task = anchored_once
    copytree(named.data_dir, sqlite_settings.data_dir, dirs_exist_ok=True)
    room = make_room(sqlite_settings, open_database(sqlite_settings), AuditLog(KEY), CAPTURED_AT)
    room.db.settings = named.model_copy(update={"data_dir": sqlite_settings.data_dir})
    yield room, task
    room.db.close()


def export(room: Room, task: FlaggedTask) -> Export:
    with room.db.write() as session:
        row = session.get_one(ReviewTask, task.id)
        return room.services.evidence.export(session, row, actor=SYSTEM, now=room.clock())


def unpack(package: Export, folder: Path) -> Path:
    (folder / package.name).write_bytes(package.content)
    subprocess.run(["unzip", "-q", package.name, "-d", "evidence"], cwd=folder, check=True)
    return folder / "evidence"


def test_a_package_is_checked_by_public_tools_alone(anchored: Anchored, tmp_path: Path) -> None:
    room, task = anchored
    package = export(room, task)
    folder = unpack(package, tmp_path)
    done = subprocess.run(["sh", "verify/verify.sh"], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    # Two authorities on the item, on its picture, and on the day.
    assert done.stdout.count("ok time stamp") == 6
    assert done.stdout.endswith("All is well.\n")
    changed = folder / "custody" / "custody.jsonl"
    changed.write_bytes(changed.read_bytes() + b" ")
    assert subprocess.run(["sh", "verify/verify.sh"], cwd=folder, capture_output=True, check=False).returncode


def test_a_day_proof_that_was_changed_is_found(anchored: Anchored, tmp_path: Path) -> None:
    room, task = anchored
    folder = unpack(export(room, task), tmp_path)
    proof = sorted((folder / "proof").iterdir())[0]
    proof.write_bytes(bytes(32))
    script = folder / "verify" / "verify.sh"
    script.write_text(script.read_text().replace("sha256sum --quiet -c verify/sha256sum.txt\n", ""))
    done = subprocess.run(["sh", "verify/verify.sh"], cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "WRONG time stamp" in done.stdout


def test_the_commands_of_the_cover_sheet_work(anchored: Anchored, tmp_path: Path) -> None:
    room, task = anchored
    folder = unpack(export(room, task), tmp_path)
    text = "".join(page.extract_text() for page in PdfReader(folder / "cover" / "cover.pdf").pages)
    assert "ісінің дәлелдері" in text
    assert "Доказательства по делу" in text
    glued = re.sub(r"\s+", "", text)
    script = (folder / "verify" / "verify.sh").read_text()
    (archive,) = (folder / "archive").iterdir()
    stem = archive.name.removesuffix(".warc.gz")
    commands = [
        f"gzip -dc archive/{archive.name} > item",
        "sha256sum item",
        f"openssl ts -verify -data item -in stamps/{stem}-one.tsr -CAfile stamps/{stem}-one.pem",
        f"openssl ts -verify -data item -in stamps/{stem}-two.tsr -CAfile stamps/{stem}-two.pem",
    ]
    for command in commands:
        assert re.sub(r"\s+", "", command) in glued
    shell = subprocess.run(
        ["sh", "-ec", "\n".join(commands)], cwd=folder, capture_output=True, text=True, check=False
    )
    assert shell.returncode == 0, shell.stderr
    item_sha256 = shell.stdout.split()[0]
    assert item_sha256 in script
    assert item_sha256 in glued
    assert (shell.stdout + shell.stderr).count("Verification: OK") == 2


def test_py_wacz_finds_the_package_valid(anchored: Anchored, tmp_path: Path) -> None:
    room, task = anchored
    package = export(room, task)
    (tmp_path / package.name).write_bytes(package.content)
    done = subprocess.run(
        [sys.executable, "-m", "wacz", "validate", "-f", package.name],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "the passed WACZ is valid" in done.stdout


def test_the_index_finds_the_page_as_other_tools_do(anchored: Anchored, tmp_path: Path) -> None:
    room, task = anchored
    folder = unpack(export(room, task), tmp_path)
    (archive,) = (folder / "archive").iterdir()
    done = subprocess.run(
        [Path(sys.executable).with_name("cdxj-indexer"), "--sort", archive.name],
        cwd=archive.parent, capture_output=True, text=True, check=True,
    )  # fmt: skip
    index = gzip.decompress((folder / "indexes" / "index.cdx.gz").read_bytes()).decode()
    theirs = [line.split(" ", 2) for line in done.stdout.splitlines()]
    ours = [line.split(" ", 2) for line in index.splitlines()]
    assert [line[:2] for line in ours] == [line[:2] for line in theirs]
    for mine, other in zip(ours, theirs, strict=True):
        one, two = json.loads(mine[2]), json.loads(other[2])
        for name in ("url", "mime", "status", "length", "offset", "filename"):
            assert one[name] == two[name]


def test_each_export_is_a_line_that_cannot_be_taken_back(anchored: Anchored) -> None:
    room, task = anchored
    package = export(room, task)
    with room.db.read() as session:
        events = session.scalars(
            select(AuditEvent).where(AuditEvent.action == AuditAction.EVIDENCE_EXPORTED)
        ).all()
        picture = session.scalars(select(Picture)).one()
        assert [event.subject_id for event in events] == [f"{picture.evidence_id}", f"{picture.png_id}"]
        assert list(room.audit.verify(session)) == []
    assert package.sha256 == sha256(package.content).hexdigest()
    assert {json.loads(event.details)["package_sha256"] for event in events} == {package.sha256}
    custody = zipfile.ZipFile(BytesIO(package.content)).read("custody/custody.jsonl").decode().splitlines()
    acts = [json.loads(line)["act"] for line in custody]
    assert acts[0] == "captured"
    assert acts[-1] == "evidence.exported"
    assert "evidence.anchored" in acts


def test_damaged_evidence_is_not_given_out(anchored: Anchored) -> None:
    room, task = anchored
    with room.db.read() as session:
        page = session.get_one(ReviewTask, task.id).ad_version.page
        path = BlobStore(room.settings.evidence_dir).path(page.evidence.sha256)  # type: ignore[union-attr]
    path.write_bytes(path.read_bytes().replace("Жұмыс".encode(), "жұмыс".encode()))
    client = room.client("officer")
    answer = client.post(f"/cases/{task.id}/evidence/export", content=b"")
    assert answer.status_code == 409
    with room.db.read() as session:
        case = room.services.evidence.of_case(session, session.get_one(ReviewTask, task.id))
    assert case.items[0].state is EvidenceState.DAMAGED


def test_f9_a_case_with_damaged_evidence_is_frozen(sqlite_room: Room) -> None:
    room, people = sqlite_room, add_people(sqlite_room)
    task = add_task(room)
    with room.db.read() as session:
        evidence = session.get_one(ReviewTask, task.id).ad_version.page.evidence
    assert evidence is not None
    path = BlobStore(room.settings.evidence_dir).path(evidence.sha256)
    whole = path.read_bytes()
    claim(room, people.analyst, task)
    signed: list[DecisionMade] = []
    form = confirm_form(task)
    acts: list[Callable[[], object]] = [
        lambda: signed.append(
            room.write(
                lambda s: room.services.decisions.confirm(s, people.analyst, task.id, form, now=room.clock())
            )
        ),
        lambda: approve(room, people.approver, task, signed[0]),
        lambda: room.services.releases.make_release(people.officer.actor, now=room.clock()),
    ]
    for act in acts:
        path.write_bytes(whole.upper())
        with pytest.raises(CaseFrozen, match=task.case_number):
            act()
        path.write_bytes(whole)
        act()


def test_erasing_keeps_the_row_and_its_proof(anchored: Anchored) -> None:
    room, task = anchored
    with room.db.write() as session:
        row = session.get_one(ReviewTask, task.id)
        evidence = row.ad_version.page.evidence
        assert evidence is not None
        room.services.evidence.erase(session, evidence, reason="law", actor=SYSTEM, now=room.clock())
    with room.db.read() as session:
        case = room.services.evidence.of_case(session, session.get_one(ReviewTask, task.id))
    assert case.items[0].state is EvidenceState.ERASED
    assert case.items[0].sha256 == evidence.sha256
    assert len(case.items[0].stamps) == 4


def test_the_page_says_what_holds_and_notes_who_opens_the_picture(anchored: Anchored) -> None:
    room, task = anchored
    client = room.client("analyst")
    page = client.get(f"/cases/{task.id}/evidence")
    assert page.status_code == 200
    with room.db.read() as session:
        case = room.services.evidence.of_case(session, session.get_one(ReviewTask, task.id))
    item = case.items[0]
    assert item.sha256 in page.text
    assert "<iframe" not in page.text
    assert item.picture is not None
    path = f"/cases/{task.id}/evidence/pictures/{item.picture.evidence_id}"
    assert f'src="{path}"' not in page.text
    assert f'src="{path}"' in client.post(path, content=b"").text
    picture = client.get(path)
    assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
    assert picture.headers["x-content-type-options"] == "nosniff"
    assert picture.content == PNG
    with room.db.read() as session:
        lines = session.scalars(
            select(AuditEvent).where(AuditEvent.action == AuditAction.EVIDENCE_READ)
        ).all()
    # The page, the page with its picture open, the picture.
    read = [item.evidence_id, item.evidence_id, item.picture.evidence_id]
    assert [(line.actor_name, line.subject_id) for line in lines] == [("analyst", str(n)) for n in read]
    assert client.post(f"/cases/{task.id}/evidence/export", content=b"").status_code == 403
    officer = room.client("officer")
    package = officer.post(f"/cases/{task.id}/evidence/export", content=b"")
    assert package.headers["content-type"] == "application/wacz"
    sheet = officer.post(f"/cases/{task.id}/evidence/print", content=b"")
    assert sheet.content.startswith(b"%PDF")
    with room.db.read() as session:
        printed = session.scalars(
            select(AuditEvent.subject_id).where(AuditEvent.action == AuditAction.EVIDENCE_PRINTED)
        ).all()
    assert printed == [str(item.evidence_id), str(item.picture.evidence_id)]
    assert client.get(f"/cases/{task.id}/evidence/pictures/999999").status_code == 404
    assert room.client("admin").get(f"/cases/{task.id}/evidence").status_code == 403


def test_imported_pages_with_equal_bytes_keep_their_own_times(sqlite_room: Room, now: datetime) -> None:
    times = [now - timedelta(days=300), now - timedelta(days=2)]
    tasks = [add_task(sqlite_room, url=f"http://a.example/{n}") for n in range(2)]
    with sqlite_room.db.write() as session:
        pages = [session.get_one(ReviewTask, task.id).ad_version.page for task in tasks]
        for page, at in zip(pages, times, strict=True):
            page.fetched_at, page.evidence_id = at, pages[0].evidence_id
    with sqlite_room.db.read() as session:
        rows = [session.get_one(ReviewTask, task.id) for task in tasks]
        items = [sqlite_room.services.evidence.of_case(session, row).items[0] for row in rows]
    assert [item.captured_at for item in items] == times


def test_a_picture_is_asked_for_on_demand(sqlite_room: Room, now: datetime) -> None:
    add_people(sqlite_room)
    task = add_task(sqlite_room)
    client = sqlite_room.client("analyst")
    with sqlite_room.db.read() as session:
        evidence_id = session.get_one(ReviewTask, task.id).ad_version.page.evidence_id
    answer = client.post(f"/cases/{task.id}/evidence/items/{evidence_id}/picture", content=b"")
    assert answer.status_code == 303
    with sqlite_room.db.read() as session:
        assert session.scalars(select(Picture.state)).one() is PictureState.WANTED
    assert client.post(f"/cases/{task.id}/evidence/items/999999/picture", content=b"").status_code == 404
