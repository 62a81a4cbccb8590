"""`saqshy import`: rows in = stored + already here + refused, each refusal named, nothing twice."""

import base64
import gzip
import json
import re
from datetime import UTC, datetime
from hashlib import sha1
from itertools import islice
from pathlib import Path

import pytest
import typer
from sqlalchemy import func, select
from typer.testing import CliRunner

from crawlers import records
from crawlers.commands import _last_import, import_files
from crawlers.importing import files, lines, warc
from crawlers.importing.files import BadImport, import_file
from crawlers.importing.reasons import reason_sentence
from crawlers.importing.report import ImportReport
from crawlers.reextracting import reextract
from crawlers.sandbox import ParserChild
from models.ad import Ad, AdVersion
from models.audit import OPERATOR, AuditAction, AuditLog
from models.blobs import BlobStore
from models.config import Settings, load_settings
from models.crawl import Page
from models.enums import FetchResult
from models.evidence import Evidence
from models.installation import prepare_installation
from models.progress import Progress
from models.session import Database
from tests.crawlers.conftest import channel_page

SETS = [
    "emscad_partial", "hh_full", "hh_kz_full", "hh_kz_snippets", "hh_snippets", "kk_latn_news",
    "kk_reviews_kazsandra", "kk_sentences_kaznerd", "ky_news_24kg", "ru_job_scam_derived",
    "ru_sensitive_topics", "ru_toxic", "spassk_jobs", "stankin_spam", "talyguryn_spam", "tg_spam_ru",
    "umputun_spam",
]  # fmt: skip
N_LINES_OF_A_SET = 2_000
"""So many of each set in the short form; ``make faults`` takes them whole."""


def _texts(db: Database) -> list[str]:
    with db.read() as session:
        return list(session.scalars(select(AdVersion.text).order_by(AdVersion.id)))


def _adds_up(report: ImportReport) -> bool:
    return report.n_rows == report.n_stored + report.n_duplicates + report.n_refused


def _jsonl(path: Path, *lines: str | bytes) -> Path:
    path.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    return path


def test_json_lines_are_stored_once_with_their_own_bytes(
    database: Database, now: datetime, tmp_path: Path
) -> None:
    line = '{"id": "1", "title": "Няня", "text": "Ищу няню", "source": "x", "phone": "+77010000000"}'
    file = _jsonl(
        tmp_path / "a.jsonl", line, "", '{"id": 2, "text": "Ищу\\u0000 работу", "url": "https://a.kz/2"}'
    )
    first = import_file(database, file, now=now)
    second = import_file(database, file, now=now)
    assert (first.n_rows, first.n_stored, first.n_refused) == (2, 2, 0)
    assert (second.n_rows, second.n_stored, second.n_duplicates) == (2, 0, 2)
    assert _texts(database) == ["Ищу няню", "Ищу работу"]
    with database.read() as session:
        page = session.scalars(select(Page).order_by(Page.id)).first()
        assert page is not None
        sha256 = session.get_one(Evidence, page.evidence_id).sha256
        assert "x:1" in session.scalars(select(Ad.external_id)).all()
    assert BlobStore(database.settings.evidence_dir).get(sha256) == line.encode()


def test_a_bare_number_in_two_files_is_two_ads(
    sqlite_database: Database, now: datetime, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        line = f'{{"id": 1, "text": "same words", "url": "https://a.kz/{name}"}}'
        assert import_file(sqlite_database, _jsonl(tmp_path / f"{name}.jsonl", line), now=now).n_ads == 1
    with sqlite_database.read() as session:
        assert set(session.scalars(select(Ad.url))) == {"https://a.kz/one", "https://a.kz/two"}


def test_k1_bad_lines_are_named_and_the_rest_goes_on(
    sqlite_database: Database, now: datetime, tmp_path: Path
) -> None:
    file = _jsonl(
        tmp_path / "a.jsonl",
        b'\xef\xbb\xbf{"text": "first"}\r',
        '{"text": "cut in ha',
        '["no object"]',
        '{"title": ""}',
        '{"text": 5}',
        b'{"text": "\xff\xfe"}',
        '{"text": "lone \\ud800 surrogate"}',
        '{"text": "last"}',
    )
    report = import_file(sqlite_database, file, now=now)
    assert _adds_up(report)
    assert report.named == [
        "line 2: the line is no valid JSON",
        "line 3: the line is JSON, but no object with named fields",
        "line 4: it has neither a text nor a title",
        "line 5: the field 'text' holds no text",
        "line 6: the line is not in UTF-8",
    ]
    assert not report.is_good
    assert _texts(sqlite_database) == ["first", "lone  surrogate", "last"]


def test_a_cut_gzip_gives_what_stands_before_the_cut(
    sqlite_database: Database, now: datetime, tmp_path: Path
) -> None:
    lines = "\n".join(json.dumps({"id": n, "text": f"text {n} {n * 7919 % 1000}"}) for n in range(3000))
    whole = gzip.compress(lines.encode())
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) // 2])
    report = import_file(sqlite_database, tmp_path / "a.jsonl.gz", now=now)
    assert _adds_up(report)
    assert report.n_stored > 500
    assert report.refused["gzip_cut_off"] == 1


