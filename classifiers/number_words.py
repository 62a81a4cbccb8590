"""Phone numbers spelled in words: Russian, Kazakh (Cyrillic, plain, Latin), Kyrgyz, Uzbek, English."""

import re
from collections.abc import Iterator, Sequence

from classifiers.text import read_word
from classifiers.text.characters import APOSTROPHES

_UNIT_WORDS = """
ноль один два три четыре пять шесть семь восемь девять
нөл бір екі үш төрт бес алты жеті сегіз тоғыз
нол бир еки уш торт бес алты жети сегиз тогыз
nol bir eki ush tort bes alty zheti segiz togyz
nól bir eki úsh tórt bes alty jeti segiz toǵyz
nöl bır ekı üş tört bes alty jetı segız toğyz
нөл бир эки үч төрт беш алты жети сегиз тогуз
nol bir ikki uch tort besh olti yetti sakkiz toqqiz
нол бир икки уч тўрт беш олти етти саккиз тўққиз
zero one two three four five six seven eight nine
нуль одна две - - - - - - -
нөль раз - - торт беш алтау жетеу сегизеу тогыс
"""
_TEN_WORDS = """
десять двадцать тридцать сорок пятьдесят шестьдесят семьдесят восемьдесят девяносто
он жиырма отыз қырық елу алпыс жетпіс сексен тоқсан
он жиырма отыз кырык елу алпыс жетпис сексен токсан
on jiyrma otyz qyryq elu alpys jetpis seksen toqsan
on zhiyrma otyz kyryk elu alpys zhetpis seksen toksan
он жыйырма отуз кырк элүү алтымыш жетимиш сексен токсон
on yigirma ottiz qirq ellik oltmish yetmish sakson toqson
ўн йигирма ўттиз қирқ эллик олтмиш етмиш саксон тўқсон
ten twenty thirty forty fifty sixty seventy eighty ninety
"""
_TEEN_WORDS = """
десять одиннадцать двенадцать тринадцать четырнадцать пятнадцать шестнадцать семнадцать восемнадцать - -
- - - - - - - - восемнадцать девятнадцать
ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen
"""
_HUNDRED_WORDS = "сто двести триста четыреста пятьсот шестьсот семьсот восемьсот девятьсот"


def _numbered(lines: str, first: int, step: int) -> dict[str, int]:
    return {
        word: first + step * at
        for line in lines.strip().splitlines()
        for at, word in enumerate(line.split())
        if word != "-"
    }


_UNITS = _numbered(_UNIT_WORDS, 0, 1)
# «десять» ends a group as a teen does; Turkic «он» takes a unit after it: «он бес».
_TEENS = _numbered(_TEEN_WORDS, 10, 1)
_TENS = {word: value for word, value in _numbered(_TEN_WORDS, 10, 10).items() if word not in _TEENS}
_HUNDREDS = _numbered(_HUNDRED_WORDS, 100, 100)
_HUNDRED_AFTER_UNIT = frozenset({"жүз", "жуз", "juz", "júz", "jüz", "zhuz", "yuz", "юз", "hundred"})
NUMBER_WORDS = frozenset({*_UNITS, *_TEENS, *_TENS, *_HUNDREDS, *_HUNDRED_AFTER_UNIT})
_PLUS = frozenset({"плюс", "plus"})

_TOKEN = re.compile(rf"[^\W_]+(?:[{APOSTROPHES}][^\W\d_]+)*|[+]")
_GAP = re.compile(r"[\W_]{0,4}")
_STRIP = str.maketrans("", "", APOSTROPHES)
_MAX_DIGITS_WRITTEN = 11
_MIN_WORDS = 3
# Beyond this a text is looked at as written; a disguised number word in it is not found.
_READ_UP_TO = 100


def holds_number_words(words: Sequence[str]) -> bool:
    """Whether a text may spell a number: a quick look at its words."""
    n = sum(map(NUMBER_WORDS.__contains__, words))
    if n < _MIN_WORDS - 1 and len(words) <= _READ_UP_TO:
        words = [read_word(word).reading for word in words]
        n = sum(map(NUMBER_WORDS.__contains__, words))
    return n >= _MIN_WORDS - 1 and _stand_together(words)


