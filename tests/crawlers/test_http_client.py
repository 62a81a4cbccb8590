"""Answers as servers send them, sound and broken, read from a connection in pieces of any size."""

import asyncio
import random
from typing import Any

import pytest
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, ResponseDataLossError
from twisted.internet.defer import Deferred, succeed
from twisted.internet.testing import StringTransportWithDisconnection

from crawlers.http_answer import (
    MAX_HEAD_BYTES,
    Answer,
    AnswerReader,
    ConnectionLost,
    HeadTooLong,
    NotHttp,
)
from crawlers.http_client import HttpClient, PageConnection, Place, StaleConnection
from tests.conftest import run_async

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
SOUND = OK + b"Content-Length: 2\r\n\r\nok"
PLACE = Place("http", "a.example", 80)
ASKED = b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"
MAX_BYTES = 1000


def connected() -> PageConnection:
    connection = PageConnection()
    transport: Any = StringTransportWithDisconnection()  # type: ignore[no-untyped-call] # Any: Twisted's own
    transport.protocol = connection
    connection.makeConnection(transport)  # type: ignore[no-untyped-call]
    return connection


async def answered(
    connection: PageConnection, sent: bytes, *, step: int = 1 << 20, ends: bool = False
) -> Answer:
    asking = asyncio.ensure_future(connection.ask(ASKED, max_bytes=MAX_BYTES))
    await asyncio.sleep(0)
    for start in range(0, len(sent), step):
        connection.dataReceived(sent[start : start + step])
    if ends and connection.transport is not None:
        connection.transport.loseConnection()
    return await asyncio.wait_for(asking, 5)


