"""Terms of a text for the search index: the same for documents and queries."""

from dataclasses import dataclass

from classifiers.text.normalise import NormalisedText, normalise
from classifiers.text.words import WORD, Word, read_word


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
    return [term for written in WORD.findall(normalise(text).text) if (term := read_word(written).term)]


def search_tokens(text: str) -> list[Token]:
    """Return the terms of :func:`search_terms` with their places in ``text``."""
    return [Token(start, end, word.term) for start, end, word in tokenise(normalise(text)) if word.term]
