"""Finds many phrases in one pass over the words of a text.

Each phrase hangs on its rarest word, its anchor. A written word is looked up
once in a cache that says which phrases hang on it (nearly always none), so the
cost of a text is one dictionary look-up per word and a check of the few
phrases whose anchor stands there.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.lexicon.grammar import Phrase
from classifiers.text import read_word

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
    """All phrases of a lexicon, ready to be found; numbers in the order they were added."""

    def __init__(self, phrases: Sequence[Phrase], commonness: Iterable[str] = ()) -> None:
        """Hang each phrase on a word.

        Args:
            phrases: what to find.
            commonness: keys that many words of ordinary ads have; poor anchors.
        """
        self._phrases = tuple(phrases)
        self._common = frozenset(commonness)
        self._by_key: dict[str, list[tuple[int, int]]] = {}
        self._by_prefix: dict[str, list[tuple[int, int]]] = {}
        for number, phrase in enumerate(self._phrases):
            anchor = self._anchor(phrase)
            for key in phrase[anchor].keys:
                index = self._by_prefix if key.startswith("p:") else self._by_key
                index.setdefault(key.removeprefix("p:"), []).append((number, anchor))
        self._prefixes = tuple(self._by_prefix)
        self.anchors = _AnchorCache(self)

    def _anchor(self, phrase: Phrase) -> int:
        """Return the place whose words are fewest and least common."""

        def cost(index: int) -> tuple[bool, int, int]:
            keys = phrase[index].keys
            is_number = any(key.startswith("n:") for key in keys)
            return (is_number or bool(keys & self._common), len(keys), index)

        return min(range(len(phrase)), key=cost)

    def anchors_of(self, written: str) -> Anchors:
        """Return (phrase number, anchor place) for each phrase that hangs on a written word."""
        word = read_word(written)
        found = {pair for key in word.keys for pair in self._by_key.get(key, ())}
        if self._prefixes and word.reading.startswith(self._prefixes):
            for prefix in self._prefixes:
                if word.reading.startswith(prefix):
                    found.update(self._by_prefix[prefix])
        if word.disguise:
            found.add((DISGUISED, 0))
        return tuple(sorted(found))

    def find(self, words: Sequence[str]) -> dict[int, list[Match]]:
        """Return the matches of each phrase found, by its number, in text order.

        Args:
            words: the written words of one normalised text (``WORD.findall``).
        """
        found: dict[int, list[Match]] = {}
        for index, anchors in enumerate(map(self.anchors.__getitem__, words)):
            for number, anchor in anchors:
                if number == DISGUISED:
                    found.setdefault(DISGUISED, []).append(Match(index, index))
                    continue
                match = self._check(words, index, self._phrases[number], anchor)
                if match is not None:
                    found.setdefault(number, []).append(match)
        return found

    def _check(self, words: Sequence[str], index: int, phrase: Phrase, anchor: int) -> Match | None:
        skipped: list[int] = []
        first = last = index
        for place in range(anchor - 1, -1, -1):
            # The gap between two places belongs to the right one.
            first = _step(words, first, phrase[place].keys, phrase[place + 1].gap, -1, skipped)
            if first < 0:
                return None
        for place in range(anchor + 1, len(phrase)):
            last = _step(words, last, phrase[place].keys, phrase[place].gap, 1, skipped)
            if last < 0:
                return None
        return Match(first, last, tuple(skipped))


def _step(
    words: Sequence[str], index: int, keys: frozenset[str], gap: int, way: int, skipped: list[int]
) -> int:
    """Return where the next place of a phrase is met, or -1; notes the words passed over."""
    for step in range(1, gap + 2):
        at = index + way * step
        if not 0 <= at < len(words):
            return -1
        if _has_key(words[at], keys):
            skipped += (index + way * s for s in range(1, step))
            return at
    return -1


def _has_key(written: str, keys: frozenset[str]) -> bool:
    word = read_word(written)
    if not keys.isdisjoint(word.keys):
        return True
    return any(key.startswith("p:") and word.reading.startswith(key[2:]) for key in keys)


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
