"""Phones, handles, links and e-mails of an ad, also where they are disguised.

Each is found in the readable copy of the text, so look-alikes, emoji digits
and invisible marks are gone already; its span points into the original.
"""

import re
from array import array
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

import phonenumbers

from classifiers.number_words import holds_number_words, spoken_digits
from classifiers.text import NormalisedText
from classifiers.text.characters import DIGIT_LIKE, NUMERIC_PLAIN
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


# What stands between the digits of one number; a plus begins the next.
_GAP = r"(?:(?!\+)[\W_]){0,4}"
_NARROW = r"[\s().\-–]{0,2}"
_PHONE = re.compile(
    rf"(?=[+\d])(?<![\d.,])(?:"
    rf"(?:\+{_GAP}7|8|7){_GAP}[3-79](?:{_GAP}\d){{9}}"  # Kazakhstan and Russia, whole
    rf"|7[0-7]\d(?:{_NARROW}\d){{7}}"  # Kazakhstan, mobile without 8
    rf"|(?:\+{_GAP})?99[268](?:{_GAP}\d){{9}}"  # Tajikistan, Kyrgyzstan, Uzbekistan
    rf"|(?:\+{_GAP})?993{_NARROW}[67](?:{_NARROW}\d){{7}}"  # Turkmenistan
    rf"|\+{_GAP}[1-9](?:{_NARROW}\d){{7,13}}"  # any country, with its plus
    rf"|0[2579](?:{_NARROW}\d){{8}}"  # Kyrgyzstan, inside the country
    rf")(?!\d)"
)
# A place where a phone may stand: digits, and what may be between them, in a long row.
_MIN_DIGITS = 9
_ROW = re.compile(rf"\d[\d{DIGIT_LIKE}\W_]{{{_MIN_DIGITS - 1},}}")
_ROW_PLAIN = b"0" * _MIN_DIGITS
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
    r"\b(?:тг|тгк|телега|телеграм+|telegram|tg|инста|инстаграм+|instagram|insta|ig|ник|nick|username|юзернейм)"
    r"(?:\s{0,2}[:\-–—=]\s{0,2}@?|\s{1,2}@\s?)([a-z][a-z0-9_.]{3,31})(?<!\.)"
    # Without a mark between them only what cannot be a word: «тг agent_dubai», «инста aigul777».
    r"|\b(?:тг|телега|телеграм+|telegram|tg|инста|инстаграм+|instagram|insta)\s([a-z][a-z.]*[_\d][a-z0-9_.]{1,30})(?<!\.)"
)
_LETTER_DIGITS = str.maketrans(DIGIT_LIKE, "00111364")
_DIGIT_TOKEN = re.compile(rf"(?<![^\W_])[\d{DIGIT_LIKE}]*\d[\d{DIGIT_LIKE}]*(?![^\W_])")
_LETTERS_BETWEEN = re.compile(
    rf"(?<=\d[\s().\-])[{DIGIT_LIKE}]{{1,3}}(?=[\s().\-]\d)|(?<=\d[\s().\-])[oоз]{{2}}(?![^\W_])"
)
_LETTER_NEAR_DIGIT = re.compile(rf"\d[\s().\-]?[{DIGIT_LIKE}]|[{DIGIT_LIKE}]\d")
_MESSENGER_NAMES = frozenset(
    {"тг", "тгк", "телега", "телеграм", "телеграмм", "telegram", "tg", "инста", "инстаграм", "инстаграмм"}
    | {"instagram", "insta", "ig", "ник", "nick", "username", "юзернейм"}
)
_MESSENGER_ENDS = (".me", ".com", ".ru")
# «agent собака mail точка kz», «agent (at) mail.kz», «t точка me / agent»
_SPELLED_MARKS = frozenset({"собака", "собачка", "точка", "dot", "нүкте", "нукте", "nuqta"})
_SPELLED = re.compile(
    r"[\s(\[{]{1,3}(?:(собака|собачка|(?<=[(\[{])at(?=[)\]}]))|(точка|dot|нүкте|нукте|nuqta))[\s)\]}]{1,3}(?=[a-z0-9_])"
)
_TRAILING = ".,;:!?)»\"'"


