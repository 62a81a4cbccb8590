"""The seam of the scoring core: one ad in, everything the machine says about it out."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from classifiers.contacts import FoundContact, find_contacts
from classifiers.indicators import FoundSigns, Hit, find_indicators
from classifiers.language import detect_language
from classifiers.lexicon import Lexicon, load_lexicon
from classifiers.lexicon.matcher import Matcher
from classifiers.purposes import Weighing, base_weights, lowered_weights, settle_ordinary, weigh
from classifiers.text import normalise
from models.enums import Language, Level, Purpose, Side, TextPlace
from models.errors import Rejected

CODE_VERSION = "2"
"""Raise it with every change of code that can change a score."""

MAX_CHARACTERS = 20_000_000
_URGENT_PRIORITY = 0.97
_UNFLAGGED_PRIORITY = 0.49
_LOW_SUM = 4.0


class TextTooLong(Rejected):
    """A text longer than twenty million characters is no ad and is not read."""

    status = 413


@dataclass(frozen=True, slots=True)
class ModelWord:
    """A word the statistical part read, and what it added; see ``ClassifiedText.model_words``."""

    place: TextPlace
    start: int
    end: int
    quote: str
    weight: float


@dataclass(frozen=True, slots=True)
class ClassifiedText:
    """What the machine says about one ad; it proposes, people decide.

    Attributes:
        language: of title and text together.
        flagged: whether a person should look; see ``rules``.
        priority: 0 to 1, for the order of the queue.
        level: none, low, medium, high, urgent.
        purposes: independent scores in [0, 1], most likely first; only those with evidence.
        side: offer or demand.
        indicators: hits in order of place (title first) and start, those that do not count with their reason.
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


@cache
def classifier_version() -> str:
    """Return the name of this classifier: it changes with any lexicon file and with the code version."""
    lexicon = load_lexicon()
    digest = hashlib.sha256(f"{CODE_VERSION}:{lexicon.sha256}".encode()).hexdigest()
    return f"rules-{CODE_VERSION}-{digest[:12]}"


def classify(text: str, title: str | None = None) -> ClassifiedText:
    """Read one ad.

    Args:
        text: any text at all; lone surrogates and control characters read as spaces.
        title: stands before the text in scoring; its hits carry ``TextPlace.TITLE``.

    Raises:
        TextTooLong: over twenty million characters.
    """
    if len(text) + len(title or "") > MAX_CHARACTERS:
        raise TextTooLong("The text is longer than twenty million characters.", n_characters=len(text))
    lexicon = load_lexicon()
    places = [(TextPlace.TITLE, normalise(title))] if title else []
    places.append((TextPlace.TEXT, normalise(text)))
    signs = [find_indicators(normalised, place, lexicon) for place, normalised in places]
    contacts = tuple(c for place, normalised in places for c in find_contacts(normalised, place))
    language = detect_language(*(normalised for _, normalised in places))
    return _assess(lexicon, signs, language, contacts)


def _assess(
    lexicon: Lexicon, signs: Sequence[FoundSigns], language: Language, contacts: tuple[FoundContact, ...]
) -> ClassifiedText:
    """Weigh the signs of all places of an ad together."""
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
    flagged = bool(weighing.flag_rules) or is_victim
    rules = weighing.flag_rules + weighing.urgent_rules + (("live_victim",) if is_victim else ())
    priority = _priority(weighing, flagged=flagged, is_victim=is_victim)
    return ClassifiedText(
        language=language,
        flagged=flagged,
        priority=priority,
        level=_level(weighing, weights, priority, flagged=flagged, is_victim=is_victim, lexicon=lexicon),
        purposes=weighing.purposes,
        side=_side(weighing, weights, hits, lexicon),
        indicators=hits,
        counter_signs=counters,
        rules=rules,
        is_minor=flagged and not lexicon.rules.minor_indicators.isdisjoint(weights),
        is_live_victim=is_victim,
        contacts=contacts,
    )


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
    return Side.DEMAND if _demand_matcher(lexicon).find(normalise(quotes).words) else Side.OFFER


@cache
def _demand_matcher(lexicon: Lexicon) -> Matcher:
    """Words by which something is sought or bought."""
    return Matcher(lexicon.word_groups["buy"] + lexicon.word_groups["seek"] + lexicon.word_groups["take"])
