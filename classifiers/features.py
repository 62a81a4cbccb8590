"""What the statistical part reads of an ad, in blocks that every language shares as far as possible.

``words``: pieces of words (beginnings and ending), and the first letters of
neighbours; these know the language the texts were written in. ``concepts`` and
``near``: what the words mean (:mod:`classifiers.lexicon.concepts`), alone, and
within a few words of each other; these carry over to a language that has few
texts. ``signs``: indicators and counter-signs. ``form``: length, register, contacts.

A pure library: numpy at most, so that a notebook can use it.
"""

import codecs
import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain, islice
from operator import itemgetter

from classifiers.indicators import FoundSigns
from classifiers.lexicon.matcher import LabelMatch
from classifiers.text import NormalisedText, read_word
from classifiers.text.characters import EMOJI_TO_WORD, ENCODE_PLAIN, PLAIN_TABLE
from classifiers.text.russian import is_russian_word
from classifiers.text.stems import cyrillic_from_latin_kazakh, fold_kazakh

NEAR = 6
"""Concepts at most so many words apart are near each other."""
FORM = (
    "length",
    "has_title",
    "digits",
    "emoji",
    "questions",
    "exclamations",
    "capitals",
    "lines",
    "phone",
    "handle",
    "link",
)
_BEGINNINGS = (3, 4, 5, 6, 7)
_ENDING = 3
_PAIR_LETTERS = 3
_MAX_WORD = 40
# Says nothing by itself: honest ads are disguised too.
_DISGUISE = "X01"
_MAX_CONCEPTS = 400
_CACHE_SIZE = 100_000

_NEGATES_NEXT = frozenset(
    {
        "не",
        "ни",
        "без",
        "нет",
        "никакой",
        "никаких",
        "никакого",
        "нельзя",
        "no",
        "not",
        "never",
        "without",
        "dont",
    }
)
_NEGATES_LAST = frozenset({"емес", "жоқ", "жок", "эмес", "emas", "yoq", "joq", "emes", "нет"})
_TURKIC_NEGATION = re.compile(
    r"..(?:ма|ме|ба|бе|па|пе|бо|по)(?:й|ймын|ймин|ймиз|ймыз|йды|йди|йт|йсын|йсин|йсыз|йсиз|йбыз|йбиз|ган|ген|са|се|с|сын|син|н|ныз"
    r"|низ|нар|нер|ндар|ндер|гыла|гиле)$"
)
_EMOJI = re.compile(r"[\u2190-\u2bff\U0001f000-\U0001faff]")
_CAPITALS = re.compile("[A-ZА-ЯЁӘҒҚҢӨҰҮҺІЎҲ]{3}")
_DIGITS = "0123456789"
# For each byte of a plain text: a digit, an emoji, a capital, anything else.
_KINDS = "".join(
    "0" if c in _DIGITS else "e" if _EMOJI.match(c) else "A" if _CAPITALS.match(c * 3) else " "
    for c in PLAIN_TABLE
).encode()


@dataclass(frozen=True)
class Features:
    """One ad as the statistical part reads it.

    Attributes:
        words: distinct written words of title and text.
        lines: all their words in order, one line each for title and text.
        n_concepts: of the lexicon.
        concepts: numbers of the concepts said, and ``n_concepts`` + number of those denied.
        said: where concepts are said, in order, one line each for title and text.
        signs: codes of counted indicators and counter-signs.
        form: values in the order of ``FORM``, about 0 to 1 each.
    """

    words: tuple[str, ...]
    lines: tuple[Sequence[str], ...]
    n_concepts: int
    concepts: frozenset[int]
    said: tuple[Sequence[LabelMatch], ...]
    signs: frozenset[str]
    form: tuple[float, ...]

    @cached_property
    def near(self) -> frozenset[int]:
        """Pairs of said concepts within ``NEAR`` words, as lower number * ``n_concepts`` + higher number.

        Worked out when asked: most ads are decided without.
        """
        return frozenset(chain.from_iterable(_near(line, self.n_concepts) for line in self.said))


def read_features(
    parts: Sequence[tuple[NormalisedText, FoundSigns]],
    n_concepts: int,
    contact_kinds: Iterable[str],
    *,
    has_title: bool,
) -> Features:
    """Read one ad.

    Args:
        parts: its title and text with the signs found in each.
        n_concepts: of the lexicon.
        contact_kinds: "phone", "handle", "link" of the contacts found.
        has_title: whether the first part is a title.
    """
    concepts: set[int] = set()
    said: list[list[LabelMatch]] = []
    signs: set[str] = set()
    for normalised, found in parts:
        said.append(_read_concepts(normalised.words, found, n_concepts, concepts))
        counted = (hit.code for hit in (*found.indicators, *found.counter_signs) if hit.counted)
        signs.update(code for code in counted if code != _DISGUISE)
    words = tuple(dict.fromkeys(chain.from_iterable(normalised.words for normalised, _ in parts)))
    form = _form(parts, frozenset(contact_kinds), len(words), has_title=has_title)
    lines = tuple(normalised.words for normalised, _ in parts)
    return Features(words, lines, n_concepts, frozenset(concepts), tuple(said), frozenset(signs), form)


