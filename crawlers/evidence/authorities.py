"""Asking time stamp authorities: configured hosts, each connection through the address guard."""

import http.client
import socket
import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from crawlers.guard import AddressGuard, own_addresses
from models.config import Settings
from models.errors import BadSettings, SaqshyError
from models.timestamps import Question

TIMEOUT_SECONDS = 15.0
MAX_ANSWER_BYTES = 256 * 1024
_QUERY, _REPLY = "application/timestamp-query", "application/timestamp-reply"


class NoStamp(SaqshyError):
    """The authority did not answer with a time stamp; it may later."""


@dataclass(frozen=True)
class Authority:
    """One configured authority; ``roots_pem`` is what its answers are checked against."""

    name: str
    url: str
    roots_pem: str


def load_authorities(settings: Settings) -> tuple[Authority, ...]:
    """All authorities of the settings with their certificates.

    Raises:
        BadSettings: the certificates of one are missing.
    """
    found = []
    for name, url in settings.timestamp_authorities.items():
        path = settings.authority_roots_dir / f"{name}.pem"
        try:
            found.append(Authority(name, url, path.read_text(encoding="ascii")))
        except (OSError, UnicodeError) as error:
            raise BadSettings(
                f"The certificates of the time stamp authority {name} cannot be read: {path}"
            ) from error
    return tuple(found)


class Asker:
    """Sends questions; opens no connection that the guard refuses."""

    def __init__(self, settings: Settings) -> None:
        self._guard = AddressGuard(settings.loopback_allow, own_addresses())
        self._user_agent = settings.user_agent

    def ask(self, authority: Authority, question: Question) -> bytes:
        """The authority's answer, unchecked.

        Raises:
            NoStamp: it cannot be reached, is slow, or answers something else.
        """
        parts = urlsplit(authority.url)
        is_tls = parts.scheme == "https"
        port = parts.port or (443 if is_tls else 80)
        connection = http.client.HTTPConnection(parts.hostname or "", port, timeout=TIMEOUT_SECONDS)
        try:
            connection.sock = self._connect(parts.hostname or "", port, is_tls=is_tls)
            headers = {"Content-Type": _QUERY, "Accept": _REPLY, "User-Agent": self._user_agent}
            connection.request("POST", parts.path or "/", question.der, headers)
            answer = connection.getresponse()
            body = answer.read(MAX_ANSWER_BYTES)
        except (OSError, http.client.HTTPException, SaqshyError) as error:
            raise NoStamp(f"{authority.name} does not answer: {type(error).__name__}") from error
        finally:
            connection.close()
        if answer.status != 200 or answer.headers.get_content_type() != _REPLY:
            raise NoStamp(f"{authority.name} answers {answer.status} {answer.headers.get_content_type()}")
        return body

    def _connect(self, host: str, port: int, *, is_tls: bool) -> socket.socket:
        """A connection to the first address of the host; one forbidden address spoils all."""
        addresses = _resolve(host, port)
        for address in addresses:
            self._guard.check(address, port)
        raw = socket.create_connection((addresses[0], port), timeout=TIMEOUT_SECONDS)
        if not is_tls:
            return raw
        return ssl.create_default_context().wrap_socket(raw, server_hostname=host)


def _resolve(host: str, port: int) -> Sequence[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(sockaddr[0]) for *_, sockaddr in found]
