"""What an ad says in figures and names: pay, age, sex, places, where, for whom, through which messenger.

Facts are for people; no score rests on them. They are not part of ``classify`` but of
its explanation, about a millisecond per ad. Each has its span in the original.
"""

from dataclasses import replace

from classifiers.facts.base import Fact, FactKind
from classifiers.facts.employers import find_bins, find_employers, find_messengers, is_valid_bin
from classifiers.facts.pay import find_pay
from classifiers.facts.people import find_ages, find_n_places, find_sexes
from classifiers.facts.places import find_places, region_name
from classifiers.text import NormalisedText
from models.enums import TextPlace

__all__ = ["Fact", "FactKind", "find_facts", "is_valid_bin", "region_name"]


def find_facts(normalised: NormalisedText, place: TextPlace) -> tuple[Fact, ...]:
    """Return the facts of one text, in text order."""
    found = [
        *find_pay(normalised),
        *find_ages(normalised),
        *find_n_places(normalised),
        *find_sexes(normalised),
        *find_places(normalised),
        *find_employers(normalised),
        *find_bins(normalised),
        *find_messengers(normalised),
    ]
    facts = [_in_original(fact, normalised, place) for fact in found]
    return tuple(sorted(set(facts), key=lambda fact: (fact.start, fact.end, fact.kind)))


def _in_original(fact: Fact, normalised: NormalisedText, place: TextPlace) -> Fact:
    start, end = normalised.original_span(fact.start, fact.end)
    return replace(fact, place=place, start=start, end=end, quote=normalised.original[start:end])
