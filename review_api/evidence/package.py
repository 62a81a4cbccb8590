"""A case's evidence as WACZ 1.1.1: opened by ReplayWeb.page, checked with sha256sum and openssl."""

import gzip
import json
import zipfile
from collections.abc import Callable, Sequence
from datetime import datetime
from hashlib import sha256
from io import BytesIO

from models.enums import WARC_KINDS
from review_api.evidence.ad_pictures import picture_lines
from review_api.evidence.checking import ItemFiles, checking_script, proof_files
from review_api.evidence.schemas import CaseEvidence, Item
from review_api.evidence.warcs import PackedWarc, pack_warc, warc_of

WACZ_VERSION = "1.1.1"
COVER = "cover/cover.pdf"
PICTURES = "ad/pictures.jsonl"
_STORED = (".gz", ".png", ".pdf", ".tsr", ".bin")

Stamps = Sequence[tuple[str, bytes, str]]


def make_package(
    case: CaseEvidence,
    load: Callable[[str], bytes],
    stamps_of_picture: Callable[[int], Stamps],
    *,
    actor: str,
    now: datetime,
) -> "Package":
    """Put everything that proves a case's items together.

    Args:
        case: items whose bytes are there.
        load: bytes of a stored file by hash, checked.
        stamps_of_picture: stamps of a picture's own seal by its id.
        actor: who takes it, for the custody log.
        now: present time.
    """
    # Half a second and 20 MB for the PDF library, in processes that may never make a package.
    from review_api.evidence.cover import make_cover

    package = Package()
    packed = [package.add_item(n, item, load, stamps_of_picture) for n, item in enumerate(case.items, 1)]
    package.add_index([line for warc in packed for line in warc.index])
    package.add("pages/pages.jsonl", _pages(case))
    package.add("custody/custody.jsonl", _custody(case, actor, now))
    if case.pictures:
        package.add(PICTURES, picture_lines(case.pictures))
    package.add("verify/verify.sh", checking_script(package.items).encode())
    package.add(COVER, make_cover(case, package.items, now=now))
    listed = sorted(name for name in package.files if name != "verify/sha256sum.txt")
    sums = "".join(f"{sha256(package.files[name]).hexdigest()}  {name}\n" for name in listed)
    package.add("verify/sha256sum.txt", sums.encode())
    return package


