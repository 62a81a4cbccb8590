"""A readable copy of a hostile text, with the way back to the original.

The copy is lower case, composed, free of invisible characters and HTML
left-overs, and single letters in a row are joined to words again. What one
*word* hides (look-alikes, digits, repeats) is undone word by word in
:mod:`classifiers.text.words`, where a cache makes it cheap.
"""

import html
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

from classifiers.text.characters import COMBINED, HIDDEN, SPECIAL, WORD, fold_character

_HTML = re.compile(
    r"<(?:br|/?(?:p|div|li|ul|ol|b|i|u|em|strong|span|a|h[1-6]|tr|td))\b[^<>]{0,500}>|&#?\w{2,8};",
    re.IGNORECASE,
)
_SPACED = re.compile(r"(?<![\w*])[^\W\d_](?:[ .*/|_•·~+-]{1,3}[^\W\d_](?![^\W_])){3,}")
_SPACED_HINT = re.compile(r"(?:^|[\s(«\"])[^\W\d_][ .*/|_•·~+-]{1,3}[^\W\d_][ .*/|_•·~+-]")
_STARRED = re.compile(r"(?<=[^\W\d_])\*(?=[^\W\d_])")
_SEPARATORS = re.compile(r"[ .*/|_•·~+-]+")
# Letters of driving licences and school forms stand alone in honest ads: «категории В С D Е».
_CATEGORY_LETTERS = frozenset("abcdeавсде")
_BREAKING_TAG = re.compile(r"</?(?:br|p|div|li|ul|ol|h[1-6]|tr)\b", re.IGNORECASE)


@dataclass(frozen=True)
class NormalisedText:
    """A text as it reads, beside the text as it was written.

    Attributes:
        original: the text as given.
        text: the readable copy, lower case.
        starts: for each code point of ``text``, where it begins in ``original``;
            None when both have the same length and order.
        ends: where it ends; None together with ``starts``.
        disguised: spans of ``original`` whose letters had been pulled apart or
            split by invisible characters.
    """

    original: str
    text: str
    starts: "array[int] | None" = None
    ends: "array[int] | None" = None
    disguised: tuple[tuple[int, int], ...] = field(default=())

    @cached_property
    def words(self) -> list[str]:
        """The words of ``text`` as written, in order."""
        return WORD.findall(self.text)

    @cached_property
    def word_spans(self) -> list[tuple[int, int]]:
        """Where each of ``words`` stands in ``text``."""
        return [match.span() for match in WORD.finditer(self.text)]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of ``original`` that a non-empty span of ``text`` came from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> NormalisedText:
    """Return the readable copy of any text; linear in its length, never fails.

    Lone surrogates, NUL and other control characters read as spaces.
    """
    copy = _Copy(text)
    if "<" in text or "&" in text:
        copy.substitute(_HTML, _plain_html)
    if SPECIAL.search(copy.text):
        copy.substitute(HIDDEN, lambda _: "", mark=True)
        copy.substitute(COMBINED, lambda m: unicodedata.normalize("NFC", m.group()))
        copy.substitute(SPECIAL, lambda m: fold_character(m.group()))
    copy.text = copy.text.lower().replace("ё", "е")
    if "*" in text:
        copy.substitute(_STARRED, lambda _: "", mark=True)
    if _SPACED_HINT.search(copy.text):
        copy.join_letters()
    return NormalisedText(text, copy.text, copy.starts, copy.ends, tuple(copy.marked))


class _Copy:
    """The copy while it is being made: text, map and marks move together."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.length = len(text)
        self.starts: array[int] | None = None
        self.ends: array[int] | None = None
        self.marked: list[tuple[int, int]] = []

    def substitute(
        self, pattern: re.Pattern[str], replacement: Callable[[re.Match[str]], str], *, mark: bool = False
    ) -> None:
        """Replace every match and carry the map along; a one-to-one change keeps positions."""
        edits = [(m.start(), m.end(), replacement(m)) for m in pattern.finditer(self.text)]
        if mark:
            self.marked += (self._original(start, end) for start, end, _ in edits)
        self._apply(edits)

    def join_letters(self) -> None:
        """Join single letters in a row, and mark what they hid."""
        edits: list[tuple[int, int, str]] = []
        for match in _SPACED.finditer(self.text):
            gaps = _gaps_to_close(match.group())
            if gaps:
                self.marked.append(self._original(*match.span()))
            edits += ((match.start() + start, match.start() + end, new) for start, end, new in gaps)
        self._apply(edits)

    def _apply(self, edits: list[tuple[int, int, str]]) -> None:
        """Make the edits, which are in order and do not touch each other."""
        pieces: list[str] = []
        position = 0
        for start, end, new in edits:
            pieces += (self.text[position:start], new)
            position = end
        self.text = "".join((*pieces, self.text[position:]))
        moves = [(start, end, len(new)) for start, end, new in edits if len(new) != end - start]
        if moves:
            self._move(moves)

    def _original(self, start: int, end: int) -> tuple[int, int]:
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]

    def _move(self, edits: list[tuple[int, int, int]]) -> None:
        old_starts = self.starts if self.starts is not None else array("I", range(self.length))
        old_ends = self.ends if self.ends is not None else array("I", range(1, self.length + 1))
        starts, ends, position = array("I"), array("I"), 0
        for start, end, n_new in edits:
            starts.extend(old_starts[position:start])
            ends.extend(old_ends[position:start])
            for index in range(n_new):
                # Spread over the match; the last new letter takes the rest of it.
                at = min(start + index * (end - start) // n_new, end - 1)
                until = end - 1 if index == n_new - 1 else at
                starts.append(old_starts[at])
                ends.append(old_ends[until])
            position = end
        starts.extend(old_starts[position:])
        ends.extend(old_ends[position:])
        self.starts, self.ends = starts, ends


def _plain_html(match: re.Match[str]) -> str:
    found = match.group()
    if found.startswith("<"):
        return "\n" if _BREAKING_TAG.match(found) else " "
    plain = html.unescape(found)
    return plain if len(plain) == 1 else found


def _gaps_to_close(found: str) -> list[tuple[int, int, str]]:
    """Return the separators of a run of single letters, each with what takes its place.

    Held apart by spaces alone, or by anything but spaces, the letters are one
    word; of mixed separators the wider one with a space parts two words.
    """
    letters = _SEPARATORS.sub("", found)
    if _CATEGORY_LETTERS.issuperset(letters) or len(set(letters)) == 1:
        return []
    gaps = [(m.start(), m.end(), m.group()) for m in _SEPARATORS.finditer(found)]
    widths = Counter(gap for _, _, gap in gaps)
    narrow = min(len(gap) for gap in widths)
    is_mixed = any(" " in gap for gap in widths) and any(gap != " " for gap in widths)

    def parts_words(gap: str) -> bool:
        return is_mixed and " " in gap and (len(gap) > narrow or widths[gap] < len(gaps) / 2)

    return [(start, end, " " if parts_words(gap) else "") for start, end, gap in gaps]
