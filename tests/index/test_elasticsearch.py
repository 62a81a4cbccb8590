"""What only Elasticsearch must stand: a killed node, read-only, refusals, slowness, TLS."""

import base64
import ipaddress
import json
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from index.elastic_client import make_client
from index.elasticsearch import LEFTOVER_SECONDS, ElasticsearchEngine
from index.embedded import EmbeddedEngine
from index.engine import IndexMissing, IndexUnavailable, Outcome
from index.engines import open_engine
from index.queries import SearchQuery
from models.config import load_settings
from models.errors import BadSettings
from tests.index.conftest import elasticsearch_settings, open_elasticsearch, start_node
from tests.index.factories import make_document
from tests.servers.postgres import free_port

pytestmark = pytest.mark.elasticsearch


# --- the real server ------------------------------------------------------------------------


@pytest.mark.slow
def test_kill_9_of_the_node_loses_nothing_and_is_said_meanwhile(tmp_path: Path) -> None:
    port = free_port()
    node = start_node(tmp_path / "node", http_port=port)
    settings = elasticsearch_settings(node.url, tmp_path)
    engine = open_elasticsearch(settings)
    try:
        engine.create()
        report = engine.write([make_document(i, version=3) for i in range(1, 2001)])
        assert report.count(Outcome.WRITTEN) == 2000
        node.kill()
        for ask in (
            lambda: engine.search(SearchQuery()),
            lambda: engine.write([make_document(1)]),
            engine.count,
            engine.exists,
            lambda: engine.rebuild([make_document(1)]),
        ):
            with pytest.raises(IndexUnavailable, match="cannot be reached"):
                ask()
        health = engine.health()
        assert (health.is_ready, health.problem) == (False, "The search server cannot be reached.")
        node = start_node(tmp_path / "node", http_port=port)
        engine.refresh()
        assert engine.count() == 2000
        assert engine.write([make_document(1, version=2)]).count(Outcome.STALE) == 1
    finally:
        node.stop()
        engine.close()


@pytest.mark.parametrize("block", ["read_only", "read_only_allow_delete", "write"])
def test_a_read_only_index_defers_all_and_takes_them_later(
    elasticsearch_engine: ElasticsearchEngine, block: str
) -> None:
    engine = elasticsearch_engine
    set_block = engine._client.indices.put_settings
    set_block(index=engine._alias, settings={f"index.blocks.{block}": True})
    report = engine.write([make_document(1), make_document(2)])
    assert [item.outcome for item in report.items] == [Outcome.DEFERRED] * 2
    assert "cluster_block" in (report.items[0].reason or "")
    assert engine.search(SearchQuery()).total == 0
    set_block(index=engine._alias, settings={f"index.blocks.{block}": None})
    assert engine.write([make_document(1), make_document(2)]).count(Outcome.WRITTEN) == 2


def test_a_deleted_index_is_said_and_never_made_by_a_write(elasticsearch_engine: ElasticsearchEngine) -> None:
    engine = elasticsearch_engine
    (name,) = engine._client.indices.get_alias(name=engine._alias)
    engine._client.indices.delete(index=name)
    with pytest.raises(IndexMissing):
        engine.write([make_document(1)])
    with pytest.raises(IndexMissing):
        engine.search(SearchQuery())
    assert not engine.exists()
    assert not engine._client.indices.exists(index=engine._alias)


