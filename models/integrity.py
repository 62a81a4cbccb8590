"""Comparing stored bytes with the rows that name them."""

import hashlib
from collections.abc import Iterator

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.blobs import BlobStore
from models.crawl import Page
from models.evidence import Evidence


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
        yield _damage(session, store, evidence)
        session.expunge(evidence)


def _damage(session: Session, store: BlobStore, evidence: Evidence) -> str | None:
    path = store.path(evidence.sha256)
    try:
        body = path.read_bytes()
    except FileNotFoundError:
        fact = "is missing"
    except OSError as error:
        fact = f"cannot be read ({error.strerror})"
    else:
        if len(body) != evidence.size_bytes:
            fact = f"has {len(body)} bytes instead of {evidence.size_bytes}"
        elif hashlib.sha256(body).hexdigest() != evidence.sha256:
            fact = "was changed"
        else:
            return None
    pages = session.execute(select(Page.id, Page.url).where(Page.evidence_id == evidence.id).limit(5)).all()
    named = ", ".join(f"page {page_id} ({url})" for page_id, url in pages) or "no page"
    return f"stored file {evidence.sha256} {fact}: {named}"
