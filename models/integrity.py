"""Comparing stored bytes with the rows that name them."""

import hashlib
import re
from collections.abc import Iterator
from urllib.parse import urldefrag

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.blobs import BlobStore
from models.crawl import Page
from models.evidence import Evidence
from models.seals import name_pages

_TARGET = re.compile(rb"^WARC-Target-URI: ([^\s#]+)", re.MULTILINE)
_LENGTH = re.compile(rb"^Content-Length: (\d{1,12})\r$", re.MULTILINE)
_HEAD, _END = b"WARC/1.1\r\n", b"\r\n\r\n"


def count_evidence(session: Session) -> int:
    """Number of stored contents that are to be checked."""
    return session.scalar(select(func.count()).select_from(Evidence).where(Evidence.erased_at.is_(None))) or 0


def verify_evidence(session: Session, store: BlobStore) -> Iterator[str | None]:
    """Check every stored content against its row, file by file.

    Yields:
        One value per content: None when it is whole, else a sentence that names
        the pages it belongs to.
    """
    rows = session.scalars(
        select(Evidence)
        .where(Evidence.erased_at.is_(None))
        .order_by(Evidence.id)
        .execution_options(yield_per=500)
    )
    for evidence in rows:
        yield find_damage(session, store, evidence)
        session.expunge(evidence)


def find_damage(session: Session, store: BlobStore, evidence: Evidence) -> str | None:
    """What is wrong with one stored file, in a sentence that names its pages; None when it is whole."""
    path = store.path(evidence.sha256)
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        fact = "is missing"
    except OSError as error:
        fact = f"cannot be read ({error.strerror})"
    else:
        found = _fact(session, evidence, body)
        if found is None:
            return None
        fact = found
    return f"stored file {evidence.sha256} {fact}: {name_pages(session, evidence.id)}"


def _fact(session: Session, evidence: Evidence, body: bytes) -> str | None:
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
    named = session.execute(select(Page.final_url).where(Page.evidence_id == evidence.id).limit(5)).all()
    if any(urldefrag(page.final_url).url.encode() not in asked for page in named):
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
