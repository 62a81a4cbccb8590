"""Facets at the left of a list: every value a link that keeps the other choices. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from urllib.parse import urlencode

from models.enums import AdState, Language, Level, Purpose, Side, SourceKind, TaskState
from review_api.i18n import Words
from review_api.signs import sign_name
from review_api.tasks.schemas import FacetValue, QueueFilters

_MEMBERS: Mapping[str, type[StrEnum]] = {
    "level": Level,
    "purpose": Purpose,
    "side": Side,
    "language": Language,
    "source_kind": SourceKind,
    "ad_state": AdState,
    "task_state": TaskState,
}
MOST_VALUES = 10

Href = Callable[[Mapping[str, str]], str]


@dataclass(frozen=True)
class Choice:
    """One value: how many rows it leaves, and the address that chooses it or takes the choice back."""

    label: str
    n: int
    href: str
    is_chosen: bool


@dataclass(frozen=True)
class Facet:
    """One facet with its values, the most frequent first; levels by severity."""

    name: str
    choices: tuple[Choice, ...]


@dataclass(frozen=True)
class Narrowing:
    """All facets of a list, what is chosen now, and the address that chooses nothing.

    ``counted_at`` is None when the counts are those of this moment.
    """

    groups: tuple[Facet, ...]
    chosen: Mapping[str, str]
    clear_href: str
    counted_at: datetime | None = None

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is chosen."""
        return bool(self.chosen)


def chosen_in(filters: QueueFilters) -> dict[str, str]:
    """What the filters of the queue hold, as query values."""
    values = {item.name: getattr(filters, item.name) for item in fields(filters)}
    return {name: str(value) for name, value in values.items() if value is not None}


def list_href(path: str, query: Mapping[str, str]) -> str:
    """Address of a list with its choices."""
    return f"{path}?{urlencode(query)}" if query else path


def narrow(
    words: Words,
    counts: Mapping[str, Sequence[FacetValue]],
    chosen: Mapping[str, str],
    href: Href,
    *,
    counted_at: datetime | None = None,
) -> Narrowing:
    """Make the links.

    Args:
        words: the reader's language.
        counts: values with their counts by the facet's name, in the order of the page.
        chosen: the chosen value by the facet's name.
        href: the list's address for given choices.
        counted_at: when the counts were made, if that was not just now.
    """
    groups = (Facet(name, _choices(words, name, values, chosen, href)) for name, values in counts.items())
    return Narrowing(tuple(group for group in groups if group.choices), chosen, href({}), counted_at)


def _choices(
    words: Words, name: str, values: Sequence[FacetValue], chosen: Mapping[str, str], href: Href
) -> tuple[Choice, ...]:
    now = chosen.get(name)
    others = {key: text for key, text in chosen.items() if key != name}
    shown = [value for value in values if value.n][:MOST_VALUES]
    if now is not None and now not in {value.value for value in shown}:
        shown.append(FacetValue(now, 0))
    if name == "level":
        shown.sort(key=lambda value: list(Level).index(Level(value.value)), reverse=True)
    return tuple(
        Choice(
            label=_label(words, name, value.value),
            n=value.n,
            href=href(others if value.value == now else {**others, name: value.value}),
            is_chosen=value.value == now,
        )
        for value in shown
    )


def _label(words: Words, name: str, value: str) -> str:
    if name == "indicator":
        return sign_name(words, value)
    kind = _MEMBERS.get(name)
    return value if kind is None or value not in set(kind) else words.word(kind(value))
