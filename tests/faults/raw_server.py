"""A server below HTTP: each host name gets the bytes, pauses and ends that a test wrote for it."""

import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Self

# What is sent, piece by piece; a number is a pause in seconds; RESET ends the connection hard.
RESET = object()
Talk = Callable[[], Iterator[bytes | float | object]]
OK = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
NO_ROBOTS = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class RawServer:
    """Answers robots.txt with 404 and everything else as its ``talks`` say; never waits for its clients."""

    def __init__(self, talks: dict[str, Talk]) -> None:
        self._talks = talks
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self.n_sent = 0

    @property
    def address(self) -> tuple[str, int]:
        return "127.0.0.1", int(self._listener.getsockname()[1])

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while not self._stop.is_set():
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(60)
            head = b""
            while b"\r\n\r\n" not in head:
                data = connection.recv(65536)
                if not data:
                    return
                head += data
            if b" /robots.txt " in head[:200]:
                connection.sendall(NO_ROBOTS)
                return
            host = next(
                line[6:] for line in head.decode("latin-1").split("\r\n") if line.lower().startswith("host: ")
            )
            self._talk(connection, self._talks[host.partition(":")[0]])

    def _talk(self, connection: socket.socket, talk: Talk) -> None:
        for piece in talk():
            if self._stop.is_set():
                return
            if piece is RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                return
            if isinstance(piece, float):
                time.sleep(piece)
            elif isinstance(piece, bytes):
                connection.sendall(piece)
                self.n_sent += len(piece)
