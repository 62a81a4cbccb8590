"""How well the classifier does on labelled texts: pure arithmetic over what it answered.

One set is one row. Sets differ in length, tone and site, so that a score over
several of them would say nothing; there is none here.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from classifiers.dataset import LabelledText
from classifiers.indicators import Hit
from classifiers.risk import ClassifiedText, ModelWord
from models.enums import Purpose

_Z = 1.959964
"""Of a 95 % interval."""
N_BINS = 10
N_CASES = 25
"""So many misses and false alarms are listed."""
SHORT, MIDDLE = 150, 400
"""Lengths in characters at which a text ends being short, and middle."""
OTHER = "other"


@dataclass(frozen=True, slots=True)
class Share:
    """``k`` of ``n``, with Wilson's 95 % interval; all None when n is 0."""

    k: int
    n: int
    value: float | None
    low: float | None
    high: float | None


def share(k: int, n: int) -> Share:
    """Return k of n with its interval.

    Source: E. B. Wilson, "Probable inference, the law of succession, and
    statistical inference", 1927.
    """
    if n == 0:
        return Share(k, n, None, None, None)
    p, z2 = k / n, _Z * _Z
    middle = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    low = 0.0 if k == 0 else max(middle - half, 0.0)
    high = 1.0 if k == n else min(middle + half, 1.0)
    return Share(k, n, p, low, high)


@dataclass(frozen=True, slots=True)
class Judged:
    """A labelled text and what the classifier said of it.

    Attributes:
        label: what a person said.
        result: what ``classify`` returned.
        probability: of "flag" as the statistical part reads it, calibrated.
        words: what the statistical part read, for texts that were not flagged too.
    """

    label: LabelledText
    result: ClassifiedText
    probability: float
    words: tuple[ModelWord, ...] = ()


@dataclass(frozen=True, slots=True)
class Rates:
    """How right the flags are.

    Attributes:
        recall: of texts to be flagged, those that were.
        precision: of flagged texts, those that were to be flagged.
        false_alarms: of clear texts, those that were flagged.
    """

    recall: Share
    precision: Share
    false_alarms: Share


def rates(judged: Iterable[Judged]) -> Rates:
    """Count right and wrong flags."""
    n = Counter((one.label.is_flagged, one.result.flagged) for one in judged)
    hits, misses, alarms = n[True, True], n[True, False], n[False, True]
    return Rates(
        recall=share(hits, hits + misses),
        precision=share(hits, hits + alarms),
        false_alarms=share(alarms, alarms + n[False, False]),
    )


def rates_by(judged: Sequence[Judged], key: Callable[[LabelledText], str]) -> dict[str, Rates]:
    """Count by a quality of the text; texts for which it is empty are left out."""
    parts: dict[str, list[Judged]] = {}
    for one in judged:
        if value := key(one.label):
            parts.setdefault(value, []).append(one)
    return {value: rates(parts[value]) for value in sorted(parts)}


def look_alike_group(text: LabelledText) -> str:
    """Return the group of honest look-alikes that a scenario belongs to; "" without a scenario."""
    words = text.scenario.replace("_", "-").split("-")
    if not text.scenario:
        return ""
    return next((g for g, names in _look_alike_groups().items() if not names.isdisjoint(words)), OTHER)


@cache
def _look_alike_groups() -> Mapping[str, frozenset[str]]:
    lines = yaml.safe_load((Path(__file__).parent / "lookalikes.yaml").read_text("utf-8"))
    return {group: frozenset(words.split()) for group, words in lines.items()}


def _script(text: LabelledText) -> str:
    """Return language and script where a language has two."""
    if text.language not in {"kk", "uz"}:
        return ""
    latin = sum("a" <= letter <= "z" for letter in text.text.lower())
    cyrillic = sum("\u0400" <= letter <= "\u04ff" for letter in text.text)
    return f"{text.language}, {'Latin' if latin > cyrillic else 'Cyrillic'}"


def _length(text: LabelledText) -> str:
    n = len(text.text) + len(text.title or "")
    if n < SHORT:
        return f"1: under {SHORT} characters"
    return f"2: {SHORT} to {MIDDLE}" if n <= MIDDLE else f"3: over {MIDDLE}"


def _group_if_clear(text: LabelledText) -> str:
    return "" if text.is_flagged else look_alike_group(text)


BREAKDOWNS: Mapping[str, Callable[[LabelledText], str]] = {
    "language": lambda text: text.language,
    "script": _script,
    "length": _length,
    "disguise": lambda text: text.disguise,
    "writer": lambda text: text.writer,
    "look_alikes": _group_if_clear,
}


