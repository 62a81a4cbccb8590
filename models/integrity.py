"""Comparing stored bytes with the rows that name them."""

import hashlib
import re
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import urldefrag

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.blobs import BlobStore
from models.crawl import Page
from models.evidence import Evidence
from models.seals import name_pages
from models.session import Database

_AT_ONCE = 500
_TARGET = re.compile(rb"^WARC-Target-URI: ([^\s#]+)", re.MULTILINE)
_LENGTH = re.compile(rb"^Content-Length: (\d{1,12})\r$", re.MULTILINE)
_HEAD, _END = b"WARC/1.1\r\n", b"\r\n\r\n"


def count_evidence(session: Session) -> int:
    """Number of stored contents that are to be checked."""
    return session.scalar(select(func.count()).select_from(Evidence).where(Evidence.erased_at.is_(None))) or 0


def verify_evidence(db: Database, store: BlobStore) -> Iterator[str | None]:
    """Check every stored content against its row, file by file.

    Rows are read in short sessions and files between them: while one reads,
    SQLite commits nothing.

    Yields:
        One value per content: None when it is whole, else a sentence that names
        the pages it belongs to.
    """
    last_id = 0
    while rows := _next_rows(db, last_id):
        last_id = rows[-1].id
        with db.read() as session:
            asked = _final_urls(session, [evidence.id for evidence in rows])
        for evidence in rows:
            fact = _fact(store, evidence, asked[evidence.id])
            if fact is None:
                yield None
                continue
            with db.read() as session:
                is_erased = session.get_one(Evidence, evidence.id).erased_at is not None  # meanwhile
                sentence = None if is_erased else _sentence(session, evidence, fact)
            yield sentence


def _next_rows(db: Database, last_id: int) -> Sequence[Evidence]:
    query = (
        select(Evidence)
        .where(Evidence.erased_at.is_(None), Evidence.id > last_id)
        .order_by(Evidence.id)
        .limit(_AT_ONCE)
    )
    with db.read() as session:
        return session.scalars(query).all()


def _final_urls(session: Session, ids: Sequence[int]) -> dict[int, set[str]]:
    """Final addresses of the pages that each stored content belongs to."""
    found: dict[int, set[str]] = {evidence_id: set() for evidence_id in ids}
    query = select(Page.evidence_id, Page.final_url).where(Page.evidence_id.in_(ids)).distinct()
    for evidence_id, url in session.execute(query):
        if evidence_id is not None:
            found[evidence_id].add(url)
    return found


def find_damage(session: Session, store: BlobStore, evidence: Evidence) -> str | None:
    """What is wrong with one stored file, in a sentence that names its pages; None when it is whole."""
    fact = _fact(store, evidence, _final_urls(session, [evidence.id])[evidence.id])
    return None if fact is None else _sentence(session, evidence, fact)


def _sentence(session: Session, evidence: Evidence, fact: str) -> str:
    return f"stored file {evidence.sha256} {fact}: {name_pages(session, evidence.id)}"


def _fact(store: BlobStore, evidence: Evidence, final_urls: Iterable[str]) -> str | None:
    try:
        body = store.path(evidence.sha256).read_bytes()
    except FileNotFoundError:
        return "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"
    return _fact_of(evidence, body, final_urls)


def _fact_of(evidence: Evidence, body: bytes, final_urls: Iterable[str]) -> str | None:
    """What is wrong with a file's bytes, or with what its row says of them."""
    if len(body) != evidence.size_bytes:
        return f"has {len(body)} bytes instead of {evidence.size_bytes}"
    if hashlib.sha256(body).hexdigest() != evidence.sha256:
        return "was changed"
    if evidence.payload_offset is None or evidence.payload_bytes is None:
        return None
    payload = body[evidence.payload_offset : evidence.payload_offset + evidence.payload_bytes]
    if hashlib.sha256(payload).hexdigest() != evidence.payload_sha256:
        return "does not hold the page's body where its row says"
    asked = set(_targets(body, evidence.payload_offset))
    if any(urldefrag(url).url.encode() not in asked for url in final_urls):
        return "is the capture of another page"
    return None


def _targets(capture: bytes, end: int) -> Iterator[bytes]:
    """Addresses in the heads of a capture's records before ``end``; what a server wrote is passed over."""
    start = 0
    while start < end and capture.startswith(_HEAD, start):
        head = capture[start : capture.find(_END, start) + len(_END)]
        yield from _TARGET.findall(head)
        length = _LENGTH.search(head)
        if length is None:
            return
        start += len(head) + int(length[1]) + len(_END)
