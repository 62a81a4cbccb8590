"""What an ad says of itself (pay, ages, place of work …): facts that the classifier read, in words. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from babel import Locale

from classifiers.facts import FactKind, region_name
from models.enums import TextPlace
from review_api.i18n import Words
from review_api.tasks.case_schemas import ShownFact

_ORDER = tuple(FactKind)


@dataclass(frozen=True)
class SaidLine:
    """One thing an ad says: its name, what it comes to in the reader's language, and the ad's own words."""

    name: str
    value: str
    quote: str


def show_said(
    words: Words, facts: Iterable[ShownFact], texts: Mapping[TextPlace, str]
) -> tuple[SaidLine, ...]:
    """Put facts into words, each value once, in the order in which an analyst asks.

    Args:
        words: the reader's language.
        facts: as stored beside the classification.
        texts: as they may be shown; the quotes are taken from them.
    """
    lines: dict[tuple[FactKind, str], SaidLine] = {}
    for fact in facts:
        quote = " ".join(texts[fact.place][fact.start : fact.end].split())
        value = _value(words, fact, quote)
        lines.setdefault((fact.kind, value), SaidLine(words.text(f"said.{fact.kind.value}"), value, quote))
    return tuple(line for (kind, _), line in sorted(lines.items(), key=lambda item: _ORDER.index(item[0][0])))


def _value(words: Words, fact: ShownFact, quote: str) -> str:
    match fact.kind:
        case FactKind.PAY:
            period = words.text(f"said.period.{fact.period}") if fact.period else ""
            return " ".join(filter(None, (_range(words, fact), fact.value, period)))
        case FactKind.AGE | FactKind.N_PLACES:
            return _range(words, fact)
        case FactKind.SEX:
            return words.text(f"said.sex.{fact.value}")
        case FactKind.REGION:
            return region_name(fact.value, words.locale)
        case FactKind.COUNTRY:
            return str(Locale(words.locale).territories.get(fact.value, fact.value))
        case _:
            return quote  # masked like the text: an employer's name may hold a phone


def _range(words: Words, fact: ShownFact) -> str:
    low = "" if fact.low is None else words.number(fact.low)
    high = "" if fact.high is None else words.number(fact.high)
    if low == high:
        return low
    if not high:
        return words.text("said.from", low=low)
    return f"{low}–{high}" if low else words.text("said.up_to", high=high)
