"""What a person may call an ad by in the search box: the number of its case, or its address. Pure."""

import re

from models.urls import BadUrl, canonical_url

_CASE_NUMBER = re.compile(r"(\d{4})\s?[-–—/]\s?(\d{1,6})")
_ADDRESS = re.compile(r"(?:(https?)://)?([\w-]+(?:\.[\w-]+)+(?::\d+)?/\S+)", re.IGNORECASE)


def read_case_number(text: str) -> str | None:
    """The case number that the text is, zeros filled in (``2026-17``); None if it is something else."""
    found = _CASE_NUMBER.fullmatch(text.strip().lstrip("№# "))
    return f"{found[1]}-{int(found[2]):06d}" if found else None


def read_addresses(text: str) -> tuple[str, ...]:
    """Spellings under which an ad of this address may be stored; empty if it is no page's address."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        return ()
    scheme, rest = found.groups()
    schemes = (scheme.lower(),) if scheme else ("https", "http")
    spellings = []
    for start in schemes:
        try:
            url = canonical_url(f"{start}://{rest}")
        except BadUrl:
            return ()
        spellings += [url, url.removesuffix("/") if url.endswith("/") else f"{url}/"]
    return tuple(spellings)
