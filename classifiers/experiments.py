"""Fitting the classifier anew on parts of our texts: does more text help, do concepts carry over?"""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from classifiers.dataset import LabelledText
from classifiers.evaluate import Share, rates, recall_at
from classifiers.judging import OnStep, judge, probability_of
from classifiers.lexicon import load_lexicon
from classifiers.statistics import Scorer

CURVE_SHARES = (0.125, 0.25, 0.5, 0.75, 1.0)
CURVE_SEEDS = (1, 2, 3)
CURVE_FALSE_ALARMS = 0.03
LEFT_OUT_FALSE_ALARMS = 0.08
LANGUAGES = ("ru", "kk", "uz", "ky", "en")
_MIXED = "mixed"


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """Recall on the blind set of a classifier fitted on a part of our texts, drawn with a seed."""

    n_texts: int
    seed: int
    recall: Share


def n_curve_fits() -> int:
    """Return how many times :func:`learning_curve` fits."""
    return sum(len(_seeds(part)) for part in CURVE_SHARES)


def _seeds(part: float) -> Sequence[int]:
    return CURVE_SEEDS if part < 1 else CURVE_SEEDS[:1]


def learning_curve(
    train: Sequence[LabelledText], blind: Sequence[LabelledText], on_step: OnStep = lambda: None
) -> tuple[CurvePoint, ...]:
    """Fit on growing parts of ``train``; recall of the statistical part at 3 % false alarms on ``blind``."""
    points = []
    for part in CURVE_SHARES:
        for seed in _seeds(part):
            chosen = random.Random(seed).sample(range(len(train)), round(part * len(train)))
            scorer = _fit([train[n] for n in sorted(chosen)])
            recall = recall_at(_scores(blind, scorer), CURVE_FALSE_ALARMS)
            points.append(CurvePoint(len(chosen), seed, recall))
            on_step()
    return tuple(points)


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Blind recall in a language that was not taught.

    Attributes:
        language: left out of training, together with mixed texts.
        n_texts: taught, in the other languages.
        recall: at the threshold that the artifact brought along.
        false_alarms: at the same.
        recall_at_limit: of the statistical part at 8 % false alarms.
    """

    language: str
    n_texts: int
    recall: Share
    false_alarms: Share
    recall_at_limit: Share


def leave_languages_out(
    train: Sequence[LabelledText], blind: Sequence[LabelledText], on_step: OnStep = lambda: None
) -> tuple[LeftOut, ...]:
    """Fit without each language in turn and ask for the blind texts in it."""
    measured = []
    for language in LANGUAGES:
        asked = [text for text in blind if text.language == language]
        taught = [text for text in train if text.language not in {language, _MIXED}]
        if asked and len(taught) < len(train):
            scorer = _fit(taught)
            judged = judge(asked, scorer)
            answered = rates(judged)
            at_limit = recall_at(
                [(one.probability, one.label.is_flagged) for one in judged], LEFT_OUT_FALSE_ALARMS
            )
            measured.append(LeftOut(language, len(taught), answered.recall, answered.false_alarms, at_limit))
        on_step()
    return tuple(measured)


def _fit(texts: Sequence[LabelledText]) -> Scorer:
    # Half a second of scikit-learn, which measuring alone does not need.
    from classifiers.train import fit

    return Scorer(fit(texts, load_lexicon()))


def _scores(texts: Iterable[LabelledText], scorer: Scorer) -> list[tuple[float, bool]]:
    return [(probability_of(text.text, text.title, scorer), text.is_flagged) for text in texts]