def _stand_together(words: Sequence[str]) -> bool:
    """Whether enough number words follow each other, with at most figures among them."""
    run: list[str] = []
    for word in words:
        if word in NUMBER_WORDS:
            run.append(word)
            if _says_enough(run):
                return True
        elif run and not word.isdecimal():
            run = []
    return False


def _says_enough(words: Sequence[str]) -> bool:
    """Three words, or two of which one is a hundred: «8 семьсот один 123 45 67»."""
    return len(words) >= _MIN_WORDS or (len(words) > 1 and not _HUNDREDS.keys().isdisjoint(words))


def spoken_digits(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield the digits of each number spelled in words, with its span; figures may stand among the words.

    «восемь семьсот один сто двадцать три 45 67» gives "87011234567". The
    caller decides whether that is a phone.
    """
    run: list[tuple[str, int, int]] = []
    for match in _TOKEN.finditer(text):
        word = _word(match.group())
        if run and (not word or not _GAP.fullmatch(text, run[-1][2], match.start())):
            yield from _number(text, run)
            run = []
        if word:
            run.append((word, *match.span()))
    yield from _number(text, run)


def _word(written: str) -> str:
    """Return a token as a number word, figures or "+"; "" if it is none."""
    if written == "+" or (written.isdecimal() and len(written) <= _MAX_DIGITS_WRITTEN):
        return written
    plain = written.translate(_STRIP)
    reading = plain if plain in NUMBER_WORDS or plain in _PLUS else read_word(written).reading
    return reading if reading in NUMBER_WORDS else "+" if reading in _PLUS else ""


def _number(text: str, run: list[tuple[str, int, int]]) -> Iterator[tuple[str, int, int]]:
    if not _says_enough([word for word, _, _ in run if word in NUMBER_WORDS]):
        return
    words: list[str] = []
    previous_end = run[0][1]
    for word, start, end in run:
        # A comma parts «тридцать, пять».
        if any(mark in text[previous_end:start] for mark in ",;/"):
            words.append(",")
        words.append(word)
        previous_end = end
    plus = "+" if words[0] == "+" else ""
    yield plus + "".join(_digits([word for word in words if word != "+"])), run[0][1], run[-1][2]


def _digits(words: list[str]) -> Iterator[str]:
    """Join hundreds, tens and units that belong together, and give each group as digits."""
    value, lowest = 0, 1000
    has_open = False
    for index, word in enumerate(words):
        if word.isdecimal() or word == ",":
            if has_open:
                yield str(value)
            value, lowest, has_open = 0, 1000, False
            yield word if word.isdecimal() else ""
            continue
        number, rank = _value(word)
        follows_unit = word in _HUNDRED_AFTER_UNIT and has_open and 1 <= value <= 9
        if follows_unit:
            value, lowest = value * 100, 100
            continue
        is_new = rank >= lowest or number == 0 or (has_open and value == 0)
        # «жеті жүз»: the unit before a Kazakh hundred starts a group, unless a hundred still waits for it.
        next_is_hundred = lowest != 100 and index + 1 < len(words) and words[index + 1] in _HUNDRED_AFTER_UNIT
        if has_open and (is_new or next_is_hundred):
            yield str(value)
            value = 0
        value, lowest, has_open = value + number, 1 if word in _TEENS else rank, True
    if has_open:
        yield str(value)


def _value(word: str) -> tuple[int, int]:
    """Return the number and its rank: 100, 10 or 1."""
    if word in _HUNDREDS:
        return _HUNDREDS[word], 100
    if word in _HUNDRED_AFTER_UNIT:
        return 100, 100
    if word in _TENS:
        return _TENS[word], 10
    if word in _TEENS:
        return _TEENS[word], 10
    return _UNITS[word], 1