@dataclass(frozen=True, slots=True)
class PurposeFigures:
    """How one purpose is read.

    Attributes:
        flagged: of texts with this purpose, those flagged at all.
        named: of those flagged, those in which the purpose is named as likely as not.
        right: of flagged texts in which it is named so, those that have it.
        calibration_error: expected calibration error of its probability over all texts.
    """

    flagged: Share
    named: Share
    right: Share
    calibration_error: float | None


def purpose_figures(judged: Sequence[Judged]) -> dict[str, PurposeFigures]:
    """Measure each purpose on the texts whose purposes are known."""
    known = [one for one in judged if one.label.purposes or not one.label.is_flagged]
    figures = {}
    for purpose in Purpose:
        own = [one for one in known if purpose in one.label.purposes]
        flagged = [one for one in own if one.result.flagged]
        named = [one for one in known if one.result.flagged and one.result.purposes.get(purpose, 0.0) >= 0.5]
        figures[purpose.value] = PurposeFigures(
            flagged=share(len(flagged), len(own)),
            named=share(sum(o.result.purposes.get(purpose, 0.0) >= 0.5 for o in flagged), len(flagged)),
            right=share(sum(purpose in one.label.purposes for one in named), len(named)),
            calibration_error=calibration(
                [(o.result.purposes.get(purpose, 0.0), purpose in o.label.purposes) for o in known]
            ).error,
        )
    return figures


def first_purpose_right(judged: Iterable[Judged]) -> Share:
    """Of rightly flagged texts with known purposes: in how many the likeliest purpose is one of them."""
    flagged = [one for one in judged if one.label.purposes and one.result.flagged]
    return share(sum(_first(one) in one.label.purposes for one in flagged), len(flagged))


def _first(judged: Judged) -> Purpose | None:
    return next(iter(judged.result.purposes), None)


def side_right(judged: Iterable[Judged]) -> Share:
    """Of rightly flagged texts with a known side: in how many it is named."""
    flagged = [one for one in judged if one.label.side is not None and one.result.flagged]
    return share(sum(one.result.side is one.label.side for one in flagged), len(flagged))


NOT_FLAGGED, NONE_NAMED = "not flagged", "none named"


def confusion(judged: Iterable[Judged]) -> dict[str, dict[str, int]]:
    """Return by true purpose how often which purpose was named first.

    A text with several purposes stands in the row of the one named first if that
    is right, else in the row of its first purpose in the order of ``Purpose``.
    """
    columns = [*(purpose.value for purpose in Purpose), NONE_NAMED, NOT_FLAGGED]
    table = {purpose.value: dict.fromkeys(columns, 0) for purpose in Purpose}
    for one in judged:
        if not one.label.purposes:
            continue
        first = _first(one)
        row = (
            first
            if one.result.flagged and first in one.label.purposes
            else min(one.label.purposes, key=list(Purpose).index)
        )
        column = NOT_FLAGGED if not one.result.flagged else first.value if first else NONE_NAMED
        table[row][column] += 1
    return table


def indicator_precision(judged: Iterable[Judged]) -> dict[str, Share]:
    """Return by indicator: of texts in which it counts, those that a person would flag."""
    found: Counter[str] = Counter()
    right: Counter[str] = Counter()
    for one in judged:
        codes = {hit.code for hit in one.result.indicators if hit.counted}
        found.update(codes)
        right.update(codes if one.label.is_flagged else ())
    return {code: share(right[code], found[code]) for code in sorted(found)}


@dataclass(frozen=True, slots=True)
class Bin:
    """Texts whose probability lies in [low, low + 1/N_BINS)."""

    low: float
    n: int
    mean: float
    flagged: Share


@dataclass(frozen=True, slots=True)
class Calibration:
    """Whether 0.7 means seven of ten.

    Attributes:
        error: expected calibration error over ten equal bins; None without texts.
        bins: those that hold a text.
    """

    error: float | None
    bins: tuple[Bin, ...]


def calibration(pairs: Sequence[tuple[float, bool]]) -> Calibration:
    """Compare probabilities with what is true.

    Source: Naeini, Cooper, Hauskrecht, "Obtaining well calibrated probabilities
    using Bayesian binning", 2015 (expected calibration error).
    """
    parts: dict[int, list[tuple[float, bool]]] = {}
    for probability, is_true in pairs:
        parts.setdefault(min(int(probability * N_BINS), N_BINS - 1), []).append((probability, is_true))
    bins = []
    error = 0.0
    for number in sorted(parts):
        part = parts[number]
        mean = sum(probability for probability, _ in part) / len(part)
        true = share(sum(is_true for _, is_true in part), len(part))
        bins.append(Bin(number / N_BINS, len(part), mean, true))
        error += abs(sum(p - is_true for p, is_true in part)) / len(pairs)
    return Calibration(error if pairs else None, tuple(bins))