def _read_concepts(
    words: Sequence[str], found: FoundSigns, n_concepts: int, concepts: set[int]
) -> list[LabelMatch]:
    """Note which concepts of one text are said and which denied; return where they are said."""
    said: list[LabelMatch] = []
    if not found.concepts:
        return said
    # One place further on than the words, so that both neighbours of every word are there.
    framed = ["", *words, ""]
    for match in found.concepts[:_MAX_CONCEPTS]:
        first, last, concept = match
        if (
            _denial[framed[first]] & _NEXT
            or _denial[framed[last + 1]] & _ITSELF
            or _denial[framed[last + 2]] & _BEFORE
        ):
            concepts.add(n_concepts + concept)
        else:
            concepts.add(concept)
            said.append(match)
    return said


def _near(said: Iterable[LabelMatch], n_concepts: int) -> set[int]:
    near: set[int] = set()
    recent: list[int] = []
    ends: list[int] = []
    begin = 0
    for first, last, concept in said:
        while begin < len(ends) and ends[begin] < first - NEAR:
            begin += 1
        near.update(
            [
                other * n_concepts + concept if other < concept else concept * n_concepts + other
                for other in recent[begin:]
                if other != concept
            ]
        )
        recent.append(concept)
        ends.append(last)
    return near


_NEXT, _BEFORE, _ITSELF = 1, 2, 4


class _Denial(dict[str, int]):
    """Which word a written word denies: the next, the one before, itself (a verb); bounded."""

    def __missing__(self, written: str) -> int:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        word = read_word(written)
        bits = _NEXT * (word.reading in _NEGATES_NEXT) | _BEFORE * (word.reading in _NEGATES_LAST)
        if word.script in "cl" and len(written) > 4:
            folded = _folded(written)
            if _TURKIC_NEGATION.search(folded) and not is_russian_word(word.reading):
                bits |= _ITSELF
        self[written] = bits
        return bits


_denial = _Denial()


def _folded(written: str) -> str:
    """Return a word as one Cyrillic spelling: without Kazakh letters, Latin Kazakh and Uzbek written over."""
    word = read_word(written)
    if word.script == "c":
        return fold_kazakh(word.reading)
    if word.script == "l":
        return cyrillic_from_latin_kazakh(word.reading)
    return EMOJI_TO_WORD.get(word.reading, word.reading)


def word_pieces(written: str) -> list[int]:
    """Return the pieces of a written word as 32-bit numbers: the whole word, its beginnings, its ending.

    A number counts as its length, so that prices do not teach.
    """
    if written.isdecimal():
        return [zlib.crc32(b"#%d" % len(written))]
    framed = f"_{_folded(written)[:_MAX_WORD]}_"
    n_letters, encoded = len(framed) - 2, framed.encode()
    width = (len(encoded) - 2) // n_letters if n_letters else 1
    if len(encoded) != width * n_letters + 2:
        # Letters of several widths: rare, and cut one by one.
        pieces = [framed[: n + 1].encode() for n in _BEGINNINGS if n_letters > n]
        ending = framed[-_ENDING - 1 :].encode()
    else:
        pieces = [encoded[: width * n + 1] for n in _BEGINNINGS if n_letters > n]
        ending = encoded[-width * _ENDING - 1 :]
    if n_letters > _ENDING:
        pieces.append(ending)
    return [zlib.crc32(encoded), *map(zlib.crc32, pieces)]


def pair_pieces(words: Sequence[str]) -> list[int]:
    """Return a 32-bit number for each word and the next one, by the first letters of both."""
    beginnings = list(map(_beginnings.__getitem__, words))
    return list(map(zlib.crc32, map(_AS_SECOND, islice(beginnings, 1, None)), map(_AS_FIRST, beginnings)))


_AS_SECOND, _AS_FIRST = itemgetter(0), itemgetter(1)


class _Beginnings(dict[str, tuple[bytes, int]]):
    """First letters of a written word, and the checksum that a pair it begins starts from; bounded."""

    def __missing__(self, written: str) -> tuple[bytes, int]:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        letters = f"#{len(written)}" if written.isdecimal() else _folded(written)[:_PAIR_LETTERS]
        beginning = self[written] = letters.encode(), zlib.crc32(letters.encode() + b" ")
        return beginning


_beginnings = _Beginnings()


def _form(
    parts: Sequence[tuple[NormalisedText, FoundSigns]],
    contacts: frozenset[str],
    n_words: int,
    *,
    has_title: bool,
) -> tuple[float, ...]:
    original = "\n".join(normalised.original for normalised, _ in parts)
    digits, emoji, capitals = _count_kinds(original)
    length = max(len(original), 1)
    return (
        min(math.log1p(n_words) / 6, 1.5),
        float(has_title),
        min(digits / length * 5, 1.0),
        min(emoji / 10, 1.0),
        min(original.count("?") / 3, 1.0),
        min(original.count("!") / 5, 1.0),
        min(capitals / max(n_words, 1), 1.0),
        min(original.count("\n") / 10, 1.0),
        float("phone" in contacts),
        float("handle" in contacts),
        float("link" in contacts),
    )


def _count_kinds(text: str) -> tuple[int, int, int]:
    """Return how many digits, emoji and runs of three capitals a text holds."""
    try:
        kinds = codecs.charmap_encode(text, "strict", ENCODE_PLAIN)[0].translate(_KINDS)
    except UnicodeEncodeError:
        return sum(map(text.count, _DIGITS)), len(_EMOJI.findall(text)), len(_CAPITALS.findall(text))
    return kinds.count(b"0"), kinds.count(b"e"), kinds.count(b"AAA")