def find_contacts(normalised: NormalisedText, place: TextPlace) -> tuple[FoundContact, ...]:
    """Return the contacts of one text in text order, each place once.

    Numbers must be valid for their country; a price or a date is not a phone.
    """
    taken: list[tuple[int, int]] = []
    found: list[FoundContact] = []
    for kind, value, start, end in _candidates(normalised):
        if any(start < e and s < end for s, e in taken):
            continue
        taken.append((start, end))
        first, last = normalised.original_span(start, end)
        found.append(FoundContact(kind, value, place, first, last, normalised.original[first:last]))
    return tuple(sorted(found, key=lambda contact: contact.start))


def _candidates(normalised: NormalisedText) -> Iterator[tuple[ContactKind, str, int, int]]:
    """Yield (kind, value, start, end), the more telling kinds first."""
    text, words = normalised.text, normalised.words
    if "@" in text:
        for match in _EMAIL.finditer(text):
            yield ContactKind.EMAIL, match.group(), *match.span()
    if not _SPELLED_MARKS.isdisjoint(words) or "(at)" in text or "[at]" in text:
        yield from _spelled(text)
    if "." in text:
        yield from _links(text)
    if "@" in text:
        for match in _HANDLE.finditer(text):
            yield ContactKind.HANDLE, match.group(), *match.span()
    for match in () if _MESSENGER_NAMES.isdisjoint(words) else _NAMED_HANDLE.finditer(text):
        group = 1 if match.group(1) else 2
        yield ContactKind.HANDLE, "@" + match.group(group), *match.span(group)
    yield from _phones(normalised)


def _spelled(text: str) -> Iterator[tuple[ContactKind, str, int, int]]:
    """Yield e-mails and links whose marks are written as words, with their spans in ``text``."""
    pieces: list[str] = []
    places, position = array("I"), 0
    for match in _SPELLED.finditer(text):
        pieces += (text[position : match.start()], "@" if match.group(1) else ".")
        places.extend(range(position, match.start() + 1))
        position = match.end()
    if not pieces:
        return
    spelled = "".join((*pieces, text[position:]))
    places.extend(range(position, len(text)))
    found = (
        *((ContactKind.EMAIL, m.group(), *m.span()) for m in _EMAIL.finditer(spelled)),
        *_links(spelled),
    )
    for kind, value, start, end in found:
        yield kind, value, places[start], places[end - 1] + 1


def _has_any(text: str, pieces: tuple[str, ...]) -> bool:
    """Whether any piece occurs; a plain search is a hundred times faster than the expression it guards."""
    return any(piece in text for piece in pieces)


def _links(text: str) -> Iterator[tuple[ContactKind, str, int, int]]:
    for match in _MESSENGER.finditer(text) if _has_any(text, _MESSENGER_ENDS) else ():
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


def _phones(normalised: NormalisedText) -> Iterator[tuple[ContactKind, str, int, int]]:
    text, encoded = normalised.text, normalised.encoded
    # A plain search is ten times faster than the expression that it guards.
    may_hold = encoded is None or _ROW_PLAIN in encoded.translate(NUMERIC_PLAIN)
    for row in _ROW.finditer(text) if may_hold else ():
        # The plus may stand before the row. One letter for one digit, so the places stay.
        first = max(row.start() - 5, 0)
        digits = text[first : row.end()]
        if _LETTER_NEAR_DIGIT.search(digits):
            digits = _LETTERS_BETWEEN.sub(_as_digits, _DIGIT_TOKEN.sub(_as_digits, digits))
        if sum(map(str.isdecimal, digits)) < _MIN_DIGITS:
            continue
        for match in _PHONE.finditer(digits):
            value = _valid_phone(match.group())
            if value:
                yield ContactKind.PHONE, value, first + match.start(), first + match.end()
    if holds_number_words(normalised.words):
        for spoken, start, end in spoken_digits(text):
            value = _valid_phone(spoken)
            if value:
                yield ContactKind.PHONE, value, start, end


def _as_digits(match: re.Match[str]) -> str:
    return match.group().translate(_LETTER_DIGITS)


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