@pytest.mark.parametrize("delimiter", [";", ","])
def test_csv_cells_are_only_text(
    sqlite_database: Database, now: datetime, tmp_path: Path, delimiter: str
) -> None:
    rows = [
        ["id", "title", "text"],
        ["1", "=cmd|' /C calc'!A0", '"=HYPERLINK(""http://x"")"'],
        ["2", "+7 701", '"Два\nряда, и; знаки"'],
        ["3", "@SUM(1)", "-2+3"],
    ]
    text = "\r\n".join(delimiter.join(row) for row in rows)
    (tmp_path / "a.csv").write_bytes(b"\xef\xbb\xbf" + text.encode())
    report = import_file(sqlite_database, tmp_path / "a.csv", now=now)
    assert (report.n_rows, report.n_stored) == (3, 3)
    assert _texts(sqlite_database) == ['=HYPERLINK("http://x")', "Два\nряда, и; знаки", "-2+3"]


def test_csv_in_windows_1251_and_an_open_quote(
    sqlite_database: Database, now: datetime, tmp_path: Path
) -> None:
    text = (
        'id;text\n1;Требуются рабочие на стройку\n2;"никогда не закрыто\n3;Нужна няня с проживанием\n4;5;6\n'
    )
    (tmp_path / "a.csv").write_bytes(text.encode("cp1251"))
    report = import_file(sqlite_database, tmp_path / "a.csv", now=now)
    assert _adds_up(report)
    assert report.named == [
        "line 3: a quotation mark is opened and never closed",
        "line 5: the row has 3 columns, the header has 2",
    ]
    assert _texts(sqlite_database) == ["Требуются рабочие на стройку", "Нужна няня с проживанием"]


def _warc(*bodies: bytes, is_gzip: bool, date: str = "2024-05-01T10:00:00Z") -> list[bytes]:
    """Records of an archive, one by one."""
    records = []
    for number, body in enumerate(bodies):
        http = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n" + body
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:{number}>\r\n"
            f"WARC-Date: {date}\r\nWARC-Target-URI: https://t.me/s/test{number}\r\n"
            f"Content-Type: application/http; msgtype=response\r\nContent-Length: {len(http)}\r\n\r\n"
        )
        record = head.encode() + http + b"\r\n\r\n"
        records.append(gzip.compress(record) if is_gzip else record)
    return records


class _Shares(Progress):
    """Keeps what it is told."""

    def __init__(self) -> None:
        super().__init__("import")
        self.told: list[float] = []

    def advance(self, n: int = 1, *, share: float | None = None) -> None:
        super().advance(n, share=share)
        self.told.append(share or 0.0)


PAGES = [channel_page({n: f"Сообщение {n}"}, channel=f"test{n}") for n in range(3)]


@pytest.mark.parametrize("is_gzip", [True, False])
def test_warc_pages_keep_their_own_capture_time(
    database: Database, now: datetime, tmp_path: Path, is_gzip: bool
) -> None:
    file = tmp_path / "a.warc"
    file.write_bytes(b"".join(_warc(*PAGES, is_gzip=is_gzip)))
    report = import_file(database, file, now=now)
    assert (report.n_rows, report.n_stored, report.n_ads) == (3, 3, 3)
    again = import_file(database, file, now=now)
    assert (again.n_rows, again.n_duplicates) == (3, 3)
    with database.read() as session:
        captured = set(session.scalars(select(Page.fetched_at)))
        seen = set(session.scalars(select(Ad.last_seen_at)))
    assert captured == seen == {datetime(2024, 5, 1, 10, tzinfo=UTC)}
    assert sorted(_texts(database)) == [f"Сообщение {n}" for n in range(3)]


