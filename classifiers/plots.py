"""Plots of the evaluation as SVG to stand inside a page: no scripts, colours of the page around them."""

import io
import re
from collections.abc import Sequence
from html import escape

from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from classifiers.evaluate import Calibration, Share
from classifiers.experiments import CurvePoint

_INK = "#010203"
"""Stands for the colour of the text around; replaced by ``currentColor``."""
_MARK = "#3b82c4"
_SIZE = (4.6, 3.4)


def reliability(calibration: Calibration, name: str) -> str:
    """Draw how often what was given a probability was true."""
    figure, axes = _new()
    axes.plot([0, 1], [0, 1], color=_INK, linewidth=0.8, linestyle="--", alpha=0.5)
    _with_intervals(axes, [(b.mean, b.flagged) for b in calibration.bins])
    axes.set_xlim(0, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("probability given")
    axes.set_ylabel("share to be flagged")
    return _svg(figure, f"reliability {name}")


def curve(points: Sequence[CurvePoint]) -> str:
    """Draw recall against the number of texts taught."""
    figure, axes = _new()
    measured = [(point.n_texts, point.recall.value or 0.0) for point in points]
    axes.plot(*zip(*measured, strict=True), linestyle="", marker="o", color=_MARK, markersize=4)
    sizes = sorted({n for n, _ in measured})
    means = [_mean([recall for n, recall in measured if n == size]) for size in sizes]
    axes.plot(sizes, means, color=_MARK, linewidth=1.2)
    axes.set_ylim(0, 1)
    axes.set_xlim(0, None)
    axes.set_xlabel("texts taught")
    axes.set_ylabel("blind recall at 3 % false alarms")
    return _svg(figure, "learning curve")


def shares(values: Sequence[tuple[str, Share]], label: str) -> str:
    """Draw named shares with their intervals, one below the other."""
    known = [(name, share) for name, share in values if share.n]
    figure, axes = _new(height=0.9 + 0.28 * len(known))
    for row, (_, share) in enumerate(known):
        axes.plot([share.low or 0.0, share.high or 0.0], [row, row], color=_MARK, linewidth=1.5)
        axes.plot([share.value or 0.0], [row], color=_MARK, marker="o", markersize=4)
    axes.set_yticks(range(len(known)), [f"{name} ({share.n})" for name, share in known])
    axes.set_ylim(len(known) - 0.5, -0.5)
    axes.set_xlim(0, 1)
    axes.set_xlabel(label)
    return _svg(figure, label + " ".join(name for name, _ in known))


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _with_intervals(axes: Axes, points: Sequence[tuple[float, Share]]) -> None:
    for x, share in points:
        axes.plot([x, x], [share.low or 0.0, share.high or 0.0], color=_MARK, linewidth=1)
    axes.plot(
        [x for x, _ in points], [s.value or 0.0 for _, s in points], color=_MARK, marker="o", markersize=4
    )


def _new(height: float = _SIZE[1]) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(_SIZE[0], height), layout="constrained")
    axes = figure.add_subplot()
    figure.patch.set_alpha(0)
    axes.patch.set_alpha(0)
    axes.tick_params(colors=_INK)
    axes.xaxis.label.set_color(_INK)
    axes.yaxis.label.set_color(_INK)
    for side, spine in axes.spines.items():
        spine.set_color(_INK)
        spine.set_visible(side in {"left", "bottom"})
    return figure, axes


def _svg(figure: Figure, name: str) -> str:
    """Return the figure as an ``svg`` element; the same figure gives the same text."""
    target = io.StringIO()
    with rc_context({"svg.hashsalt": name, "svg.fonttype": "none"}):
        figure.savefig(target, format="svg", metadata={"Date": None, "Creator": None})
    svg = target.getvalue()
    svg = svg[svg.index("<svg") :]
    svg = re.sub(r"<metadata>.*?</metadata>", "", svg, flags=re.DOTALL)
    # Names of groups repeat from plot to plot, and nothing points to them.
    svg = re.sub(r'<g id="[^"]*">', "<g>", svg)
    return svg.replace(_INK, "currentColor").replace(
        "<svg ", f'<svg role="img" aria-label="{escape(name)}" ', 1
    )
