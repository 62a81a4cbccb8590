"""A time stamp authority on loopback: the openssl command behind an HTTP server."""

import http.server
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from tests.servers.openssl import Issued, issue, make_root, openssl

USAGE = "extendedKeyUsage=critical,timeStamping\nkeyUsage=critical,digitalSignature\n"
_CONFIG = """
[tsa]
default_tsa = own
[own]
serial = {folder}/serial
crypto_device = builtin
signer_cert = {signer}
certs = {chain}
signer_key = {key}
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
accuracy = secs:1
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Signer:
    """Key, certificate and chain of an authority; ``roots`` is what its users are given."""

    folder: Path
    own: Issued
    chain: Path
    roots: Path

    def stamp(self, question: bytes) -> bytes:
        """Answer a question, as the command does."""
        config = self.folder / "ts.cnf"
        config.write_text(
            _CONFIG.format(
                folder=self.folder, signer=self.own.certificate, chain=self.chain, key=self.own.key
            )
        )
        serial = self.folder / "serial"
        if not serial.exists():
            serial.write_text("01\n")
        (self.folder / "question.tsq").write_bytes(question)
        openssl(
            "ts", "-reply", "-config", str(config), "-queryfile", "question.tsq", "-out", "answer.tsr",
            folder=self.folder,
        )  # fmt: skip
        return (self.folder / "answer.tsr").read_bytes()


def make_signer(folder: Path) -> Signer:
    """An authority as it should be: its certificate issued by an intermediate one of a root."""
    root = make_root(folder)
    middle = issue(
        folder, root, "middle", "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign\n"
    )
    own = issue(folder, middle, "tsa", USAGE)
    chain = folder / "chain.pem"
    chain.write_text(middle.certificate.read_text() + root.certificate.read_text())
    roots = folder / "roots.pem"
    roots.write_text(root.certificate.read_text() + middle.certificate.read_text())
    return Signer(folder, own, chain, roots)


class Authority:
    """Serves one signer until the block ends; ``is_up`` False answers 503."""

    def __init__(self, signer: Signer) -> None:
        self.signer, self.is_up, self.n_asked = signer, True, 0
        authority = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                authority.n_asked += 1
                question = self.rfile.read(int(self.headers["Content-Length"]))
                if not authority.is_up:
                    self.send_error(503)
                    return
                with authority._lock:
                    answer = authority.signer.stamp(question)
                self.send_response(200)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        self._lock = threading.Lock()
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        """Where it listens."""
        return "127.0.0.1", self._server.server_address[1]

    @property
    def url(self) -> str:
        """What settings hold."""
        return f"http://127.0.0.1:{self.address[1]}/tsr"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()
