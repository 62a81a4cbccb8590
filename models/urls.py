"""Canonical addresses: one spelling per page, tracking and visitor ids dropped, nothing unsafe."""

import re
from hashlib import sha256
from ipaddress import ip_address
from urllib.parse import quote, unquote_plus, urlsplit, urlunsplit

from models.errors import Rejected

MAX_URL_LENGTH = 2048
DROPPED_PARAMETERS = frozenset(
    {
        "sid",
        "s",
        "phpsessid",
        "jsessionid",
        "search_id",
        "search_reason",
        "fbclid",
        "gclid",
        "yclid",
        "_openstat",
        "from_search",
    }
)
# Forum engines also write ``;`` between parameters.
_SEPARATOR = re.compile("([&;])")
_VISITOR_IN_PATH = re.compile(r";(?:jsessionid|phpsessid|sid)=[^;/?]*", re.IGNORECASE)
_FORBIDDEN = re.compile(r"[\x00-\x1f\\\x7f]")
# Most addresses are in their one spelling already; taking them apart to see that is dear.
_IS_CANONICAL = re.compile(r"https?://[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63})*/[A-Za-z0-9/_.~-]*")
# A name as the network knows it, or an IPv6 address.
_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
_DEFAULT_PORTS = {"http": 80, "https": 443}


class BadUrl(Rejected):
    """The text is no address that may be fetched or listed."""


def canonical_url(url: str) -> str:
    """One spelling of an address, for identity; idempotent.

    Scheme and host in lower case (host as an A-label), default port and
    fragment dropped, tracking and visitor parameters dropped, the rest of the
    query kept in its order.

    Raises:
        BadUrl: not http(s), no host, user info, control characters, or too long.
    """
    if len(url) > MAX_URL_LENGTH:
        raise BadUrl(f"The address has more than {MAX_URL_LENGTH} characters.")
    url = url.strip()
    if _IS_CANONICAL.fullmatch(url):
        return url
    if _FORBIDDEN.search(url):
        raise BadUrl("The address holds control characters or backslashes.")
    try:
        parts = urlsplit(url)
        port = parts.port
        host = (parts.hostname or "").rstrip(".").encode("idna").decode("ascii").lower()
    except ValueError as error:
        raise BadUrl("The address cannot be read.") from error
    scheme = parts.scheme.lower()
    if scheme not in _DEFAULT_PORTS or not _HOST.fullmatch(host):
        raise BadUrl("Only http and https addresses with a host are used.")
    if parts.username is not None or parts.password is not None:
        raise BadUrl("The address holds a user name or password.")
    netloc = f"[{host}]" if ":" in host else host
    if port is not None and port != _DEFAULT_PORTS[scheme]:
        netloc = f"{netloc}:{port}"
    path = quote(_VISITOR_IN_PATH.sub("", parts.path) or "/", safe="/%:@!$&'()*+,;=~-._")
    return urlunsplit((scheme, netloc, path, _clean_query(parts.query), ""))


def _clean_query(query: str) -> str:
    pieces = _SEPARATOR.split(query)  # each piece but the first stands behind its separator
    kept = "".join(
        before + piece
        for before, piece in zip(["", *pieces[1::2]], pieces[::2], strict=True)
        if not _is_dropped(piece)
    )
    return quote(kept if kept == query else kept.lstrip("&;"), safe="/%:@!$&'()*+,;=~-._?")


def _is_dropped(piece: str) -> bool:
    name = unquote_plus(piece.partition("=")[0]).lower()
    return name in DROPPED_PARAMETERS or name.startswith("utm_")


def url_sha256(url: str) -> str:
    """Key of an address: hash of its canonical form."""
    return sha256(canonical_url(url).encode()).hexdigest()


def host_of(url: str) -> str:
    """Host of an address, lower case, without port; empty when there is none."""
    return (urlsplit(url).hostname or "").lower()


def check_listable(url: str) -> str:
    """Return the canonical address if a blocklist line may name it.

    A line names one post or page: never a site's root, an IP address, or a wildcard.

    Raises:
        BadUrl: says which rule the address breaks.
    """
    clean = canonical_url(url)
    parts = urlsplit(clean)
    if parts.path in ("", "/") and not parts.query:
        raise BadUrl("A list line must name a post or page, never a whole site.")
    if "*" in clean:
        raise BadUrl("A list line cannot hold a wildcard.")
    try:
        ip_address(parts.hostname or "")
    except ValueError:
        return clean
    raise BadUrl("A list line cannot name an IP address.")
