"""Finds many phrases in one pass over the words of a text.

Each phrase hangs on its rarest word, its anchor. A written word is looked up
once in a cache that says which phrases hang on it (nearly always none), so the
cost of a text is one dictionary look-up per word and a check of the few
phrases whose anchor stands there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.lexicon.grammar import Phrase
from classifiers.text import Word, read_word
from classifiers.text.russian import russian_forms
from classifiers.text.stems import cyrillic_from_latin_kazakh, fold_kazakh, latin_from_cyrillic_uzbek
from classifiers.text.words import word_keys

_CACHE_SIZE = 100_000
DISGUISED = -1
"""Number under which words that hid their letters are reported."""
Anchors = tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Where a phrase stands: first and last word (included), and the words skipped in its gaps."""

    first: int
    last: int
    skipped: tuple[int, ...] = ()


class Matcher:
    """All phrases of a lexicon, ready to be found; numbers in the order they were added.

    Attributes:
        keys: the asked keys of any written word; cached.
    """

    def __init__(
        self, phrases: Sequence[Phrase], common: Iterable[str] = (), more_keys: Iterable[str] = ()
    ) -> None:
        """Hang each phrase on a word.

        Args:
            phrases: what to find.
            common: keys that many words of ordinary ads have; poor anchors.
            more_keys: keys that the user of ``keys`` asks for beside those of the phrases.
        """
        self._phrases = tuple(phrases)
        self._common = frozenset(common)
        own_keys = (key for phrase in self._phrases for slot in phrase for key in slot.keys)
        self.keys = WordKeys((*own_keys, *more_keys))
        self._by_key: dict[str, list[tuple[int, int]]] = {}
        # Keys of the places beside the anchor, rarest first; the last entry serves DISGUISED.
        self._others: list[tuple[frozenset[str], ...]] = []
        for number, phrase in enumerate(self._phrases):
            anchor = self._anchor(phrase)
            beside = [slot.keys for place, slot in enumerate(phrase) if place != anchor]
            self._others.append(tuple(sorted(beside, key=len)))
            for key in phrase[anchor].keys:
                self._by_key.setdefault(key, []).append((number, anchor))
        self._others.append(())
        self._anchors = _AnchorCache(self)

    def _anchor(self, phrase: Phrase) -> int:
        """Return the place whose words are fewest and least common."""

        def cost(index: int) -> tuple[bool, int, int]:
            keys = phrase[index].keys
            is_number = any(key.startswith("n:") or key[2:3].isdigit() for key in keys)
            return (is_number or not keys.isdisjoint(self._common), len(keys), index)

        return min(range(len(phrase)), key=cost)

    def anchors_of(self, written: str) -> Anchors:
        """Return (phrase number, anchor place) for each phrase that hangs on a written word."""
        found = {pair for key in self.keys[written] for pair in self._by_key.get(key, ())}
        if read_word(written).disguise:
            found.add((DISGUISED, 0))
        return tuple(sorted(found))

    def find(self, words: Sequence[str]) -> dict[int, list[Match]]:
        """Return the matches of each phrase found, by its number, in text order.

        Args:
            words: the written words of one normalised text (``WORD.findall``).
        """
        distinct = set(words)
        hanging = [(word, anchors) for word in distinct if (anchors := self._anchors[word])]
        if not hanging:
            return {}
        present = frozenset().union(*map(self.keys.__getitem__, distinct))
        possible = {
            word: standing
            for word, anchors in hanging
            if (standing := [pair for pair in anchors if self._may_stand(pair[0], present)])
        }
        found: dict[int, list[Match]] = {}
        for index in [i for i, word in enumerate(words) if word in possible] if possible else ():
            for number, anchor in possible[words[index]]:
                match = self._check(words, index, number, anchor)
                if match is not None:
                    found.setdefault(number, []).append(match)
        return found

    def _may_stand(self, number: int, present: frozenset[str]) -> bool:
        """Whether every other place of a phrase has one of its words somewhere in the text."""
        for keys in self._others[number]:  # noqa: SIM110 - half the time of any()
            if keys.isdisjoint(present):
                return False
        return True

    def _check(self, words: Sequence[str], index: int, number: int, anchor: int) -> Match | None:
        phrase = self._phrases[number] if number != DISGUISED else ()
        skipped: list[int] = []
        first = last = index
        for place in range(anchor - 1, -1, -1):
            # The gap between two places belongs to the right one.
            first = self._step(words, first, phrase[place].keys, (-1, phrase[place + 1].gap), skipped)
            if first < 0:
                return None
        for place in range(anchor + 1, len(phrase)):
            last = self._step(words, last, phrase[place].keys, (1, phrase[place].gap), skipped)
            if last < 0:
                return None
        return Match(first, last, tuple(skipped))

    def _step(
        self, words: Sequence[str], index: int, keys: frozenset[str], way: tuple[int, int], skipped: list[int]
    ) -> int:
        """Return where the next place of a phrase is met, or -1; notes the words passed over.

        ``way`` is the direction, +1 or -1, and how many words may be passed over.
        """
        direction, gap = way
        for step in range(1, gap + 2):
            at = index + direction * step
            if not 0 <= at < len(words):
                return -1
            if not keys.isdisjoint(self.keys[words[at]]):
                skipped += (index + direction * s for s in range(1, step))
                return at
        return -1


class WordKeys(dict[str, frozenset[str]]):
    """Keys of a written word that some cue asks for; bounded, filled on demand.

    Nearly every word of an ad has none, and is told so by its first letters
    before anything is stemmed.
    """

    def __init__(self, asked: Iterable[str]) -> None:
        """Take all keys of the cues."""
        super().__init__()
        self._asked = frozenset(asked)
        self._prefixes = tuple(key[2:] for key in self._asked if key.startswith("p:"))
        self._starts = {
            kinds: frozenset(_start(key[2:]) for key in self._asked if key[0] in kinds)
            for kinds in ("kf", "u", "e")
        }
        self._forms: dict[str, set[str]] = {}
        for key in self._asked:
            if key.startswith("r:"):
                for form in russian_forms(key[2:]):
                    self._forms.setdefault(form, set()).add(key)

    def __missing__(self, written: str) -> frozenset[str]:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        keys = self[written] = self._find(read_word(written))
        return keys

    def _find(self, word: Word) -> frozenset[str]:
        found = set(self._forms.get(word.reading, ()))
        if self._prefixes and word.reading.startswith(self._prefixes):
            found.update("p:" + prefix for prefix in self._prefixes if word.reading.startswith(prefix))
        if word.script in "de" or self._may_be_stem(word):
            found.update(self._asked.intersection(word_keys(word)))
        elif "x:" + word.reading in self._asked:
            found.add("x:" + word.reading)
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


class _AnchorCache(dict[str, Anchors]):
    """Anchors by written word; bounded, filled on demand."""

    def __init__(self, matcher: Matcher) -> None:
        super().__init__()
        self._matcher = matcher

    def __missing__(self, written: str) -> Anchors:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        anchors = self[written] = self._matcher.anchors_of(written)
        return anchors
