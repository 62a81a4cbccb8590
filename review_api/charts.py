"""Bars whose lengths are worked out here, so that a template only draws them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

FULL_WIDTH = 1000
LEAST_WIDTH = 6


@dataclass(frozen=True)
class Count:
    """What is counted; ``look`` chooses the colour, the label says it in words."""

    label: str
    n: int
    look: str = "plain"


@dataclass(frozen=True)
class Bar:
    """A count and its bar's length, 0 to ``FULL_WIDTH``."""

    label: str
    n: int
    look: str
    width: int


def draw_bars(counts: Sequence[Count]) -> tuple[Bar, ...]:
    """Bars on one scale from zero: the longest fills the room, a count above zero is always seen."""
    most = max((count.n for count in counts), default=0)
    return tuple(
        Bar(
            count.label, count.n, count.look, max(FULL_WIDTH * count.n // most, LEAST_WIDTH) if count.n else 0
        )
        for count in counts
    )
