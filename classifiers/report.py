"""What ``saqshy evaluate`` writes: a table for the terminal, JSON, a page with plots, the model card."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import orjson
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from classifiers.evaluate import NONE_NAMED, NOT_FLAGGED, SetFigures, Share
from classifiers.goals import Goal, goals
from classifiers.lexicon import load_lexicon
from classifiers.measuring import Disguised, Evaluation, Overlap
from models.enums import Purpose

FORMAT = 1
"""Of the JSON; raise it when a field changes its meaning."""
_NO_FIGURE = "–"


def format_share(share: Share, digits: int = 0) -> str:
    """Return "86 % (79–91), 94 of 109"; a dash where there is nothing to count."""
    if share.value is None or share.low is None or share.high is None:
        return _NO_FIGURE
    value, low, high = (f"{100 * part:.{digits}f}" for part in (share.value, share.low, share.high))
    return f"{value} % ({low}–{high}), {share.k} of {share.n}"


def format_goal(goal: Goal) -> str:
    """Return "≥ 95 %", "≤ 0.3 %" or, for errors, "≤ 0.05"."""
    limit = goal.at_least if goal.at_least is not None else goal.at_most
    sign = "≥" if goal.at_least is not None else "≤"
    return f"{sign} {_value(goal, limit)}"


def format_measured(goal: Goal) -> str:
    """Return the measured value of a goal with its interval and count."""
    if goal.measured is None:
        return _NO_FIGURE
    interval = ""
    if goal.low is not None and goal.high is not None:
        digits = 0 if goal.high > 0.1 else 2
        interval = f" ({100 * goal.low:.{digits}f}–{100 * goal.high:.{digits}f})"
    return f"{_value(goal, goal.measured)}{interval}, n = {goal.n}"


def _value(goal: Goal, value: float | None) -> str:
    if value is None:
        return _NO_FIGURE
    if "error" in goal.what:
        return f"{value:.3f}".rstrip("0")
    figure = f"{100 * value:.2f}".rstrip("0").rstrip(".")
    return figure if goal.what.startswith("points") else f"{figure} %"


def summary(evaluation: Evaluation) -> str:
    """Return the figures as plain text for a terminal."""
    e = evaluation
    tables: list[tuple[Sequence[str], Sequence[Sequence[str]]]] = [
        (
            ("set", "texts", "recall", "clear flagged", "precision", "1st purpose", "side", "ECE"),
            [row for figures in e.sets for row in _summary_rows(figures)],
        ),
        (
            ("unlabelled set", "texts", "flagged"),
            [(rate.name, str(rate.flagged.n), format_share(rate.flagged, 2)) for rate in e.flag_rates],
        ),
        (
            (f"disguised copies of {e.disguised_set}", "changed", "points lost", "honest newly flagged"),
            [(d.trick, str(d.n_changed), format_lost(d), format_share(d.newly_flagged)) for d in e.disguised],
        ),
        (
            ("texts taught", "drawing", "blind recall at 3 % false alarms"),
            [(str(p.n_texts), str(p.seed), format_share(p.recall)) for p in e.curve],
        ),
        (
            ("not taught", "blind recall", "clear flagged", "recall at 8 % false alarms"),
            [
                (o.language, *(format_share(part) for part in (o.recall, o.false_alarms, o.recall_at_limit)))
                for o in e.left_out
            ],
        ),
        (
            ("goal missed on", "figure", "goal", "measured"),
            [
                (goal.set_name, goal.what, format_goal(goal), format_measured(goal))
                for goal in goals(e)
                if goal.is_met is False
            ],
        ),
    ]
    parts = [f"{e.classifier_version}, fitted on {e.taught.n_texts} texts"]
    parts += [f"{name}: holds no text yet, nothing was measured" for name in e.empty_sets]
    parts += [f"{name}: NOT held out, {format_overlap(one)}" for name, one in e.overlaps.items() if one]
    return "\n\n".join([*parts, *(_table(header, rows) for header, rows in tables if rows)])


def _summary_rows(figures: SetFigures) -> list[tuple[str, ...]]:
    error = figures.calibration.error
    rows: list[tuple[str, ...]] = [
        (
            figures.name,
            str(figures.n_texts),
            format_share(figures.rates.recall),
            format_share(figures.rates.false_alarms),
            format_share(figures.rates.precision),
            format_share(figures.first_purpose),
            format_share(figures.side),
            format_number(error),
        )
    ]
    for language, rates in figures.by["language"].items():
        n = str(rates.recall.n + rates.false_alarms.n)
        cells = (format_share(part) for part in (rates.recall, rates.false_alarms, rates.precision))
        rows.append((f"  {language}", n, *cells, "", "", ""))
    return rows


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as columns of equal width."""
    widths = [max(len(row[n]) for row in [header, *rows]) for n in range(len(header))]
    lines = [
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in [header, *rows]
    ]
    return "\n".join([lines[0], "-" * min(sum(widths) + 2 * len(widths) - 2, 160), *lines[1:]])