@pytest.mark.parametrize("step", [1, 7, 1 << 20])
@pytest.mark.parametrize(
    ("sent", "body", "is_open"),
    [
        (OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
        (OK + b"Content-Length:  5 \r\n\r\nhello", b"hello", True),
        (OK + b"Content-Length: 0\r\n\r\n", b"", True),
        (OK + b"Transfer-Encoding: Chunked\r\n\r\n3;x=y\r\nhel\r\n2 \r\nlo\r\n0\r\n\r\n", b"hello", True),
        (CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\nX: 9\r\n\r\n", b"hello", True),
        (OK.replace(b"\r", b"") + b"Content-Length: 5\n\nhello", b"hello", True),
        (OK + b"Connection: close\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
        (OK + b"Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello", b"hello", False),
        (b"HTTP/1.0 200\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3 + OK + b"Content-Length: 5\r\n\r\nhello", b"hello", True),
        (b"HTTP/1.1 103 Early\r\nContent-Length: 9\r\n\r\n" + SOUND, b"ok", True),
        (b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5000\r\n\r\n", b"", True),
        (b"HTTP/1.1 204 No Content\r\n\r\n", b"", True),
        (OK + b"X: a\0b\r\nContent-Length: 5\r\n\r\nhello", b"hello", True),
        (OK + b"no colon\r\nX\0Y: z\r\nContent-Length: 5\r\nA B: c\r\n\r\nhello", b"hello", True),
    ],
)
def test_reads_an_answer_however_it_is_cut(sent: bytes, body: bytes, is_open: bool, step: int) -> None:
    connection = connected()
    answer = run_async(answered(connection, sent, step=step))
    assert (answer.body, connection.is_open) == (body, is_open)
    assert sent.endswith(answer.head + body) or b"chunked" in answer.head.lower()
    if connection.transport is not None:
        assert connection.transport.value() == ASKED


@pytest.mark.parametrize("version", [b"HTTP/1.1", b"HTTP/1.0"])
def test_a_body_without_a_length_ends_with_the_connection(version: bytes) -> None:
    connection = connected()
    answer = run_async(answered(connection, version + b" 200 OK\r\n\r\nhello", ends=True))
    assert (answer.body, connection.is_open) == (b"hello", False)


@pytest.mark.parametrize("behind", [OK, SOUND, b"junk", b"\0"])
@pytest.mark.parametrize("length", [2, 0])
def test_bytes_behind_an_answer_belong_to_no_other(behind: bytes, length: int) -> None:
    connection = connected()
    sent = OK + b"Content-Length: %d\r\n\r\n" % length + b"ok"[:length] + behind
    answer = run_async(answered(connection, sent))
    assert (answer.body, connection.is_open) == (b"ok"[:length], False)


def test_bytes_that_nobody_asked_for_end_the_connection() -> None:
    connection = connected()
    run_async(answered(connection, SOUND))
    connection.dataReceived(OK)
    assert not connection.is_open


def test_heads_are_kept_as_they_came_and_read_as_browsers_do() -> None:
    head = OK + b"x-CASE: a\r\nno colon here\r\nX-Long: b\r\n c\r\nx-case:  d \r\nKeep-Alive: 5\r\n\r\n"
    answer = run_async(answered(connected(), head, ends=True))
    assert answer.head == head
    assert [(name, value.split()) for name, value in answer.headers] == [
        (b"x-CASE", [b"a"]),
        (b"X-Long", [b"b", b"c"]),
        (b"x-case", [b"d"]),
    ]


@pytest.mark.parametrize("step", [1500, 1 << 20])
@pytest.mark.parametrize(
    ("sent", "error"),
    [
        (b"SSH-2.0-OpenSSH_9.6\r\n\r\n", NotHttp),
        (b"\r\n\r\n", NotHttp),
        (b"HTTP/1.1 2000 OK\r\n\r\n", NotHttp),
        (b"HTTP/1.1 099 OK\r\n\r\n", NotHttp),
        (b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\nxx", NotHttp),
        (OK + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", NotHttp),
        (OK + b"Content-Length: 5, 6\r\n\r\nhello", NotHttp),
        (OK + b"Content-Length: -5\r\n\r\nhello", NotHttp),
        (OK + b"Content-Length: 5\r\n 6\r\n\r\nhello", NotHttp),
        (OK + b"Content-Length: 5\0\r\n\r\nhello", NotHttp),
        (OK + b"Content-Length: " + b"9" * 5000 + b"\r\n\r\nhello", NotHttp),
        (OK + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NotHttp),
        (OK + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n", NotHttp),
        (OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n", NotHttp),
        (OK + b"Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", NotHttp),
        (OK + b"X: " + b"y" * MAX_HEAD_BYTES, HeadTooLong),
        (OK + b"X: y\r\n" * (MAX_HEAD_BYTES // 6) + b"\r\n", HeadTooLong),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 3000, HeadTooLong),
        (OK + b"Content-Length: 5\r\n\r\nhell", ResponseDataLossError),
        (CHUNKED + b"5\r\nhel", ResponseDataLossError),
        (CHUNKED + b"5\r\nhello\r\n0\r\nX-Sum: 1\r\n", ResponseDataLossError),
        (CHUNKED + b"many\r\nhello\r\n", ResponseDataLossError),
        (CHUNKED + b"0\r\nContent-Length: 5\r\n\r\n", ResponseDataLossError),
        (CHUNKED + b"-5\r\nhello\r\n", ResponseDataLossError),
        (CHUNKED + b"fffffffffffffffff\r\nhello\r\n", ResponseDataLossError),
        (OK + b"Content-Length: 1001\r\n\r\n", DownloadCancelledError),
        (OK + b"\r\n" + b"x" * 1001, DownloadCancelledError),
        (CHUNKED + b"3e9\r\n" + b"x" * 1001, DownloadCancelledError),
        (CHUNKED + b"5;" + b"x" * 70_000, DownloadCancelledError),
        (CHUNKED + b"0\r\nX: " + b"x" * 70_000, DownloadCancelledError),
        (CHUNKED + b"0\r\n" + b"X: y\r\n" * 12_000, DownloadCancelledError),
        (OK, ConnectionLost),
        (b"", ConnectionLost),
    ],
)
def test_a_broken_answer_is_an_error_of_its_kind(sent: bytes, error: type[Exception], step: int) -> None:
    connection = connected()
    with pytest.raises(error):
        run_async(answered(connection, sent, step=step, ends=True))
    assert not connection.is_open


def test_whatever_comes_is_an_answer_or_a_known_error() -> None:
    """Sound answers with bytes changed, left out, doubled and cut."""
    chance = random.Random(7)
    sound = (
        SOUND,
        CHUNKED + b"5;a\r\nhello\r\n0\r\nX: y\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.0 404 No\r\nX: a\r\n b\r\nConnection: close\r\n\r\nbody",
    )
    n_answers = 0
    for _ in range(3000):
        sent = bytearray(chance.choice(sound))
        for _ in range(chance.randrange(1, 4)):
            at = chance.randrange(len(sent))
            piece = chance.choice([b"", b"\n", b"\r", b"\0", b" ", b":", b"9", b"\xff", bytes(sent[at:])])
            sent[at : at + chance.randrange(3)] = piece
        reader = AnswerReader(MAX_BYTES)
        try:
            answer = None
            for start in range(0, len(sent), step := chance.choice([1, 3, 1000])):
                answer = answer or reader.feed(bytes(sent[start : start + step]))
                if answer is not None:
                    break
            answer = answer or reader.end()
        except (DownloadFailedError, DownloadCancelledError, ResponseDataLossError):
            continue
        n_answers += 1
        assert answer.head in bytes(sent)
        assert len(answer.body) <= MAX_BYTES
    assert n_answers > 300


def test_who_stops_waiting_ends_the_connection() -> None:
    async def stopped(connection: PageConnection) -> None:
        async with asyncio.timeout(0.01):
            await connection.ask(ASKED, max_bytes=10)

    connection = connected()
    with pytest.raises(TimeoutError):
        run_async(stopped(connection))
    assert not connection.is_open


class _Way:
    """Stands for the way to a place; each connection is a new one to nobody."""

    def __init__(self) -> None:
        self.opened: list[PageConnection] = []

    def connect(self, _factory: object) -> "Deferred[PageConnection]":
        self.opened.append(connected())
        return succeed(self.opened[-1])


def client_to(*places: Place) -> tuple[HttpClient, _Way]:
    client, way = HttpClient(None, connect_seconds=1), _Way()
    client._ways.update(dict.fromkeys(places, way))
    return client, way


async def ask(client: HttpClient, way: _Way, place: Place, *sent: bytes) -> None:
    """Have a request answered piece by piece, on whichever connection it waits; an empty piece ends that."""
    asking = asyncio.ensure_future(client.ask(place, ASKED, max_bytes=MAX_BYTES))
    for piece in sent:
        await asyncio.sleep(0.01)
        busy = [connection for connection in way.opened if connection._asked is not None]
        if piece:
            busy[-1].dataReceived(piece)
        else:
            busy[-1].transport.loseConnection()
    await asyncio.wait_for(asking, 5)


def test_a_connection_is_used_again_and_replaced_once_the_server_has_closed_it() -> None:
    async def use() -> None:
        client, way = client_to(PLACE)
        await ask(client, way, PLACE, SOUND)
        await ask(client, way, PLACE, SOUND)
        assert len(way.opened) == 1
        await ask(client, way, PLACE, b"", SOUND)  # it closes at the sight of the request
        assert len(way.opened) == 2
        way.opened[-1].transport.loseConnection()  # it closes while nobody asks
        await ask(client, way, PLACE, OK.replace(b"1.1", b"1.0") + b"Content-Length: 0\r\n\r\n")
        await ask(client, way, PLACE, SOUND)
        assert len(way.opened) == 4
        client.close()
        assert not [connection for connection in way.opened if connection.is_open]

    run_async(use())


def test_a_server_that_closes_each_new_connection_is_asked_no_third_time() -> None:
    async def use() -> None:
        client, way = client_to(PLACE)
        await ask(client, way, PLACE, SOUND)
        with pytest.raises(ConnectionLost) as lost:
            await ask(client, way, PLACE, b"", b"")
        assert not isinstance(lost.value, StaleConnection)
        assert len(way.opened) == 2

    run_async(use())


def test_places_do_not_share_connections_and_the_oldest_give_way() -> None:
    async def use() -> None:
        places = [Place("http", f"{n}.example", 80) for n in range(257)]
        client, way = client_to(*places)
        for place in places:
            asking = asyncio.ensure_future(client.ask(place, ASKED, max_bytes=MAX_BYTES))
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            while not way.opened or way.opened[-1]._asked is None:
                await asyncio.sleep(0)
            way.opened[-1].dataReceived(SOUND)
            await asking
        assert [connection.is_open for connection in way.opened] == [False] + [True] * 256
        client.close()

    run_async(use())
