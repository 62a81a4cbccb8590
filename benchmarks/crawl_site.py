"""The site on loopback that crawls are measured on: a process of its own, sixteen host names, vacancies."""

import asyncio
import json
import multiprocessing
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from models.config import HostPort

N_HOSTS = 16
HOSTS = [f"board{n}.example" for n in range(N_HOSTS)]
FILLER = "<div class='related'><a href='#'>Тағы бір бос орын, толық жұмыс күні</a></div>\n"
FILLER_LINES = 100  # makes a page of 12 KB


def vacancy(host: str, number: int, n_filler: int = FILLER_LINES) -> bytes:
    """A vacancy page as job boards write them."""
    text = f"Вакансия {number} на {host}. " + "Обязанности: работа на складе, график 2/2. " * 15
    posting = {
        "@context": "https://schema.org",
        "@type": "JobPosting",
        "title": f"Кладовщик {number}",
        "description": text,
        "identifier": {"@type": "PropertyValue", "value": f"{host}-{number}"},
        "url": f"http://{host}/vacancy/{number}",
        "datePosted": "2026-11-01",
        "hiringOrganization": {"@type": "Organization", "name": "ТОО Қойма"},
    }
    script = f'<script type="application/ld+json">{json.dumps(posting, ensure_ascii=False)}</script>'
    return (
        f"<html><head><title>{number}</title>{script}</head><body>{FILLER * n_filler}</body></html>".encode()
    )


def addresses(n_pages: int) -> list[str]:
    """All vacancies, in the order in which both spiders ask: one of each host in turn."""
    return [f"http://{host}/vacancy/{number}" for number in range(1, n_pages + 1) for host in HOSTS]


class _Protocol(asyncio.Protocol):
    """The least of HTTP/1.1: keeps connections open, answers GET."""

    def __init__(self, page: Callable[[str, str], bytes | None], first_served_at: Any) -> None:
        self.page, self.first_served_at, self.waiting = page, first_served_at, b""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.waiting += data
        while b"\r\n\r\n" in self.waiting:
            head, _, self.waiting = self.waiting.partition(b"\r\n\r\n")
            lines = head.decode("latin-1").split("\r\n")
            path = lines[0].split(" ")[1]
            host = next(line[5:].strip() for line in lines if line.lower().startswith("host:"))
            body = self.page(host.partition(":")[0], path)
            if body is not None and not self.first_served_at.value:
                self.first_served_at.value = time.time()
            status = "200 OK" if body is not None else "404 Not Found"
            body = body or b""
            head_out = f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\n"
            self.transport.write(f"{head_out}Content-Length: {len(body)}\r\n\r\n".encode() + body)


def serve(n_prepared: int, port: Any, first_served_at: Any) -> None:
    """Run the site; ``port`` tells where.

    Args:
        n_prepared: vacancies per host, made beforehand; 0 = any number of short ones, made when asked for.
        port: shared; set when the site answers.
        first_served_at: shared; set when a vacancy is served and it is 0.
    """
    answers = {(host, f"/vacancy/{n}"): vacancy(host, n) for host in HOSTS for n in range(1, n_prepared + 1)}

    def page(host: str, path: str) -> bytes | None:
        if answers or not path.startswith("/vacancy/"):
            return answers.get((host, path))
        return vacancy(host, int(path.removeprefix("/vacancy/")), n_filler=0)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: _Protocol(page, first_served_at), "127.0.0.1", 0)
        port.value = server.sockets[0].getsockname()[1]
        await server.serve_forever()

    asyncio.run(main())


@dataclass(frozen=True)
class RunningSite:
    """Where the site is.

    Attributes:
        first_served_at: shared between processes; Unix time of the first vacancy since it was set to 0.
    """

    address: HostPort
    first_served_at: Any  # Any: multiprocessing's shared values have no class of their own


@contextmanager
def running_site(n_prepared: int) -> Iterator[RunningSite]:
    """Run the site, with arguments as :func:`serve`."""
    port, first_served_at = multiprocessing.Value("i", 0), multiprocessing.Value("d", 0.0)
    process = multiprocessing.Process(target=serve, args=(n_prepared, port, first_served_at), daemon=True)
    process.start()
    while not port.value:
        time.sleep(0.05)
    try:
        yield RunningSite(("127.0.0.1", port.value), first_served_at)
    finally:
        process.terminate()
