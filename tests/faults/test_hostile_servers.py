"""S5, S6, F11: servers that send without end, lie, drip, stall or reset are named; others are crawled."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from models.enums import FetchResult, ParseState
from tests.conftest import open_database
from tests.crawlers.conftest import CrawlBench, bench_settings, channel_page
from tests.faults.raw_server import OK, RESET, RawServer, Talk
from tests.servers.site import Site

GOOD = "good.example"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
CAP_BYTES = 256 * 1024


def page(*posts: int) -> bytes:
    return channel_page({n: f"Объявление {n}" for n in posts})


def whole(body: bytes) -> bytes:
    return OK + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


def endless(piece: bytes) -> Talk:
    return lambda: itertools.repeat(piece)


def after(first: bytes, rest: Talk) -> Talk:
    return lambda: itertools.chain([first], rest())


def drip(text: bytes, pause: float) -> Talk:
    return lambda: itertools.chain.from_iterable((bytes([byte]), pause) for byte in text)


def stall() -> Iterator[bytes | float]:
    yield 3600.0


MANY_HEADERS = b"".join(b"X-%d: y\r\n" % n for n in range(100_000))
# What the server does, and what the request's row must say: result and error, or one of several.
BAD: dict[str, tuple[Talk, set[str]]] = {
    "endless body": (after(OK + b"\r\n", endless(b"x" * 65536)), {"oversize too_large"}),
    "endless chunks": (
        after(CHUNKED, endless(b"10000\r\n" + b"x" * 65536 + b"\r\n")),
        {"oversize too_large"},
    ),
    "1 GB said": (
        after(OK + b"Content-Length: 1073741824\r\n\r\n", endless(b"x" * 65536)),
        {"oversize too_large"},
    ),
    "more than said": (lambda: iter([OK + b"Content-Length: 10\r\n\r\n" + b"x" * 5000]), {"page None"}),
    "less than said": (lambda: iter([OK + b"Content-Length: 9000\r\n\r\n<html>half"]), {"broken cut_off"}),
    "negative length": (lambda: iter([OK + b"Content-Length: -5\r\n\r\nx"]), {"broken"}),
    "two lengths": (lambda: iter([OK + b"Content-Length: 5\r\nContent-Length: 9\r\n\r\nxxxxx"]), {"broken"}),
    "bad chunk": (lambda: iter([CHUNKED + b"zz\r\nxx\r\n"]), {"broken"}),
    "chunks cut": (lambda: iter([CHUNKED + b"ff\r\nxx"]), {"broken cut_off"}),
    "reset in the body": (
        lambda: iter([OK + b"Content-Length: 9000\r\n\r\n<html>half", 0.2, RESET]),
        {"broken cut_off"},
    ),
    "reset at once": (lambda: iter([RESET]), {"broken"}),
    "100 000 headers": (lambda: iter([OK + MANY_HEADERS + b"\r\nx"]), {"oversize too_large"}),
    "1 MB header": (lambda: iter([OK + b"X: " + b"y" * 1_000_000 + b"\r\n\r\nx"]), {"oversize too_large"}),
    "headers without end": (after(OK, endless(b"X: y\r\n" * 999)), {"oversize too_large"}),
    "header without end": (after(OK + b"X: ", endless(b"y" * 65536)), {"oversize too_large"}),
    "no HTTP": (lambda: iter([b"SSH-2.0-OpenSSH_9.2\r\n"]), {"broken"}),
    "half open": (stall, {"broken timeout"}),
    "headers drip": (drip(OK + b"\r\n", 0.5), {"broken timeout"}),
    "body drips": (after(OK + b"Content-Length: 5000\r\n\r\n", drip(b"x" * 5000, 0.5)), {"broken timeout"}),
    "long address": (
        lambda: iter([b"HTTP/1.1 302 Found\r\nLocation: /" + b"x" * 10_000_000 + b"\r\n\r\n"]),
        {"oversize too_large"},
    ),
    "length and chunks": (
        lambda: iter([OK + b"Content-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nxxxx\r\n0\r\n\r\n"]),
        {"broken"},
    ),
    "chunks and length": (
        lambda: iter([OK + b"Transfer-Encoding: chunked\r\nContent-Length: 9\r\n\r\n4\r\nxxxx\r\n0\r\n\r\n"]),
        {"broken"},
    ),
    "NUL in the length": (lambda: iter([OK + b"Content-Length: 5\0\r\n\r\nxxxxx"]), {"broken"}),
    "unknown coding": (lambda: iter([OK + b"Transfer-Encoding: gzip\r\n\r\nxxxxx"]), {"broken"}),
    "another protocol": (
        lambda: iter([b"HTTP/1.1 101 Ha\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxxxxx"]),
        {"broken"},
    ),
    "continue without end": (endless(b"HTTP/1.1 100 Continue\r\n\r\n" * 99), {"oversize too_large"}),
    "trailers without end": (after(CHUNKED + b"0\r\n", endless(b"X: y\r\n" * 999)), {"oversize too_large"}),
    "trailer without end": (after(CHUNKED + b"0\r\nX: ", endless(b"y" * 65536)), {"oversize too_large"}),
    "length of a chunk without end": (after(CHUNKED + b"5;", endless(b"y" * 65536)), {"oversize too_large"}),
    "empty chunks drip": (after(CHUNKED, drip(b"1\r\nx\r\n" * 5000, 0.5)), {"broken timeout"}),
}
# Odd ways to send a page, which it nonetheless is; the talk gets the page.
ODD: dict[str, Callable[[bytes], list[bytes]]] = {
    "HTTP/1.0": lambda page: [OK.replace(b"1.1", b"1.0") + b"\r\n", page],
    "no length": lambda page: [OK + b"\r\n", page],
    "a word in between": lambda page: [b"HTTP/1.1 100 Continue\r\n\r\n" * 2, whole(page)],
    "hints": lambda page: [
        b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\nContent-Length: 7\r\n\r\n" + whole(page)
    ],
    "trailers": lambda page: [
        CHUNKED + b"%x;a=b\r\n" % len(page) + page,
        b"\r\n0\r\nX: 3\r\nX-Sum: 1\r\n\r\n",
    ],
    "small chunks": lambda page: [CHUNKED, *(b"1\r\n%c\r\n" % byte for byte in page), b"0\r\n\r\n"],
    "bare line feeds": lambda page: [whole(page).replace(b"\r\n", b"\n")],
    "NUL in a header": lambda page: [
        OK + b"X-A: a\0b\r\nX\0B: c\r\nContent-Length: %d\r\n\r\n" % len(page) + page
    ],
    "no header": lambda page: [
        OK + b"a line without a colon\r\nContent-Length: %d\r\n\r\n" % len(page) + page
    ],
    "folded": lambda page: [OK + b"X-A: a\r\n b\r\nContent-Length: %d\r\n\r\n" % len(page) + page],
}


def hosts_of(bad: dict[str, tuple[Talk, set[str]]]) -> dict[str, str]:
    return {f"bad{number}.example": name for number, name in enumerate(bad)}


def test_s5_s6_f11_each_bad_server_is_cut_and_named(tmp_path: Path, site: Site) -> None:
    names = hosts_of(BAD)
    talks: dict[str, Talk] = {host: BAD[name][0] for host, name in names.items()}
    talks[GOOD] = lambda: iter([whole(page(1, 2))])
    with RawServer(talks) as server:
        bench = _bench(tmp_path, site, server, [*names, GOOD])
        start = [f"http://{host}/" for host in (*names, GOOD)]
        limits = {"timeout_seconds": 2, "max_body_bytes": CAP_BYTES}
        bench.crawl(bench.add_source(start=start, limits=limits))
    found = bench.requests()
    wrong = {}
    for host, name in names.items():
        _, result, error = found[f"http://{host}/"]
        said = f"{result} {error}"
        if not any(said == wanted or said.startswith(f"{wanted} ") for wanted in BAD[name][1]):
            wrong[name] = said
    assert wrong == {}
    assert not [error for _, _, error in found.values() if error and error[0].isupper()]  # words, no classes
    assert set(bench.ads()) == {"test/1", "test/2"}
    parsed = [p.final_url for p in bench.pages() if p.parse_state is ParseState.PARSED]
    assert f"http://{GOOD}/" in parsed
    assert len(parsed) <= 2  # the one with more bytes than it said is a page of ten
    bench.db.close()


def test_odd_servers_are_read(tmp_path: Path, site: Site) -> None:
    names = {f"odd{number}.example": name for number, name in enumerate(ODD)}
    talks = {host: _odd(ODD[name], page(number)) for number, (host, name) in enumerate(names.items())}
    with RawServer(talks) as server:
        bench = _bench(tmp_path, site, server, list(names))
        bench.crawl(bench.add_source(start=[f"http://{host}/" for host in names]))
    found = bench.requests()
    results = {name: found[f"http://{host}/"][1:] for host, name in names.items()}
    assert results == dict.fromkeys(names.values(), (FetchResult.PAGE, None))
    assert set(bench.ads()) == {f"test/{number}" for number in range(len(ODD))}
    bench.db.close()


def _odd(pieces: Callable[[bytes], list[bytes]], body: bytes) -> Talk:
    return lambda: iter(pieces(body))


@pytest.mark.slow
def test_s6_two_hundred_slow_hosts_hold_up_nobody(tmp_path: Path, site: Site) -> None:
    slow = [f"slow{number}.example" for number in range(200)]
    talks: dict[str, Talk] = {
        host: [stall, drip(OK + b"\r\n", 0.5), after(OK + b"\r\n", drip(b"x" * 9000, 0.5))][number % 3]
        for number, host in enumerate(slow)
    }
    talks[GOOD] = lambda: iter([whole(page(*range(9)))])
    with RawServer(talks) as server:
        bench = _bench(tmp_path, site, server, [*slow, GOOD])
        start = [f"http://{host}/" for host in slow] + [f"http://{GOOD}/{n}" for n in range(20)]
        bench.crawl(bench.add_source(start=start, limits={"timeout_seconds": 4, "max_pages": 1000}))
    results = {url: (result, error) for url, (_, result, error) in bench.requests().items()}
    assert {results[f"http://{host}/"] for host in slow} == {(FetchResult.BROKEN, "timeout")}
    assert {results[f"http://{GOOD}/{n}"] for n in range(20)} == {(FetchResult.PAGE, None)}
    bench.db.close()


def _bench(folder: Path, site: Site, server: RawServer, hosts: list[str]) -> CrawlBench:
    settings = bench_settings(folder / "var", site, [])
    settings = settings.model_copy(
        update={
            "loopback_allow": (server.address,),
            "host_overrides": dict.fromkeys(hosts, server.address),
        }
    )
    return CrawlBench(site, settings, open_database(settings))
