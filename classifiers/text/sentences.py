"""Where sentences end in a normalised text."""

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from classifiers.text.normalise import NormalisedText

# A full stop inside a word or number ends nothing.
SENTENCE_END = re.compile(r"[!?…\n;]|\.(?!\S)")
_ABBREVIATION_LETTERS = 3


def sentence_ends(text: str) -> list[int]:
    """Return the places of the marks that end a sentence, in order."""
    return [at for match in SENTENCE_END.finditer(text) if ends_sentence(text, at := match.start())]


def ends_sentence(text: str, at: int) -> bool:
    """Whether a mark ends a sentence; a full stop after a short word is an abbreviation («тыс.»)."""
    if text[at] != ".":
        return True
    if text[at + 1 : at + 2].strip():
        return False
    before = text[max(at - _ABBREVIATION_LETTERS - 1, 0) : at]
    return before[-1:].isdigit() or (len(before) > _ABBREVIATION_LETTERS and before.isalnum())


def sentence_spans(normalised: "NormalisedText") -> list[tuple[int, int]]:
    """Return (start, end) of each sentence in its readable copy, its mark included; no empty ones."""
    text, spans, start = normalised.text, [], 0
    for at in (*normalised.sentence_ends, len(text) - 1):
        if text[start : at + 1].strip():
            spans.append((start, at + 1))
        start = at + 1
    return spans