def format_number(value: float | None) -> str:
    """Return three digits, or a dash."""
    return _NO_FIGURE if value is None else f"{value:.3f}"


def format_lost(disguised: Disguised) -> str:
    """Return the points of recall a trick costs; less than nothing if it helps us."""
    if disguised.recall.value is None or disguised.recall_clean.value is None:
        return _NO_FIGURE
    return f"{100 * (disguised.recall_clean.value - disguised.recall.value):.1f}"


def format_overlap(overlap: Overlap) -> str:
    """Return what a set shares with the texts that were taught."""
    return (
        f"{overlap.n_texts} texts stand in corpus/train too, "
        f"{overlap.n_of_writers} texts are by writers of corpus/train"
    )


def as_json(evaluation: Evaluation) -> bytes:
    """Return all figures as JSON.

    ``indicator_precision`` is what a page about one ad needs: the measured precision
    of each indicator on one set of ours, the first that holds texts, named beside it.
    """
    of_own = next((figures for figures in evaluation.sets if figures.is_own), None)
    content = {
        "format": FORMAT,
        **{name: getattr(evaluation, name) for name in Evaluation.__dataclass_fields__},
        "goals": [
            {
                "set": g.set_name,
                "what": g.what,
                "goal": format_goal(g),
                "measured": g.measured,
                "is_met": g.is_met,
            }
            for g in goals(evaluation)
        ],
        "indicator_precision": None
        if of_own is None
        else {"set": of_own.name, "indicators": of_own.indicators},
    }
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


@dataclass(frozen=True, slots=True)
class Plot:
    """An ``svg`` element with what it shows."""

    caption: str
    svg: str


_SHARE_PLOTS = (
    ("Recall by language", "recall", "language", "recall"),
    ("Flagged among honest look-alikes", "flagged", "look_alikes", "false_alarms"),
)
"""Caption, label of the axis, breakdown, and which of the rates."""


def as_html(evaluation: Evaluation) -> str:
    """Return one page that holds everything: no scripts, nothing loaded from elsewhere."""
    # A second of matplotlib, which the other outputs do not need.
    from classifiers import plots

    drawn = {}
    for figures in evaluation.sets:
        drawn[figures.name] = [
            Plot("Reliability of the probability", plots.reliability(figures.calibration, figures.name))
        ]
        for caption, label, breakdown, part in _SHARE_PLOTS:
            rows = [(name, getattr(rates, part)) for name, rates in figures.by[breakdown].items()]
            if any(share.n for _, share in rows):
                drawn[figures.name].append(Plot(caption, plots.shares(rows, label)))
    return (
        _environment()
        .get_template("evaluation.html")
        .render(
            e=evaluation,
            goals=goals(evaluation),
            plots=drawn,
            curve_plot=plots.curve(evaluation.curve) if evaluation.curve else "",
            columns=[*(purpose.value for purpose in Purpose), NONE_NAMED, NOT_FLAGGED],
            name_of=_name_of,
        )
    )


def as_card(evaluation: Evaluation) -> str:
    """Return the model card, docs/model-card.md."""
    from classifiers.train import MAX_FALSE_ALARMS

    lexicon = load_lexicon()
    return (
        _environment()
        .get_template("model-card.md")
        .render(
            e=evaluation,
            goals=goals(evaluation),
            n_indicators=len(lexicon.indicators),
            n_counter_signs=len(lexicon.counter_signs),
            n_concepts=len(lexicon.concepts.definitions),
            max_false_alarms=MAX_FALSE_ALARMS,
        )
    )


def _name_of(code: str) -> str:
    lexicon = load_lexicon()
    sign = lexicon.indicators.get(code) or lexicon.counter_signs.get(code)
    return sign.names["en"] if sign else code


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "report_templates"),
        autoescape=select_autoescape(),
        undefined=StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters |= {
        "share": format_share,
        "fine_share": lambda share: format_share(share, 2),
        "number": format_number,
        "wanted": format_goal,
        "measured": format_measured,
        "lost": format_lost,
        "overlap": format_overlap,
        "words": lambda name: name.replace("_", " "),
    }
    return environment
