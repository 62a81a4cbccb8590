"""The cue language of the lexicon files.

A cue is a line an analyst can read::

    паспорт забирать                 words side by side, any of their forms
    билет|виза за наш счёт           alternatives for one place
    (за наш счёт|бесплатно)          alternatives of several words
    продать .. почка                 up to three words between
    отдать свой? ребёнок             a word that may be missing
    @give @child + @money            parts in one sentence, in any order
    @girls & @abroad                 parts at most 20 words apart, sentences or not
    @give @child + !@guardianship    a part that must not stand in the sentence
    =безопасно                       this very form only
    проститу*                        any word that begins so
    от <teen> лет                    a number in a range (classifiers.text.words)

``@name`` is a group of word_groups.yaml: its words in all languages.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from classifiers.text import normalise, read_word
from classifiers.text.characters import WORD
from classifiers.text.russian import russian_lemmas
from classifiers.text.words import KAZAKH_LETTERS, NUMBER_RANGES, word_keys
from models.errors import Rejected

GAP_WORDS = 3
NEAR_WORDS = 20
_MAX_PHRASES = 4_000
# People write «3 000» and «150,000» as often as «3000»: what stands before the group of three digits.
_IN_GROUPS = {"thousands": ("few", "tens"), "big": ("number",)}
_PREFIXES = {"ru": ("r:",), "kk": ("k:",), "ky": ("k:",), "uz": ("u:",), "en": ("e:",)}


class BadCue(Rejected):
    """A cue of a lexicon file cannot be read; the message quotes it."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One place of a phrase: any of its keys, after at most ``gap`` other words."""

    keys: frozenset[str]
    gap: int = 0


Phrase = tuple[Slot, ...]
WordGroups = Mapping[str, tuple[Phrase, ...]]


@dataclass(frozen=True, slots=True)
class Cue:
    """One way an indicator shows, as the file has it.

    Attributes:
        text: in the cue language.
        language: kk, ru, uz, ky, en, or "any" for groups and numbers alone.
        is_ordinary: honest ads use it too; see docs/add-an-indicator.md.
    """

    text: str
    language: str
    is_ordinary: bool = False


@dataclass(frozen=True, slots=True)
class ParsedCue:
    """What a cue stands for.

    Attributes:
        parts: each a choice of phrases; all parts must be found.
        absent: parts that must not stand in the sentence.
        is_near: parts may stand in different sentences, 20 words apart.
    """

    parts: tuple[tuple[Phrase, ...], ...]
    absent: tuple[tuple[Phrase, ...], ...]
    is_near: bool


def parse_cue(text: str, language: str, groups: WordGroups) -> ParsedCue:
    """Read one cue.

    Args:
        text: the cue, see the module.
        language: as in :class:`Cue`.
        groups: phrases of the word groups it may name.

    Raises:
        BadCue: an unknown group or range, an empty part, too many variants.
    """
    parts: list[tuple[Phrase, ...]] = []
    absent: list[tuple[Phrase, ...]] = []
    for piece in re.split(r" [+&] ", text):
        piece = piece.strip()
        target = absent if piece.startswith("!") else parts
        phrases = parse_phrases(piece.removeprefix("!"), language, groups)
        if not phrases:
            raise BadCue(f"the cue {text!r} has an empty part", cue=text)
        target.append(phrases)
    if not parts:
        raise BadCue(f"the cue {text!r} only says what must be absent", cue=text)
    return ParsedCue(tuple(parts), tuple(absent), " & " in text)


def parse_phrases(text: str, language: str, groups: WordGroups) -> tuple[Phrase, ...]:
    """Return every phrase that one part of a cue stands for."""
    choices: list[list[Phrase]] = []
    gap = 0
    for token in _split(text, " "):
        if token == "..":  # noqa: S105 - a gap, not a password
            gap = GAP_WORDS
            continue
        choices.append([_after_gap(phrase, gap) for phrase in _alternatives(token, language, groups)])
        gap = 0
    phrases: list[Phrase] = [()]
    for choice in choices:
        phrases = [(*head, *tail) for head in phrases for tail in choice]
        if len(phrases) > _MAX_PHRASES:
            raise BadCue(f"{text!r} stands for more than {_MAX_PHRASES} phrases; split it", cue=text)
    return tuple(dict.fromkeys(phrase for phrase in phrases if phrase))