def test_what_the_server_refuses_fails_alone_and_its_reason_quotes_no_ad(
    elasticsearch_engine: ElasticsearchEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    documents = [make_document(i, "секретный текст") for i in range(1, 501)]
    # Past our own checks, so that the server's refusal of one item is seen.
    monkeypatch.setattr("index.elastic_bulk.find_problem", lambda _document: None)
    object.__setattr__(documents[77], "found_at", "секретный текст")
    documents[77].__dict__.pop("newest_key", None)
    monkeypatch.setattr(type(documents[77]), "newest_key", property(lambda document: document.id))
    report = elasticsearch_engine.write(documents)
    assert report.count(Outcome.WRITTEN) == 499
    assert [(item.id, item.reason) for item in report.of(Outcome.FAILED)] == [
        (78, "400 document_parsing_exception")
    ]


def test_the_mapping_is_strict(elasticsearch_engine: ElasticsearchEngine) -> None:
    engine = elasticsearch_engine
    answer = engine._client.bulk(
        index=engine._alias, operations=[{"index": {"_id": "1"}}, {"unknown_field": 1}]
    )
    assert answer["items"][0]["index"]["error"]["type"] == "strict_dynamic_mapping_exception"


def test_a_rebuild_leaves_one_index_and_clears_what_a_killed_one_left(
    elasticsearch_engine: ElasticsearchEngine,
) -> None:
    engine = elasticsearch_engine
    leftover = engine._create_index()
    engine.rebuild([make_document(1)])
    names = engine._client.indices.get(index=f"{engine._alias}-*")
    assert len(names) == 2
    assert leftover in names, "it may be a rebuild that is running"
    now = engine._clock()
    engine._clock = lambda: now + LEFTOVER_SECONDS + 60
    engine.rebuild([make_document(1), make_document(2)])
    (name,) = engine._client.indices.get(index=f"{engine._alias}-*")
    assert name != leftover
    assert engine.count() == 2


def test_two_creators_make_one_index(elasticsearch_engine: ElasticsearchEngine, tmp_path: Path) -> None:
    settings = elasticsearch_settings("http://127.0.0.1:1", tmp_path)
    engines = [
        ElasticsearchEngine(elasticsearch_engine._client, prefix=settings.search_index_prefix)
        for _ in range(4)
    ]
    threads = [threading.Thread(target=engine.create) for engine in engines]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(engines[0]._client.indices.get_alias(name=engines[0]._alias)) == 1


# --- a server that misbehaves: a fake, because the real one cannot be made to ------------------


class Fake(ThreadingHTTPServer):
    """Answers as told and remembers what it was asked."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), FakeHandler)
        self.requests: list[tuple[str, str | None, bytes]] = []
        self.answers: list[tuple[int, object]] = []
        self.pause = threading.Event()
        self.pause.set()

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that did not wait has closed its end; that is what is tried."""


class FakeHandler(BaseHTTPRequestHandler):
    server: Fake

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.server.requests.append((self.path, self.headers.get("Authorization"), body))
        self.server.pause.wait(20)
        status, content = self.server.answers.pop(0) if self.server.answers else (200, {})
        payload = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("X-Elastic-Product", "Elasticsearch")
        self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    do_GET = do_POST = do_PUT = do_HEAD = answer

    def log_message(self, format: str, *args: object) -> None:
        """Stay silent."""


@pytest.fixture
def fake() -> Iterator[Fake]:
    server = Fake()
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.pause.set()
    server.shutdown()
    server.server_close()
    thread.join(10)


def items(*statuses: int) -> tuple[int, object]:
    return 200, {
        "items": [
            {"index": {"status": status, **({"error": {"type": "es_rejected"}} if status >= 300 else {})}}
            for status in statuses
        ]
    }


def sent_ids(request: tuple[str, str | None, bytes]) -> list[int]:
    return [int(json.loads(line)["index"]["_id"]) for line in request[2].splitlines()[::2]]


def fake_engine(fake: Fake, tmp_path: Path, sleeps: list[float]) -> ElasticsearchEngine:
    settings = load_settings(data_dir=tmp_path, search_url=f"http://127.0.0.1:{fake.server_port}")
    return ElasticsearchEngine(make_client(settings), prefix="saqshy", sleep=sleeps.append)


def test_refused_items_are_tried_again_alone_with_growing_pauses(fake: Fake, tmp_path: Path) -> None:
    sleeps: list[float] = []
    fake.answers = [
        items(201, 429, 409, 400, 503),
        (429, {"error": {"type": "too_busy"}}),
        items(201, 429),
        items(200),
    ]
    engine = fake_engine(fake, tmp_path, sleeps)
    report = engine.write([make_document(i) for i in range(1, 6)])
    assert [sent_ids(request) for request in fake.requests] == [[1, 2, 3, 4, 5], [2, 5], [2, 5], [5]]
    assert [item.outcome.value for item in report.items] == [
        "written",
        "written",
        "stale",
        "failed",
        "written",
    ]
    assert sleeps == [0.5, 1.0, 2.0]
    engine.close()


def test_a_server_that_keeps_refusing_is_left_in_peace(fake: Fake, tmp_path: Path) -> None:
    sleeps: list[float] = []
    fake.answers = [(429, {"error": {"type": "too_busy"}})] * 10
    engine = fake_engine(fake, tmp_path, sleeps)
    report = engine.write([make_document(1), make_document(2)])
    assert [(item.outcome, item.reason) for item in report.items] == [(Outcome.DEFERRED, "429 too_busy")] * 2
    assert len(fake.requests) == 5
    assert sleeps == [0.5, 1.0, 2.0, 4.0]
    engine.close()


def test_a_slow_server_is_not_waited_for(fake: Fake, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.elasticsearch.SEARCH_SECONDS", 0.2)
    fake.pause.clear()
    engine = fake_engine(fake, tmp_path, [])
    with pytest.raises(IndexUnavailable, match="in time"):
        engine.search(SearchQuery("почка"))
    engine.close()


@pytest.mark.parametrize(
    ("status", "words"),
    [(500, "cannot work now"), (503, "cannot work now"), (401, "credentials"), (403, "credentials")],
)
def test_refusals_are_put_in_words(fake: Fake, tmp_path: Path, status: int, words: str) -> None:
    fake.answers = [(status, {"error": {"type": "x", "reason": "внутренности"}, "status": status})]
    engine = fake_engine(fake, tmp_path, [])
    with pytest.raises(IndexUnavailable, match=words) as caught:
        engine.count()
    assert "внутренности" not in caught.value.message
    engine.close()


# --- settings of the client ----------------------------------------------------------------------


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate of its own for 127.0.0.1; returns certificate and key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "saqshy test")])
    now = datetime.now(UTC)
    address = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([address]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate_file, key_file = folder / "ca.pem", folder / "key.pem"
    certificate_file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate_file, key_file


@pytest.fixture
def tls_fake(fake: Fake, tmp_path: Path) -> Fake:
    certificate, key = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    fake.socket = context.wrap_socket(fake.socket, server_side=True, do_handshake_on_connect=False)
    return fake


def test_ca_file_and_api_key_reach_the_client(tls_fake: Fake, tmp_path: Path) -> None:
    settings = load_settings(
        data_dir=tmp_path,
        search_url=f"https://127.0.0.1:{tls_fake.server_port}",
        search_ca_file=tmp_path / "ca.pem",
        search_api_key="c2VjcmV0",
        search_index_prefix="mki",
    )
    tls_fake.answers = [(200, {"count": 7})]
    engine = open_engine(settings)
    assert engine.count() == 7
    assert tls_fake.requests[0][:2] == ("/mki-ads/_count", "ApiKey c2VjcmV0")
    engine.close()


def test_user_and_password_reach_the_client(tls_fake: Fake, tmp_path: Path) -> None:
    settings = load_settings(
        data_dir=tmp_path,
        search_url=f"https://127.0.0.1:{tls_fake.server_port}",
        search_ca_file=tmp_path / "ca.pem",
        search_user="saqshy",
        search_password="тайна",
    )
    tls_fake.answers = [(200, {"count": 7})]
    engine = open_engine(settings)
    assert engine.count() == 7
    expected = base64.b64encode("saqshy:тайна".encode()).decode()
    assert tls_fake.requests[0][1] == f"Basic {expected}"
    engine.close()


def test_a_certificate_nobody_vouches_for_is_refused(tls_fake: Fake, tmp_path: Path) -> None:
    settings = load_settings(data_dir=tmp_path, search_url=f"https://127.0.0.1:{tls_fake.server_port}")
    engine = open_engine(settings)
    with pytest.raises(IndexUnavailable, match="SAQSHY_SEARCH_CA_FILE"):
        engine.count()
    assert tls_fake.requests == []
    engine.close()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"search_api_key": "x", "search_user": "u"}, "not both"),
        ({"search_user": "u"}, "SAQSHY_SEARCH_PASSWORD"),
        ({"search_ca_file": "/nowhere/ca.pem"}, "SAQSHY_SEARCH_CA_FILE"),
        ({"search_url": "elastic.example"}, "SAQSHY_SEARCH_URL"),
    ],
)
def test_settings_that_cannot_work_are_named(tmp_path: Path, options: dict[str, str], words: str) -> None:
    settings = load_settings(data_dir=tmp_path, **{"search_url": "https://elastic.example:9200", **options})
    with pytest.raises(BadSettings, match=words):
        open_engine(settings)


def test_without_an_address_the_embedded_engine_is_used(tmp_path: Path) -> None:
    engine = open_engine(load_settings(data_dir=tmp_path))
    assert isinstance(engine, EmbeddedEngine)
    engine.create()
    assert (tmp_path / "index" / "CURRENT").is_file()
