"""Phones, handles, links and e-mails of an ad, also where they are disguised.

Each is found in the readable copy of the text, so look-alikes, emoji digits
and invisible marks are gone already; its span points into the original.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from classifiers.number_words import spoken_digits
from classifiers.text import NormalisedText
from models.enums import ContactKind, TextPlace


@dataclass(frozen=True, slots=True)
class FoundContact:
    """One way to reach the author.

    Attributes:
        kind: phone, handle, link or e-mail.
        value: normalised: E.164, ``@name``, link without scheme, lower-case address.
        place: title or text.
        start: code points of the original text of that place.
        end: not included.
        quote: ``text[start:end]``.
    """

    kind: ContactKind
    value: str
    place: TextPlace
    start: int
    end: int
    quote: str


_GAP = r"[\s().\-–—_*/|•·,:~]{0,3}"
_PHONE = re.compile(
    rf"(?=[+\d])(?<![\d.,])(?:"
    rf"(?:\+{_GAP}7|8|7){_GAP}[3-79](?:{_GAP}\d){{9}}"  # Kazakhstan and Russia, whole
    rf"|7[0-7]\d(?:{_GAP}\d){{7}}"  # Kazakhstan, mobile without 8
    rf"|(?:\+{_GAP})?99[2368](?:{_GAP}\d){{9}}"  # Tajikistan, Kyrgyzstan, Uzbekistan, Turkmenistan
    rf"|\+{_GAP}[1-9](?:{_GAP}\d){{7,13}}"  # any country, with its plus
    rf"|0[2579](?:{_GAP}\d){{8}}"  # Kyrgyzstan, inside the country
    rf")(?!\d)"
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{2,63}){1,3}")
_MESSENGER = re.compile(
    r"\b(?:t\.me|telegram\.me|wa\.me|api\.whatsapp\.com/send\?phone=|instagram\.com|vk\.com|ok\.ru|tiktok\.com)"
    r"/?(?:\+|@|joinchat/)?[\w.\-]{3,64}"
)
_LINK = re.compile(r"(?:https?://|www\.)[^\s<>«»\"'()]{3,300}")
# Looked for by its end, which is rare; the name before it is read backwards.
_DOMAIN_END = re.compile(
    r"\.(?:kz|ru|com|org|net|me|info|uz|kg|io|site|online|top|xyz)(?:/[^\s<>«»\"']{0,200})?(?![\w@])"
)
_DOMAIN_NAME = re.compile(r"(?<![\w@.-])[\w-]{2,63}$")
_HANDLE = re.compile(r"(?<![\w.@/])@[a-z][a-z0-9_.]{3,31}(?<!\.)")
_NAMED_HANDLE = re.compile(
    r"\b(?:тг|тгк|телега|телеграм+|telegram|tg|инста|инстаграм+|instagram|insta|ig)\s{0,2}[:\-–—=]\s{0,2}"
    r"@?([a-z][a-z0-9_.]{3,31})(?<!\.)"
)
# Letters written for digits inside a number: 8 7O1, 87О1 23З 45 б7.
_LETTER_DIGITS = str.maketrans("oоlіiзбчЗ", "001113643")
_NEAR_DIGIT = re.compile(
    r"(?<=\d)[oоlіiзбч](?=[\s().\-–—]{0,2}[\doоlіiзбч])|(?<![^\W\d_])[oоlіiзбч](?=\d[\s().\-–—]?\d)"
)
_LETTER_AFTER_DIGIT = re.compile(r"\d[oоlіiзбч]")
_MESSENGER_NAMES = ("тг", "телег", "teleg", "tg", "инст", "insta", "ig")
_MESSENGER_HOSTS = (".me", ".com", "ok.ru")
_TRAILING = ".,;:!?)»\"'"


def find_contacts(normalised: NormalisedText, place: TextPlace) -> tuple[FoundContact, ...]:
    """Return the contacts of one text in text order, each place once.

    Numbers must be valid for their country; a price or a date is not a phone.
    """
    taken: list[tuple[int, int]] = []
    found: list[FoundContact] = []
    for kind, value, start, end in _candidates(normalised.text):
        if any(start < e and s < end for s, e in taken):
            continue
        taken.append((start, end))
        first, last = normalised.original_span(start, end)
        found.append(FoundContact(kind, value, place, first, last, normalised.original[first:last]))
    return tuple(sorted(found, key=lambda contact: contact.start))


def _candidates(text: str) -> Iterator[tuple[ContactKind, str, int, int]]:
    """Yield (kind, value, start, end), the more telling kinds first."""
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield ContactKind.EMAIL, match.group(), *match.span()
    if "." in text:
        yield from _links(text)
    if "@" in text:
        for match in _HANDLE.finditer(text):
            yield ContactKind.HANDLE, match.group(), *match.span()
    for match in _NAMED_HANDLE.finditer(text) if _has_any(text, _MESSENGER_NAMES) else ():
        yield ContactKind.HANDLE, "@" + match.group(1), *match.span(1)
    yield from _phones(text)


def _has_any(text: str, pieces: tuple[str, ...]) -> bool:
    """Whether any piece occurs; a plain search is a hundred times faster than the expression it guards."""
    return any(piece in text for piece in pieces)


def _links(text: str) -> Iterator[tuple[ContactKind, str, int, int]]:
    for match in _MESSENGER.finditer(text) if _has_any(text, _MESSENGER_HOSTS) else ():
        address = match.group().rstrip(_TRAILING)
        name = re.split(r"[/=]", address)[-1].lstrip("@+")
        end = match.start() + len(address)
        phone = _valid_phone("+" + name) if name.isdecimal() else None
        if phone:
            yield ContactKind.PHONE, phone, match.start(), end
        elif "t.me" in address or "telegram.me" in address:
            yield ContactKind.HANDLE, "@" + name, match.start(), end
        else:
            yield ContactKind.LINK, _without_scheme(address), match.start(), end
    for match in _LINK.finditer(text) if _has_any(text, ("://", "www.")) else ():
        address = match.group().rstrip(_TRAILING)
        yield ContactKind.LINK, _without_scheme(address), match.start(), match.start() + len(address)
    for match in _DOMAIN_END.finditer(text):
        name = _DOMAIN_NAME.search(text, max(match.start() - 64, 0), match.start())
        if name:
            address = text[name.start() : match.end()].rstrip(_TRAILING)
            yield ContactKind.LINK, _without_scheme(address), name.start(), name.start() + len(address)


def _without_scheme(address: str) -> str:
    return re.sub(r"^(?:https?://)?(?:www\.)?", "", address).rstrip("/")


def _phones(text: str) -> Iterator[tuple[ContactKind, str, int, int]]:
    digits = text
    if _LETTER_AFTER_DIGIT.search(text):
        # One letter for one digit, so the places stay.
        digits = _NEAR_DIGIT.sub(lambda m: m.group().translate(_LETTER_DIGITS), text)
    for match in _PHONE.finditer(digits):
        value = _valid_phone(match.group())
        if value:
            yield ContactKind.PHONE, value, *match.span()
    for spoken, start, end in spoken_digits(text):
        value = _valid_phone(spoken)
        if value:
            yield ContactKind.PHONE, value, start, end


@lru_cache(maxsize=50_000)
def _valid_phone(written: str) -> str | None:
    """Return the number as E.164 if it is one, else None."""
    digits = re.sub(r"\D", "", written)
    if not 9 <= len(digits) <= 15:
        return None
    for candidate in _readings(digits, has_plus=written.lstrip().startswith("+")):
        try:
            number = phonenumbers.parse(candidate)
        except phonenumbers.NumberParseException:
            continue
        if phonenumbers.is_valid_number(number):
            return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    return None


def _readings(digits: str, *, has_plus: bool) -> Iterable[str]:
    if has_plus:
        return (f"+{digits}",)
    if len(digits) == 11 and digits[0] in "78":
        return (f"+7{digits[1:]}",)
    if len(digits) == 10 and digits[0] == "7":
        return (f"+7{digits}",)
    if len(digits) == 10 and digits[0] == "0":
        return (f"+996{digits[1:]}",)
    return (f"+{digits}",) if digits.startswith("99") else ()


def mask_contact(kind: ContactKind, value: str) -> str:
    """Return a contact as screens show it before it is opened: «+7 7•• ••• •• 67».

    Args:
        kind: of the contact.
        value: normalised value, as :class:`FoundContact` holds it.
    """
    if kind is ContactKind.PHONE:
        if value.startswith("+7") and len(value) == 12:
            return f"+7 {value[2]}•• ••• •• {value[-2:]}"
        return f"{value[:4]} {'•' * max(len(value) - 6, 1)} {value[-2:]}"
    if kind is ContactKind.EMAIL:
        name, _, host = value.partition("@")
        return f"{name[:1]}•••@{host}"
    if kind is ContactKind.HANDLE:
        return f"{value[:3]}•••"
    host, _, path = value.partition("/")
    return f"{host}/•••" if path else f"{host[:2]}•••"
