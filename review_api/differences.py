"""What changed between two versions of a text, word by word. Pure."""

import re
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum

_WORDS = re.compile(r"\s+|\w+|[^\w\s]")
_LINES = re.compile(r"[^\n]*\n|[^\n]+")
# SequenceMatcher is quadratic in the worst case: long texts are compared line by line, then as a whole.
MOST_WORDS = 2000
MOST_LINES = 2000


class Change(StrEnum):
    """What happened to a run of text."""

    KEPT = "kept"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Run:
    """A run of text and what happened to it."""

    change: Change
    text: str


def compare(before: str, after: str) -> list[Run]:
    """Compare two texts.

    Returns:
        Runs in reading order; kept and removed runs joined are ``before``,
        kept and added runs joined are ``after``. Texts of more than
        ``MOST_WORDS`` words are compared by lines, of more than ``MOST_LINES``
        lines as a whole.
    """
    left, right = _split(before, after)
    runs: list[Run] = []
    matcher = SequenceMatcher(None, left, right)
    for kind, left_from, left_to, right_from, right_to in matcher.get_opcodes():
        if kind == "equal":
            runs.append(Run(Change.KEPT, "".join(left[left_from:left_to])))
            continue
        if left_from < left_to:
            runs.append(Run(Change.REMOVED, "".join(left[left_from:left_to])))
        if right_from < right_to:
            runs.append(Run(Change.ADDED, "".join(right[right_from:right_to])))
    return runs


def has_changes(runs: list[Run]) -> bool:
    """Whether anything was added or removed."""
    return any(run.change is not Change.KEPT for run in runs)


def _split(before: str, after: str) -> tuple[list[str], list[str]]:
    for pattern, most in ((_WORDS, MOST_WORDS), (_LINES, MOST_LINES)):
        left, right = pattern.findall(before), pattern.findall(after)
        if max(len(left), len(right)) <= most:
            return left, right
    return [before] if before else [], [after] if after else []
