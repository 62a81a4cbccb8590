"""Phrases hung on words, as letters and numbers only, so that a file can keep them.

A phrase of several words hangs on two neighbouring places of its own, the pair
that fewest phrases share: the matcher looks a word up once to know for which
phrases it may be the left or the right one of that pair.
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import or_

import orjson

from classifiers.lexicon.grammar import Phrase
from classifiers.lexicon.word_keys import start_of
from classifiers.text.russian import russian_forms

Label = tuple[int, int]
"""What a word or phrase stands for: a number, and in which languages it does so, as bits."""
LABEL_LANGUAGES = ("any", "kk", "ru", "uz", "ky", "en")
"""Languages in the order of their bits."""
N_BITS = 251
_PREFIX = "p:"


@dataclass(frozen=True, slots=True)
class PhraseTables:
    """Phrases by number, and what hangs on each key.

    Most phrases and keys are never asked for, so each is JSON text of its own, read when it is.

    Attributes:
        uses: by key, the bits that it shows by the place it takes in phrases (left, right,
            left far, right far; in hexadecimal), numbers of phrases in which it stands
            alone, its labels, and JSON text of the numbers by place, read when a pair meets.
        phrases: by number, [before, after, labels]: places before and after the pair,
            nearest first, each [number of its keys, words that may stand before it];
            "" for two words without a label.
        key_sets: by number, keys between spaces.
        forms: number of the keys (``key_sets``) that a Russian word form has.
        starts: first letters of the asked stems, by kinds of keys.
        prefixes: asked beginnings of words.
        n_asked: phrases from this number on are looked for for their labels alone.
    """

    uses: Mapping[str, str]
    phrases: Sequence[str]
    key_sets: Sequence[str]
    forms: Mapping[str, int]
    starts: Mapping[str, Sequence[str]]
    prefixes: Sequence[str]
    n_asked: int


def phrase_tables(
    phrases: Collection[Phrase],
    labels: Mapping[int, Sequence[Label]] = {},
    labels_of_key: Mapping[str, Sequence[Label]] = {},
    frequent: Iterable[str] = (),
    n_asked: int | None = None,
) -> PhraseTables:
    """Hang phrases on their words.

    Args:
        phrases: what to find; numbered in this order.
        labels: of phrases, by number.
        labels_of_key: of words by themselves.
        frequent: words that many ordinary ads have; poor anchors.
        n_asked: see :class:`PhraseTables`; None for all.
    """
    hanging = _Hanging(tuple(phrases), labels, labels_of_key, frozenset(frequent))
    return hanging.tables(len(phrases) if n_asked is None else n_asked)


class _Hanging:
    """Tables while they are being made."""

    def __init__(
        self,
        phrases: Sequence[Phrase],
        labels: Mapping[int, Sequence[Label]],
        labels_of_key: Mapping[str, Sequence[Label]],
        frequent: frozenset[str],
    ) -> None:
        self._phrases = phrases
        self._labels = labels
        self._labels_of_key = labels_of_key
        self._asked = {k for phrase in phrases for slot in phrase for k in slot.keys}.union(labels_of_key)
        # Frequent words, very short ones and ranges of numbers: a phrase is better not looked for by them.
        self._poor = {k for k in self._asked if k[2:] in frequent or len(k) <= len("r:за") or k[:2] == "n:"}
        # In how many phrases a key stands: a word of few phrases is the better anchor.
        self._n_phrases = Counter(
            key for phrase in phrases for key in {k for slot in phrase for k in slot.keys}
        )
        self._key_sets: dict[str, int] = {}

    def tables(self, n_asked: int) -> PhraseTables:
        places = [self._pair(phrase) if len(phrase) > 1 else 0 for phrase in self._phrases]
        phrases = [self._beside(number, place) for number, place in enumerate(places)]
        forms = self._forms()
        # One of ``N_BITS`` that both words of a pair show.
        bits = [
            1 << self._number(phrase[place + 1].keys) % N_BITS if len(phrase) > 1 else 0
            for phrase, place in zip(self._phrases, places, strict=True)
        ]
        return PhraseTables(
            uses=self._uses(places, bits),
            phrases=phrases,
            key_sets=list(self._key_sets),
            forms=forms,
            starts={kinds: self._starts(kinds) for kinds in ("kf", "u", "e")},
            prefixes=sorted(key[2:] for key in self._asked if key.startswith(_PREFIX)),
            n_asked=n_asked,
        )

    def _number(self, keys: Iterable[str]) -> int:
        return self._key_sets.setdefault(" ".join(sorted(keys)), len(self._key_sets))

    def _pair(self, phrase: Phrase) -> int:
        """Return the first of the two neighbouring places whose words stand in the fewest phrases."""

        def cost(place: int) -> tuple[bool, int, int]:
            left, right = phrase[place].keys, phrase[place + 1].keys
            return (phrase[place + 1].gap > 0, self._frequency(left) * self._frequency(right), place)

        return min(range(len(phrase) - 1), key=cost)

    def _frequency(self, keys: frozenset[str]) -> int:
        return sum(self._n_phrases[key] for key in keys) * (1 if keys.isdisjoint(self._poor) else 100)

    def _beside(self, number: int, place: int) -> str:
        phrase, labels = self._phrases[number], self._labels.get(number, ())
        if len(phrase) <= 2 and not labels:
            return ""
        # The gap between two places belongs to the right one.
        before = [(self._number(phrase[at].keys), phrase[at + 1].gap) for at in range(place - 1, -1, -1)]
        after = [(self._number(slot.keys), slot.gap) for slot in phrase[place + 2 :]]
        return orjson.dumps([before, after, labels]).decode()

    def _uses(self, places: Iterable[int], bits: Sequence[int]) -> dict[str, str]:
        alone: dict[str, list[int]] = {key: [] for key in sorted(self._asked)}
        hung: dict[str, tuple[list[int], ...]] = {key: ([], [], [], []) for key in alone}
        left, right = 0, 1
        for number, (phrase, place) in enumerate(zip(self._phrases, places, strict=True)):
            if len(phrase) == 1:
                for key in phrase[0].keys:
                    alone[key].append(number)
                continue
            far = 2 * (phrase[place + 1].gap > 0)
            for at, side in ((place, left), (place + 1, right)):
                for key in phrase[at].keys:
                    hung[key][side + far].append(number)
        labels = self._labels_of_key
        uses = {}
        for key, numbers in hung.items():
            shown = [f"{reduce(or_, map(bits.__getitem__, some), 0):x}" for some in numbers]
            of_pairs = orjson.dumps(numbers).decode() if any(numbers) else ""
            uses[key] = orjson.dumps([*shown, alone[key], labels.get(key, ()), of_pairs]).decode()
        return uses

    def _forms(self) -> dict[str, int]:
        """Return the asked Russian keys of every form of their words."""
        forms: dict[str, set[str]] = {}
        for key in sorted(self._asked):
            if key.startswith("r:"):
                for form in russian_forms(key[2:]):
                    forms.setdefault(form, set()).add(key)
        return {form: self._number(keys) for form, keys in sorted(forms.items())}

    def _starts(self, kinds: str) -> list[str]:
        return sorted({start_of(key[2:]) for key in self._asked if key[0] in kinds})
