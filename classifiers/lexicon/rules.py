"""The combination rules of rules.yaml, as values."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from models.enums import Purpose


@dataclass(frozen=True, slots=True)
class FlagRule:
    """One way to a flag; every condition that is given must hold.

    Attributes:
        min_single: an indicator of at least this effective weight.
        min_sum: the sum of all effective weights.
        min_group_sum: the sum of the weights of ``groups``.
        min_group_r_sum: the sum of the weights of group R.
        any_of: at least one of these codes.
        agreeing_share: of the threshold of the statistical part, which must reach it beside this
            rule; such a rule says nothing alone. None = the share of all others.
    """

    name: str
    note: str
    min_single: float | None = None
    min_sum: float | None = None
    groups: frozenset[str] = frozenset()
    min_group_sum: float | None = None
    min_group_r_sum: float | None = None
    any_of: frozenset[str] = frozenset()
    agreeing_share: float | None = None


@dataclass(frozen=True, slots=True)
class UrgentRule:
    """Signs that go to the top of the queue.

    Attributes:
        needs: codes that must all be there.
        companions: codes and groups, one of which must be there too, if any are named.
        purposes: instead of a companion, one of these that the statistical part thinks more likely than not.
    """

    name: str
    needs: frozenset[str]
    companions: frozenset[str]
    purposes: frozenset[Purpose]


@dataclass(frozen=True, slots=True)
class RecruitmentPurpose:
    """Purpose supposed for an ad that shows recruitment signs only."""

    purpose: Purpose
    any_of: frozenset[str]
    none_of: frozenset[str]


@dataclass(frozen=True, slots=True)
class ShortAd:
    """An ad of at most so many words, in which a sign of these groups and weight is sure by itself."""

    max_words: int
    groups: frozenset[str]
    min_weight: float

    def is_sure(self, weights: Mapping[str, float], n_words: int) -> bool:
        """Whether such a sign stands in an ad of ``n_words``."""
        return n_words <= self.max_words and any(
            code[0] in self.groups and weight >= self.min_weight for code, weight in weights.items()
        )


@dataclass(frozen=True, slots=True)
class Rules:
    """Everything between hits and a flag; see rules.yaml for the meaning of each number."""

    version: str
    flag_rules: tuple[FlagRule, ...]
    urgent_rules: tuple[UrgentRule, ...]
    minor_indicators: frozenset[str]
    floors: Mapping[str, float]
    midpoint: float
    slope: float
    support_share: float
    recruitment_only: tuple[RecruitmentPurpose, ...]
    high_priority: float
    live_victim_void: frozenset[str]
    many_signs_sum: float
    many_signs_share: float
    agreeing_share: float
    short: ShortAd

    def codes(self) -> set[str]:
        """Codes and groups the rules name."""
        named = set(self.minor_indicators) | set(self.live_victim_void)
        for flag_rule in self.flag_rules:
            named |= flag_rule.groups | flag_rule.any_of
        for urgent_rule in self.urgent_rules:
            named |= urgent_rule.needs | urgent_rule.companions
        for supposed in self.recruitment_only:
            named |= supposed.any_of | supposed.none_of
        return named


def read_rules(raw: Mapping[str, Any]) -> Rules:
    """Return the rules of a loaded rules.yaml; a missing key raises KeyError at start."""
    return Rules(
        version=str(raw["version"]),
        flag_rules=tuple(_flag_rule(rule) for rule in raw["flag_rules"]),
        urgent_rules=tuple(
            UrgentRule(
                rule["name"],
                frozenset(rule["needs"]),
                frozenset(rule.get("with", ())),
                frozenset(map(Purpose, rule.get("or_purposes", ()))),
            )
            for rule in raw["urgent_rules"]
        ),
        minor_indicators=frozenset(raw["minor_indicators"]),
        floors=dict(raw["floors"]),
        midpoint=float(raw["score"]["midpoint"]),
        slope=float(raw["score"]["slope"]),
        support_share=float(raw["support_share"]),
        recruitment_only=tuple(
            RecruitmentPurpose(
                Purpose(rule["purpose"]), frozenset(rule.get("with", ())), frozenset(rule.get("without", ()))
            )
            for rule in raw["recruitment_only"]
        ),
        high_priority=float(raw["levels"]["high"]),
        live_victim_void=frozenset(raw["live_victim_void"]),
        many_signs_sum=float(raw["with_statistics"]["many_signs"]["sum"]),
        many_signs_share=float(raw["with_statistics"]["many_signs"]["agreeing_share"]),
        agreeing_share=float(raw["with_statistics"]["agreeing_share"]),
        short=ShortAd(
            int(raw["with_statistics"]["short"]["words"]),
            frozenset(raw["with_statistics"]["short"]["groups"]),
            float(raw["with_statistics"]["short"]["weight"]),
        ),
    )


def _flag_rule(rule: Mapping[str, Any]) -> FlagRule:
    return FlagRule(
        name=rule["name"],
        note=rule["note"],
        min_single=rule.get("min_single"),
        min_sum=rule.get("min_sum"),
        groups=frozenset(rule.get("groups", ())),
        min_group_sum=rule.get("min_group_sum"),
        min_group_r_sum=rule.get("min_group_r_sum"),
        any_of=frozenset(rule.get("any_of", ())),
        agreeing_share=rule.get("agreeing_share"),
    )
