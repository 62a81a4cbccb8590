"""Addresses as people type and say them: without a scheme, with a handle, with words around them."""

import re

from models.urls import BadUrl, canonical_url

_HANDLE = re.compile(r"@([A-Za-z]\w{3,31})", re.ASCII)
_TELEGRAM = re.compile(
    r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me)/(?:s/)?([A-Za-z]\w{3,31})(/\d+)?/?", re.ASCII
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
_BARE_HOST = re.compile(r"[\w-]+(?:\.[\w-]+)+(?::\d+)?(?:[/?#].*)?")
_AROUND = " \t\r\n<>«»\"'“”„()[],;"
MAX_TYPED = 2048


def address_of(typed: str) -> str:
    """The canonical address that a typed text means; channels by their public preview.

    Raises:
        BadUrl: it means no address that could be fetched.
    """
    text = typed.strip(f"{_AROUND}.")
    if len(text) > MAX_TYPED:
        raise BadUrl(f"The address has more than {MAX_TYPED} characters.")
    if handle := _HANDLE.fullmatch(text):
        return f"https://t.me/s/{handle[1]}"
    if channel := _TELEGRAM.fullmatch(text):
        return f"https://t.me/s/{channel[1]}{channel[2] or ''}"
    if not _SCHEME.match(text) or _BARE_HOST.fullmatch(text):
        if not _BARE_HOST.fullmatch(text):
            raise BadUrl("This is no address.")
        text = f"https://{text}"
    return canonical_url(text)


def split_pasted(pasted: str) -> list[str]:
    """The pieces of a pasted text that may be addresses, each once; parted by lines, spaces, commas."""
    pieces = (piece.strip(_AROUND) for piece in re.split(r"[\s,;]+", pasted))
    return list(dict.fromkeys(piece for piece in pieces if piece))
