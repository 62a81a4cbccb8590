"""Terms of a text for the search index: the same for documents and queries."""

from dataclasses import dataclass

from classifiers.text.characters import WORD
from classifiers.text.normalise import NormalisedText, normalise
from classifiers.text.roots import KAZAKH_FIRST
from classifiers.text.russian import is_russian_word, russian_lemmas
from classifiers.text.stems import cyrillic_from_latin_kazakh, fold_kazakh, stem_english, turkic_stems
from classifiers.text.words import KAZAKH_LETTERS, Word, read_word

_CACHE_SIZE = 200_000
_OFFICIAL_LATIN = frozenset("áǵıńóúýäğñöüşəç")


@dataclass(frozen=True, slots=True)
class Token:
    """One word of a text; offsets are code points of the text as given."""

    start: int
    end: int
    term: str


def tokenise(text: NormalisedText) -> list[tuple[int, int, Word]]:
    """Return the words of a normalised text with their spans in the *original*."""
    span = text.original_span
    return [(*span(m.start(), m.end()), read_word(m.group())) for m in WORD.finditer(text.text)]


def search_terms(text: str) -> list[str]:
    """Return the lower-case lemmas and stems of a text, in order, repeats kept.

    Kazakh words are folded («қыздарға», «кыздарга», «qyzdarǵa» give one term),
    Russian words are lemmas, Latin words lose an English ending; emoji are dropped.
    """
    return [term for term in map(_terms.__getitem__, WORD.findall(normalise(text).text)) if term]


def search_tokens(text: str) -> list[Token]:
    """Return the terms of :func:`search_terms` with their places in ``text``."""
    normalised = normalise(text)
    span = normalised.original_span
    return [
        Token(*span(match.start(), match.end()), term)
        for match in WORD.finditer(normalised.text)
        if (term := _terms[match.group()])
    ]


class _Terms(dict[str, str]):
    """Term by written word; bounded, filled on demand."""

    def __missing__(self, written: str) -> str:
        if len(self) >= _CACHE_SIZE:
            self.clear()
        term = self[written] = _term(read_word(written))
        return term


_terms = _Terms()


def _term(word: Word) -> str:
    """Return the one key a word is searched by; "" for an emoji or a sign."""
    reading = word.reading
    if word.script == "c":
        is_kazakh = bool(KAZAKH_LETTERS.intersection(reading)) or reading in KAZAKH_FIRST
        if is_kazakh or not is_russian_word(reading):
            return turkic_stems(fold_kazakh(reading))[0]
        return russian_lemmas(reading)[0]
    if word.script == "l":
        if _OFFICIAL_LATIN.isdisjoint(reading):
            return stem_english(reading)
        return turkic_stems(cyrillic_from_latin_kazakh(reading))[0]
    return reading if reading.isalnum() else ""