def _split(text: str, separator: str) -> list[str]:
    """Split outside parentheses; empty pieces are dropped."""
    pieces, depth, piece = [], 0, ""
    for character in text:
        depth += (character == "(") - (character == ")")
        if character == separator and not depth:
            pieces.append(piece)
            piece = ""
        else:
            piece += character
    if depth:
        raise BadCue(f"parentheses do not match in {text!r}", cue=text)
    return [piece for piece in (*pieces, piece) if piece.strip()]


def _after_gap(phrase: Phrase, gap: int) -> Phrase:
    if not phrase or not gap:
        return phrase
    return (Slot(phrase[0].keys, gap), *phrase[1:])


def _alternatives(token: str, language: str, groups: WordGroups) -> list[Phrase]:
    """Return the phrases of one place; all one-word alternatives become one slot."""
    is_optional = token.endswith("?")
    token = token.removesuffix("?")
    found: list[Phrase] = []
    for variant in _split(token, "|"):
        if variant.startswith("(") and variant.endswith(")"):
            for inner in _split(variant[1:-1], "|"):
                found += parse_phrases(inner, language, groups)
        elif variant.startswith("@"):
            if variant[1:] not in groups:
                raise BadCue(f"unknown word group {variant}", cue=variant)
            found += groups[variant[1:]]
        elif variant.strip("<>") in _IN_GROUPS:
            before = frozenset("n:" + name for name in _IN_GROUPS[variant.strip("<>")])
            found += [tuple(_word_slots(variant, language)), (Slot(before), Slot(frozenset({"n:group"})))]
        else:
            found.append(tuple(_word_slots(variant, language)))
    singles = [phrase[0].keys for phrase in found if len(phrase) == 1]
    several = [phrase for phrase in found if len(phrase) > 1]
    merged: list[Phrase] = [(Slot(frozenset().union(*singles)),)] if singles else []
    return [*merged, *several, *([()] if is_optional else [])]


def _word_slots(word: str, language: str) -> Iterable[Slot]:
    if word.startswith("<"):
        name = word.strip("<>")
        if name != "number" and name not in NUMBER_RANGES:
            raise BadCue(f"unknown number range {word}", cue=word)
        return [Slot(frozenset({"n:" + name}))]
    is_exact, is_prefix = word.startswith("="), word.endswith("*")
    written = WORD.findall(normalise(word.strip("=*")).text)
    if not written:
        raise BadCue(f"no word in {word!r}", cue=word)
    if is_prefix:
        return [Slot(frozenset({"p:" + written[0]}))]
    return [Slot(cue_keys(one, language, is_exact=is_exact)) for one in written]


def cue_keys(written: str, language: str, *, is_exact: bool = False) -> frozenset[str]:
    """Return the keys by which a cue word of that language meets a word of an ad."""
    word = read_word(written)
    prefixes = _PREFIXES.get(language, ("r:", "k:", "u:", "e:"))
    every = word_keys(word)
    if "r:" in prefixes and word.script == "c" and not KAZAKH_LETTERS.intersection(word.reading):
        every += tuple("r:" + lemma for lemma in russian_lemmas(word.reading))
    exact = "x:" + word.reading
    if is_exact and language in {"kk", "ky"}:
        return frozenset(key for key in every if key.startswith("f:"))
    if is_exact or word.script in "de":
        return frozenset({exact})
    if word.script == "l" and language in {"ru", "any"}:
        return frozenset({exact, *(key for key in every if key.startswith("e:"))})
    keys = {key for key in every if key.startswith(prefixes)}
    if (
        "k:" in prefixes
        and word.reading.endswith("п")
        and len(turkic := [k for k in every if k[:2] == "k:"]) > 1
    ):
        # «кітап» is no verb; its verb reading would meet «Қытай».
        keys.discard(turkic[1])
    return frozenset(keys | {exact})
