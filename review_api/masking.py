"""Hiding contacts on screens: every character keeps its place, so that offsets of hits still hold."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from models.enums import ContactKind, TextPlace

DOT = "•"
# A phone that the classifier did not note is hidden too: nine to fifteen digits in a row of groups.
_PHONE_LIKE = re.compile(r"(?<!\w)\+?\d(?:[\s().\-–—]{0,3}\d){8,14}(?!\w)")


@dataclass(frozen=True)
class ContactSpot:
    """A contact and, if it was found in a text, where: offsets in code points."""

    kind: ContactKind
    value: str
    place: TextPlace | None = None
    start: int | None = None
    end: int | None = None


def mask_value(kind: ContactKind, value: str) -> str:
    """The contact with most of it hidden, as long as before: ``+77•••••••67``, ``@a•••``, ``t.me/•••``."""
    if kind is ContactKind.PHONE:
        has_letters = any(character.isalpha() for character in value)
        return _hide(value) if has_letters else _hide(value, n_head=2, n_tail=2)
    if kind is ContactKind.EMAIL and "@" in value:
        local, _, domain = value.rpartition("@")
        return f"{_hide(local, n_head=1)}@{domain}"
    if kind is ContactKind.LINK:
        return _mask_link(value)
    return _hide(value, n_head=1)


def mask_text(text: str, place: TextPlace, contacts: Iterable[ContactSpot]) -> str:
    """A title or text with the contacts in it hidden; code points keep their number."""
    for contact in contacts:
        if contact.place is place and contact.start is not None and contact.end is not None:
            quote = text[contact.start : contact.end]
            text = text[: contact.start] + mask_value(contact.kind, quote) + text[contact.end :]
        elif contact.place is None and contact.value:
            text = text.replace(contact.value, mask_value(contact.kind, contact.value))
    return _PHONE_LIKE.sub(lambda match: mask_value(ContactKind.PHONE, match.group()), text)


def _mask_link(value: str) -> str:
    scheme, separator, rest = value.rpartition("://")
    host, slash, path = rest.partition("/")
    hidden = f"{host}/{_hide(path)}" if slash and path else _hide(rest, n_head=2)
    return f"{scheme}{separator}{hidden}"


def _hide(text: str, *, n_head: int = 0, n_tail: int = 0) -> str:
    """Replace letters and digits but the first ``n_head`` and last ``n_tail`` of them."""
    places = [place for place, character in enumerate(text) if character.isalnum()]
    hidden = set(places[n_head : len(places) - n_tail])
    return "".join(DOT if place in hidden else character for place, character in enumerate(text))
