"""Bars whose places are worked out here, so that a template only draws them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 640
LABEL_WIDTH = 240
ROW_HEIGHT = 22
NUMBER_WIDTH = 64


@dataclass(frozen=True)
class Count:
    """What is counted; ``look`` chooses the colour, the label says it in words."""

    label: str
    n: int
    look: str = "none"


@dataclass(frozen=True)
class Bar:
    """One bar in the units of the drawing."""

    label: str
    n: int
    look: str
    y: int
    width: float


@dataclass(frozen=True)
class BarChart:
    """A drawing of bars from the top down, all on one scale from zero."""

    bars: tuple[Bar, ...]
    width: int
    height: int
    label_width: int


def draw_bars(counts: Sequence[Count]) -> BarChart:
    """Place one bar per count; the longest fills the room, a count above zero is always seen."""
    most = max((count.n for count in counts), default=0)
    room = WIDTH - LABEL_WIDTH - NUMBER_WIDTH
    bars = tuple(
        Bar(
            label=count.label,
            n=count.n,
            look=count.look,
            y=row * ROW_HEIGHT,
            width=round(max(room * count.n / most, 2), 1) if count.n else 0,
        )
        for row, count in enumerate(counts)
    )
    return BarChart(bars, WIDTH, ROW_HEIGHT * len(counts), LABEL_WIDTH)
