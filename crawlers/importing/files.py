"""`saqshy import`: files into the line as if crawled, with their own capture times, each record once."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, TypeVar

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.answers import judge
from crawlers.bytes_first import ByteKeeper, evidence_ids
from crawlers.importing.lines import RawRecord, csv_records, json_records, open_bytes
from crawlers.importing.parsers import ParserPool
from crawlers.importing.report import ImportReport
from crawlers.importing.wacz import archives_of, is_wacz, size_of_archives
from crawlers.importing.warc import ArchivedResponse, archived_responses
from crawlers.inserting import insert_missing
from crawlers.items import Extraction
from crawlers.reading import ReadReport, extract, store_read
from crawlers.records import RECORD, BadRecord, ad_of_record, fields_of_record
from crawlers.stored_page import StoredPage
from crawlers.storing import AdRefused, check_ad
from models.blobs import BlobStore
from models.crawl import Page, Source
from models.enums import FetchResult, ParseState, SourceKind
from models.errors import Rejected
from models.progress import Progress
from models.session import Database
from models.urls import BadUrl, canonical_url, url_sha256

IMPORT_SOURCE = "import"
# A batch is one fsync of folders and two transactions; two batches are in memory at a time.
RECORDS_AT_ONCE = 256
PAGES_AT_ONCE = 64
BATCH_BYTES = 8 * 1024 * 1024
_HEAD_BYTES = 512

T = TypeVar("T", RawRecord, ArchivedResponse)


class BadImport(Rejected):
    """The file is of no kind that can be imported, or cannot be opened."""


@dataclass(frozen=True, slots=True)
class _Item:
    """A record that passed the checks, on its way into rows."""

    key: str
    place: str
    url: str
    body: bytes
    captured_at: datetime
    content_type: str | None
    page_object: str | None = None
    result: FetchResult = FetchResult.PAGE
    status: int | None = None
    headers: dict[str, str] | None = None


def import_file(db: Database, path: Path, *, now: datetime, progress: Progress | None = None) -> ImportReport:
    """Bring a file of JSON lines, CSV or WARC (each also gzip), or a WACZ, into the line.

    Every record's bytes are stored and fsynced before its row; a record that is
    here already is passed over, so that an import which was cut short, or run
    twice, stores each record once.

    Args:
        db: the database; the bytes go to its settings' evidence folder.
        path: the file.
        now: present time, and the capture time of records that name none.
        progress: told of each record.

    Raises:
        BadImport: the file cannot be opened, or is of another kind.
    """
    try:
        kind = _kind_of(path)
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise BadImport(f"{path} cannot be read: {error.strerror or 'broken file'}.") from error
    with ByteKeeper(BlobStore(db.settings.evidence_dir)) as keeper, ParserPool() as parsers:
        job = _Import(db, keeper, parsers, ImportReport(path), digest, now, progress, _size_of(path, kind))
        if kind == "warc":
            return job.archive(archived_responses(path, now=now))
        if kind == "wacz":
            return job.archive(_responses_of_wacz(path, now))
        return job.records(json_records(path) if kind == "json" else csv_records(path))


def _kind_of(path: Path) -> str:
    """Tell the kind by the first bytes, not by the name."""
    with open_bytes(path) as file:
        try:
            head = file.read(_HEAD_BYTES)
        except (EOFError, OSError):
            head = b""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if start.startswith(b"WARC/"):
        return "warc"
    if is_wacz(path):
        return "wacz"
    if start.startswith(b"{"):
        return "json"
    if path.suffix.lower() == ".gz":
        path = path.with_suffix("")
    suffix = path.suffix.lower()
    if suffix == ".csv":
        return "csv"
    if suffix in (".warc", ".jsonl", ".json"):
        return {".warc": "warc"}.get(suffix, "json")
    raise BadImport(f"{path.name} holds neither JSON lines, nor CSV (name it .csv), nor WARC or WACZ.")


def _size_of(path: Path, kind: str) -> int:
    """What the ends of the records run up to, in bytes."""
    return size_of_archives(path) if kind == "wacz" else path.stat().st_size


def _responses_of_wacz(path: Path, now: datetime) -> Iterator[ArchivedResponse]:
    """Responses of all archives in a WACZ, each at its place; what could not be unpacked with its reason."""
    before = 0
    for entry in archives_of(path):
        if entry.path is None:
            yield ArchivedResponse(entry.name, reason=entry.reason, end=before)
            continue
        for response in archived_responses(entry.path, now=now):
            place, end = f"{entry.name}, {response.place}", before + response.end
            yield replace(response, place=place, end=end)
        before += entry.path.stat().st_size


@dataclass
class _Kept:
    """Records whose bytes and rows are stored, on their way through the parsers."""

    items: Sequence[_Item]
    ids: dict[str, int]
    pages: list[StoredPage]
    extractions: list["Future[Extraction]"]


@dataclass
class _Import:
    db: Database
    keeper: ByteKeeper
    parsers: ParserPool
    report: ImportReport
    file_sha256: str
    now: datetime
    progress: Progress | None
    n_bytes: int

    def records(self, records: Iterable[RawRecord]) -> ImportReport:
        """Take lines or rows."""
        for batch in _batches(records, RECORDS_AT_ONCE):
            items = [item for record in batch if (item := self._check_record(record))]
            self._finish(self._keep(items))
            self._advance(len(batch), batch[-1].end)
        return self.report

    def archive(self, responses: Iterable[ArchivedResponse]) -> ImportReport:
        """Take the responses of a web archive: while the parsers read one batch, the next is stored."""
        before = None
        for batch in _batches(responses, PAGES_AT_ONCE):
            items = [item for response in batch if (item := self._check_response(response))]
            kept = self._keep(items)
            self._finish(before)
            self._advance(len(batch), batch[-1].end)
            before = kept
        self._finish(before)
        return self.report

    def _advance(self, n: int, end: int) -> None:
        if self.progress is not None:
            self.progress.advance(n, share=end / max(1, self.n_bytes))

    def _key(self, place: str) -> str:
        return sha256(f"{self.file_sha256}:{place}".encode()).hexdigest()

    def _check_record(self, record: RawRecord) -> _Item | None:
        try:
            if record.reason is not None:
                raise BadRecord(record.reason)
            fields = fields_of_record(record.body, record.content_type)
            ad, _ = ad_of_record(fields)
            checked, _ = check_ad(ad)
        except (BadRecord, AdRefused) as refusal:
            self.report.refuse(record.place, refusal.reason)
            return None
        return _Item(
            key=self._key(record.place),
            place=record.place,
            url=checked.url,
            body=record.body,
            captured_at=_captured_at(fields, self.now),
            content_type=record.content_type,
            page_object=RECORD,
        )

    def _check_response(self, response: ArchivedResponse) -> _Item | None:
        if response.skipped is not None:
            self.report.skipped[response.skipped] += 1
            return None
        if response.reason is not None or response.captured_at is None:
            self.report.refuse(response.place, response.reason or "bad_date")
            return None
        try:
            url = canonical_url(response.url)
        except BadUrl:
            self.report.refuse(response.place, "bad_url")
            return None
        headers = response.headers or {}
        return _Item(
            key=self._key(response.place),
            place=response.place,
            url=url,
            body=response.body,
            captured_at=response.captured_at,
            content_type=headers.get("content-type"),
            result=judge(response.status, headers, response.body, final_url=url),
            status=response.status,
            headers=headers,
        )

    def _keep(self, items: Sequence[_Item]) -> _Kept | None:
        """Bytes, then rows; what they say is read beside."""
        items = self._unknown(items)
        if not items:
            return None
        blobs = self.keeper.keep([item.body for item in items])
        with self.db.write() as session:
            source = import_source(session, self.now)
            evidence = evidence_ids(session, blobs, [item.captured_at for item in items])
            rows = [
                _page_row(item, source.id, evidence[blob.sha256])
                for item, blob in zip(items, blobs, strict=True)
            ]
            insert_missing(session, Page, rows)
            ids = _ids_by_key(session, items)
        pages = [
            _stored_page(item, ids[item.key], source.id) for item in items if item.result is FetchResult.PAGE
        ]
        return _Kept(items, ids, pages, [self.parsers.submit(extract, page) for page in pages])

    def _finish(self, kept: _Kept | None) -> None:
        """What the records say into rows, once it is read."""
        if kept is None:
            return
        understood = [
            (page, found.result()) for page, found in zip(kept.pages, kept.extractions, strict=True)
        ]
        read = store_read(self.db, understood, now=self.now) if understood else ReadReport()
        self.report.n_ads += read.n_ads
        self._count(kept.items, kept.ids, read.n_new_versions)

    def _unknown(self, items: Sequence[_Item]) -> list[_Item]:
        """Leave out what is here and read; what a killed import left unread is taken up again."""
        with self.db.read() as session:
            done = set(
                session.scalars(
                    select(Page.import_key).where(
                        Page.import_key.in_([item.key for item in items]),
                        Page.parse_state != ParseState.PENDING,
                    )
                )
            )
        new = [item for item in items if item.key not in done]
        self.report.n_rows += len(items) - len(new)
        self.report.n_duplicates += len(items) - len(new)
        return new

    def _count(self, items: Sequence[_Item], ids: dict[str, int], n_new_versions: int) -> None:
        """Count records by what became new, pages by how far they could be read."""
        with self.db.read() as session:
            states = {
                row.id: row
                for row in session.execute(
                    select(Page.id, Page.parse_state, Page.parse_problems, Page.n_ads).where(
                        Page.id.in_(ids.values())
                    )
                )
            }
        n_readable = 0
        for item in items:
            row = states[ids[item.key]]
            if item.result is not FetchResult.PAGE:
                self.report.refuse(item.place, item.result.value)
            elif row.parse_state is ParseState.FAILED:
                self.report.refuse(item.place, "not_stored")
            elif row.parse_state is ParseState.PARSE_INCOMPLETE and not row.n_ads:
                self.report.refuse(item.place, (row.parse_problems or ["parse_incomplete"])[0])
            else:
                n_readable += 1
        is_records = bool(items) and items[0].page_object == RECORD
        n_stored = min(n_new_versions, n_readable) if is_records else n_readable
        self.report.n_rows += n_readable
        self.report.n_stored += n_stored
        self.report.n_duplicates += n_readable - n_stored


def import_source(session: Session, now: datetime) -> Source:
    """The source that all imported records belong to; made with the first import."""
    row = {
        "name": IMPORT_SOURCE,
        "kind": SourceKind.IMPORT,
        "title": "Imported files",
        "settings": {},
        "settings_sha256": sha256(b"{}").hexdigest(),
        "created_at": now,
    }
    insert_missing(session, Source, [row])
    return session.scalars(select(Source).where(Source.name == IMPORT_SOURCE)).one()


def _batches(items: Iterable[T], n: int) -> Iterator[list[T]]:
    """Up to ``n`` records, or as many as are together beyond the bytes of a batch."""
    batch: list[T] = []
    n_bytes = 0
    for item in items:
        batch.append(item)
        n_bytes += len(item.body)
        if len(batch) == n or n_bytes >= BATCH_BYTES:
            yield batch
            batch, n_bytes = [], 0
    if batch:
        yield batch


def _captured_at(fields: dict[str, Any], now: datetime) -> datetime:
    """When a record says it was captured; now if it does not say, or lies in the future."""
    try:
        when = datetime.fromisoformat(str(fields["captured_at"]))
    except (KeyError, ValueError):
        return now
    if when.tzinfo is None or when.year < 1990:
        return now
    return min(when, now)


def _page_row(item: _Item, source_id: int, evidence_id: int) -> dict[str, Any]:
    is_page = item.result is FetchResult.PAGE
    return {
        "source_id": source_id,
        "url": item.url,
        "url_sha256": _url_key(item.url),
        "final_url": item.url,
        "fetched_at": item.captured_at,
        "http_status": item.status,
        "headers": item.headers or {},
        "content_type": item.content_type,
        "result": item.result,
        "evidence_id": evidence_id,
        "page_object": item.page_object,
        "parse_state": ParseState.PENDING if is_page else ParseState.NOT_PARSED,
        "import_key": item.key,
    }


def _url_key(url: str) -> str:
    return url_sha256(url) if url.startswith("http") else sha256(url.encode()).hexdigest()


def _ids_by_key(session: Session, items: Sequence[_Item]) -> dict[str, int]:
    rows = session.execute(
        select(Page.import_key, Page.id).where(Page.import_key.in_([item.key for item in items]))
    )
    return {key: row_id for key, row_id in rows if key is not None}


def _stored_page(item: _Item, page_id: int, source_id: int) -> StoredPage:
    return StoredPage(
        page_id=page_id,
        source_id=source_id,
        run_id=None,
        url=item.url,
        final_url=item.url,
        content_type=item.content_type,
        page_object=item.page_object,
        captured_at=item.captured_at,
        seen_at=item.captured_at,
        depth=0,
        body=item.body,
    )
