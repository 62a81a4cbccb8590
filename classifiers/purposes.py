"""From hits to weights and purpose scores; pure arithmetic over the lexicon and its rules."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from classifiers.indicators import ORDINARY, Hit
from classifiers.lexicon import CounterSign, Indicator, Lexicon
from classifiers.lexicon.rules import FlagRule, Rules
from classifiers.statistics import MIN_SCORE, Probabilities
from models.enums import Purpose

_LIKELY = 0.5
STATISTICAL = "statistical"
"""Name of the rule that the statistical part flags."""


def settle_ordinary(hits: Sequence[Hit]) -> tuple[Hit, ...]:
    """Let a cue that honest ads also use count only in company.

    In group R it always counts (low weights). Elsewhere it needs a second cue
    of the same indicator or a counted indicator of a group other than R.
    """
    firm = {hit.code for hit in hits if hit.counted and not hit.is_ordinary and hit.code != "X01"}
    firm_groups = {code[0] for code in firm} - {"R", "X"}
    quotes: dict[str, set[str]] = {}
    for hit in hits:
        if hit.counted and hit.is_ordinary:
            quotes.setdefault(hit.code, set()).add(hit.quote.lower())

    def stands(hit: Hit) -> bool:
        if not hit.is_ordinary or hit.code[0] == "R":
            return True
        return hit.code in firm or bool(firm_groups) or len(quotes.get(hit.code, ())) > 1

    return tuple(
        hit if not hit.counted or stands(hit) else replace(hit, counted=False, reason=ORDINARY)
        for hit in hits
    )


def base_weights(codes: Iterable[str], indicators: Mapping[str, Indicator]) -> dict[str, float]:
    """Return the weight of each counted code beside the others, before counter-signs."""
    found = set(codes)
    weights: dict[str, float] = {}
    for code in sorted(found):
        indicator = indicators[code]
        others = found - {code, "X01"}
        companions = others | {other[0] for other in others}
        if others - {"R14"}:
            companions.add("any_other")
        conditional = [w.weight for w in indicator.weight_if if not w.companions.isdisjoint(companions)]
        weights[code] = max((indicator.weight, *conditional))
    return weights


def lowered_weights(
    weights: Mapping[str, float],
    hits: Sequence[Hit],
    counter_signs: Mapping[str, CounterSign],
    found_signs: Iterable[str],
    rules: Rules,
) -> dict[str, float]:
    """Return the weights after counter-signs; never below the floor of the group.

    Args:
        weights: from :func:`base_weights`.
        hits: counted hits; a local counter-sign lowers a code only if it stands
            beside every one of its hits.
        counter_signs: of the lexicon.
        found_signs: codes of the counter-signs that count in this ad.
        rules: floors.
    """
    everywhere = [counter_signs[code] for code in set(found_signs) if not counter_signs[code].is_local]
    lowered: dict[str, float] = {}
    for code, weight in weights.items():
        factor = math.prod(sign.factor for sign in everywhere if sign.touches(code))
        own = [hit for hit in hits if hit.code == code]
        factor *= max(
            (math.prod(counter_signs[c].factor for c in hit.lowered_by) for hit in own), default=1.0
        )
        floor = rules.floors.get(code[0], rules.floors["default"])
        lowered[code] = weight * max(factor, floor)
    return lowered


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the rules make of the weights.

    Attributes:
        flag_rules: names of the flag rules that hold, in file order.
        urgent_rules: names of the urgent rules that hold, if flagged.
        purposes: independent scores in [0, 1] of the purposes with evidence.
    """

    flag_rules: tuple[str, ...]
    urgent_rules: tuple[str, ...]
    purposes: dict[Purpose, float]


def weigh(weights: Mapping[str, float], lexicon: Lexicon) -> Weighing:
    """Apply the combination rules of the lexicon to effective weights by code."""
    rules = lexicon.rules
    flags = tuple(
        rule.name for rule in rules.flag_rules if rule.agreeing_share is None and _holds(rule, weights)
    )
    urgent = _urgent(weights, {}, rules) if flags else ()
    return Weighing(flags, urgent, purpose_scores(weights, lexicon))


