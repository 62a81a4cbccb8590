"""Contacts that stand in fields and links of a page, in one spelling each."""

import re
from collections.abc import Iterable, Iterator
from urllib.parse import parse_qs, unquote, urlsplit

import phonenumbers
from selectolax.lexbor import LexborNode

from crawlers.items import ContactItem
from models.enums import ContactKind
from models.urls import BadUrl, canonical_url

_REGION = "KZ"
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}\.[^@\s.]{2,63}")
_TELEGRAM_HOSTS = frozenset({"t.me", "telegram.me"})
_TELEGRAM_NAME = re.compile(r"/(?:s/)?([A-Za-z]\w{3,31})/?", re.ASCII)
_WHATSAPP_HOSTS = frozenset({"wa.me", "api.whatsapp.com"})
_BEGINNING = re.compile(r"https?://(?:www\.)?")
_NOT_NAMES = frozenset({"joinchat", "share", "addstickers", "addlist", "proxy", "socks"})


def phone(text: str) -> ContactItem:
    """Phone as +<country><number>; as its bare digits when it is no number in use."""
    digits = re.sub(r"[^\d+]", "", text)
    try:
        number = phonenumbers.parse(digits, _REGION)
    except phonenumbers.NumberParseException:
        return ContactItem(ContactKind.PHONE, digits or text.strip())
    if not phonenumbers.is_possible_number(number):
        return ContactItem(ContactKind.PHONE, digits)
    return ContactItem(
        ContactKind.PHONE, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    )


def email(text: str) -> ContactItem | None:
    """Mail address in lower case; None when it has not the form of one."""
    found = _EMAIL.fullmatch(text.strip())
    return ContactItem(ContactKind.EMAIL, found[0].lower()) if found else None


def from_href(href: str) -> ContactItem | None:
    """Contact that a link leads to: phone, mail, messenger name, another web page; None for anything else."""
    scheme, _, rest = href.strip().partition(":")
    if scheme.lower() == "tel":
        return phone(unquote(rest)) if re.search(r"\d", rest) else None
    if scheme.lower() == "mailto":
        return email(unquote(rest.partition("?")[0]))
    try:
        url = canonical_url(href)
    except BadUrl:
        return None
    return _messenger(url) or link(url)


def link(url: str) -> ContactItem:
    """Web address without scheme and ``www.``, the form in which links in texts are found too."""
    return ContactItem(ContactKind.LINK, _BEGINNING.sub("", url).rstrip("/"))


def _messenger(url: str) -> ContactItem | None:
    parts = urlsplit(url)
    host = (parts.hostname or "").removeprefix("www.")
    if host in _WHATSAPP_HOSTS:
        number = parse_qs(parts.query).get("phone", [parts.path.strip("/")])[0]
        return phone("+" + number.lstrip("+ ")) if re.fullmatch(r"[+ ]?\d{7,15}", number) else None
    name = _TELEGRAM_NAME.fullmatch(parts.path) if host in _TELEGRAM_HOSTS else None
    if name and name[1].lower() not in _NOT_NAMES:
        return ContactItem(ContactKind.HANDLE, "@" + name[1].lower())
    return None


def from_links(node: LexborNode | None) -> Iterator[ContactItem]:
    """Contacts behind the links within an element; relative links lead to the site itself and are none."""
    for anchor in node.css("a[href]") if node else ():
        found = from_href(anchor.attributes.get("href") or "")
        if found:
            yield found


def once(contacts: Iterable[ContactItem | None]) -> tuple[ContactItem, ...]:
    """Contacts in their order, each once, the missing left out."""
    return tuple(dict.fromkeys(contact for contact in contacts if contact))
