"""A readable copy of a hostile text, with the way back to the original.

The copy is lower case, composed, free of invisible characters and HTML
left-overs, and single letters in a row are joined to words again. What one
*word* hides (look-alikes, digits, repeats) is undone word by word in
:mod:`classifiers.text.words`, where a cache makes it cheap.
"""

import codecs
import html
import re
import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np

from classifiers.text.characters import (
    ALONE_PLAIN,
    COMBINED,
    ENCODE_PLAIN,
    ENDS_PLAIN,
    HIDDEN,
    IN_WORD_PLAIN,
    INVISIBLE,
    READ_PLAIN,
    SHAPE_PLAIN,
    SPECIAL,
    SPLIT_PLAIN,
    WORD,
    WORDS_PLAIN,
    fold_character,
)
from classifiers.text.russian import is_russian_word
from classifiers.text.sentences import sentence_ends

_TAGS = (
    "br|hr|p|div|li|ul|ol|dl|dt|dd|b|i|u|s|em|strong|small|big|sub|sup|span|font|a|img|h[1-6]|table|thead|tbody"
    "|tr|td|th|center|blockquote|pre|code|section|article|header|footer|nav|iframe|input|button|label|form"
)
_HTML = re.compile(
    # The first character stands alone, so that a text is searched for it at the speed of memory.
    rf"[<&](?:(?<=<)(?:/?(?:{_TAGS})\b[^<>]{{0,500}}>|!--[^<>]{{0,500}}-->"
    r"|(script|style)\b[^<>]{0,500}>[^<]{0,5000}</\1>)|(?<=&)(?:amp;){0,2}#?\w{2,8};)",
    re.IGNORECASE,
)
_SPACED = re.compile(r"(?<![\w*])[^\W\d_](?:[ .*/|_•·~+—–:=^#-]{1,3}[^\W\d_](?![^\W_])){3,}")
_SPACED_HINT = re.compile(
    r"(?:^|[^\w])[^\W\d_][ .*/|_•·~+—–:=^#-]{1,3}[^\W\d_][ .*/|_•·~+—–:=^#-]{1,3}[^\W\d_][ .*/|_•·~+—–:=^#-]"
)
# The same in shapes: four letters alone, near each other.
_SPACED_SHAPE = re.compile(rb" a {1,3}a {1,3}a {1,3}a(?!a)")
_STARRED = re.compile(r"(?<=[^\W\d_])\*(?=[^\W\d_])")
_SEPARATORS = re.compile(r"[ .*/|_•·~+—–:=^#-]+")
# One mark inside a Cyrillic word: «по|чка», «ин.тим». A word only if its two parts are none.
_LEFT_PART = re.compile(r"(?<![^\W\d_])[а-яәғқңөұүһі]{2,24}$")
_RIGHT_PART = re.compile(r"[а-яәғқңөұүһі]{2,24}(?![^\W\d_])")
_SPLIT_HINT = re.compile(r"[.|_~·•^\\+=](?<=[а-яәғқңөұүһі].)[а-яәғқңөұүһі]")
_SPLIT_MIN_LETTERS = 5
_SHORT_WORD = 4
_SHORT_WORD_LIST = """
на по от до за из не ни но да или без для при под над про дом год час мин тел моб тыс руб шт кг см мм пгт
гр пр мкр ул кв эт обл гор пос оф доп ст мед соц гос бух тех зам зав все вся мой моя наш ваш его нет вот там
"""
_SHORT_WORDS = frozenset(_SHORT_WORD_LIST.split())
_ALL_BUT_ALONE = bytes(n for n in range(256) if n not in ALONE_PLAIN)
_HIDING = INVISIBLE - {"\u00ad"}
# Letters of driving licences and school forms stand alone in honest ads: «категории В С D Е».
_CATEGORY_LETTERS = frozenset("abcdeавсде")
# As ``sentences.ends_sentence`` says it of characters.
_END_SHAPE = re.compile(rb"[mn]|\.(?![^ n])(?:(?<=0\.)|(?<=[a0]{4}\.))")
_BREAKING_TAG = re.compile(
    r"</?(?:br|hr|p|div|li|ul|ol|dl|dt|dd|h[1-6]|table|tr|blockquote|section|article)\b", re.IGNORECASE
)


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
        encoded: bytes that read as ``text`` (``characters.READ_PLAIN``), one a character; None if
            it holds another character.
    """

    original: str
    text: str
    starts: "array[int] | None" = None
    ends: "array[int] | None" = None
    disguised: tuple[tuple[int, int], ...] = field(default=())
    encoded: bytes | None = field(default=None, repr=False)

    @cached_property
    def words(self) -> list[str]:
        """The words of ``text`` as written, in order."""
        if self.encoded is None:
            return WORD.findall(self.text)
        pieces = codecs.charmap_decode(self.encoded, "strict", WORDS_PLAIN)[0].split()
        if self._is_rows_alone:
            return pieces
        words: list[str] = []
        for piece in pieces:
            if piece.isalnum():
                words.append(piece)
            else:
                words += WORD.findall(piece)
        return words

    @cached_property
    def word_spans(self) -> list[tuple[int, int]]:
        """Where each of ``words`` stands in ``text``."""
        if self.encoded is not None and self._is_rows_alone:
            is_in_word = b"\0%b\0" % self.encoded.translate(IN_WORD_PLAIN)
            edges = np.flatnonzero(np.diff(np.frombuffer(is_in_word, np.int8))).tolist()
            return list(zip(edges[::2], edges[1::2], strict=True))
        # Between two words stands nothing that a word can begin with, so each is the next that is found.
        find, spans, end = self.text.find, [], 0
        for word in self.words:
            start = find(word, end)
            end = start + len(word)
            spans.append((start, end))
        return spans

    @cached_property
    def _is_rows_alone(self) -> bool:
        """Whether every row of letters and digits is a word, and nothing else is one."""
        return self.encoded is not None and not self.encoded.translate(None, _ALL_BUT_ALONE)

    @cached_property
    def sentence_ends(self) -> list[int]:
        """Places of the marks in ``text`` that end a sentence, in order."""
        if self.encoded is None:
            return sentence_ends(self.text)
        return [match.start() for match in _END_SHAPE.finditer(self.encoded.translate(ENDS_PLAIN))]

    def original_span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of ``original`` that a non-empty span of ``text`` came from."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def normalise(text: str) -> NormalisedText:
    """Return the readable copy of any text; linear in its length, never fails.

    Lone surrogates, NUL and other control characters read as spaces.
    """
    encoded = _encoded(text)
    if encoded is None:
        return _normalise_any(text)
    # Nearly every text: characters of one table, nothing pulled apart; read at the speed of memory.
    if (
        _SPACED_SHAPE.search(b" " + encoded.translate(SHAPE_PLAIN))
        or "*" in text
        or (("<" in text or "&" in text) and _HTML.search(text))
    ):
        return _normalise_any(text)
    plain = codecs.charmap_decode(encoded, "strict", READ_PLAIN)[0]
    if b"a.a" in encoded.translate(SPLIT_PLAIN) and _parts_to_join(plain):
        return _normalise_any(text)
    return NormalisedText(text, plain, encoded=encoded)


def _normalise_any(text: str) -> NormalisedText:
    """Read a text that holds something out of the ordinary."""
    copy = _Copy(text)
    if "<" in text or "&" in text:
        copy.substitute(_HTML, _plain_html)
    copy.fold_specials()
    copy.text = copy.text.lower().replace("ё", "е")
    if "*" in text:
        copy.substitute(_STARRED, lambda _: "", mark=True)
    if _may_be_spaced(copy.text):
        copy.join_letters()
    if _SPLIT_HINT.search(copy.text):
        copy.join_parts()
    return NormalisedText(text, copy.text, copy.starts, copy.ends, tuple(copy.marked), _encoded(copy.text))


def _encoded(text: str) -> bytes | None:
    try:
        return codecs.charmap_encode(text, "strict", ENCODE_PLAIN)[0]
    except UnicodeEncodeError:
        return None


def _may_be_spaced(text: str) -> bool:
    encoded = _encoded(text)
    if encoded is None:
        return _SPACED_HINT.search(text) is not None
    return _SPACED_SHAPE.search(b" " + encoded.translate(SHAPE_PLAIN)) is not None


def _is_whole(part: str) -> bool:
    """Whether a part of a word stands for itself; the dictionary knows too many words of two letters."""
    return part in _SHORT_WORDS if len(part) < _SHORT_WORD else is_russian_word(part)


def _parts_to_join(text: str) -> list[tuple[int, int]]:
    """Return the places of marks that split a word: its parts are no words, the whole is one."""
    places = []
    for hint in _SPLIT_HINT.finditer(text):
        at = hint.start()
        left = _LEFT_PART.search(text[max(at - 25, 0) : at])
        right = left and _RIGHT_PART.match(text, at + 1)
        if not left or not right:
            continue
        whole = left.group() + right.group()
        if len(whole) < _SPLIT_MIN_LETTERS or not is_russian_word(whole):
            continue
        if not (_is_whole(left.group()) and _is_whole(right.group())):
            places.append((at, at + 1))
    return places


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

    def fold_specials(self) -> None:
        """Bring special characters to their normal form; one for one where that is all there is to do."""
        folds = {c: fold_character(c) for c in set(SPECIAL.findall(self.text))}
        if not folds:
            return
        if all(len(new) == 1 for new in folds.values()):
            for character, new in folds.items():
                if character != new:
                    self.text = self.text.replace(character, new)
            return
        if not _HIDING.isdisjoint(folds):
            self.substitute(HIDDEN, lambda _: "", mark=True)
        if any(unicodedata.category(c) in {"Mn", "Me"} for c in folds):
            self.substitute(COMBINED, lambda m: unicodedata.normalize("NFC", m.group()))
        self.substitute(SPECIAL, lambda m: fold_character(m.group()))

    def join_parts(self) -> None:
        """Join a word that one mark splits."""
        places = _parts_to_join(self.text)
        self.marked += (self._original(s, e) for s, e in places if self.text[s] != ".")
        self._apply([(start, end, "") for start, end in places])

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
    plain = found
    for _ in range(3):
        # Exported twice, «&amp;nbsp;» is a space all the same.
        plain = html.unescape(plain)
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
