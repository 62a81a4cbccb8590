"""Finds many phrases in one pass over the words of a text.

A written word is looked up once; what is known of it says for which phrases it
may be the left or the right word (:mod:`classifiers.lexicon.phrase_tables`).
Two neighbours are looked at only if they show a bit in common, so most pairs
cost one operation on two numbers, and only phrases whose pair stands there are
checked further.
"""

import operator
from collections.abc import Iterable, Sequence
from itertools import compress, count, islice, repeat
from typing import NamedTuple

import orjson

from classifiers.lexicon.grammar import GAP_WORDS
from classifiers.lexicon.phrase_tables import LABEL_LANGUAGES, Label, PhraseTables
from classifiers.lexicon.word_keys import WordKeys
from classifiers.text import read_word
from models.enums import Language

_CACHE_SIZE = 100_000
DISGUISED = -1
"""Number under which words that hid their letters are reported."""

# By which kinds of keys (classifiers.text.words) an ad of a language is read; all borrow Russian.
_KINDS = {
    Language.KK: "rxnpekf",
    Language.RU: "rxnpe",
    Language.UZ: "rxnpeu",
    Language.KY: "rxnpekf",
    Language.EN: "xnpe",
    Language.MIXED: "rxnpekfu",
    Language.UNKNOWN: "rxnpekfu",
}
# Of which languages its labels may be: neighbours share words that mean other things.
_LABELS = {
    Language.KK: ("any", "kk", "ru"),
    Language.RU: ("any", "ru"),
    Language.UZ: ("any", "uz", "ru"),
    Language.KY: ("any", "ky", "ru"),
    Language.EN: ("any", "en"),
    Language.MIXED: ("any", "kk", "ru"),
    Language.UNKNOWN: LABEL_LANGUAGES,
}


class Match(NamedTuple):
    """Where a phrase stands: first and last word (included), and the words skipped in its gaps."""

    first: int
    last: int
    skipped: tuple[int, ...] = ()


LabelMatch = tuple[int, int, int]
"""First and last word (included) of what has a label, and the label."""


class Found(NamedTuple):
    """What stands in a text.

    Attributes:
        phrases: matches of each phrase that is asked for itself, by its number, in text order.
        labels: of words and phrases, in text order.
    """

    phrases: dict[int, list[Match]]
    labels: list[LabelMatch]


_Places = tuple[tuple[frozenset[str], int], ...]
"""Further places of a phrase, nearest first: their keys, and how many words may stand before each."""


class _Rest(NamedTuple):
    """What a phrase has beside its pair, and whether it is asked for itself or for its labels alone."""

    is_asked: bool
    before: _Places = ()
    after: _Places = ()
    labels: tuple[Label, ...] = ()


_NO_NUMBERS: frozenset[int] = frozenset()
_PLACES = ("left", "right", "left_far", "right_far")


class _Pairs:
    """Numbers of the phrases that a word may stand in, by place; read when it first meets its neighbour."""

    __slots__ = ("_written", "left", "left_far", "right", "right_far")
    left: frozenset[int]
    right: frozenset[int]
    left_far: frozenset[int]
    right_far: frozenset[int]

    def __init__(self, written: Iterable[str]) -> None:
        self._written = written

    def __getattr__(self, place: str) -> frozenset[int]:
        # Asked for the first time; from now on a plain attribute.
        at = _PLACES.index(place)
        numbers = _NO_NUMBERS.union(*[orjson.loads(text)[at] for text in self._written if text])
        setattr(self, place, numbers)
        return numbers


class _Uses(NamedTuple):
    """What a written word may be: its bits by place, what it is alone, its pairs, and its own labels."""

    left_bits: int
    right_bits: int
    left_far_bits: int
    right_far_bits: int
    is_more: bool
    alone: frozenset[int]
    pairs: _Pairs
    labels: tuple[int, ...]
    keys: frozenset[str]


_NO_USES = _Uses(0, 0, 0, 0, False, _NO_NUMBERS, _Pairs(()), (), frozenset())
_left_bits, _right_bits, _right_far_bits, _is_more = map(operator.itemgetter, (0, 1, 3, 4))
_FAR_WORDS = GAP_WORDS + 1


class Matcher:
    """All phrases of a lexicon, ready to be found, by the numbers of their tables."""

    def __init__(self, tables: PhraseTables) -> None:
        """Take phrases hung on their words."""
        self._rests = _Rests(tables)
        starts = {kinds: frozenset(some) for kinds, some in tables.starts.items()}
        keys_of = {
            kinds: WordKeys(kinds, tables.uses.keys(), tables.forms, tables.key_sets, starts, tables.prefixes)
            for kinds in set(_KINDS.values())
        }
        self._uses = {
            language: _UsesOfWords(tables, keys_of[kinds], _LABELS[language])
            for language, kinds in _KINDS.items()
        }
        self._label_bits = {language: _language_bits(some) for language, some in _LABELS.items()}

    def find(self, words: Sequence[str], language: Language = Language.UNKNOWN) -> Found:
        """Return the phrases and labels of one text.

        Args:
            words: the written words of one normalised text (``WORD.findall``).
            language: of the ad.
        """
        uses = list(map(self._uses[language].__getitem__, words))
        far = [*map(_right_far_bits, uses), *[0] * _FAR_WORDS]
        labels: list[LabelMatch] = []
        reading = _Reading(uses, self._rests, self._label_bits[language])
        for index, use in compress(enumerate(uses), map(_is_more, uses)):
            if use.labels:
                labels += [(index, index, label) for label in use.labels]
            for number in use.alone:
                reading.phrases.setdefault(number, []).append(Match(index, index))
            bits = use.left_far_bits
            if bits and bits & (far[index + 1] | far[index + 2] | far[index + 3] | far[index + 4]):
                reading.look_far(index, use)
        pairs = map(operator.and_, map(_left_bits, uses), map(_right_bits, islice(uses, 1, None)))
        for index in compress(count(), pairs):
            for number in uses[index].pairs.left & uses[index + 1].pairs.right:
                reading.complete(number, index, index + 1)
        if reading.labels:
            labels = sorted(labels + reading.labels)
        return Found(reading.phrases, labels)


