"""Bars whose lengths are worked out here, so that a template only draws them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

FULL_WIDTH = 1000
LEAST_WIDTH = 6
COLUMNS_WIDTH, COLUMNS_HEIGHT, LEAST_HEIGHT = 900, 120, 3


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


@dataclass(frozen=True)
class Column:
    """One column of a chart over time: place and height in its box, and what it counts."""

    label: str
    n: int
    x: int
    height: int


@dataclass(frozen=True)
class Columns:
    """Columns on one scale from zero, in a box of ``COLUMNS_WIDTH`` by ``COLUMNS_HEIGHT``."""

    columns: tuple[Column, ...]
    most: int
    total: int
    column_width: int

    @property
    def box(self) -> str:
        """The drawing's box, as SVG wants it."""
        return f"0 0 {COLUMNS_WIDTH} {COLUMNS_HEIGHT}"

    @property
    def base(self) -> int:
        """Where zero is."""
        return COLUMNS_HEIGHT


def draw_columns(points: Sequence[tuple[str, int]]) -> Columns:
    """Columns for labelled counts, in their order; a count above zero is always seen."""
    most = max((n for _, n in points), default=0)
    step = COLUMNS_WIDTH // max(1, len(points))
    columns = tuple(
        Column(label, n, place * step, max(COLUMNS_HEIGHT * n // most, LEAST_HEIGHT) if n else 0)
        for place, (label, n) in enumerate(points)
    )
    return Columns(columns, most, sum(n for _, n in points), max(1, step * 3 // 4))
