"""Finds many phrases in one pass over the words of a text.

A phrase of several words hangs on two neighbouring places of its own, the pair
that fewest phrases share. A written word is looked up once in a cache that says
for which phrases it may be the left or the right one of that pair, so the cost
of a text is one look-up per word and one per pair of neighbours; only phrases
whose pair stands there are checked further.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

from classifiers.lexicon.grammar import GAP_WORDS, Phrase
from classifiers.text import Word, read_word
from classifiers.text.russian import russian_forms
from classifiers.text.stems import (
    cyrillic_from_latin_kazakh,
    fold_kazakh,
    latin_from_cyrillic_uzbek,
    stem_english,
)
from classifiers.text.words import word_keys

_CACHE_SIZE = 100_000
DISGUISED = -1
"""Number under which words that hid their letters are reported."""


_Places = Sequence[tuple[frozenset[str], int]]
"""Further places of a phrase, nearest first: their keys, and how many words may stand before each."""


class Match(NamedTuple):
    """Where a phrase stands: first and last word (included), and the words skipped in its gaps."""

    first: int
    last: int
    skipped: tuple[int, ...] = ()


READINGS = {"ru": "rxnpe", "kk": "rxnpekf", "ky": "rxnpekf", "uz": "rxnpeu", "en": "xnpe", "any": "rxnpekfu"}
"""Kinds of keys (classifiers.text.words) by which an ad of a language is read; all borrow Russian."""


class Matcher:
    """All phrases of a lexicon, ready to be found; numbers in the order they were added."""

    def __init__(
        self, phrases: Sequence[Phrase], common: Iterable[str] = (), more_keys: Iterable[str] = ()
    ) -> None:
        """Hang each phrase on a pair of places.

        Args:
            phrases: what to find.
            common: keys that many words of ordinary ads have; poor anchors.
            more_keys: keys that the user of ``keys_of`` asks for beside those of the phrases.
        """
        self._phrases = tuple(phrases)
        self._common = frozenset(common)
        asked = {key for phrase in self._phrases for slot in phrase for key in slot.keys}.union(more_keys)
        forms = _russian_forms(asked)
        # In how many phrases a key stands: a word of few phrases is the better anchor.
        self._n_phrases = Counter(
            key for phrase in self._phrases for key in {k for slot in phrase for k in slot.keys}
        )
        hanging: dict[str, _Hanging] = {}
        self._rest: list[tuple[_Places, _Places]] = []
        self._is_pair: list[bool] = []
        for number, phrase in enumerate(self._phrases):
            place = self._pair(phrase) if len(phrase) > 1 else 0
            # The gap between two places belongs to the right one.
            before = [(phrase[at].keys, phrase[at + 1].gap) for at in range(place - 1, -1, -1)]
            after = [(slot.keys, slot.gap) for slot in phrase[place + 2 :]]
            self._rest.append((before, after))
            self._is_pair.append(len(phrase) == 2)
            if len(phrase) == 1:
                _hang(hanging, phrase[0].keys, "alone", number)
                continue
            is_far = phrase[place + 1].gap > 0
            _hang(hanging, phrase[place].keys, "left_far" if is_far else "left", number)
            _hang(hanging, phrase[place + 1].keys, "right_far" if is_far else "right", number)
        of_key = {key: Anchors(*map(frozenset, numbers.values())) for key, numbers in hanging.items()}
        self._keys = {name: WordKeys(asked, kinds, forms) for name, kinds in READINGS.items()}
        self._anchors = {name: _AnchorCache(keys, of_key) for name, keys in self._keys.items()}

    def keys_of(self, reading: str) -> "WordKeys":
        """Return the asked keys of any written word; cached.

        Args:
            reading: one of ``READINGS``.
        """
        return self._keys[reading]

    def _pair(self, phrase: Phrase) -> int:
        """Return the first of the two neighbouring places whose words stand in the fewest phrases."""

        def cost(place: int) -> tuple[bool, int, int]:
            left, right = phrase[place].keys, phrase[place + 1].keys
            return (phrase[place + 1].gap > 0, self._frequency(left) * self._frequency(right), place)

        return min(range(len(phrase) - 1), key=cost)

    def _frequency(self, keys: frozenset[str]) -> int:
        is_poor = not keys.isdisjoint(self._common) or any(k.startswith("n:") for k in keys)
        return sum(self._n_phrases[key] for key in keys) * (100 if is_poor else 1)

    def find(self, words: Sequence[str], reading: str = "any") -> dict[int, list[Match]]:
        """Return the matches of each phrase found, by its number, in text order.

        Args:
            words: the written words of one normalised text (``WORD.findall``).
            reading: as which language they are read, see ``READINGS``.
        """
        found: dict[int, list[Match]] = {}
        of_word, keys = self._anchors[reading], self._keys[reading]
        anchors = list(map(of_word.__getitem__, words))
        for index, here in enumerate(anchors):
            if here.alone or here.left_far:
                for number in here.alone:
                    found.setdefault(number, []).append(Match(index, index))
                if here.left_far:
                    self._look_far(words, keys, anchors, index, found)
        is_whole = self._is_pair
        for index, (here, there) in enumerate(pairwise(anchors)):
            if here.left and there.right and not here.left.isdisjoint(there.right):
                for number in here.left & there.right:
                    if is_whole[number]:
                        found.setdefault(number, []).append(Match(index, index + 1))
                    else:
                        self._complete(words, keys, number, (index, index + 1), found)
        return found

    def _look_far(
        self,
        words: Sequence[str],
        keys: "WordKeys",
        anchors: Sequence["Anchors"],
        index: int,
        found: dict[int, list[Match]],
    ) -> None:
        """Find phrases whose pair has a gap; the nearest right word counts."""
        left = anchors[index].left_far
        seen: set[int] = set()
        for at in range(index + 1, min(index + 2 + GAP_WORDS, len(words))):
            right = anchors[at].right_far
            if right and not left.isdisjoint(right):
                for number in (left & right) - seen:
                    seen.add(number)
                    self._complete(words, keys, number, (index, at), found)

    def _complete(
        self,
        words: Sequence[str],
        keys: "WordKeys",
        number: int,
        pair: tuple[int, int],
        found: dict[int, list[Match]],
    ) -> None:
        """Check the places of a phrase before and after its pair, and keep the match."""
        first, last = pair
        before, after = self._rest[number]
        skipped = list(range(first + 1, last))
        for wanted, gap in before:
            first = _step(words, keys, wanted, first, -1, gap, skipped)
            if first < 0:
                return
        for wanted, gap in after:
            last = _step(words, keys, wanted, last, 1, gap, skipped)
            if last < 0:
                return
        found.setdefault(number, []).append(Match(first, last, tuple(skipped)))


def _step(
    words: Sequence[str],
    keys: "WordKeys",
    wanted: frozenset[str],
    index: int,
    direction: int,
    gap: int,
    skipped: list[int],
) -> int:
    """Return where the next place of a phrase is met, or -1; notes the words passed over.

    ``direction`` is +1 or -1; at most ``gap`` words may be passed over.
    """
    at = index
    for _ in range(gap + 1):
        at += direction
        if not 0 <= at < len(words):
            return -1
        if not wanted.isdisjoint(keys[words[at]]):
            skipped += range(index + direction, at, direction)
            return at
    return -1


def _russian_forms(asked: Iterable[str]) -> dict[str, set[str]]:
    """Return the asked Russian keys of every form of their words."""
    forms: dict[str, set[str]] = {}
    for key in asked:
        if key.startswith("r:"):
            for form in russian_forms(key[2:]):
                forms.setdefault(form, set()).add(key)
    return forms


class WordKeys(dict[str, frozenset[str]]):
    """Keys of a written word that some cue asks for; bounded, filled on demand.

    Nearly every word of an ad has none, and is told so by its first letters
    before anything is stemmed.
    """

    def __init__(self, asked: Iterable[str], kinds: str, forms: Mapping[str, set[str]]) -> None:
        """Take all keys of the cues.

        Args:
            asked: keys that some cue or concept asks for.
            kinds: first letters of the keys that this reading uses.
            forms: asked Russian keys by word form.
        """
        super().__init__()
        self._asked = frozenset(key for key in asked if key[0] in kinds)
        self._prefixes = tuple(key[2:] for key in self._asked if key.startswith("p:"))
        self._forms: Mapping[str, set[str]] = forms if "r" in kinds else {}
        self._is_stemmed = not set(kinds).isdisjoint("kfu")
        self._starts = {
            some: frozenset(_start(key[2:]) for key in self._asked if key[0] in some)
            for some in ("kf", "u", "e")
        }

    def __missing__(self, written: str) -> frozenset[str]:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        keys = self[written] = self._find(read_word(written))
        return keys

    def _find(self, word: Word) -> frozenset[str]:
        reading = word.reading
        found = set(self._forms.get(reading, ()))
        if self._prefixes and reading.startswith(self._prefixes):
            found.update("p:" + prefix for prefix in self._prefixes if reading.startswith(prefix))
        if word.script in "de" or (self._is_stemmed and self._may_be_stem(word)):
            found.update(self._asked.intersection(word_keys(word)))
        else:
            plain = (
                ("x:" + reading, "e:" + stem_english(reading)) if word.script == "l" else ("x:" + reading,)
            )
            found.update(self._asked.intersection(plain))
        return frozenset(found) if found else _NO_KEYS

    def _may_be_stem(self, word: Word) -> bool:
        """Whether some asked stem begins like this word, in Cyrillic or in Latin."""
        beginning = word.reading[:6]
        if word.script == "c":
            latin = latin_from_cyrillic_uzbek(beginning)
            return self._begins(fold_kazakh(beginning), "kf") or self._begins(latin, "u")
        cyrillic = cyrillic_from_latin_kazakh(beginning)
        return self._begins(cyrillic, "kf") or self._begins(beginning, "u") or self._begins(beginning, "e")

    def _begins(self, word: str, kinds: str) -> bool:
        start = _start(word)
        # A stem of two letters («ал») is the whole of its start.
        return start in self._starts[kinds] or start[:2] in self._starts[kinds]


_NO_KEYS: frozenset[str] = frozenset()
_UNVOICED = str.maketrans("гб", "кп")


def _start(stem: str) -> str:
    """First three letters, unvoiced as the end of a stem is."""
    return stem[:3].translate(_UNVOICED)


class Anchors(NamedTuple):
    """Numbers of the phrases that a written word may belong to, by the place it takes in their pair."""

    alone: frozenset[int]
    left: frozenset[int]
    right: frozenset[int]
    left_far: frozenset[int]
    right_far: frozenset[int]


_Hanging = dict[str, list[int]]
"""Phrase numbers of one key, by field of :class:`Anchors`."""


def _hang(hanging: dict[str, _Hanging], keys: frozenset[str], field: str, number: int) -> None:
    for key in keys:
        if key not in hanging:
            hanging[key] = {name: [] for name in Anchors._fields}
        hanging[key][field].append(number)


_NO_NUMBERS: frozenset[int] = frozenset()
_NO_ANCHORS = Anchors(*[_NO_NUMBERS] * 5)
_DISGUISED_ANCHORS = Anchors(frozenset({DISGUISED}), *[_NO_NUMBERS] * 4)


class _AnchorCache(dict[str, Anchors]):
    """Anchors by written word; bounded, filled on demand."""

    def __init__(self, keys: WordKeys, of_key: Mapping[str, Anchors]) -> None:
        super().__init__()
        self._keys = keys
        self._of_key = of_key

    def __missing__(self, written: str) -> Anchors:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        known = [self._of_key[key] for key in self._keys[written] if key in self._of_key]
        if read_word(written).disguise:
            known.append(_DISGUISED_ANCHORS)
        # Nearly every word has one key, and shares its sets with all words of that key.
        anchors = self[written] = known[0] if len(known) == 1 else _merged(known)
        return anchors


def _merged(known: Sequence[Anchors]) -> Anchors:
    return Anchors(*map(_NO_NUMBERS.union, *known)) if known else _NO_ANCHORS
