"""In what context a hit stands: news, warning, story, question, a job seeker's wish, an animal, food.

The rules are token patterns over classes of words (``context_rules.yaml``), so
one rule serves five languages. Only sentences that hold a hit are looked at.
spaCy's Matcher reads the patterns whose classes must stand in order; it is
loaded when all classes of one stand in a sentence: most ads never pay for it.
"""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from classifiers.text import NormalisedText, read_word
from classifiers.text.sentences import sentence_spans

if TYPE_CHECKING:
    from spacy.matcher import Matcher
    from spacy.vocab import Vocab

RULES = Path(__file__).with_suffix(".yaml")
_GAP = 8
_ANY = ".."
_MAX_WORDS = 120
_MARK_REACH = 12
_NO_CONTEXT: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class _Context:
    """One context as the file has it."""

    name: str
    codes: frozenset[str]
    unless: frozenset[str]
    ends: str
    together: tuple[frozenset[str], ...]
    in_order: tuple[tuple[str, ...], ...]

    def may_hold(self, present: frozenset[str], mark: str) -> bool:
        """Whether nothing in a sentence of these classes rules it out."""
        return self.unless.isdisjoint(present) and mark.endswith(self.ends)

    def stands_in(self, present: frozenset[str]) -> bool:
        """Whether a pattern holds in which the order does not matter."""
        return any(needed <= present for needed in self.together)

    def may_stand_in(self, present: frozenset[str]) -> bool:
        """Whether all classes of a pattern are there, in whatever order."""
        return any(present.issuperset({*pattern} - {_ANY}) for pattern in self.in_order)


@cache
def _rules() -> Mapping[str, Any]:
    raw: dict[str, Any] = yaml.safe_load(RULES.read_text("utf-8"))
    return raw


@cache
def rules_sha256() -> str:
    """Return the hash of the rules file, a part of the classifier version."""
    return hashlib.sha256(RULES.read_bytes()).hexdigest()


@cache
def _contexts() -> tuple[_Context, ...]:
    found = []
    for name, context in _rules()["contexts"].items():
        patterns = [tuple(pattern.replace("&", " ").split()) for pattern in context["patterns"]]
        is_set = ["&" in pattern or " " not in pattern for pattern in context["patterns"]]
        found.append(
            _Context(
                name,
                frozenset(context["codes"]),
                frozenset(context.get("unless", ())),
                context.get("ends", ""),
                tuple(frozenset(p) for p, free in zip(patterns, is_set, strict=True) if free),
                tuple(p for p, free in zip(patterns, is_set, strict=True) if not free),
            )
        )
    return tuple(found)


@cache
def _words() -> tuple[Mapping[str, frozenset[str]], Sequence[tuple[str, str]], tuple[str, ...]]:
    """Return the classes of whole words, (beginning, class) pairs, and the beginnings alone."""
    whole: dict[str, set[str]] = {}
    stems: list[tuple[str, str]] = []
    for name, words in _rules()["classes"].items():
        for word in words.replace("'", "").split():
            if word.endswith("*"):
                stems.append((word[:-1], name))
            else:
                whole.setdefault(word, set()).add(name)
    frozen = {word: frozenset(names) for word, names in whole.items()}
    return frozen, stems, tuple(stem for stem, _ in stems)


@lru_cache(maxsize=50_000)
def _classes_of(written: str) -> frozenset[str]:
    """Return the classes a written word belongs to."""
    reading = read_word(written).reading
    whole, stems, beginnings = _words()
    found = whole.get(reading, _NO_CONTEXT)
    if not reading.startswith(beginnings):
        return found
    return found.union(name for stem, name in stems if reading.startswith(stem))


@cache
def _matcher() -> "tuple[Matcher, Vocab]":
    """Return the Matcher of the patterns that have an order."""
    # Here, not above: few ads need spaCy.
    from spacy.matcher import Matcher
    from spacy.vocab import Vocab

    vocab = Vocab()
    matcher = Matcher(vocab)
    for context in _contexts():
        if context.in_order:
            matcher.add(context.name, [_token_pattern(pattern) for pattern in context.in_order])
    return matcher, vocab


def _token_pattern(pattern: Sequence[str]) -> list[dict[str, Any]]:
    tokens: list[dict[str, Any]] = []
    for piece in pattern:
        if piece == _ANY:
            tokens.append({"OP": f"{{,{_GAP}}}"})
        else:
            # A token's NORM holds its classes between bars.
            tokens.append({"NORM": {"REGEX": rf"\|{piece}\|"}})
    return tokens


def sentence_contexts(words: Iterable[str], mark: str = "") -> frozenset[str]:
    """Return the contexts of one sentence.

    Args:
        words: its written words, in order.
        mark: the sign it ends with.
    """
    classes = tuple(_classes_of(word) for word in islice(words, _MAX_WORDS))
    present = _NO_CONTEXT.union(*classes)
    if not present:
        return _NO_CONTEXT
    possible = [context for context in _contexts() if context.may_hold(present, mark)]
    found = {context.name for context in possible if context.stands_in(present)}
    unsure = {context.name for context in possible if context.may_stand_in(present)} - found
    if unsure:
        found |= unsure & _standing_in_order(classes)
    return frozenset(found)


@lru_cache(maxsize=4_096)
def _standing_in_order(classes: tuple[frozenset[str], ...]) -> frozenset[str]:
    """Return the contexts of which a pattern stands in a sentence of these classes, word by word."""
    from spacy.tokens import Doc

    matcher, vocab = _matcher()
    doc = Doc(vocab, words=["x"] * len(classes))
    for token, names in zip(doc, classes, strict=True):
        token.norm_ = f"|{'|'.join(sorted(names))}|" if names else "x"
    return frozenset(vocab.strings[match] for match, _, _ in matcher(doc))


class Contexts:
    """Contexts of the sentences of one text, each worked out when a hit in it asks."""

    def __init__(self, normalised: NormalisedText) -> None:
        """Take a normalised text; nothing is worked out yet."""
        self._normalised = normalised
        self._spans: list[tuple[int, int]] = []
        self._starts: list[int] | None = None
        self._found: dict[int, frozenset[str]] = {}

    def of_word(self, index: int) -> frozenset[str]:
        """Return the contexts of the sentence a word stands in."""
        normalised = self._normalised
        if self._starts is None:
            self._spans = sentence_spans(normalised)
            self._starts = [start for start, _ in self._spans]
        number = max(bisect_right(self._starts, normalised.word_spans[index][0]) - 1, 0)
        if number not in self._found:
            start, end = self._spans[number]
            first = last = index
            while first > 0 and normalised.word_spans[first - 1][0] >= start:
                first -= 1
            while last < len(normalised.words) and normalised.word_spans[last][0] < end:
                last += 1
            mark = normalised.text[max(start, end - _MARK_REACH) : end].rstrip(' \n»")')[-1:]
            self._found[number] = sentence_contexts(normalised.words[first:last], mark)
        return self._found[number]

    def reason(self, code: str, index: int) -> str | None:
        """Return why a hit of an indicator does not count in its sentence, or None.

        Args:
            code: of the indicator.
            index: of the first word of the hit.
        """
        found = self.of_word(index)
        return next((c.name for c in _contexts() if c.name in found and code[0] in c.codes), None)
