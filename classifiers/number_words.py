"""Phone numbers spelled in words, in Russian and Kazakh."""

import re
from collections.abc import Iterator

_UNITS = {
    **dict(
        zip(
            ["ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"],
            range(10),
            strict=True,
        )
    ),
    **dict(
        zip(
            ["нөл", "бір", "екі", "үш", "төрт", "бес", "алты", "жеті", "сегіз", "тоғыз"],
            range(10),
            strict=True,
        )
    ),
    **dict(
        zip(
            ["нол", "бир", "еки", "уш", "торт", "бес", "алты", "жети", "сегиз", "тогыз"],
            range(10),
            strict=True,
        )
    ),
    **{"нуль": 0, "одна": 1, "раз": 1, "две": 2},
}
_TEENS = dict(
    zip(
        [
            "десять",
            "одиннадцать",
            "двенадцать",
            "тринадцать",
            "четырнадцать",
            "пятнадцать",
            "шестнадцать",
            "семнадцать",
            "восемнадцать",
            "девятнадцать",
        ],
        range(10, 20),
        strict=True,
    )
)
_TENS = {
    **dict(
        zip(
            [
                "двадцать",
                "тридцать",
                "сорок",
                "пятьдесят",
                "шестьдесят",
                "семьдесят",
                "восемьдесят",
                "девяносто",
            ],
            range(20, 100, 10),
            strict=True,
        )
    ),
    **dict(
        zip(
            ["он", "жиырма", "отыз", "қырық", "елу", "алпыс", "жетпіс", "сексен", "тоқсан"],
            range(10, 100, 10),
            strict=True,
        )
    ),
    **{"кырык": 40, "жетпис": 70, "токсан": 90},
}
_HUNDREDS = dict(
    zip(
        ["сто", "двести", "триста", "четыреста", "пятьсот", "шестьсот", "семьсот", "восемьсот", "девятьсот"],
        range(100, 1000, 100),
        strict=True,
    )
)
_KAZAKH_HUNDRED = frozenset({"жүз", "жуз"})
_ALL = {*_UNITS, *_TEENS, *_TENS, *_HUNDREDS, *_KAZAKH_HUNDRED}
_WORDS = "|".join(sorted(_ALL, key=len, reverse=True))
_RUN = re.compile(
    rf"\b(?:плюс\W{{1,3}})?(?:{_WORDS})\b(?:[\W_]{{1,3}}(?:(?:{_WORDS})\b|\d{{1,3}}(?!\d))){{4,24}}"
)
# A phone of Kazakhstan or Russia holds a seven or a nine; a plain search is far cheaper than the run.
_HINTS = ("семь", "девят", "жеті", "жети", "тоғыз")
_TOKEN = re.compile(r"[^\W_]+|[,;/]")


def spoken_digits(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the digits of each number spelled in words, with its span.

    «восемь семьсот один сто двадцать три сорок пять шестьдесят семь» gives
    "87011234567". The caller decides whether that is a phone.
    """
    if not any(hint in text for hint in _HINTS):
        return
    for run in _RUN.finditer(text):
        words = _TOKEN.findall(run.group())  # a comma stays: it parts «тридцать, пять»
        plus = "+" if words[0] == "плюс" else ""
        yield plus + "".join(_digits([w for w in words if w != "плюс"])), *run.span()


def _digits(words: list[str]) -> Iterator[str]:
    """Join hundreds, tens and units that belong together, and give each group as digits."""
    value, lowest = 0, 1000
    has_open = False
    for index, word in enumerate(words):
        if word.isdecimal() or not word.isalnum():
            if has_open:
                yield str(value)
            value, lowest, has_open = 0, 1000, False
            yield word if word.isdecimal() else ""
            continue
        number, rank = _value(word)
        follows_unit = word in _KAZAKH_HUNDRED and has_open and 1 <= value <= 9
        if follows_unit:
            value, lowest = value * 100, 100
            continue
        is_new = rank >= lowest or number == 0 or (has_open and value == 0)
        # «жеті жүз»: the unit before a Kazakh hundred starts a group, unless a hundred still waits for it.
        next_is_hundred = lowest != 100 and index + 1 < len(words) and words[index + 1] in _KAZAKH_HUNDRED
        if has_open and (is_new or next_is_hundred):
            yield str(value)
            value = 0
        value, lowest, has_open = value + number, rank, True
    if has_open:
        yield str(value)


def _value(word: str) -> tuple[int, int]:
    """Return the number and its rank: 100, 10 or 1."""
    if word in _HUNDREDS:
        return _HUNDREDS[word], 100
    if word in _KAZAKH_HUNDRED:
        return 100, 100
    if word in _TENS:
        return _TENS[word], 10
    if word in _TEENS:
        return _TEENS[word], 1
    return _UNITS[word], 1
