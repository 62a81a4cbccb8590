"""What is found in one text: hits of signs, and where concepts stand."""

from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.lexicon.matcher import LabelMatch
from models.enums import TextPlace

NEGATED = "negated"
ORDINARY = "ordinary_word"
"""Reasons why a hit does not count; the screens have a wording for each."""


@dataclass(frozen=True, slots=True)
class Hit:
    """One place where an indicator or a counter-sign shows.

    Attributes:
        code: of the indicator or counter-sign.
        place: title or text of the ad.
        start: code points of the original text of that place.
        end: not included.
        quote: ``text[start:end]``.
        weight: effective weight of its indicator; 0 for a hit that does not count.
        counted: whether it takes part in the score.
        reason: why it does not count, or None.
        is_ordinary: the cue is also an ordinary word (see the lexicon).
        lowered_by: codes of counter-signs right beside it.
    """

    code: str
    place: TextPlace
    start: int
    end: int
    quote: str
    weight: float = 0.0
    counted: bool = True
    reason: str | None = None
    is_ordinary: bool = False
    lowered_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FoundSigns:
    """What one text holds.

    Attributes:
        indicators: hits in text order.
        counter_signs: likewise; local ones only where they stand beside a hit.
        victim: cries for help.
        void_codes: counter-signs that the text itself makes void.
        concepts: where each concept of the lexicon stands, in text order; its label is its number.
    """

    indicators: tuple[Hit, ...] = ()
    counter_signs: tuple[Hit, ...] = ()
    victim: tuple[Hit, ...] = ()
    void_codes: frozenset[str] = frozenset()
    concepts: Sequence[LabelMatch] = ()