def _urgent(weights: Mapping[str, float], likely: Mapping[Purpose, float], rules: Rules) -> tuple[str, ...]:
    """Return the names of the urgent rules that hold; ``likely`` is what the statistical part thinks."""
    live = {code for code, weight in weights.items() if weight >= 1}
    present = live | {code[0] for code in live}
    return tuple(
        rule.name
        for rule in rules.urgent_rules
        if rule.needs <= live
        and (
            not rule.companions
            or not rule.companions.isdisjoint(present)
            or any(likely.get(purpose, 0.0) >= _LIKELY for purpose in rule.purposes)
        )
    )


def join(
    weighing: Weighing,
    read: Probabilities,
    threshold: float,
    weights: Mapping[str, float],
    n_words: int,
    rules: Rules,
) -> Weighing:
    """Return what rules and statistical part say together.

    A rule that holds on honest ads too needs the statistical part beside it, at
    ``rules.agreeing_share`` of its threshold, or less where the signs are many; the
    signs of a rule that stays alone are shown all the same. A strong sign in a
    short ad needs nobody.
    """
    has_many = sum(weights.values()) >= rules.many_signs_sum
    is_sure = rules.short.is_sure(weights, n_words)

    def stands(rule: FlagRule) -> bool:
        share = rule.agreeing_share or rules.agreeing_share
        needed = min(share, rules.many_signs_share) if has_many else share
        return read.flag >= threshold * needed or (is_sure and rule.agreeing_share is None)

    flags = tuple(rule.name for rule in rules.flag_rules if _holds(rule, weights) and stands(rule))
    if read.flag >= threshold:
        flags = (*flags, STATISTICAL)
    # What the rules say of the purposes counts where they flag and the statistical part is silent.
    supposed = weighing.purposes if flags and read.flag < threshold else {}
    scores = {p: max(read.purposes.get(p, 0.0), supposed.get(p, 0.0)) for p in {*read.purposes, *supposed}}
    purposes = {
        purpose: round(score, 4)
        for purpose, score in sorted(scores.items(), key=lambda pair: (-pair[1], pair[0]))
        if score >= MIN_SCORE
    }
    return Weighing(flags, _urgent(weights, read.purposes, rules) if flags else (), purposes)


def _holds(rule: FlagRule, weights: Mapping[str, float]) -> bool:
    of_groups = sum(weight for code, weight in weights.items() if code[0] in rule.groups)
    of_recruitment = sum(weight for code, weight in weights.items() if code[0] == "R")
    conditions = (
        rule.min_single is None or max(weights.values(), default=0.0) >= rule.min_single,
        rule.min_sum is None or sum(weights.values()) >= rule.min_sum,
        not rule.groups or of_groups > 0,
        rule.min_group_sum is None or of_groups >= rule.min_group_sum,
        rule.min_group_r_sum is None or of_recruitment >= rule.min_group_r_sum,
        not rule.any_of or not rule.any_of.isdisjoint(weights),
    )
    return all(conditions)


def _most_telling(pair: tuple[Purpose, float]) -> tuple[bool, float]:
    """Sort key of purposes: «person_trade» goes along with most others and says least, so it comes last."""
    purpose, evidence = pair
    return (purpose is Purpose.PERSON_TRADE, -evidence)


def purpose_scores(weights: Mapping[str, float], lexicon: Lexicon) -> dict[Purpose, float]:
    """Return the score of every purpose that has evidence, rounded to 4 digits.

    Signs of any purpose support what others point to; alone, recruitment
    signs point to the purpose that ``recruitment_only`` supposes.
    """
    rules = lexicon.rules
    evidence: dict[Purpose, float] = {}
    support = 0.0
    for code, weight in weights.items():
        purposes = lexicon.indicators[code].purposes
        for purpose in purposes:
            evidence[purpose] = evidence.get(purpose, 0.0) + weight
        if not purposes:
            support += weight
    if evidence:
        evidence = {p: e + rules.support_share * support for p, e in evidence.items()}
    elif support:
        evidence = {
            supposed.purpose: support
            for supposed in rules.recruitment_only
            if (not supposed.any_of or not supposed.any_of.isdisjoint(weights))
            and supposed.none_of.isdisjoint(weights)
        }
    return {
        purpose: round(1 / (1 + math.exp(-(e - rules.midpoint) / rules.slope)), 4)
        for purpose, e in sorted(evidence.items(), key=_most_telling)
        if e > 0
    }
