"""For whom and how to reach them: employers, business numbers, messengers."""

import re
from collections.abc import Iterator, Mapping
from functools import cache

from classifiers.facts.base import Fact, FactKind, any_of, new_fact, read_words
from classifiers.text import NormalisedText, read_word

_QUOTED = r"[«\"“„'‘]([^«»\"“”„\n]{2,60})[»\"”“'’]"


@cache
def _employer_pattern() -> re.Pattern[str]:
    forms = any_of(read_words()["legal_forms"])
    return re.compile(
        rf"(?<!\w)(?:{forms})\s{{0,2}}{_QUOTED}|{_QUOTED}\s{{0,2}},?\s?(?:{forms})(?!\w)"
        rf"|(?<!\w)(?:ип|жк|чп)\s([а-яәғқңөұүһіa-z-]{{3,30}}(?:\s[а-яәғқңөұүһіa-z]\.){{0,2}})"
        rf"|(?<!\w)([a-z][a-z &.-]{{2,40}}?)\s(?:llp|llc|ltd|jsc)(?!\w)",
    )


def find_employers(normalised: NormalisedText) -> Iterator[Fact]:
    """Return the employers named with a legal form, in text order."""
    text = normalised.text
    for match in _employer_pattern().finditer(text):
        group = next(index for index in (1, 2, 3, 4) if match[index])
        start, end = normalised.original_span(*match.span(group))
        name = normalised.original[start:end].strip()
        # A sole trader is a name, so it has a capital: «ИП Касымов», not «ип и самозанятые».
        if group in {3, 4} and not name[:1].isupper():
            continue
        yield new_fact(FactKind.EMPLOYER, name, match.span())


_TWELVE = re.compile(r"(?<!\d)(\d(?:[ -]?\d){11})(?!\d)")
_BIN_WORD = re.compile(r"(?:бин|bin|бсн|иин|жсн|iin|bsn)\W{0,4}$")


def is_valid_bin(digits: str) -> bool:
    """Whether twelve digits are a business or personal number of Kazakhstan: date and checksum.

    Source: rules of identification numbers; two passes of weights, the last digit is the check.
    """
    if len(digits) != 12 or not digits.isdecimal() or not 1 <= int(digits[2:4]) <= 12:
        return False
    values = [int(digit) for digit in digits]
    for weights in (range(1, 12), (3, 4, 5, 6, 7, 8, 9, 10, 11, 1, 2)):
        check = sum(weight * value for weight, value in zip(weights, values, strict=False)) % 11
        if check != 10:
            return check == values[11]
    return False


def find_bins(normalised: NormalisedText) -> Iterator[Fact]:
    """Return the valid business identification numbers (twelve digits with their check digit)."""
    text = normalised.text
    for match in _TWELVE.finditer(text):
        digits = re.sub(r"\D", "", match[1])
        is_business = digits[4] in "456"
        is_named = _BIN_WORD.search(text[max(match.start() - 10, 0) : match.start()])
        if is_valid_bin(digits) and (is_named or is_business):
            yield new_fact(FactKind.BIN, digits, match.span())


@cache
def _messenger_names() -> Mapping[str, str]:
    return {name: messenger for messenger, names in read_words()["messenger"].items() for name in names}


# «5000 тг», «200 тыс тг» is money.
_AMOUNT_BEFORE = re.compile(r"(?:\d|тыс|мың|мын|млн|к)\.?\s?$")


def find_messengers(normalised: NormalisedText) -> Iterator[Fact]:
    """Return the messengers named, not the tenge that are shortened alike."""
    names = _messenger_names()
    for word, span in zip(normalised.words, normalised.word_spans, strict=True):
        reading = read_word(word).reading
        messenger = names.get(reading) or names.get(reading[:-1] if len(reading) > 5 else "")
        if messenger and not _AMOUNT_BEFORE.search(normalised.text, max(span[0] - 8, 0), span[0]):
            yield new_fact(FactKind.MESSENGER, messenger, span)
