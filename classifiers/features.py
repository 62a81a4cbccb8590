"""What the statistical part reads of an ad, in blocks that every language shares as far as possible.

``words``: pieces of words (beginnings and ending), and the first letters of
neighbours; these know the language the texts were written in. ``concepts`` and
``near``: what the words mean (:mod:`classifiers.lexicon.concepts`), alone, and
within a few words of each other; these carry over to a language that has few
texts. ``signs``: indicators and counter-signs. ``form``: length, register, contacts.

A pure library: numpy at most, so that a notebook can use it.
"""

import math
import re
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from classifiers.indicators import FoundSigns
from classifiers.text import NormalisedText, read_word
from classifiers.text.characters import EMOJI_TO_WORD
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


@dataclass(frozen=True, slots=True)
class Features:
    """One ad as the statistical part reads it.

    Attributes:
        words: distinct written words of title and text.
        lines: all their words in order, one line each for title and text.
        concepts: numbers of the concepts said, and n + number of those denied (n concepts in all).
        near: pairs of said concepts within ``NEAR`` words, as lower number * n + higher number.
        signs: codes of counted indicators and counter-signs.
        form: values in the order of ``FORM``, about 0 to 1 each.
    """

    words: tuple[str, ...]
    lines: tuple[Sequence[str], ...]
    concepts: frozenset[int]
    near: frozenset[int]
    signs: frozenset[str]
    form: tuple[float, ...]


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
    words: dict[str, None] = {}
    said: set[int] = set()
    near: set[int] = set()
    signs: set[str] = set()
    for normalised, found in parts:
        words.update(dict.fromkeys(normalised.words))
        _read_concepts(normalised.words, found, n_concepts, said, near)
        counted = (hit.code for hit in (*found.indicators, *found.counter_signs) if hit.counted)
        signs.update(code for code in counted if code != _DISGUISE)
    form = _form(parts, frozenset(contact_kinds), len(words), has_title=has_title)
    lines = tuple(normalised.words for normalised, _ in parts)
    return Features(tuple(words), lines, frozenset(said), frozenset(near), frozenset(signs), form)


def _read_concepts(
    words: Sequence[str], found: FoundSigns, n_concepts: int, said: set[int], near: set[int]
) -> None:
    if not found.concepts:
        return
    # One place further on than the words, so that both neighbours of every word are there.
    denial = [0, *map(_denial.__getitem__, words), 0]
    recent: list[tuple[int, int]] = []
    begin = 0
    for first, last, concept in found.concepts[:_MAX_CONCEPTS]:
        if denial[first] & _NEXT or denial[last + 1] & _ITSELF or denial[last + 2] & _BEFORE:
            said.add(n_concepts + concept)
            continue
        said.add(concept)
        while begin < len(recent) and recent[begin][0] < first - NEAR:
            begin += 1
        for _, other in recent[begin:]:
            if other < concept:
                near.add(other * n_concepts + concept)
            elif other > concept:
                near.add(concept * n_concepts + other)
        recent.append((last, concept))


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


@lru_cache(maxsize=_CACHE_SIZE)
def word_pieces(written: str) -> tuple[int, ...]:
    """Return the pieces of a written word as 32-bit numbers: the whole word, its beginnings, its ending.

    A number counts as its length, so that prices do not teach.
    """
    if written.isdecimal():
        return (zlib.crc32(b"#%d" % len(written)),)
    folded = _folded(written)[:_MAX_WORD]
    pieces = [f"_{folded}_", *(f"_{folded[:n]}" for n in _BEGINNINGS if len(folded) > n)]
    if len(folded) > _ENDING:
        pieces.append(f"{folded[-_ENDING:]}_")
    return tuple(zlib.crc32(piece.encode()) for piece in pieces)


def pair_pieces(words: Sequence[str]) -> list[int]:
    """Return a 32-bit number for each word and the next one, by the first letters of both."""
    return list(map(_pair_piece, pairwise(map(_beginning, words))))


@lru_cache(maxsize=_CACHE_SIZE)
def _beginning(written: str) -> str:
    return f"#{len(written)}" if written.isdecimal() else _folded(written)[:_PAIR_LETTERS]


def _pair_piece(pair: tuple[str, str]) -> int:
    return zlib.crc32(" ".join(pair).encode())


def _form(
    parts: Sequence[tuple[NormalisedText, FoundSigns]],
    contacts: frozenset[str],
    n_words: int,
    *,
    has_title: bool,
) -> tuple[float, ...]:
    original = "\n".join(normalised.original for normalised, _ in parts)
    length = max(len(original), 1)
    return (
        min(math.log1p(n_words) / 6, 1.5),
        float(has_title),
        min(sum(map(original.count, "0123456789")) / length * 5, 1.0),
        min(len(_EMOJI.findall(original)) / 10, 1.0),
        min(original.count("?") / 3, 1.0),
        min(original.count("!") / 5, 1.0),
        min(len(_CAPITALS.findall(original)) / max(n_words, 1), 1.0),
        min(original.count("\n") / 10, 1.0),
        float("phone" in contacts),
        float("handle" in contacts),
        float("link" in contacts),
    )
