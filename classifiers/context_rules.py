"""In what context a hit stands: news, warning, story, question, a job seeker's wish, an animal, food.

The rules are token patterns over classes of words (``context_rules.yaml``), so
one rule serves five languages. spaCy's Matcher reads them. It is loaded at the
first hit and sees only sentences that hold one: most ads hold none, and never
pay for it.
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
    return tuple(
        _Context(
            name,
            frozenset(context["codes"]),
            frozenset(context.get("unless", ())),
            context.get("ends", ""),
        )
        for name, context in _rules()["contexts"].items()
    )


@cache
def _words() -> tuple[Mapping[str, frozenset[str]], tuple[tuple[str, str], ...]]:
    """Return the classes of whole words, and (beginning, class) pairs, longest first."""
    whole: dict[str, set[str]] = {}
    stems: list[tuple[str, str]] = []
    for name, words in _rules()["classes"].items():
        for word in words.replace("'", "").split():
            if word.endswith("*"):
                stems.append((word[:-1], name))
            else:
                whole.setdefault(word, set()).add(name)
    frozen = {word: frozenset(names) for word, names in whole.items()}
    return frozen, tuple(sorted(stems, key=lambda pair: -len(pair[0])))


@lru_cache(maxsize=50_000)
def _classes_of(written: str) -> frozenset[str]:
    """Return the classes a written word belongs to."""
    reading = read_word(written).reading
    whole, stems = _words()
    return whole.get(reading, _NO_CONTEXT).union(name for stem, name in stems if reading.startswith(stem))


@cache
def _matcher() -> "tuple[Matcher, Vocab]":
    """Return the Matcher of all patterns in order; «&» is a set of classes and needs none."""
    # Here, not above: an ad without a hit never needs spaCy.
    from spacy.matcher import Matcher
    from spacy.vocab import Vocab

    vocab = Vocab()
    matcher = Matcher(vocab)
    for name, context in _rules()["contexts"].items():
        patterns = [pattern.split() for pattern in context["patterns"] if "&" not in pattern]
        if patterns:
            matcher.add(name, [_token_pattern(pattern) for pattern in patterns])
    return matcher, vocab


def _token_pattern(pattern: Sequence[str]) -> list[dict[str, Any]]:
    tokens: list[dict[str, Any]] = []
    for piece in pattern:
        if piece == "..":
            tokens.append({"OP": f"{{,{_GAP}}}"})
        else:
            # A token's NORM holds its classes between bars.
            tokens.append({"NORM": {"REGEX": rf"\|{piece}\|"}})
    return tokens


@cache
def _anywhere() -> tuple[tuple[str, frozenset[str]], ...]:
    """Return (context, classes that must all stand in the sentence) of each pattern with «&»."""
    return tuple(
        (name, frozenset(piece.strip() for piece in pattern.split("&")))
        for name, context in _rules()["contexts"].items()
        for pattern in context["patterns"]
        if "&" in pattern
    )


def sentence_contexts(words: Iterable[str], mark: str = "") -> frozenset[str]:
    """Return the contexts of one sentence.

    Args:
        words: its written words, in order.
        mark: the sign it ends with.
    """
    classes = tuple(_classes_of(word) for word in islice(words, _MAX_WORDS))
    present = frozenset().union(*classes)
    return _contexts_of(classes, present, mark) if present else _NO_CONTEXT


@lru_cache(maxsize=4_096)
def _contexts_of(classes: tuple[frozenset[str], ...], present: frozenset[str], mark: str) -> frozenset[str]:
    from spacy.tokens import Doc

    found = {name for name, needed in _anywhere() if needed <= present}
    matcher, vocab = _matcher()
    doc = Doc(vocab, words=["x"] * len(classes))
    for token, names in zip(doc, classes, strict=True):
        token.norm_ = f"|{'|'.join(sorted(names))}|" if names else "x"
    found |= {vocab.strings[match] for match, _, _ in matcher(doc)}
    return frozenset(
        context.name
        for context in _contexts()
        if context.name in found and context.unless.isdisjoint(present) and mark.endswith(context.ends)
    )


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
            self._spans = sentence_spans(normalised.text)
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
