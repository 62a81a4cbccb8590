"""The seam of the scoring core: one ad in, everything the machine says about it out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from classifiers.contacts import FoundContact, find_contacts
from classifiers.context_rules import rules_sha256
from classifiers.features import Features, read_features
from classifiers.indicators import FoundSigns, Hit, find_indicators, sign_finder
from classifiers.language import detect_language
from classifiers.lexicon import Lexicon, load_lexicon
from classifiers.purposes import (
    STATISTICAL,
    Weighing,
    base_weights,
    join,
    lowered_weights,
    settle_ordinary,
    weigh,
)
from classifiers.statistics import Scorer
from classifiers.text import NormalisedText, normalise
from models.enums import Language, Level, Purpose, Side, TextPlace
from models.errors import Rejected

CODE_VERSION = "6"
"""Raise it with every change of code that can change a score."""

MAX_CHARACTERS = 20_000_000
_URGENT_PRIORITY = 0.97
_UNFLAGGED_PRIORITY = 0.49
_LOW_SUM = 4.0
_MAX_MODEL_WORDS = 8
_MIN_MODEL_WEIGHT = 0.05
_PLACES = tuple(TextPlace)


@dataclass(frozen=True, slots=True)
class ModelWord:
    """A word the statistical part read, and what it added; see ``ClassifiedText.model_words``."""

    place: TextPlace
    start: int
    end: int
    quote: str
    weight: float


class TextTooLong(Rejected):
    """A text longer than twenty million characters is no ad and is not read."""

    status = 413


@dataclass(frozen=True, slots=True)
class ClassifiedText:
    """What the machine says about one ad; it proposes, people decide.

    Attributes:
        language: of title, text and words in pictures together.
        flagged: whether a person should look; see ``rules``.
        priority: 0 to 1, for the order of the queue.
        level: none, low, medium, high, urgent.
        purposes: independent scores in [0, 1], most likely first; only those with evidence.
        side: offer or demand.
        indicators: hits in order of place (title, text, pictures) and start, those that do
            not count with their reason.
        counter_signs: likewise.
        model_words: what the statistical part read; empty while no artifact is in use.
        rules: names of the flag and urgent rules that hold.
        is_minor: a person under 18 is spoken of in a flagged ad.
        is_live_victim: a cry for help in the first person: a referral, never a blocking
            case. Its words stand among ``indicators`` as R19 (control).
        contacts: in the same order as hits.
    """

    language: Language
    flagged: bool
    priority: float
    level: Level
    purposes: dict[Purpose, float]
    side: Side
    indicators: tuple[Hit, ...] = ()
    counter_signs: tuple[Hit, ...] = ()
    model_words: tuple[ModelWord, ...] = ()
    rules: tuple[str, ...] = ()
    is_minor: bool = False
    is_live_victim: bool = False
    contacts: tuple[FoundContact, ...] = ()


@dataclass(frozen=True, slots=True)
class ReadAd:
    """One ad taken apart, before anything is weighed.

    Attributes:
        parts: title (if any), text and words in pictures (if any), normalised, with their signs.
        language: of them together.
        contacts: in the order of their places.
        features: what the statistical part reads.
    """

    parts: tuple[tuple[TextPlace, NormalisedText, FoundSigns], ...]
    language: Language
    contacts: tuple[FoundContact, ...]
    features: Features

    @property
    def n_words(self) -> int:
        """Words of all parts."""
        return sum(len(normalised.words) for _, normalised, _ in self.parts)


def classifier_version(artifact_sha256: str | None = None) -> str:
    """Return the name of this classifier, another with every lexicon file, code version or artifact.

    Args:
        artifact_sha256: of the artifact in use; None for the rules alone.
    """
    lexicon = load_lexicon()
    parts = f"{CODE_VERSION}:{lexicon.sha256}:{rules_sha256()}:{artifact_sha256}"
    digest = hashlib.sha256(parts.encode()).hexdigest()
    return f"{'rules' if artifact_sha256 is None else 'full'}-{CODE_VERSION}-{digest[:12]}"


def classify(
    text: str, title: str | None = None, scorer: Scorer | None = None, pictures: str | None = None
) -> ClassifiedText:
    """Read one ad.

    Args:
        text: any text at all; lone surrogates and control characters read as spaces.
        title: stands before the text in scoring; its hits carry ``TextPlace.TITLE``.
        scorer: the statistical part; without it the rules alone decide.
        pictures: words that were recognised in the ad's pictures; stand after the text in
            scoring, their hits carry ``TextPlace.PICTURE``.

    Raises:
        TextTooLong: over twenty million characters.
    """
    lexicon = load_lexicon()
    return _assess(lexicon, read_ad(text, title, lexicon, pictures), scorer)


def read_ad(text: str, title: str | None, lexicon: Lexicon, pictures: str | None = None) -> ReadAd:
    """Take an ad apart; see :func:`classify` for the arguments."""
    if len(text) + len(title or "") + len(pictures or "") > MAX_CHARACTERS:
        raise TextTooLong("The text is longer than twenty million characters.", n_characters=len(text))
    places = [(TextPlace.TITLE, normalise(title))] if title else []
    places.append((TextPlace.TEXT, normalise(text)))
    if pictures:
        places.append((TextPlace.PICTURE, normalise(pictures)))
    language = detect_language(*(normalised for _, normalised in places))
    parts = tuple(
        (place, normalised, find_indicators(normalised, place, lexicon, language))
        for place, normalised in places
    )
    contacts = tuple(c for place, normalised in places for c in find_contacts(normalised, place))
    features = read_features(
        [(normalised, signs) for _, normalised, signs in parts],
        len(lexicon.concepts.definitions),
        (contact.kind.value for contact in contacts),
        has_title=bool(title),
    )
    return ReadAd(parts, language, contacts, features)


def _assess(lexicon: Lexicon, ad: ReadAd, scorer: Scorer | None) -> ClassifiedText:
    """Weigh the signs of all places of an ad together, and ask the statistical part."""
    signs = [found for _, _, found in ad.parts]
    is_victim = _is_live_victim(signs, lexicon)
    hits = settle_ordinary(
        [hit for found in signs for hit in (*found.indicators, *(found.victim if is_victim else ()))]
    )
    void = frozenset().union(*(found.void_codes for found in signs))
    counters = tuple(
        replace(hit, counted=False, reason="void") if hit.code in void else hit
        for found in signs
        for hit in found.counter_signs
    )
    counted = [hit for hit in hits if hit.counted]
    weights = lowered_weights(
        base_weights((hit.code for hit in counted), lexicon.indicators),
        counted,
        lexicon.counter_signs,
        (hit.code for hit in counters if hit.counted),
        lexicon.rules,
    )
    weighing = weigh(weights, lexicon)
    hits = tuple(replace(hit, weight=round(weights[hit.code], 2)) if hit.counted else hit for hit in hits)
    side = _side(weighing, weights, hits, lexicon)
    model_words: tuple[ModelWord, ...] = ()
    if scorer is None:
        flagged = bool(weighing.flag_rules) or is_victim
    else:
        read = scorer.probabilities(ad.features)
        weighing = join(weighing, read, scorer.artifact.threshold, weights, ad.n_words, lexicon.rules)
        flagged = bool(weighing.flag_rules) or is_victim
        if flagged:
            if STATISTICAL in weighing.flag_rules:
                side = Side.DEMAND if read.demand > 0.5 else Side.OFFER
            model_words = explain(ad, scorer)
    rules = weighing.flag_rules + weighing.urgent_rules + (("live_victim",) if is_victim else ())
    priority = _priority(weighing, flagged=flagged, is_victim=is_victim)
    return ClassifiedText(
        language=ad.language,
        flagged=flagged,
        priority=priority,
        level=_level(weighing, weights, priority, flagged=flagged, is_victim=is_victim, lexicon=lexicon),
        purposes=weighing.purposes,
        side=side,
        indicators=hits,
        counter_signs=counters,
        model_words=model_words,
        rules=rules,
        is_minor=flagged and not lexicon.rules.minor_indicators.isdisjoint(weights),
        is_live_victim=is_victim,
        contacts=ad.contacts,
    )


def explain(ad: ReadAd, scorer: Scorer) -> tuple[ModelWord, ...]:
    """Return the words that carried the statistical part towards "flag", in text order.

    The weight of a word is what its pieces and its concepts added to the
    margin; words side by side are shown as one. Always at least one.
    """
    of_concept = scorer.concept_weights(ad.features)
    spans: list[ModelWord] = []
    for place, normalised, found in ad.parts:
        words = normalised.words
        if not words:
            continue
        weights = scorer.word_weights(words, len(ad.features.words))
        for first, last, concept in found.concepts:
            share = of_concept.get(concept, 0.0) / (last - first + 1)
            weights[first : last + 1] += share
        spans += _runs(place, normalised, weights.tolist())
    best = sorted(spans, key=lambda word: -word.weight)[:_MAX_MODEL_WORDS]
    shown = [word for word in best if word.weight >= _MIN_MODEL_WEIGHT] or best[:1]
    return tuple(sorted(shown, key=lambda word: (_PLACES.index(word.place), word.start)))


def _runs(place: TextPlace, normalised: NormalisedText, weights: Sequence[float]) -> list[ModelWord]:
    """Join neighbours that both speak for "flag"."""
    runs: list[tuple[int, int, float]] = []
    for index, weight in enumerate(weights):
        if runs and min(weight, runs[-1][2]) > _MIN_MODEL_WEIGHT:
            first, _, total = runs[-1]
            runs[-1] = (first, index, total + weight)
        else:
            runs.append((index, index, weight))
    spans = normalised.word_spans
    found = []
    for first, last, weight in runs:
        start, end = normalised.original_span(spans[first][0], spans[last][1])
        found.append(ModelWord(place, start, end, normalised.original[start:end], round(weight, 3)))
    return found


def _is_live_victim(signs: Sequence[FoundSigns], lexicon: Lexicon) -> bool:
    """A cry for help counts unless the ad itself reports, warns or tells a story."""
    cries = any(hit.counted for found in signs for hit in found.victim)
    void = lexicon.rules.live_victim_void
    return cries and not any(h.counted and h.code in void for found in signs for h in found.counter_signs)


def _priority(weighing: Weighing, *, flagged: bool, is_victim: bool) -> float:
    score = max(weighing.purposes.values(), default=0.0)
    if weighing.urgent_rules or is_victim:
        return max(score, _URGENT_PRIORITY)
    return round(score if flagged else min(score, _UNFLAGGED_PRIORITY), 4)


def _level(
    weighing: Weighing,
    weights: dict[str, float],
    priority: float,
    *,
    flagged: bool,
    is_victim: bool,
    lexicon: Lexicon,
) -> Level:
    if weighing.urgent_rules or is_victim:
        return Level.URGENT
    if flagged:
        return Level.HIGH if priority >= lexicon.rules.high_priority else Level.MEDIUM
    is_low = any(code[0] not in "RX" and weight >= 1 for code, weight in weights.items())
    return Level.LOW if is_low or sum(weights.values()) >= _LOW_SUM else Level.NONE


def _side(weighing: Weighing, weights: Mapping[str, float], hits: Sequence[Hit], lexicon: Lexicon) -> Side:
    """Return the side of the strongest sign of the first purpose; «both» is read from its words."""
    first = next(iter(weighing.purposes), None)
    codes = [code for code in weights if first in lexicon.indicators[code].purposes]
    if not codes:
        return Side.OFFER
    strongest = min(codes, key=lambda code: (-weights[code], code))
    side = lexicon.indicators[strongest].side
    if side != "both":
        return Side(side)
    quotes = "\n".join(hit.quote for hit in hits if hit.code == strongest and hit.counted)
    is_demand = sign_finder(lexicon).speaks_of_demand(normalise(quotes).words)
    return Side.DEMAND if is_demand else Side.OFFER
