"""F11: a server whose certificate is expired, of another name, or signed by nobody we know is never read."""

import http.server
import ssl
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from models.config import load_settings
from models.enums import FetchResult
from tests.conftest import open_database
from tests.crawlers.conftest import CrawlBench, channel_page
from tests.servers.openssl import Issued, issue, make_root
from tests.servers.site import Site

SERVER = "extendedKeyUsage=serverAuth\n"


class _Served(http.server.BaseHTTPRequestHandler):
    n_served = 0

    def do_GET(self) -> None:
        type(self).n_served += 1
        self.send_response(200)
        self.end_headers()
        self.wfile.write(channel_page({1: "Ищу няню"}))

    def log_message(self, *_: object) -> None:
        pass


class _Server(http.server.ThreadingHTTPServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up at the sight of the certificate is what this test is about."""


def _serve(own: Issued, stack: ExitStack) -> int:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(own.certificate, own.key)
    server = stack.enter_context(_Server(("127.0.0.1", 0), _Served))
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    stack.callback(server.shutdown)
    return int(server.server_address[1])


@pytest.fixture
def ports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Ports of servers with bad certificates; the root that this machine trusts signed the first two."""
    folder = tmp_path / "tls"
    root, stranger = make_root(folder), make_root(folder, "stranger")
    monkeypatch.setenv("SSL_CERT_FILE", str(root.certificate))
    name = "subjectAltName=DNS:localhost\n" + SERVER
    bad = [
        issue(folder, root, "expired", name, "-days", "-1"),
        issue(folder, root, "other", "subjectAltName=DNS:elsewhere.example\n" + SERVER),
        issue(folder, stranger, "unknown", name),
    ]
    with ExitStack() as stack:
        yield [_serve(own, stack) for own in bad]


@pytest.mark.slow
def test_f11_a_bad_certificate_ends_the_connection_before_anything_is_asked(
    tmp_path: Path, site: Site, ports: list[int]
) -> None:
    pairs = tuple((address, port) for address in ("127.0.0.1", "::1") for port in ports)
    settings = load_settings(data_dir=tmp_path / "var", loopback_allow=pairs, lease_seconds=30)
    bench = CrawlBench(site, settings, open_database(settings))
    start = [f"https://localhost:{port}/" for port in ports]
    bench.crawl(bench.add_source(start=start, limits={"delay_seconds": 2, "retry_seconds": 600}))
    assert _Served.n_served == 0
    assert {(result, error) for _, result, error in bench.requests().values()} == {
        (FetchResult.BROKEN, "connection_failed")
    }
    assert bench.pages() == []
    bench.db.close()
