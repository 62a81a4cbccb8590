"""A web site on loopback for tests: answers by host and path, and journals every answer it gave.

The journal is append-only and flushed before the last byte of a body leaves,
so that after any crash it knows of every page that a crawler can have received.
"""

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, Self

HTML = "text/html; charset=utf-8"


@dataclass(frozen=True)
class Reply:
    """What the site answers.

    Attributes:
        body: bytes, or chunks sent one after the other; an endless iterator is an endless body.
        length: Content-Length to claim; None = the body's for bytes, none at all for chunks.
        pause_seconds: between two chunks.
    """

    body: bytes | Callable[[], Iterator[bytes]] = b""
    status: int = 200
    content_type: str = HTML
    headers: dict[str, str] = field(default_factory=dict)
    length: int | None = None
    pause_seconds: float = 0.0


@dataclass(frozen=True)
class Served:
    """One line of the journal."""

    at: float
    host: str
    path: str
    status: int
    user_agent: str
    headers: dict[str, str]


Answer = Reply | Callable[[str, Message], Reply]


class Site:
    """Serves ``routes`` until the block ends; unknown paths are 404, robots.txt allows all unless routed.

    Args:
        routes: ``(host, path with query)`` or the path alone for any host.
        journal: file of the journal.
    """

    def __init__(self, journal: Path, routes: dict[str | tuple[str, str], Answer] | None = None) -> None:
        self.journal = journal
        self.routes: dict[str | tuple[str, str], Answer] = dict(routes or {})
        self._lock = threading.Lock()
        self._file = os.open(journal, os.O_CREAT | os.O_APPEND | os.O_WRONLY, 0o600)
        site = self

        class Handler(_Handler):
            pass

        Handler.site = site
        self._server = _Server(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", self._server.server_address[1]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        os.close(self._file)

    def note(self, served: Served) -> None:
        line = json.dumps(served.__dict__) + "\n"
        with self._lock:
            os.write(self._file, line.encode())

    def served(self) -> list[Served]:
        whole, _, _ = self.journal.read_text().rpartition("\n")  # the last line may be half written
        return [Served(**json.loads(line)) for line in whole.splitlines()]

    def paths(self, status: int = 200) -> list[str]:
        """Paths of all pages (not robots.txt) served with this status, in order."""
        return [s.path for s in self.served() if s.status == status and s.path != "/robots.txt"]

    def answer(self, host: str, path: str, headers: Message) -> Reply:
        found = self.routes.get((host, path)) or self.routes.get(path)
        if found is None:
            return Reply(b"no such page", 404)
        return found if isinstance(found, Reply) else found(host, headers)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up in the middle is what these tests are about."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    site: Site
    wbufsize = -1

    def log_message(self, format: str, *args: object) -> None:
        pass

    def do_GET(self) -> None:
        host = (self.headers.get("Host") or "").lower().rpartition(":")[0] or (self.headers.get("Host") or "")
        reply = self.site.answer(host, self.path, self.headers)
        self.send_response(reply.status)
        if reply.status != 304:
            self.send_header("Content-Type", reply.content_type)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        length = reply.length
        if length is None and isinstance(reply.body, bytes):
            length = len(reply.body)
        if length is not None:
            self.send_header("Content-Length", str(length))
        if reply.length is not None or length is None:
            self.send_header("Connection", "close")
            self.close_connection = True
        self.end_headers()
        self.site.note(
            Served(
                time.time(),
                host,
                self.path,
                reply.status,
                self.headers.get("User-Agent", ""),
                {name.lower(): value for name, value in self.headers.items()},
            )
        )
        if reply.status == 304:
            self.wfile.flush()
            return
        self._send_body(reply)

    def _send_body(self, reply: Reply) -> None:
        chunks = [reply.body] if isinstance(reply.body, bytes) else reply.body()
        with suppress(ConnectionError):
            for chunk in chunks:
                self.wfile.write(chunk)
                if reply.pause_seconds:
                    self.wfile.flush()
                    time.sleep(reply.pause_seconds)
            self.wfile.flush()


class ForbiddenListener:
    """Counts the connections that reach a port which nobody may connect to, at the socket."""

    def __init__(self) -> None:
        self._socket = socket.create_server(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self.n_connections = 0
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._count, daemon=True)

    @property
    def port(self) -> int:
        return int(self._socket.getsockname()[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()
        self._socket.close()

    def _count(self) -> None:
        while not self._stop.is_set():
            with suppress(TimeoutError):
                connection, _ = self._socket.accept()
                self.n_connections += 1
                connection.close()