def recall_at(scores: Sequence[tuple[float, bool]], max_false_alarms: float) -> Share:
    """Return the recall at the lowest threshold that flags at most this share of clear texts.

    Args:
        scores: score and whether the text is to be flagged.
        max_false_alarms: share in [0, 1].
    """
    clear = sorted((score for score, is_flagged in scores if not is_flagged), reverse=True)
    wanted = [score for score, is_flagged in scores if is_flagged]
    n_allowed = int(max_false_alarms * len(clear) + 1e-9)
    highest_clear = clear[n_allowed] if n_allowed < len(clear) else -math.inf
    return share(sum(score > highest_clear for score in wanted), len(wanted))


@dataclass(frozen=True, slots=True)
class Case:
    """One wrong answer with its reasons.

    Attributes:
        quote: title and text; "" unless the text is our own.
        words: what the statistical part read; likewise.
        why: the writer's reason for the label; likewise.
        indicators: codes that count.
        counter_signs: likewise.
        labelled: purposes by label.
        named: purposes by the classifier.
    """

    id: str
    language: str
    scenario: str
    probability: float
    level: str
    labelled: tuple[str, ...]
    named: tuple[str, ...]
    rules: tuple[str, ...]
    indicators: tuple[str, ...]
    counter_signs: tuple[str, ...]
    words: tuple[str, ...] = ()
    quote: str = ""
    why: str = ""


def worst_misses(judged: Iterable[Judged], *, is_own: bool) -> tuple[Case, ...]:
    """Return the texts that should have been flagged, the surest mistake first."""
    missed = [one for one in judged if one.label.is_flagged and not one.result.flagged]
    missed.sort(key=lambda one: (one.probability, one.label.id))
    return tuple(_case(one, is_own=is_own) for one in missed[:N_CASES])


def worst_false_alarms(judged: Iterable[Judged], *, is_own: bool) -> tuple[Case, ...]:
    """Return the texts that should not have been flagged, the surest mistake first."""
    alarms = [one for one in judged if not one.label.is_flagged and one.result.flagged]
    alarms.sort(key=lambda one: (-one.result.priority, -one.probability, one.label.id))
    return tuple(_case(one, is_own=is_own) for one in alarms[:N_CASES])


def _case(one: Judged, *, is_own: bool) -> Case:
    label, result = one.label, one.result
    return Case(
        id=label.id,
        language=label.language,
        scenario=label.scenario if is_own else "",
        probability=round(one.probability, 4),
        level=result.level.value,
        labelled=tuple(sorted(label.purposes)),
        named=tuple(purpose.value for purpose in result.purposes) if result.flagged else (),
        rules=result.rules,
        indicators=_codes(result.indicators),
        counter_signs=_codes(result.counter_signs),
        words=tuple(word.quote for word in one.words) if is_own else (),
        quote="\n".join(part for part in (label.title, label.text) if part) if is_own else "",
        why=label.why if is_own else "",
    )


def _codes(hits: Iterable[Hit]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(hit.code for hit in hits if hit.counted))


@dataclass(frozen=True, slots=True)
class SetFigures:
    """All figures of one labelled set.

    Attributes:
        name: of the set.
        is_own: whether its texts are ours and may be quoted.
        by: rates by breakdown (``BREAKDOWNS``) and value.
        confusion: see :func:`confusion`.
        indicators: see :func:`indicator_precision`.
    """

    name: str
    is_own: bool
    rates: Rates
    by: dict[str, dict[str, Rates]]
    first_purpose: Share
    side: Share
    purposes: dict[str, PurposeFigures]
    confusion: dict[str, dict[str, int]]
    indicators: dict[str, Share]
    calibration: Calibration
    misses: tuple[Case, ...]
    false_alarms: tuple[Case, ...]

    @property
    def n_texts(self) -> int:
        """How many texts it has."""
        return self.rates.recall.n + self.rates.false_alarms.n


def set_figures(name: str, judged: Sequence[Judged], *, is_own: bool) -> SetFigures:
    """Measure everything that can be measured on one labelled set."""
    return SetFigures(
        name=name,
        is_own=is_own,
        rates=rates(judged),
        by={breakdown: rates_by(judged, key) for breakdown, key in BREAKDOWNS.items()},
        first_purpose=first_purpose_right(judged),
        side=side_right(judged),
        purposes=purpose_figures(judged),
        confusion=confusion(judged),
        indicators=indicator_precision(judged),
        calibration=calibration([(one.probability, one.label.is_flagged) for one in judged]),
        misses=worst_misses(judged, is_own=is_own),
        false_alarms=worst_false_alarms(judged, is_own=is_own),
    )
