"""Cut a text into segments so that hits which overlap can all be shown.

Pure: values in, values out. Nothing here knows of HTML; the templates escape
every piece on their own.
"""

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

# Control characters that a reader must see instead of suffering: they reorder, join or hide text.
_SHOWN_AS_THEMSELVES = frozenset("\n\t")
_BLANK_LETTERS = frozenset(
    "\u115f\u1160\u2800\u3164\uffa0"
)  # Hangul fillers, empty Braille: letters that print nothing


@dataclass(frozen=True)
class Span:
    """A hit to mark in one text.

    ``start`` and ``end`` count code points of the text as written, ``end``
    exclusive. ``number`` is what the reader sees beside the marked words and in
    the list of signs. ``is_read``: words that the statistical part read; they
    carry no number.
    """

    start: int
    end: int
    number: int
    code: str
    name: str
    is_counter_sign: bool = False
    is_counted: bool = True
    is_read: bool = False


@dataclass(frozen=True)
class Piece:
    """A run of plain characters, or one invisible character with its name (``U+200B``)."""

    text: str
    hidden_name: str | None = None


@dataclass(frozen=True)
class Segment:
    """The longest run over which the same spans hold; ``spans`` is empty for plain text.

    ``numbers`` are the spans that end with this segment: their numbers stand
    after it, so that each number is shown once.
    """

    text: str
    spans: tuple[Span, ...] = ()
    numbers: tuple[Span, ...] = field(default=())

    @property
    def pieces(self) -> tuple[Piece, ...]:
        """The text with its invisible characters set apart."""
        return tuple(show_hidden(self.text))

    @property
    def look(self) -> str:
        """Which style applies: ``sign``, ``more`` (two or more signs), ``counter``, ``idle`` or ``read``."""
        if all(span.is_read for span in self.spans):
            return "read"
        signs = [span for span in self.spans if not span.is_read]
        counted = [span for span in signs if span.is_counted and not span.is_counter_sign]
        if len(counted) > 1:
            return "more"
        if counted:
            return "sign"
        return "counter" if any(span.is_counter_sign for span in signs) else "idle"

    @property
    def is_read(self) -> bool:
        """Whether the statistical part read these words, beside what else they are."""
        return any(span.is_read for span in self.spans)


def cut(text: str, spans: Iterable[Span]) -> list[Segment]:
    """Cut ``text`` at every edge of every span.

    Args:
        text: as written.
        spans: in any order, overlapping or not; one that is empty or does not
            lie in the text is left out, since a wrong mark misleads.

    Returns:
        Segments whose texts, joined, are exactly ``text``.
    """
    valid = sorted(
        (span for span in spans if 0 <= span.start < span.end <= len(text)),
        key=lambda span: (span.start, span.end, span.number),
    )
    edges = sorted({0, len(text), *(span.start for span in valid), *(span.end for span in valid)})
    segments: list[Segment] = []
    active: list[Span] = []
    waiting = iter(valid)
    upcoming = next(waiting, None)
    for left, right in pairwise(edges):
        active = [span for span in active if span.end > left]
        while upcoming is not None and upcoming.start <= left:
            active.append(upcoming)
            upcoming = next(waiting, None)
        ending = tuple(span for span in active if span.end == right and not span.is_read)
        segments.append(Segment(text[left:right], tuple(active), ending))
    return segments


def excerpt(text: str, spans: Sequence[Span], *, room: int = 120, before: int = 24) -> list[Segment]:
    """The stretch around the first counted sign, for one row of a list.

    Args:
        text: as written; line breaks become spaces.
        spans: as for :func:`cut`.
        room: about how many characters to show.
        before: how many of them may stand before the first sign.

    Returns:
        Segments of at most ``room`` characters, with ``…`` where the text was cut.
    """
    signs = [span.start for span in spans if span.is_counted and not span.is_counter_sign]
    start = max(0, min(signs, default=0) - before)
    earliest = max(0, start - before)
    while start > earliest and not text[start - 1].isspace():
        start -= 1
    end = min(len(text), start + room)
    moved = [
        replace(span, start=max(span.start, start) - start, end=min(span.end, end) - start)
        for span in spans
        if span.end > start and span.start < end
    ]
    segments = cut("".join(" " if char.isspace() else char for char in text[start:end]), moved)
    head = [Segment("… ")] if start > 0 else []
    tail = [Segment(" …")] if end < len(text) else []
    return head + segments + tail


def show_hidden(text: str) -> Iterator[Piece]:
    """Split off each character that has no shape of its own.

    Yields:
        Pieces whose texts, joined, are exactly ``text``. A joiner inside an
        emoji sequence is part of the picture; anywhere else it is a disguise.
    """
    start = 0
    for position, char in enumerate(text):
        if not _is_hidden(text, position, char):
            continue
        if start < position:
            yield Piece(text[start:position])
        yield Piece(char, f"U+{ord(char):04X}")
        start = position + 1
    if start < len(text):
        yield Piece(text[start:])


def _is_hidden(text: str, position: int, char: str) -> bool:
    if char in _BLANK_LETTERS:
        return True
    if char in _SHOWN_AS_THEMSELVES or unicodedata.category(char) not in {"Cc", "Cf", "Co", "Cs"}:
        return False
    if char == "\r" and text[position + 1 : position + 2] == "\n":
        return False
    is_in_emoji = position > 0 and unicodedata.category(text[position - 1]) in {"So", "Sk", "Mn"}
    return not (char == "\u200d" and is_in_emoji)