class _Reading:
    """One text while phrases are found in it."""

    def __init__(self, uses: Sequence[_Uses], rests: "_Rests", label_bits: int) -> None:
        self._uses = uses
        self._rests = rests
        self._label_bits = label_bits
        self.phrases: dict[int, list[Match]] = {}
        self.labels: list[LabelMatch] = []

    def look_far(self, index: int, use: _Uses) -> None:
        """Find phrases whose pair has a gap and begins here; the nearest right word counts."""
        seen: set[int] = set()
        for at, right in enumerate(self._uses[index + 1 : index + 1 + _FAR_WORDS], index + 1):
            if use.left_far_bits & right.right_far_bits:
                for number in (use.pairs.left_far & right.pairs.right_far) - seen:
                    seen.add(number)
                    self.complete(number, index, at)

    def complete(self, number: int, first: int, last: int) -> None:
        """Check the places of a phrase before and after its pair, and keep the match."""
        rest = self._rests[number]
        skipped = [] if last == first + 1 else list(range(first + 1, last))
        if rest.before or rest.after:
            for wanted, gap in rest.before:
                first = self._step(wanted, first, -1, gap, skipped)
                if first < 0:
                    return
            for wanted, gap in rest.after:
                last = self._step(wanted, last, 1, gap, skipped)
                if last < 0:
                    return
        if rest.is_asked:
            self.phrases.setdefault(number, []).append(Match(first, last, tuple(skipped)))
        for label, languages in rest.labels:
            if languages & self._label_bits:
                self.labels.append((first, last, label))

    def _step(self, wanted: frozenset[str], index: int, direction: int, gap: int, skipped: list[int]) -> int:
        """Return where the next place of a phrase is met, or -1; notes the words passed over.

        ``direction`` is +1 or -1; at most ``gap`` words may be passed over.
        """
        at = index
        for _ in range(gap + 1):
            at += direction
            if not 0 <= at < len(self._uses):
                return -1
            if not wanted.isdisjoint(self._uses[at].keys):
                skipped += range(index + direction, at, direction)
                return at
        return -1


class _Rests(dict[int, _Rest]):
    """What a phrase has beside its pair, by number; read when the pair first stands."""

    def __init__(self, tables: PhraseTables) -> None:
        super().__init__()
        self._tables = tables

    def __missing__(self, number: int) -> _Rest:
        written, is_asked = self._tables.phrases[number], number < self._tables.n_asked
        if written:
            before, after, labels = orjson.loads(written)
            rest = _Rest(is_asked, self._places(before), self._places(after), tuple(labels))
        else:
            rest = _Rest(is_asked)
        self[number] = rest
        return rest

    def _places(self, places: Iterable[tuple[int, int]]) -> _Places:
        return tuple((frozenset(self._tables.key_sets[keys].split(" ")), gap) for keys, gap in places)


class _UsesOfWords(dict[str, _Uses]):
    """What a written word may be in an ad of one language; bounded, filled on demand."""

    def __init__(self, tables: PhraseTables, keys_of: WordKeys, languages: Iterable[str]) -> None:
        super().__init__()
        self._tables = tables
        self._keys_of = keys_of
        self._label_bits = _language_bits(languages)
        # Nearly every word has one key, and shares what is known with all words of that key.
        self._of_keys: dict[frozenset[str], _Uses] = {}

    def __missing__(self, written: str) -> _Uses:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        keys = self._keys_of[written]
        uses = self._of_keys.get(keys)
        if uses is None:
            uses = self._of_keys[keys] = self._read(keys)
        if read_word(written).disguise:
            uses = uses._replace(alone=uses.alone | {DISGUISED}, is_more=True)
        self[written] = uses
        return uses

    def _read(self, keys: frozenset[str]) -> _Uses:
        if not keys:
            return _NO_USES
        found = [orjson.loads(self._tables.uses[key]) for key in keys]
        left, right, left_far, right_far = map(int, found[0][:4], repeat(16))
        for of_key in found[1:]:
            left |= int(of_key[0], 16)
            right |= int(of_key[1], 16)
            left_far |= int(of_key[2], 16)
            right_far |= int(of_key[3], 16)
        alone = _NO_NUMBERS.union(*[of_key[4] for of_key in found])
        labels = {label for of_key in found for label, some in of_key[5] if some & self._label_bits}
        return _Uses(
            left_bits=left,
            right_bits=right,
            left_far_bits=left_far,
            right_far_bits=right_far,
            is_more=bool(alone or labels or left_far),
            alone=alone,
            pairs=_Pairs([of_key[6] for of_key in found]),
            labels=tuple(sorted(labels)),
            keys=keys,
        )


def _language_bits(languages: Iterable[str]) -> int:
    return sum(1 << LABEL_LANGUAGES.index(language) for language in languages)
