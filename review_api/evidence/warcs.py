"""Stored files as ``.warc.gz`` members and lines of a CDXJ index."""

import gzip
import json
from dataclasses import dataclass
from datetime import datetime
from io import BytesIO
from urllib.parse import parse_qsl, urlencode, urlsplit

from warcio.archiveiterator import ArchiveIterator
from warcio.warcwriter import WARCWriter

from models.enums import WARC_KINDS
from review_api.evidence.schemas import Item


@dataclass(frozen=True)
class PackedWarc:
    """A WARC with one gzip member for each record, and its index lines."""

    content: bytes
    index: tuple[str, ...]


def warc_of(item: Item, content: bytes) -> bytes:
    """The item as a WARC: a capture is one; an imported body becomes a resource of its capture time."""
    if item.kind in WARC_KINDS:
        return content
    out = BytesIO()
    writer = WARCWriter(out, gzip=False)
    record = writer.create_warc_record(
        item.url,
        "resource",
        payload=BytesIO(content),
        warc_content_type=item.content_type or "application/octet-stream",
        warc_headers_dict={"WARC-Date": f"{item.captured_at:%Y-%m-%dT%H:%M:%SZ}"},
    )
    writer.write_record(record)
    record.raw_stream.close()  # warcio leaves the file open into which it copied the payload
    return out.getvalue()


def pack_warc(content: bytes, file_name: str) -> PackedWarc:
    """Compress a WARC record by record; unpacked it is the same bytes again.

    Args:
        content: a whole, uncompressed WARC.
        file_name: under which the index names it.
    """
    members, lines, offset = [], [], 0
    records = _records(content)
    ends = [start for start, _ in records[1:]] + [len(content)]
    for (start, facts), end in zip(records, ends, strict=True):
        member = gzip.compress(content[start:end], mtime=0)
        if facts is not None:
            url, at, fields = facts
            fields |= {"length": str(len(member)), "offset": str(offset), "filename": file_name}
            lines.append(f"{sort_key(url)} {at} {json.dumps(fields, ensure_ascii=False)}")
        members.append(member)
        offset += len(member)
    return PackedWarc(b"".join(members), tuple(lines))


def _records(content: bytes) -> list[tuple[int, tuple[str, str, dict[str, str]] | None]]:
    """Where each record begins, and what the index says of it."""
    iterator = ArchiveIterator(BytesIO(content))
    return [(iterator.get_record_offset(), _facts(record)) for record in iterator]


def _facts(record: object) -> tuple[str, str, dict[str, str]] | None:
    """Address, time and fields of a record that can be shown; None for others."""
    kind, headers = record.rec_type, record.rec_headers  # type: ignore[attr-defined] # warcio has no types
    if kind not in ("response", "resource"):
        return None
    url = str(headers.get_header("WARC-Target-URI"))
    at = datetime.fromisoformat(headers.get_header("WARC-Date")).strftime("%Y%m%d%H%M%S")
    http = record.http_headers  # type: ignore[attr-defined]
    mime = http.get_header("Content-Type", "") if http else headers.get_header("Content-Type", "")
    status = http.get_statuscode() if http else "200"
    fields = {"url": url, "mime": mime.partition(";")[0].strip() or "unk", "status": status}
    digest = headers.get_header("WARC-Payload-Digest")
    return url, at, fields | ({"digest": digest} if digest else {})


def sort_key(url: str) -> str:
    """The address as indexes sort it (SURT): host from the right, path and sorted query in small letters."""
    parts = urlsplit(url.lower())
    host = (parts.hostname or "").removeprefix("www.")
    port = f":{parts.port}" if parts.port else ""
    query = f"?{urlencode(sorted(parse_qsl(parts.query, keep_blank_values=True)))}" if parts.query else ""
    return f"{','.join(reversed(host.split('.')))}{port}){parts.path or '/'}{query}"
