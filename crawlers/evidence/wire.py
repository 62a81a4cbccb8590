"""What went over the wire for one page: heads as sent and as received, the server's certificates."""

import ssl
from dataclasses import dataclass
from datetime import datetime

from scrapy import Request

_EXCHANGES = "saqshy_exchanges"  # key in a request's meta; redirects hand the same list on


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        request_head: as written, but for the value of a key of ours.
        response_head: as received, with its line ends.
        body: as received, chunks joined, content encoding kept.
        certificates: of the server and those it sent with it, DER; empty without TLS.
    """

    url: str
    sent_at: datetime
    received_at: datetime
    request_head: bytes
    response_head: bytes
    body: bytes
    address: str | None
    certificates: tuple[bytes, ...] = ()
    tls: str | None = None


def prepare_exchanges(request: Request) -> None:
    """Make the list that this request, and those it is redirected to, note their exchanges in."""
    request.meta.setdefault(_EXCHANGES, [])


def note_exchange(request: Request, exchange: Exchange) -> None:
    """Add an exchange to the request's list."""
    request.meta[_EXCHANGES].append(exchange)


def exchanges_of(request: Request | None) -> tuple[Exchange, ...]:
    """All exchanges that led to an answer, the answer's own last."""
    return tuple(request.meta.get(_EXCHANGES, ())) if request is not None else ()


def to_pem(certificate: bytes) -> str:
    """A certificate as text."""
    return ssl.DER_cert_to_PEM_cert(certificate)
