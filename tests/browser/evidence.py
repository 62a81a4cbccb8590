"""Files, seals and pictures behind the invented rows, so that their evidence is whole."""

from datetime import datetime
from io import BytesIO

from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.blobs import BlobStore
from models.config import Settings
from models.enums import EvidenceKind, PictureState
from models.evidence import Evidence, Picture
from tests.factories import write_evidence


def add_evidence(session: Session, settings: Settings, now: datetime) -> None:
    """Write the files, and give every page one and the same picture."""
    write_evidence(settings.evidence_dir)
    out = BytesIO()
    Image.new("RGB", (1280, 900), (235, 240, 245)).save(out, "PNG")
    blob = BlobStore(settings.evidence_dir).put(out.getvalue())
    ids = session.scalars(select(Evidence.id)).all()
    png = Evidence(sha256=blob.sha256, size_bytes=blob.size_bytes, captured_at=now, kind=EvidenceKind.PICTURE)
    session.add(png)
    session.flush()
    session.add_all(
        Picture(
            evidence_id=evidence_id,
            state=PictureState.TAKEN,
            wanted_at=now,
            taken_at=now,
            png_id=png.id,
            browser="Chromium/150",
        )
        for evidence_id in ids
    )