@pytest.mark.parametrize("name", ["a.warc", "a.warc.gz", "a.jsonl", "a.jsonl.gz", "a.csv"])
def test_progress_knows_how_much_of_a_file_is_done(
    sqlite_database: Database, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(files, "PAGES_AT_ONCE", 1)
    monkeypatch.setattr(files, "RECORDS_AT_ONCE", 1)
    body = b"".join(
        _warc(*PAGES, is_gzip=True) if name.endswith(".warc.gz") else _warc(*PAGES, is_gzip=False)
    )
    if "jsonl" in name:
        body = "\n".join(f'{{"id": {n}, "text": "text {n}"}}' for n in range(3)).encode()
        body = gzip.compress(body) if name.endswith(".gz") else body
    elif "csv" in name:
        body = b"id,text\n" + b"\n".join(b"%d,text %d of the file" % (n, n) for n in range(3))
    (tmp_path / name).write_bytes(body)
    progress = _Shares()
    assert import_file(sqlite_database, tmp_path / name, now=now, progress=progress).n_stored == 3
    assert progress.n == len(progress.told) == 3
    assert progress.told == sorted(progress.told)
    assert progress.told[-1] == 1.0
    if "jsonl.gz" not in name:  # one block of a compressed file is read at once
        assert progress.told[0] < 0.5


def test_i1_damaged_records_are_named_and_the_rest_imported(
    sqlite_database: Database, now: datetime, tmp_path: Path
) -> None:
    plain = _warc(*PAGES, is_gzip=False)
    longer = plain[1].replace(b"Content-Length: ", b"Content-Length: 1", 1)
    (tmp_path / "long.warc").write_bytes(plain[0] + longer + plain[2])
    report = import_file(sqlite_database, tmp_path / "long.warc", now=now)
    assert (report.n_stored, report.n_refused) == (2, 1)
    packed = _warc(*PAGES, is_gzip=True)
    broken = packed[1][: len(packed[1]) // 2]
    (tmp_path / "cut.warc.gz").write_bytes(packed[0] + broken + packed[2])
    report = import_file(sqlite_database, tmp_path / "cut.warc.gz", now=now)
    assert _adds_up(report)
    assert (report.n_stored, report.n_refused) == (2, 1)


@pytest.mark.parametrize("is_gzip", [True, False])
def test_i1_a_record_that_was_changed_is_named(
    sqlite_database: Database, now: datetime, tmp_path: Path, is_gzip: bool
) -> None:
    records = []
    for number, record in enumerate(_warc(*PAGES, is_gzip=False)):
        head, _, block = record.removesuffix(b"\r\n\r\n").partition(b"\r\n\r\n")
        digest = base64.b32encode(sha1(block).digest()).decode()
        wrong = b"\r\nWARC-Payload-Digest: sha1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
        changed = block.replace("Сообщение".encode(), "Сообщениа".encode()) if number == 1 else block
        record = head + f"\r\nWARC-Block-Digest: sha1:{digest}".encode() + wrong + b"\r\n\r\n" + changed
        records.append(gzip.compress(record + b"\r\n\r\n") if is_gzip else record + b"\r\n\r\n")
    (tmp_path / "a.warc").write_bytes(b"".join(records))
    report = import_file(sqlite_database, tmp_path / "a.warc", now=now)
    assert (report.n_stored, report.refused) == (2, {"digest_differs": 1})


def test_i1_the_command_names_what_it_refused_and_imports_the_rest(
    sqlite_settings: Settings, now: datetime, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAQSHY_DATA_DIR", str(sqlite_settings.data_dir))
    home = prepare_installation(load_settings(), now)
    plain = _warc(*PAGES, is_gzip=False)
    (tmp_path / "cut.warc").write_bytes(plain[0] + plain[1][:-200])
    (tmp_path / "good.warc").write_bytes(plain[2])
    app = typer.Typer()
    app.command()(import_files)
    done = CliRunner().invoke(app, [str(tmp_path / "cut.warc"), str(tmp_path / "good.warc")])
    assert done.exit_code == 1
    assert "the file breaks off in the middle of this record" in done.output
    assert len(_texts(home.database)) == 2
    assert CliRunner().invoke(app, [str(tmp_path / "good.warc")]).exit_code == 0
    home.database.close()


@pytest.mark.parametrize(
    "date", ["0001-01-01T00:00:00Z", "9999-12-31T23:59:59Z", "2031-01-01T00:00:00Z", "soon"]
)
def test_i1_impossible_dates_are_refused(
    sqlite_database: Database, now: datetime, tmp_path: Path, date: str
) -> None:
    (tmp_path / "a.warc").write_bytes(b"".join(_warc(PAGES[0], is_gzip=False, date=date)))
    report = import_file(sqlite_database, tmp_path / "a.warc", now=now)
    assert report.refused == {"bad_date": 1}


@pytest.mark.parametrize("is_gzip", [False, True])
@pytest.mark.parametrize("n_left", [2, 20, 120, 300])
def test_an_archive_that_breaks_off_says_so(
    sqlite_database: Database, now: datetime, tmp_path: Path, is_gzip: bool, n_left: int
) -> None:
    first, second = _warc(PAGES[0], PAGES[1], is_gzip=is_gzip)
    left = n_left if not is_gzip or n_left < len(second) else len(second) // 2
    (tmp_path / "a.warc").write_bytes(first + second[:left])
    report = import_file(sqlite_database, tmp_path / "a.warc", now=now)
    assert report.refused == {"cut_off": 1} or (left == 2 and not is_gzip)
    assert report.n_stored == 1
    assert not any("_" in line.partition(": ")[2] for line in report.named)
    if report.refused["cut_off"]:
        assert "the file breaks off in the middle of this record" in report.named[0]


def test_every_reason_has_a_sentence() -> None:
    modules = (lines, warc, records)
    text = "".join(Path(str(module.__file__)).read_text(encoding="utf-8") for module in modules)
    named = re.findall(r'(?:BadRecord\(|reason=|reason = |b"", )"([a-z_0-9]+)"', text)
    assert len(named) > 10
    assert [reason for reason in named if reason_sentence(reason) == reason] == []
    assert reason_sentence("bad_record: 3_columns_instead_of_4") == "the row has 3 columns, the header has 4"
    results = set(FetchResult) - {
        FetchResult.PAGE,
        FetchResult.BLOCKED_ADDRESS,
        FetchResult.ROBOTS_DISALLOWED,
    }
    assert [result for result in results if reason_sentence(result) == result] == []


def test_i1_a_bomb_and_a_name_alone(sqlite_database: Database, now: datetime, tmp_path: Path) -> None:
    (tmp_path / "empty.warc").write_bytes(b"WARC/1.0")
    report = import_file(sqlite_database, tmp_path / "empty.warc", now=now)
    assert (report.n_stored, report.n_refused) == (0, 1)
    bomb = _warc(gzip.compress(b"\0" * 100_000_000, 9), is_gzip=False)[0]
    bomb = bomb.replace(b"Content-Type: text/html", b"Content-Encoding: gzip\r\nX: text/html", 1)
    (tmp_path / "bomb.warc").write_bytes(bomb)
    report = import_file(sqlite_database, tmp_path / "bomb.warc", now=now)
    assert report.n_refused == 1
    (tmp_path / "picture.png").write_bytes(b"\x89PNG")
    with pytest.raises(BadImport):
        import_file(sqlite_database, tmp_path / "picture.png", now=now)


def test_reextract_over_evidence_changes_nothing_when_nothing_was_mended(
    sqlite_database: Database, now: datetime, tmp_path: Path
) -> None:
    (tmp_path / "a.warc").write_bytes(b"".join(_warc(*PAGES, is_gzip=False)))
    _jsonl(tmp_path / "a.jsonl", '{"id": "1", "text": "Ищу няню"}')
    for name in ("a.warc", "a.jsonl"):
        import_file(sqlite_database, tmp_path / name, now=now)
    with ParserChild() as parser:
        store = BlobStore(sqlite_database.settings.evidence_dir)
        report = reextract(sqlite_database, store, parser, now=now)
    assert (report.n_pages, report.n_new_versions, report.n_failed) == (4, 0, 0)


@pytest.mark.parametrize("name", SETS)
def test_all_rows_of_the_beginning_of_a_real_set_are_accounted_for(
    sqlite_database: Database, now: datetime, shared_dir: Path, tmp_path: Path, name: str
) -> None:
    beginning = tmp_path / f"{name}.jsonl.gz"
    with gzip.open(shared_dir / "data" / f"{name}.jsonl.gz") as lines:
        beginning.write_bytes(gzip.compress(b"".join(islice(lines, N_LINES_OF_A_SET))))
    _check_all_rows_are_accounted_for(sqlite_database, beginning, now)


@pytest.mark.slow
@pytest.mark.parametrize("name", SETS)
def test_all_rows_of_a_real_set_are_accounted_for(
    sqlite_database: Database, now: datetime, shared_dir: Path, name: str
) -> None:
    _check_all_rows_are_accounted_for(sqlite_database, shared_dir / "data" / f"{name}.jsonl.gz", now)


def _check_all_rows_are_accounted_for(database: Database, file: Path, now: datetime) -> None:
    with gzip.open(file) as lines:
        n_lines = sum(1 for line in lines if line.strip())
    report = import_file(database, file, now=now)
    assert next(report.lines()).startswith(f"{file}: rows {n_lines} = ")
    assert report.n_rows == n_lines
    assert _adds_up(report)
    with database.read() as session:
        n_versions = session.scalar(select(func.count()).select_from(AdVersion))
    assert n_versions == report.n_stored


def test_the_list_of_sources_tells_of_the_last_import(
    sqlite_database: Database, audit_log: AuditLog, now: datetime
) -> None:
    with sqlite_database.write() as session:
        assert _last_import(session) == "no file imported yet"
        for n_rows in (3, 57):
            audit_log.append(
                session,
                AuditAction.IMPORT_FINISHED,
                actor=OPERATOR,
                subject_kind="file",
                subject_id="ab" * 32,
                now=now,
                details={"n_rows": n_rows, "n_stored": 2, "n_refused": 1},
            )
        found = _last_import(session)
    assert found == "last import 2026-11-21T09:00:00+00:00: 57 records, 2 stored, 1 refused"
