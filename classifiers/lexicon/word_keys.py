"""Which asked keys a written word has."""

from collections.abc import Collection, Mapping, Sequence

from classifiers.text import Word, read_word
from classifiers.text.stems import (
    cyrillic_from_latin_kazakh,
    fold_kazakh,
    latin_from_cyrillic_uzbek,
    stem_english,
)
from classifiers.text.words import word_keys

_CACHE_SIZE = 100_000
_NO_KEYS: frozenset[str] = frozenset()
_UNVOICED = str.maketrans("гб", "кп")


def start_of(stem: str) -> str:
    """Return the first three letters of a stem, unvoiced as the end of a stem is."""
    return stem[:3].translate(_UNVOICED)


class WordKeys(dict[str, frozenset[str]]):
    """Keys of a written word that something asks for; bounded, filled on demand.

    Nearly every word of an ad has none, and is told so by its first letters
    before anything is stemmed.
    """

    def __init__(
        self,
        kinds: str,
        asked: Collection[str],
        forms: Mapping[str, int],
        key_sets: Sequence[str],
        starts: Mapping[str, Collection[str]],
        prefixes: Sequence[str],
    ) -> None:
        """Take the tables of the phrases; see ``classifiers.lexicon.phrase_tables``.

        Args:
            kinds: first letters of the keys that this reading uses.
            asked: all keys that are asked for.
            forms: number of the keys of a Russian word form.
            key_sets: keys by number, between spaces.
            starts: first letters of the asked stems, by kinds of keys.
            prefixes: asked beginnings of words.
        """
        super().__init__()
        self._kinds = kinds
        self._asked = asked
        self._forms = forms if "r" in kinds else {}
        self._key_sets = key_sets
        self._starts = {some: starts[some] for some in starts if not set(some).isdisjoint(kinds)}
        self._is_stemmed = not set(kinds).isdisjoint("kfu")
        self._prefixes = tuple(prefixes)

    def __missing__(self, written: str) -> frozenset[str]:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        keys = self[written] = self._find(read_word(written))
        return keys

    def _find(self, word: Word) -> frozenset[str]:
        reading = word.reading
        form = self._forms.get(reading)
        found = [] if form is None else self._key_sets[form].split(" ")
        if reading.startswith(self._prefixes):
            found += ("p:" + prefix for prefix in self._prefixes if reading.startswith(prefix))
        exact = "x:" + reading
        if word.script in "de" or (self._is_stemmed and self._may_be_stem(word)):
            found += (k for k in word_keys(word) if k[0] in self._kinds and k in self._asked)
        else:
            if exact in self._asked:
                found.append(exact)
            if word.script == "l" and (stem := "e:" + stem_english(reading)) in self._asked:
                found.append(stem)
        return frozenset(found) if found else _NO_KEYS

    def _may_be_stem(self, word: Word) -> bool:
        """Whether some asked stem begins like this word, in Cyrillic or in Latin."""
        beginning = word.reading[:6]
        if word.script == "c":
            if self._begins(fold_kazakh(beginning), "kf"):
                return True
            return "u" in self._starts and self._begins(latin_from_cyrillic_uzbek(beginning), "u")
        cyrillic = cyrillic_from_latin_kazakh(beginning)
        return self._begins(cyrillic, "kf") or self._begins(beginning, "u") or self._begins(beginning, "e")

    def _begins(self, word: str, kinds: str) -> bool:
        starts, start = self._starts.get(kinds, ()), start_of(word)
        # A stem of two letters («ал») is the whole of its start.
        return start in starts or start[:2] in starts
