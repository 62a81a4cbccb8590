"""The words of a question marked in the text as written: pieces of plain text, never HTML."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from index.queries import PreparedQuery
from index.terms import word_of

SNIPPET_LENGTH = 280
_LEAD = 60
_MATCH, _CONTACT = 1, 2


@dataclass(frozen=True)
class Segment:
    """A piece of an ad's title or text.

    Attributes:
        text: as written; the screen escapes it.
        start: its first code point in the whole title or text.
        is_match: it answers the question.
        is_contact: it is a phone, handle or link: shown only to whom the screen allows.
    """

    text: str
    start: int
    is_match: bool
    is_contact: bool


@dataclass(frozen=True)
class MarkedText:
    """A stored text with what is needed to mark it: terms beside their places, and places of contacts."""

    text: str
    terms: Sequence[str]
    spans: Sequence[tuple[int, int]]
    contacts: Sequence[tuple[int, int]]


def highlight(
    source: MarkedText, query: PreparedQuery, *, length: int = SNIPPET_LENGTH
) -> tuple[Segment, ...]:
    """Return the best window of a text, cut into segments; joined they are that window, unchanged.

    Args:
        source: the text and its tokens.
        query: what was asked.
        length: longest window, code points.
    """
    matches = sorted({*_term_matches(source, query), *_phrase_matches(source, query)})
    start, end = _window(source.text, matches, length)
    kinds = bytearray(end - start)
    for spans, kind in ((matches, _MATCH), (source.contacts, _CONTACT)):
        for span_start, span_end in spans:
            for position in range(max(span_start, start), min(span_end, end)):
                kinds[position - start] |= kind
    return tuple(_segments(source.text, start, kinds))


def _segments(text: str, start: int, kinds: bytearray) -> Iterable[Segment]:
    position = start
    for kind, run in groupby(kinds):
        until = position + sum(1 for _ in run)
        yield Segment(text[position:until], position, bool(kind & _MATCH), bool(kind & _CONTACT))
        position = until


def _term_matches(source: MarkedText, query: PreparedQuery) -> Iterable[tuple[int, int]]:
    for term, span in zip(source.terms, source.spans, strict=True):
        if term in query.terms:
            yield span


def _phrase_matches(source: MarkedText, query: PreparedQuery) -> Iterable[tuple[int, int]]:
    if not query.phrases:
        return
    words = [word_of(source.text[start:end]) for start, end in source.spans]
    for phrase in query.phrases:
        n = len(phrase)
        for first in range(len(words) - n + 1):
            if tuple(words[first : first + n]) == phrase:
                yield source.spans[first][0], source.spans[first + n - 1][1]


def _window(text: str, matches: Sequence[tuple[int, int]], length: int) -> tuple[int, int]:
    """Choose where most matches stand close together; the beginning when there is none."""
    if len(text) <= length:
        return 0, len(text)
    best, best_count, last = 0, 0, 0
    for first, (start, _) in enumerate(matches):
        last = max(last, first)
        while last < len(matches) and matches[last][1] <= start + length - _LEAD:
            last += 1
        if last - first > best_count:
            best, best_count = start, last - first
    start = _word_start(text, max(0, min(best - _LEAD, len(text) - length)))
    return start, min(len(text), start + length)


def _word_start(text: str, position: int) -> int:
    """Move to the beginning of the next word, if one is near."""
    if position == 0:
        return 0
    for at in range(position, min(position + _LEAD // 2, len(text))):
        if text[at - 1].isspace():
            return at
    return position
