"""Pay: figures with a currency, and for how long."""

import re
from collections.abc import Iterator
from functools import cache

from classifiers.facts.base import Fact, FactKind, any_of, new_fact, read_words
from classifiers.text import NormalisedText

_NUMBER = r"\d{1,3}(?:[ .,']\d{3}(?!\d)){1,3}|\d{1,9}(?:[.,]\d{1,2})?"
_DASH = r"\s?(?:-|–|—|до|дейін|деиин|дейин|gacha|то|to)\s?"
_PERIOD_REACH = 28
_MIN_PAY = 50


@cache
def _pay_pattern() -> re.Pattern[str]:
    words = read_words()
    thousand, million = any_of(words["thousand"]), any_of(words["million"])
    unit = rf"(?:\s?(?P<{{0}}>(?:{thousand}|{million}))\b\.?)?"
    currency = "|".join(
        rf"(?P<{code}>{any_of(names)})" if code != "RUB" else rf"(?P<{code}>{any_of(names)}|р(?![^\W_]))"
        for code, names in words["currency"].items()
    )
    return re.compile(
        rf"(?<![\d.,])(?P<sign>[$€₸₽]\s?)?(?P<low>{_NUMBER}){unit.format('low_unit')}"
        rf"(?:(?:\s?(?:тг|тенге|теңге|₸|руб|₽|\$))?\.?{_DASH}(?P<high>{_NUMBER}){unit.format('high_unit')})?"
        rf"(?:\s?(?:{currency})(?![a-zа-яәғқңөұүһі]{{4}}))?"
    )


def _amount(written: str, unit: str | None) -> int:
    words = read_words()
    digits = re.sub(r"[ ']", "", written)
    if re.fullmatch(r"\d{1,3}(?:[.,]\d{3})+", digits):
        digits = re.sub(r"[.,]", "", digits)
    value = float(digits.replace(",", "."))
    if unit in words["thousand"]:
        value *= 1_000
    elif unit in words["million"]:
        value *= 1_000_000
    return round(value)


_SIGNS = {"$": "USD", "€": "EUR", "₸": "KZT", "₽": "RUB"}


def find_pay(normalised: NormalisedText) -> Iterator[Fact]:
    """Return pay: bounds, currency and period."""
    text = normalised.text
    for match in _pay_pattern().finditer(text):
        groups = match.groupdict()
        sign = (groups["sign"] or "").strip()
        currency = _SIGNS.get(sign) or next((c for c in read_words()["currency"] if groups.get(c)), "")
        unit = groups["high_unit"] or groups["low_unit"]
        period = _period(text, match.start(), match.end())
        if not currency and (not unit or not period or unit == "т"):
            # «350 тысяч в месяц» is pay without its currency; a bare number is not.
            continue
        high = _amount(groups["high"], unit) if groups["high"] else None
        low_unit = groups["low_unit"] or (unit if groups["high"] else None)
        low = _amount(groups["low"], low_unit)
        if low < _MIN_PAY and not unit and currency not in {"USD", "EUR"}:
            continue
        before = text[max(match.start() - 12, 0) : match.start()]
        if high is None:
            after = text[match.end() : match.end() + 12]
            if re.search(r"(?:до|up to|max|макс\.?)\s*$", before) or re.match(
                r"\s?(?:ге|ға|га)?\s?(?:дейін|дейин|чейин|gacha|гача)", after
            ):
                low, high = 0, low
            elif not re.search(r"(?:\bот|from|бастап)\s*$", before) and not re.match(
                r"\s?(?:дан|ден|тан|тен|dan)?\s?(?:бастап|жоғары|жогары|dan boshlab|\+)", after
            ):
                high = low
        end = match.start() + len(match.group().rstrip())
        yield new_fact(FactKind.PAY, currency, (match.start(), end), low=low, high=high, period=period)


@cache
def _period_pattern() -> re.Pattern[str]:
    return re.compile(
        "|".join(
            rf"(?P<{name}>(?<!\w)(?:{any_of(words)})(?!\w))" for name, words in read_words()["period"].items()
        )
    )


def _period(text: str, start: int, end: int) -> str:
    """Return the period of a sum: said after it first, before it else, in the same line."""
    after = re.split(r"[\n;!?]", text[end : end + _PERIOD_REACH])[0]
    found = _period_pattern().search(after)
    if not found:
        before = re.split(r"[\n;!?]", text[max(start - _PERIOD_REACH, 0) : start])[-1]
        found = next(iter([*_period_pattern().finditer(before)][::-1]), None)
    return (found.lastgroup or "") if found else ""