class Package:
    """Files by name, in the order they are added."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.items: list[ItemFiles] = []

    def add(self, name: str, content: bytes) -> str:
        """Add a file; the same name twice is the same file."""
        self.files[name] = content
        return name

    def add_item(
        self,
        number: int,
        item: Item,
        load: Callable[[str], bytes],
        stamps_of_picture: Callable[[int], Stamps],
    ) -> PackedWarc:
        """Add an item with its stamps, its proof and its picture."""
        content = load(item.sha256)
        name = f"{number:02}-{item.sha256[:12]}"
        packed = pack_warc(warc_of(item, content), f"{name}.warc.gz")
        archive = self.add(f"archive/{name}.warc.gz", packed.content)
        is_body = item.kind not in WARC_KINDS
        original = self.add(f"files/{name}.body", content) if is_body else None
        stamps = [(s.authority, s.response, s.roots_pem) for s in item.stamps if not s.covers_day]
        day_stamps = [(s.authority, s.response, s.roots_pem) for s in item.stamps if s.covers_day]
        for path, part in proof_files(name, item.proof):
            self.add(path, part)
        self.items.append(
            ItemFiles(
                number=number,
                sha256=item.sha256,
                url=item.url,
                archive=archive,
                original=original,
                stamps=self._add_stamps(name, stamps),
                day_stamps=self._add_stamps(f"{name}-day", day_stamps),
                proof=tuple(path for path, _ in proof_files(name, item.proof)),
            )
        )
        if item.picture is not None and item.picture.sha256 and item.picture.evidence_id:
            png = self.add(f"files/{name}-page.png", load(item.picture.sha256))
            own = stamps_of_picture(item.picture.evidence_id)
            self.items.append(
                ItemFiles(
                    number=number,
                    is_picture=True,
                    sha256=item.picture.sha256,
                    url=item.url,
                    archive=None,
                    original=png,
                    stamps=self._add_stamps(f"{name}-page", own),
                    day_stamps=(),
                    proof=(),
                )
            )
        return packed

    def _add_stamps(self, name: str, stamps: Stamps) -> tuple[tuple[str, str], ...]:
        found = []
        for authority, response, roots in stamps:
            answer = self.add(f"stamps/{name}-{authority}.tsr", response)
            found.append((answer, self.add(f"stamps/{name}-{authority}.pem", roots.encode())))
        return tuple(found)

    def add_index(self, lines: Sequence[str]) -> None:
        """The index of all records, in one compressed block, and the index of that block."""
        text = "".join(f"{line}\n" for line in sorted(lines)).encode()
        block = gzip.compress(text, mtime=0)
        self.add("indexes/index.cdx.gz", block)
        meta = {"format": "cdxj-gzip-1.0", "filename": "index.cdx.gz"}
        first = " ".join(sorted(lines)[0].split(" ", 2)[:2]) if lines else "- 0"
        digest = f"sha256:{sha256(block).hexdigest()}"
        place = {"offset": 0, "length": len(block), "digest": digest, "filename": "index.cdx.gz"}
        self.add("indexes/index.idx", f"!meta 0 {json.dumps(meta)}\n{first} {json.dumps(place)}\n".encode())

    def zipped(self, case: CaseEvidence, now: datetime) -> bytes:
        """All files and the two that describe them."""
        resources = [
            {
                "name": name.rpartition("/")[2].lower(),
                "path": name,
                "hash": f"sha256:{sha256(content).hexdigest()}",
                "bytes": len(content),
            }
            for name, content in self.files.items()
        ]
        first = case.items[0]
        description = {
            "profile": "data-package",
            "wacz_version": WACZ_VERSION,
            "software": "Saqshy",
            "title": case.case_number,
            "created": f"{now:%Y-%m-%dT%H:%M:%SZ}",
            "mainPageUrl": first.url,
            "mainPageDate": f"{first.captured_at:%Y-%m-%dT%H:%M:%SZ}",
            "resources": resources,
        }
        datapackage = json.dumps(description, ensure_ascii=False, indent=2).encode()
        digest = {"path": "datapackage.json", "hash": f"sha256:{sha256(datapackage).hexdigest()}"}
        out = BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            for name, content in self.files.items():
                _write(archive, name, content, now)
            _write(archive, "datapackage.json", datapackage, now)
            _write(archive, "datapackage-digest.json", json.dumps(digest, indent=2).encode(), now)
        return out.getvalue()


def _write(archive: zipfile.ZipFile, name: str, content: bytes, now: datetime) -> None:
    """Add a file; archives and indexes are read in place, so they are not compressed again."""
    entry = zipfile.ZipInfo(name, (now.year, now.month, now.day, now.hour, now.minute, now.second))
    entry.compress_type = zipfile.ZIP_STORED if name.endswith(_STORED) else zipfile.ZIP_DEFLATED
    entry.external_attr = 0o644 << 16
    archive.writestr(entry, content)


def _pages(case: CaseEvidence) -> bytes:
    lines = [{"format": "json-pages-1.0", "id": "pages", "title": case.case_number, "hasText": False}]
    lines += [
        {
            "id": f"{number}",
            "url": item.url,
            "ts": f"{item.captured_at:%Y-%m-%dT%H:%M:%SZ}",
            "title": case.title,
        }
        for number, item in enumerate(case.items, 1)
    ]
    return "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines).encode()


def _custody(case: CaseEvidence, actor: str, now: datetime) -> bytes:
    """Capture of each item, every act on it from the audit log, and this export."""
    captured = [
        {
            "at": item.captured_at.isoformat(),
            "act": "captured",
            "evidence_id": item.evidence_id,
            "sha256": item.sha256,
        }
        for item in case.items
    ]
    acts = [
        {
            "at": line.at.isoformat(),
            "act": line.action,
            "by": line.actor_name,
            "evidence_id": line.evidence_id,
            "audit_seq": line.seq,
            "details": line.details,
        }
        for line in case.custody
    ]
    given = {"at": now.isoformat(), "act": "evidence.exported", "by": actor, "case": case.case_number}
    lines = [json.dumps(line, ensure_ascii=False) + "\n" for line in [*captured, *acts, given]]
    return "".join(lines).encode()
