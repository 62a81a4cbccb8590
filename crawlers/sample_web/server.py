"""A small web server on loopback that is the four sample sites at once.

It answers by the Host header, so a crawler asks for
``http://baraholka.example/`` and is led to one address and port.
"""

import hashlib
import signal
import sys
import threading
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from crawlers.sample_web.editions import EditionBook
from crawlers.sample_web.site import PLAIN, Answer, Question
from crawlers.sample_web.sites import all_sites

LOOPBACK = "127.0.0.1"
SOCKET_TIMEOUT_SECONDS = 10.0


def etag_of(body: bytes) -> str:
    """Return the strong validator of a body: its SHA-256, quoted."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def matches(if_none_match: str | None, etag: str) -> bool:
    """Whether an If-None-Match header names ``etag`` (weak comparison, RFC 9110 §13.1.2)."""
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return "*" in tags or etag in tags


class _Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD; everything else is 501 by the base class."""

    protocol_version = "HTTP/1.1"
    timeout = SOCKET_TIMEOUT_SECONDS
    server: "_Server"

    def do_GET(self) -> None:
        self._respond(with_body=True)

    def do_HEAD(self) -> None:
        self._respond(with_body=False)

    def version_string(self) -> str:
        return "SaqshySampleWeb"

    def log_message(self, format: str, *args: object) -> None:
        """Stay quiet: addresses of ads do not belong in a log."""

    def _respond(self, *, with_body: bool) -> None:
        authority = self.headers.get("Host", "").lower()
        host = authority.partition(":")[0]
        if host not in self.server.sites:
            unknown = Answer(HTTPStatus.NOT_FOUND, PLAIN, b"No such site here.\n")
            return self._send(unknown, with_body=with_body)
        target = urlsplit(self.path)
        query = dict(reversed(parse_qsl(target.query)))
        asked = Question(unquote(target.path), query, base=f"http://{authority}")
        answer = self.server.answer(host, asked, counts=with_body)
        return self._send(answer, with_body=with_body)

    def _send(self, answer: Answer, *, with_body: bool) -> None:
        etag = etag_of(answer.body)
        is_known = answer.status is HTTPStatus.OK and matches(self.headers.get("If-None-Match"), etag)
        self.send_response(HTTPStatus.NOT_MODIFIED if is_known else answer.status)
        if answer.status is HTTPStatus.OK:
            self.send_header("ETag", etag)
            if answer.modified_at is not None:
                self.send_header(
                    "Last-Modified", format_datetime(answer.modified_at.astimezone(UTC), usegmt=True)
                )
        if not is_known:
            self.send_header("Content-Type", answer.content_type)
            self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        if with_body and not is_known:
            self.wfile.write(answer.body)


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, port: int, state_file: Path | None) -> None:
        self.sites = all_sites()
        self.book = EditionBook(self.sites, state_file)
        super().__init__((LOOPBACK, port), _Handler)

    def answer(self, host: str, asked: Question, *, counts: bool) -> Answer:
        """Answer one request and keep the editions; a HEAD does not count as reading."""
        site = self.sites[host]
        answer = site.answer(asked, self.book.edition(host))
        if not counts:
            return answer
        if answer.is_listing and self.book.turn_if_read(host, asked.target):
            answer = site.answer(asked, self.book.edition(host))
        self.book.note_served(host, asked.target, answer)
        return answer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Forget a connection that the other side broke; anything else is a bug and is shown."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class SampleWeb:
    """The sample web as a context manager; also usable by ``start`` and ``stop``.

    Args:
        state_file: remembers the editions over restarts; None forgets them.
        port: 0 takes a free one.
    """

    def __init__(self, state_file: Path | None = None, *, port: int = 0) -> None:
        self._state_file = state_file
        self._port = port
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    def start(self) -> tuple[str, int]:
        """Serve in a background thread and return the loopback address and port.

        Raises:
            OSError: the port is taken.
            SampleStateDamaged: the state file cannot be read.
        """
        self._server = _Server(self._port, self._state_file)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        return LOOPBACK, self._server.server_address[1]

    def stop(self) -> None:
        """Stop serving and free the port; harmless when it does not run."""
        if self._server is None or self._thread is None:
            return
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def address(self) -> tuple[str, int]:
        """Loopback address and port while it runs.

        Raises:
            RuntimeError: it does not run.
        """
        if self._server is None:
            raise RuntimeError("the sample web does not run")
        return LOOPBACK, self._server.server_address[1]


def serve(port: int, state_file: Path | None) -> None:
    """Serve in this process until SIGTERM or SIGINT (Ctrl-C)."""
    # Waited for, not handled: a handler that sets an Event deadlocks when it interrupts Event.wait itself.
    ends = {signal.SIGTERM, signal.SIGINT}
    signal.pthread_sigmask(signal.SIG_BLOCK, ends)
    with SampleWeb(state_file, port=port):
        signal.sigwait(ends)
