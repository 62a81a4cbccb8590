"""What stands behind one result: the share of the statistical part, and what would have changed it."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from classifiers.artifacts import Installed
from classifiers.counterfactual import Change, FoundInAd, StatisticalPart, find_changes
from classifiers.facts import Fact, find_facts
from classifiers.features import Features
from classifiers.indicators import Hit
from classifiers.lexicon import load_lexicon
from classifiers.risk import ClassifiedText, ModelWord, explain, read_ad
from classifiers.statistics import Scorer
from models.enums import TextPlace

_MAX_CHARACTERS = 20_000
"""Longer texts are not read again without each of their signs; their words count as said."""

Cut = tuple[TextPlace, int, int]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What stands behind a result beside its hits and rules.

    Attributes:
        probability: what the statistical part alone gives for "a person should look".
        threshold: from which it flags alone.
        words: what it read, in text order; for ads that are not flagged too.
        changes: after which the outcome would be the opposite; see ``classifiers.counterfactual``.
        facts: what the ad says of pay, ages, places and the like.
    """

    probability: float
    threshold: float
    words: tuple[ModelWord, ...]
    changes: tuple[Change, ...]
    facts: tuple[Fact, ...]

    def as_json(self) -> dict[str, Any]:
        """Return what is stored beside a classification, whose words stand apart (``model_words``)."""
        return {
            "probability": round(self.probability, 4),
            "threshold": round(self.threshold, 4),
            "changes": [
                {"kind": change.kind.value, "codes": list(change.codes), "n_words": change.n_words}
                for change in self.changes
            ],
            "facts": [_fact(fact) for fact in self.facts],
        }


def explain_result(
    installed: Installed,
    result: ClassifiedText,
    text: str,
    title: str | None = None,
    pictures: str | None = None,
) -> Explanation:
    """Explain what ``installed.classify(text, title, pictures)`` returned."""
    scorer = installed.scorer
    ad = read_ad(text, title, load_lexicon(), pictures)
    probability = scorer.probabilities(ad.features).flag
    words = explain(ad, scorer)
    changed = _ChangedAd(scorer, text, title, pictures, result)
    heaviest = sorted(words, key=lambda word: -word.weight)
    part = StatisticalPart(
        threshold=scorer.artifact.threshold,
        with_signs=changed.probability,
        without_words=changed.without_each(heaviest),
    )
    found = FoundInAd(
        hits=result.indicators,
        counter_codes=frozenset(hit.code for hit in result.counter_signs if hit.counted),
        is_live_victim=result.is_live_victim,
        n_words=ad.n_words,
    )
    return Explanation(
        probability,
        scorer.artifact.threshold,
        words,
        find_changes(found, part, load_lexicon()),
        tuple(fact for place, normalised, _ in ad.parts for fact in find_facts(normalised, place)),
    )


def _fact(fact: Fact) -> dict[str, Any]:
    """Return a fact without its words, which stand in the ad."""
    return {
        "kind": fact.kind.value,
        "value": fact.value,
        "place": fact.place.value,
        "start": fact.start,
        "end": fact.end,
        "low": fact.low,
        "high": fact.high,
        "period": fact.period,
    }


class _ChangedAd:
    """Asks the statistical part about the ad without the words of some signs, or with other signs."""

    def __init__(
        self, scorer: Scorer, text: str, title: str | None, pictures: str | None, result: ClassifiedText
    ) -> None:
        self._scorer, self._text, self._title, self._pictures = scorer, text, title, pictures
        self._hits = (*result.indicators, *result.counter_signs)
        self._is_long = len(text) + len(pictures or "") > _MAX_CHARACTERS
        self._features: dict[tuple[Cut, ...], Features] = {}

    def probability(self, without: frozenset[str], added: frozenset[str]) -> float:
        cuts = () if self._is_long else _spans(hit for hit in self._hits if hit.code in without)
        return self._read(cuts, without, added)

    def without_each(self, words: Iterable[ModelWord]) -> list[float]:
        """Return the probability without the first word, without the first two, and so on."""
        if self._is_long:
            return []
        cuts: list[Cut] = []
        found = []
        for word in words:
            cuts.append((word.place, word.start, word.end))
            found.append(self._read(cuts, frozenset(), frozenset()))
        return found

    def _read(self, cuts: Iterable[Cut], without: frozenset[str], added: frozenset[str]) -> float:
        features = self._features_without(tuple(cuts))
        changed = replace(features, signs=(features.signs - without) | added)
        return self._scorer.probabilities(changed).flag

    def _features_without(self, cuts: tuple[Cut, ...]) -> Features:
        if cuts not in self._features:
            title = _cut(self._title, TextPlace.TITLE, cuts) if self._title else None
            pictures = _cut(self._pictures, TextPlace.PICTURE, cuts) if self._pictures else None
            ad = read_ad(_cut(self._text, TextPlace.TEXT, cuts), title, load_lexicon(), pictures)
            self._features[cuts] = ad.features
        return self._features[cuts]


def _spans(hits: Iterable[Hit]) -> tuple[Cut, ...]:
    return tuple((hit.place, hit.start, hit.end) for hit in hits)


def _cut(text: str, place: TextPlace, cuts: Iterable[Cut]) -> str:
    """Return the text with the places cut out, their letters turned into spaces."""
    letters = list(text)
    for where, start, end in cuts:
        if where is place:
            letters[start:end] = " " * (end - start)
    return "".join(letters)
