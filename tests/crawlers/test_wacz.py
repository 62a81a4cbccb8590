"""I1 for WACZ: what is whole comes in with its own capture time; each damage is named, the rest goes on."""

import gzip
import json
import zipfile
import zlib
from collections.abc import Callable
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from sqlalchemy import select

from crawlers.importing.files import import_file
from crawlers.importing.reasons import reason_sentence
from models.crawl import Page
from models.session import Database
from tests.crawlers.conftest import channel_page

URL = "https://t.me/s/arna"


def _warc(*pages: tuple[str, bytes], date: str = "2026-11-01T10:00:00Z") -> bytes:
    records = []
    for url, body in pages:
        answer = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
        head = (
            f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Target-URI: {url}\r\nWARC-Date: {date}\r\n"
            "Content-Type: application/http; msgtype=response\r\n"
            f"Content-Length: {len(answer)}\r\n\r\n"
        )
        records.append(gzip.compress(head.encode() + answer + b"\r\n\r\n"))
    return b"".join(records)


GOOD = _warc((URL, channel_page({1: "Бірінші", 2: "Екінші"})))


def _wacz(path: Path, files: dict[str, bytes], *, listed: dict[str, bytes] | None = None) -> Path:
    """A WACZ; ``listed`` is what its listing claims to hold, the files themselves unless given."""
    resources = [
        {"name": name, "path": name, "hash": f"sha256:{sha256(body).hexdigest()}", "bytes": len(body)}
        for name, body in (files if listed is None else listed).items()
    ]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wacz:
        for name, body in files.items():
            wacz.writestr(name, body)
        wacz.writestr("datapackage.json", json.dumps({"profile": "data-package", "resources": resources}))
    return path


def test_a_whole_wacz_is_imported_once_with_its_capture_times(
    database: Database, now: datetime, tmp_path: Path
) -> None:
    file = _wacz(tmp_path / "a.wacz", {"archive/data.warc.gz": GOOD, "pages/pages.jsonl": b"{}\n"})
    first, second = import_file(database, file, now=now), import_file(database, file, now=now)
    assert (first.n_rows, first.n_stored, first.n_ads, first.n_refused) == (1, 1, 2, 0)
    assert (second.n_duplicates, second.n_stored, second.n_refused) == (1, 0, 0)
    with database.read() as session:
        page = session.scalars(select(Page)).one()
        assert page.fetched_at == datetime(2026, 11, 1, 10, tzinfo=UTC)
        assert page.url == URL


def _out_of_the_archive(path: Path) -> Path:
    return _wacz(
        path, {"../../etc/cron.d/x.warc.gz": GOOD, "/root/y.warc.gz": GOOD, "archive/a.warc.gz": GOOD}
    )


def _bomb(path: Path) -> Path:
    return _wacz(path, {"archive/bomb.warc": b"\0" * 300_000_000, "archive/a.warc.gz": GOOD})


def _other_bytes(path: Path) -> Path:
    files = {"archive/changed.warc.gz": GOOD, "archive/a.warc.gz": GOOD}
    return _wacz(path, files, listed={"archive/changed.warc.gz": GOOD + b"x", "archive/a.warc.gz": GOOD})


def _not_listed(path: Path) -> Path:
    files = {"archive/extra.warc.gz": GOOD, "archive/a.warc.gz": GOOD}
    return _wacz(path, files, listed={"archive/a.warc.gz": GOOD, "archive/gone.warc.gz": b"x"})


def _cut_inside(path: Path) -> Path:
    return _wacz(path, {"archive/cut.warc.gz": GOOD[:-40], "archive/a.warc.gz": GOOD})


def _bad_dates(path: Path) -> Path:
    bad = _warc((URL, b"<p>x</p>"), date="0001-01-01T00:00:00Z")
    later = _warc((URL, b"<p>x</p>"), date="9999-12-31T23:59:59Z")
    return _wacz(path, {"archive/1.warc.gz": bad, "archive/2.warc.gz": later, "archive/a.warc.gz": GOOD})


@pytest.mark.parametrize(
    ("make", "reasons"),
    [
        (_out_of_the_archive, {"unsafe_name": 2}),
        (_bomb, {"zip_bomb": 1}),
        (_other_bytes, {"hash_differs": 1}),
        (_not_listed, {"not_listed": 1, "listed_but_missing": 1}),
        (_cut_inside, {"cut_off": 1}),
        (_bad_dates, {"bad_date": 2}),
    ],
)
def test_i1_each_damage_is_named_and_the_rest_imported(
    sqlite_database: Database,
    now: datetime,
    tmp_path: Path,
    make: Callable[[Path], Path],
    reasons: dict[str, int],
) -> None:
    report = import_file(sqlite_database, make(tmp_path / "x.wacz"), now=now)
    assert dict(report.refused) == reasons
    assert report.n_stored == 1
    assert not report.is_good
    assert [reason for reason in reasons if reason_sentence(reason) == reason] == []
    assert not list(Path("/etc/cron.d").glob("x.warc*"))


def test_i1_a_cut_zip_and_a_wrong_listing_are_named(
    sqlite_database: Database, now: datetime, tmp_path: Path
) -> None:
    whole = _wacz(tmp_path / "whole.wacz", {"archive/a.warc.gz": GOOD}).read_bytes()
    damaged = tmp_path / "damaged.wacz"
    at = whole.index(GOOD[:20]) + 60
    damaged.write_bytes(whole[:at] + bytes([whole[at] ^ 255]) + whole[at + 1 :])
    assert dict(import_file(sqlite_database, damaged, now=now).refused) == {"cut_off": 1}
    bare = tmp_path / "bare.wacz"
    with zipfile.ZipFile(bare, "w") as wacz:
        wacz.writestr("archive/a.warc.gz", GOOD)
        wacz.writestr("datapackage.json", b"[" * 100_000)
    report = import_file(sqlite_database, bare, now=now)
    assert (dict(report.refused), report.n_stored) == ({"listing_unreadable": 1}, 1)
    assert zlib.crc32(whole) == zlib.crc32((tmp_path / "whole.wacz").read_bytes())  # nothing is written to it
