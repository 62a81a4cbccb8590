"""A capture is one WARC file that holds the exchange as it went over the wire."""

import gzip
import http.server
import re
import ssl
import threading
from collections.abc import Iterator
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator

from crawlers.evidence.payload import body_of
from models.blobs import BlobStore
from models.config import load_settings
from models.crawl import Page
from models.enums import EvidenceKind
from models.evidence import Evidence
from models.integrity import find_damage
from tests.conftest import open_database
from tests.crawlers.conftest import SITE_HOST, CrawlBench, channel_page
from tests.servers.openssl import Issued, issue, make_root
from tests.servers.site import Reply, Site

PAGE = channel_page({1: "Требуется сиделка"})


def captured(bench: CrawlBench, n: int = 0) -> tuple[Evidence, bytes]:
    page = bench.pages()[n]
    with bench.db.read() as session:
        evidence = session.get_one(Evidence, page.evidence_id)
    return evidence, BlobStore(bench.settings.evidence_dir).get(evidence.sha256)


def records(content: bytes) -> list[tuple[str, Any, bytes]]:
    """Type, record and content of each, digests compared."""
    found = []
    for record in ArchiveIterator(BytesIO(content), no_record_parse=False, check_digests="raise"):
        found.append((record.rec_type, record, record.raw_stream.read()))
    return found


def test_a_capture_holds_request_and_response_as_sent(bench: CrawlBench) -> None:
    packed = gzip.compress(PAGE)
    bench.site.routes["/"] = Reply(
        packed,
        headers={"Content-Encoding": "gzip", "x-CASE": "Kept", "Date": "Sat, 21 Nov 2026 09:00:00 GMT"},
    )
    bench.crawl(bench.add_source())
    evidence, content = captured(bench)
    assert evidence.kind is EvidenceKind.CAPTURE
    assert (evidence.sha256, evidence.size_bytes) == (sha256(content).hexdigest(), len(content))
    assert (evidence.payload_sha256, evidence.payload_encoding) == (sha256(packed).hexdigest(), "gzip")
    assert body_of(content, evidence) == PAGE
    assert content.startswith(b"WARC/1.1\r\nWARC-Type: warcinfo")
    (_, request, _), (_, metadata, facts), (_, response, body) = records(content)[1:]
    assert (request.rec_type, metadata.rec_type, response.rec_type) == ("request", "metadata", "response")
    assert body == packed
    assert request.http_headers.get_header("User-Agent").startswith("Saqshy/")
    assert b"\r\n\r\nGET / HTTP/1.1\r\n" in content
    assert f"\r\nHost: {SITE_HOST}\r\n".encode() in content
    assert b"\r\nx-CASE: Kept\r\n" in content
    assert response.rec_headers.get_header("WARC-Target-URI") == f"http://{SITE_HOST}/"
    assert response.rec_headers.get_header("WARC-IP-Address") == "127.0.0.1"
    assert b"serverDate: " in facts
    assert re.search(rb"sentAt: \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}\+00:00", facts)


def test_redirects_stand_before_the_page(bench: CrawlBench) -> None:
    bench.site.routes["/"] = Reply(status=302, headers={"Location": "/there"})
    bench.site.routes["/there"] = Reply(PAGE)
    bench.crawl(bench.add_source())
    evidence, content = captured(bench)
    found = [
        (kind, record.rec_headers.get_header("WARC-Target-URI"))
        for kind, record, _ in records(content)
        if kind == "response"
    ]
    assert found == [("response", f"http://{SITE_HOST}/"), ("response", f"http://{SITE_HOST}/there")]
    assert body_of(content, evidence) == PAGE


def test_what_a_server_writes_is_not_taken_for_our_own_words(bench: CrawlBench) -> None:
    forged = b"WARC/1.1\r\nWARC-Target-URI: \xff\r\nWARC-Target-URI: http://other.example/\r\n\r\n"
    bench.site.routes["/"] = Reply(forged, status=302, headers={"Location": "/there"})
    bench.site.routes["/there"] = Reply(PAGE, headers={"WARC-Target-URI": "\xff"})
    bench.crawl(bench.add_source())
    evidence, content = captured(bench)
    assert b"\nWARC-Target-URI: \xff\r\n" in content[: evidence.payload_offset]
    store = BlobStore(bench.settings.evidence_dir)
    with bench.db.read() as session:
        assert find_damage(session, store, evidence) is None
    with bench.db.write() as session:
        session.get_one(Page, bench.pages()[0].id).final_url = "http://other.example/"
    with bench.db.read() as session:
        assert "is the capture of another page" in (find_damage(session, store, evidence) or "")


def test_a_redirect_to_a_place_in_a_page_is_sound_evidence(bench: CrawlBench) -> None:
    bench.site.routes["/"] = Reply(status=302, headers={"Location": "/there#contacts"})
    bench.site.routes["/there"] = Reply(PAGE)
    bench.crawl(bench.add_source())
    evidence, content = captured(bench)
    assert records(content)[-1][1].rec_headers.get_header("WARC-Target-URI") == f"http://{SITE_HOST}/there"
    with bench.db.read() as session:
        assert find_damage(session, BlobStore(bench.settings.evidence_dir), evidence) is None


class _Https(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        body = b"User-agent: *\n" if self.path == "/robots.txt" else PAGE
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        if self.path == "/chunked":
            self.send_header("Transfer-Encoding", "chunked")
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        elif self.path == "/closing":
            self.send_header("Connection", "close")
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def https(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[int, Issued]]:
    """A site with a certificate of a root that this machine trusts."""
    folder = tmp_path / "tls"
    root = make_root(folder)
    own = issue(folder, root, "site", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n")
    monkeypatch.setenv("SSL_CERT_FILE", str(root.certificate))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Https) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1], own
        server.shutdown()


def test_the_servers_certificates_are_kept(tmp_path: Path, site: Site, https: tuple[int, Issued]) -> None:
    port, own = https
    settings = load_settings(
        data_dir=tmp_path / "var", loopback_allow=(("127.0.0.1", port), ("::1", port)), lease_seconds=5
    )
    db = open_database(settings)
    bench = CrawlBench(site, settings, db)
    start = [f"https://localhost:{port}/{path}" for path in ("", "chunked", "closing")]
    bench.crawl(bench.add_source(start=start, limits={"delay_seconds": 2}))
    _, content = captured(bench)
    der = ssl.PEM_cert_to_DER_cert(own.certificate.read_text())
    facts = next(body for kind, _, body in records(content) if kind == "metadata").decode()
    assert f"tlsCertificate0Sha256: {sha256(der).hexdigest()}" in facts
    assert "tls: TLSv1." in facts
    pem = re.search(r"tlsCertificate0Pem: (.*?END CERTIFICATE-----)", facts, re.DOTALL)
    assert pem is not None
    assert ssl.PEM_cert_to_DER_cert(pem[1].replace("\r\n ", "\n")) == der
    evidence, content = captured(bench, 1)
    assert b"X-Archive-Orig-Transfer-Encoding: chunked\r\n" in content
    assert body_of(content, evidence) == records(content)[-1][2] == PAGE
    evidence, content = captured(bench, 2)  # known of a connection that is gone when the body is whole
    assert f"tlsCertificate0Sha256: {sha256(der).hexdigest()}".encode() in content
    assert body_of(content, evidence) == PAGE
    db.close()
