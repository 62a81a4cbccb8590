"""What the classifier must reach, and whether it does: one line per figure, per set."""

from collections.abc import Iterator
from dataclasses import dataclass

from classifiers.evaluate import Rates, SetFigures, Share
from classifiers.measuring import Evaluation

MIN_GROUP = 12
"""A group of look-alikes with fewer texts says nothing about a share of 8 %."""
_RECALL = {
    "test": {"": 0.95, "ru": 0.93, "kk": 0.93, "uz": 0.88, "ky": 0.88, "en": 0.88},
    "blind": {"": 0.78, "ru": 0.75, "kk": 0.75, "uz": 0.68, "ky": 0.68, "en": 0.68},
}
_FALSE_ALARMS = {"test": 0.03, "blind": 0.05}
_GROUP_FALSE_ALARMS = {"blind": 0.08}
_FIRST_PURPOSE, _SIDE, _CALIBRATION = 0.92, 0.95, 0.05
_FLAG_RATES = {
    **dict.fromkeys(("hh_full", "hh_kz_full", "hh_kz_snippets", "hh_snippets"), 0.003),
    "spassk_jobs": 0.006,
    **dict.fromkeys(
        (
            "kk_reviews_kazsandra",
            "kk_sentences_kaznerd",
            "kk_latn_news",
            "ky_news_24kg",
            "stankin_spam",
            "ru_toxic",
        ),
        0.002,
    ),
    "ru_sensitive_topics": 0.01,
}
_LEFT_OUT = 0.60
_LOST_TO_DISGUISE = 0.02


@dataclass(frozen=True, slots=True)
class Goal:
    """One figure beside what it must reach; ``measured`` is None when it could not be measured."""

    set_name: str
    what: str
    at_least: float | None
    at_most: float | None
    measured: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0

    @property
    def is_met(self) -> bool | None:
        """Whether the measured value (not its interval) reaches the goal; None if nothing was measured."""
        if self.measured is None:
            return None
        return (self.at_least is None or self.measured >= self.at_least) and (
            self.at_most is None or self.measured <= self.at_most
        )


def goals(evaluation: Evaluation) -> tuple[Goal, ...]:
    """Return every goal that this evaluation can say something about."""
    found: list[Goal] = []
    for figures in evaluation.sets:
        if figures.is_own and figures.name in _RECALL:
            found += _of_own_part(figures)
    for rate in evaluation.flag_rates:
        if rate.name in _FLAG_RATES:
            found.append(_at_most(rate.name, "flagged", rate.flagged, _FLAG_RATES[rate.name]))
    found += _of_disguises(evaluation)
    for left_out in evaluation.left_out:
        what = f"{left_out.language} not taught: recall at 8 % false alarms"
        found.append(_at_least("blind", what, left_out.recall_at_limit, _LEFT_OUT))
    return tuple(found)


def _of_own_part(figures: SetFigures) -> Iterator[Goal]:
    name = figures.name
    for language, wanted in _RECALL[name].items():
        rates: Rates | None = figures.by["language"].get(language) if language else figures.rates
        if rates is not None:
            yield _at_least(name, f"recall, {language or 'all'}", rates.recall, wanted)
    limit = _FALSE_ALARMS[name]
    yield _at_most(name, "hard honest look-alikes flagged", figures.rates.false_alarms, limit)
    if name in _GROUP_FALSE_ALARMS:
        for group, rates in figures.by["look_alikes"].items():
            if rates.false_alarms.n >= MIN_GROUP:
                what = f"flagged among {group}"
                yield _at_most(name, what, rates.false_alarms, _GROUP_FALSE_ALARMS[name])
    yield _at_least(name, "first purpose right among flagged", figures.first_purpose, _FIRST_PURPOSE)
    yield _at_least(name, "side right among flagged", figures.side, _SIDE)
    error = figures.calibration.error
    yield Goal(name, "expected calibration error", None, _CALIBRATION, error, n=figures.n_texts)


def _of_disguises(evaluation: Evaluation) -> Iterator[Goal]:
    for disguised in evaluation.disguised:
        if disguised.recall.value is not None and disguised.recall_clean.value is not None:
            lost = disguised.recall_clean.value - disguised.recall.value
            what = f"points of recall lost to {disguised.trick.replace('_', ' ')}"
            n = disguised.recall.n
            yield Goal(evaluation.disguised_set, what, None, _LOST_TO_DISGUISE, lost, n=n)
        what = f"honest ads flagged for {disguised.trick.replace('_', ' ')} alone"
        yield _at_most(evaluation.disguised_set, what, disguised.newly_flagged, 0.0)


def _at_least(set_name: str, what: str, measured: Share, wanted: float) -> Goal:
    return Goal(set_name, what, wanted, None, measured.value, measured.low, measured.high, measured.n)


def _at_most(set_name: str, what: str, measured: Share, wanted: float) -> Goal:
    return Goal(set_name, what, None, wanted, measured.value, measured.low, measured.high, measured.n)
