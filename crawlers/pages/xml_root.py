"""What an XML file is, by the name of its root element; the rest of it may be broken."""

import re

HEAD_CHARACTERS = 8192
DOCTYPE = r"<!DOCTYPE[^>\[]*(?:\[.*?\])?\s*>"
_ROOT = re.compile(rf"(?:\s|\ufeff|<\?.*?\?>|<!--.*?-->|{DOCTYPE})*+<(?:\w+:)?([A-Za-z]\w*)", re.S)


def root_name(text: str) -> str | None:
    """Local name of the root element; None when no element stands at the beginning."""
    found = _ROOT.match(text[:HEAD_CHARACTERS])
    return found[1] if found else None
