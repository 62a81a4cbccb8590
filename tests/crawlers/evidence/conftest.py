"""Two time stamp authorities on loopback, and evidence to stamp."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import pytest

from models.blobs import BlobStore
from models.config import Settings
from models.evidence import Evidence
from models.session import Database
from tests.factories import make_page, make_source
from tests.servers.authority import Authority, Signer, make_signer


@pytest.fixture(scope="session")
def signers(tmp_path_factory: pytest.TempPathFactory) -> tuple[Signer, Signer]:
    """Two authorities' keys, made once."""
    return make_signer(tmp_path_factory.mktemp("tsa-one")), make_signer(tmp_path_factory.mktemp("tsa-two"))


@dataclass(frozen=True)
class Authorities:
    """Two that answer, and how settings name them."""

    one: Authority
    two: Authority

    def name_in(self, settings: Settings) -> Settings:
        """The settings with both authorities, their certificates in place."""
        settings.authority_roots_dir.mkdir(parents=True, exist_ok=True)
        for name, authority in (("one", self.one), ("two", self.two)):
            roots = authority.signer.roots.read_text()
            (settings.authority_roots_dir / f"{name}.pem").write_text(roots)
        return settings.model_copy(
            update={
                "timestamp_authorities": {"one": self.one.url, "two": self.two.url},
                "loopback_allow": (self.one.address, self.two.address),
            }
        )


@pytest.fixture
def authorities(signers: tuple[Signer, Signer]) -> Iterator[Authorities]:
    """Both authorities, up."""
    with ExitStack() as stack:
        yield Authorities(*(stack.enter_context(Authority(signer)) for signer in signers))


def store_pages(database: Database, folder: Path, now: datetime, n: int) -> list[int]:
    """Evidence with its files and pages; the ids."""
    store = BlobStore(folder)
    ids = []
    with database.write() as session:
        source = make_source(session)
        for number in range(n):
            body = f"<html>page {number}</html>".encode()
            blob = store.put(body)
            evidence = Evidence(sha256=blob.sha256, size_bytes=blob.size_bytes, captured_at=now)
            session.add(evidence)
            session.flush()
            make_page(session, source, f"http://a.example/{number}", evidence=evidence, fetched_at=now)
            ids.append(evidence.id)
    return ids
