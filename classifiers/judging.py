"""Labelled texts beside what the classifier answers: what all measuring starts from."""

from collections.abc import Callable, Iterable

from classifiers.dataset import LabelledText
from classifiers.evaluate import Judged
from classifiers.lexicon import load_lexicon
from classifiers.risk import classify, explain, read_ad
from classifiers.statistics import Scorer

OnStep = Callable[[], object]


def judge(texts: Iterable[LabelledText], scorer: Scorer, on_step: OnStep = lambda: None) -> list[Judged]:
    """Classify labelled texts as ``saqshy classify`` does."""
    judged = []
    for text in texts:
        judged.append(_judge(text, scorer))
        on_step()
    return judged


def _judge(text: LabelledText, scorer: Scorer) -> Judged:
    result = classify(text.text, text.title, scorer)
    ad = read_ad(text.text, text.title, load_lexicon())
    words = explain(ad, scorer) if text.is_flagged or result.flagged else ()
    return Judged(text, result, scorer.probabilities(ad.features).flag, words)


def probability_of(text: str, title: str | None, scorer: Scorer) -> float:
    """Return the calibrated probability of "flag" that the statistical part gives."""
    return scorer.probabilities(read_ad(text, title, load_lexicon()).features).flag
