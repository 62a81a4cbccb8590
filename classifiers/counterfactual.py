"""What would have changed the outcome: the nearest sign that is missing, or that is one too many.

Pure: signs, weights, rules and the threshold of the statistical part. What the
statistical part would say is asked through a function that the caller gives, so
that nothing here knows how it reads.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import combinations

from classifiers.indicators import ORDINARY, Hit
from classifiers.lexicon import Lexicon
from classifiers.purposes import base_weights, join, lowered_weights, settle_ordinary, weigh
from classifiers.statistics import Probabilities
from models.enums import TextPlace

_MAX_SHOWN = 3
_MAX_TRIED = 8
_MAX_PAIRED = 6
_NOBODY: frozenset[str] = frozenset()


class ChangeKind(StrEnum):
    """How an ad would have to differ for the opposite outcome."""

    WITHOUT = "without"
    COUNTER_SIGN = "counter_sign"
    UNSAID_WORDS = "unsaid_words"
    NO_CRY = "no_cry"
    IF_COUNTED = "if_counted"
    NO_COUNTER_SIGN = "no_counter_sign"
    WITH = "with"


@dataclass(frozen=True, slots=True)
class Change:
    """One small change after which a flagged ad is not flagged, or the other way round.

    Attributes:
        kind: flagged ads: ``without`` these signs; with this ``counter_sign``; without
            the heaviest ``n_words`` words that the statistical part read
            (``unsaid_words``); ``no_cry``: were it no cry for help. Other ads:
            ``if_counted``: if these signs, which the ad holds, counted; without these
            counter-signs (``no_counter_sign``); ``with`` these signs too.
        codes: of the signs meant.
        n_words: of ``unsaid_words``.
    """

    kind: ChangeKind
    codes: tuple[str, ...] = ()
    n_words: int = 0


@dataclass(frozen=True, slots=True)
class FoundInAd:
    """What was found in one ad.

    Attributes:
        hits: of indicators, those that do not count too.
        counter_codes: of the counter-signs that count.
        is_live_victim: a cry for help in the first person.
        n_words: of title and text; a strong sign weighs more in a short ad.
    """

    hits: tuple[Hit, ...]
    counter_codes: frozenset[str]
    is_live_victim: bool = False
    n_words: int = 100


@dataclass(frozen=True, slots=True)
class StatisticalPart:
    """What the statistical part would say of the ad, and of the ad changed.

    Attributes:
        threshold: probability from which it flags alone.
        with_signs: probability if the codes of the first set were not there (with
            their words) and those of the second set were.
        without_words: probability without the n heaviest words it read, n from 1;
            one entry per word.
    """

    threshold: float
    with_signs: Callable[[frozenset[str], frozenset[str]], float]
    without_words: Sequence[float] = ()


def find_changes(found: FoundInAd, part: StatisticalPart, lexicon: Lexicon) -> tuple[Change, ...]:
    """Return the nearest changes that turn the outcome, nearest first; empty if nothing small does.

    Args:
        found: in the ad as it stands.
        part: the statistical part.
        lexicon: weights, counter-signs and rules.
    """
    if is_flagged(found, part.with_signs(_NOBODY, _NOBODY), part.threshold, lexicon):
        return tuple(_towards_clear(found, part, lexicon))
    return tuple(_towards_flag(found, part, lexicon))


def is_flagged(found: FoundInAd, probability: float, threshold: float, lexicon: Lexicon) -> bool:
    """Say whether signs and statistical part together make a flag; see ``classifiers.risk``."""
    if found.is_live_victim:
        return True
    counted = [hit for hit in settle_ordinary(found.hits) if hit.counted]
    weights = lowered_weights(
        base_weights((hit.code for hit in counted), lexicon.indicators),
        counted,
        lexicon.counter_signs,
        found.counter_codes,
        lexicon.rules,
    )
    read = Probabilities(probability, {}, 0.0)
    joined = join(weigh(weights, lexicon), read, threshold, weights, found.n_words, lexicon.rules)
    return bool(joined.flag_rules)


def _towards_clear(found: FoundInAd, part: StatisticalPart, lexicon: Lexicon) -> list[Change]:
    if found.is_live_victim:
        # Its words are shown as a sign of control; without the cry they are not there either.
        calm = replace(found, is_live_victim=False)
        is_clear = not is_flagged(calm, part.with_signs(_NOBODY, _NOBODY), part.threshold, lexicon)
        return [Change(ChangeKind.NO_CRY)] if is_clear else []

    def stays(gone: Iterable[str] = (), new: Iterable[str] = ()) -> bool:
        without, added = frozenset(gone), frozenset(new)
        changed = replace(
            found,
            hits=tuple(hit for hit in found.hits if hit.code not in without),
            counter_codes=found.counter_codes | added,
        )
        return is_flagged(changed, part.with_signs(without, added), part.threshold, lexicon)

    codes = _heaviest_first(found.hits)
    singles = [code for code in codes[:_MAX_TRIED] if not stays([code])]
    changes = [Change(ChangeKind.WITHOUT, (code,)) for code in singles[:_MAX_SHOWN]]
    if not changes:
        pairs = combinations(codes[:_MAX_PAIRED], 2)
        changes += [Change(ChangeKind.WITHOUT, pair) for pair in pairs if not stays(pair)][:1]
    if n_words := _words_too_many(found, part, lexicon):
        changes.append(Change(ChangeKind.UNSAID_WORDS, n_words=n_words))
    mild = sorted(
        (sign for sign in lexicon.counter_signs.values() if sign.code not in found.counter_codes),
        key=lambda sign: (-sign.factor, sign.code),
    )
    if len(changes) < _MAX_SHOWN:
        enough = (sign.code for sign in mild if not sign.is_local and not stays(new=[sign.code]))
        changes += [
            Change(ChangeKind.COUNTER_SIGN, (code,))
            for code, _ in zip(enough, range(_MAX_SHOWN - len(changes)), strict=False)
        ]
    return changes


def _words_too_many(found: FoundInAd, part: StatisticalPart, lexicon: Lexicon) -> int:
    """Return without how many of its heaviest words the ad would not be flagged; 0: never."""
    for n_words, probability in enumerate(part.without_words, 1):
        if not is_flagged(found, probability, part.threshold, lexicon):
            return n_words
    return 0


def _towards_flag(found: FoundInAd, part: StatisticalPart, lexicon: Lexicon) -> list[Change]:
    def flags(new: Iterable[Hit] = (), gone: Iterable[str] = (), *, count: str = "") -> bool:
        extra, without = tuple(new), frozenset(gone)
        hits = tuple(
            replace(hit, counted=True, reason=None, is_ordinary=False) if hit.code == count else hit
            for hit in found.hits
        )
        changed = replace(found, hits=(*hits, *extra), counter_codes=found.counter_codes - without)
        added = frozenset(hit.code for hit in extra) | ({count} if count else frozenset())
        return is_flagged(changed, part.with_signs(without, added), part.threshold, lexicon)

    counted = {hit.code for hit in found.hits if hit.counted}
    idle = dict.fromkeys(h.code for h in found.hits if h.code not in counted and h.reason != ORDINARY)
    changes = [Change(ChangeKind.IF_COUNTED, (code,)) for code in idle if flags(count=code)]
    changes += [
        Change(ChangeKind.NO_COUNTER_SIGN, (code,))
        for code in sorted(found.counter_codes)
        if flags(gone=[code])
    ]
    if len(changes) >= _MAX_SHOWN:
        return changes[:_MAX_SHOWN]
    for indicator in sorted(lexicon.indicators.values(), key=lambda sign: (sign.weight, sign.code)):
        if len(changes) == _MAX_SHOWN:
            break
        if indicator.code in counted or indicator.code in idle:
            continue
        if flags([Hit(indicator.code, TextPlace.TEXT, 0, 0, "")]):
            changes.append(Change(ChangeKind.WITH, (indicator.code,)))
    return changes


def _heaviest_first(hits: Sequence[Hit]) -> list[str]:
    weights = {hit.code: hit.weight for hit in hits if hit.counted}
    return sorted(weights, key=lambda code: (-weights[code], code))
