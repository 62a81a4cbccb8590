"""One answer of HTTP/1.1 from the bytes of a connection: llhttp reads it, its head is kept as it came."""

import re
import time
from dataclasses import dataclass

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser
from scrapy.exceptions import DownloadCancelledError, DownloadFailedError, ResponseDataLossError

MAX_HEAD_BYTES = 64 * 1024
_END_OF_HEAD = re.compile(rb"\n\r?\n")
# A line that is neither a header nor the rest of one: passed over, as browsers do (scrapy#210).
_NO_HEADER = re.compile(rb"\n(?![!#$%&'*+.^_`|~0-9A-Za-z-]+:|[ \t\r\n])[^\n]*(?=\n)")
# Say how the answer is sent, not what it is.
_OF_CONNECTION = frozenset(
    {b"connection", b"keep-alive", b"proxy-connection", b"te", b"trailers", b"transfer-encoding", b"upgrade"}
)


class HeadTooLong(DownloadFailedError):
    """The server sends more headers than any page needs."""


class NotHttp(DownloadFailedError):
    """What the server sends is no answer of HTTP/1.1."""


class ConnectionLost(DownloadFailedError):
    """The connection ended before the answer's head did."""


@dataclass(slots=True)
class Answer:
    """One answer.

    Attributes:
        head: as received, with its line ends.
        headers: without those that only say how it was sent, but for its length.
        head_at: monotonic time in seconds at which the head was whole.
        body: chunks joined, content encoding kept.
    """

    head: bytes
    status: int
    headers: list[tuple[bytes, bytes]]
    head_at: float
    body: bytes = b""


class AnswerReader:
    """Reads one answer; the methods ``on_…`` are llhttp's to call.

    Attributes:
        has_begun: whether anything came.
        is_kept: of a whole answer: its connection may serve again.
    """

    def __init__(self, max_bytes: int) -> None:
        self.has_begun = self.is_kept = False
        self._max_bytes = max_bytes
        # Bounds also what is no body: lengths of chunks, and headers behind the last one.
        self._n_left = MAX_HEAD_BYTES + 2 * max_bytes
        self._n_head_left = MAX_HEAD_BYTES
        self._answer: Answer | None = None
        self._body = bytearray()
        self._ends_with_connection = False
        self._begin()

    def _begin(self) -> None:
        self._head = bytearray()
        self._headers: list[tuple[bytes, bytes]] = []
        self._is_whole = False
        self._parser = HttpResponseParser(self)
        # Dangerous for who passes other people's requests on; here real servers need it.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )

    def close(self) -> None:
        """Let go of the parser, which holds this object; nothing may be fed any more."""
        del self._parser

    def feed(self, data: bytes) -> Answer | None:
        """Take what came over the connection; returns the answer once it is whole.

        Raises:
            HeadTooLong, NotHttp: it is no answer.
            ResponseDataLossError: its body is not put together as HTTP says.
            DownloadCancelledError: it is too long.
        """
        self.has_begun = True
        self._n_left -= len(data)
        try:
            while data and self._answer is None:
                data = self._take_head(data)
            if data:
                self._parser.feed_data(data)
        except (HttpParserError, HttpParserUpgrade) as error:
            if self._answer is None:
                raise NotHttp(str(error)) from None
            if not self._is_whole:
                raise ResponseDataLossError(str(error)) from None
            self.is_kept = False
        if len(self._body) > self._max_bytes or self._n_left < 0:
            raise DownloadCancelledError("too large")
        return self._finished(self._answer) if self._answer is not None and self._is_whole else None

    def end(self) -> Answer:
        """The connection is gone; returns the answer if that was its end.

        Raises:
            ConnectionLost, ResponseDataLossError: it was not.
        """
        if self._answer is None:
            raise ConnectionLost
        if not self._ends_with_connection:
            raise ResponseDataLossError
        return self._finished(self._answer)

    def _finished(self, answer: Answer) -> Answer:
        answer.body = bytes(self._body)
        return answer

    def _take_head(self, data: bytes) -> bytes:
        """Gather the head and read it once it is whole, by itself; returns what came behind it."""
        begin = max(0, len(self._head) - 2)
        self._head += data
        end = _END_OF_HEAD.search(self._head, begin)
        n_bytes = end.end() if end is not None else len(self._head)
        if n_bytes > self._n_head_left:
            raise HeadTooLong
        if end is None:
            return b""
        self._n_head_left -= n_bytes
        head, rest = bytes(self._head[:n_bytes]), bytes(self._head[n_bytes:])
        self._parser.feed_data(_NO_HEADER.sub(b"", head))
        status = self._parser.get_status_code()
        if status < 100:
            raise NotHttp("no status")
        if status < 200:  # a word in between, which nobody asked for
            self._begin()
        else:
            self._answer = self._begun_answer(head, status)
        return rest

    def _begun_answer(self, head: bytes, status: int) -> Answer:
        """The answer that a head announces; llhttp has seen to it that its lengths do not contradict.

        Raises:
            NotHttp: its body comes in a coding that nobody reads.
            DownloadCancelledError: it is too long.
        """
        coding, length = self._values(b"transfer-encoding"), self._values(b"content-length")
        if coding and coding != [b"chunked"]:
            raise NotHttp("unknown transfer coding")
        if length and int(length[0]) > self._max_bytes and not self._is_whole:
            raise DownloadCancelledError("too large")
        self._ends_with_connection = not coding and not length
        headers = [header for header in self._headers if header[0].lower() not in _OF_CONNECTION]
        return Answer(head, status, headers, head_at=time.monotonic())

    def _values(self, name: bytes) -> list[bytes]:
        return [value.lower() for key, value in self._headers if key.lower() == name]

    def on_header(self, name: bytes, value: bytes) -> None:
        """One header; those behind the body are of no use."""
        if self._answer is None:
            self._headers.append((name, value.strip()))

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        if not self._is_whole:
            self._body += data

    def on_message_begin(self) -> None:
        """Behind a whole answer: something that belongs to none."""
        self.is_kept = False

    def on_message_complete(self) -> None:
        """The answer's end."""
        if not self._is_whole:
            self._is_whole, self.is_kept = True, self._parser.should_keep_alive()
