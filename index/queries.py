"""What a person asks the index, made safe: words, phrases, contacts, filters, order, place in the list.

Query text is data. It is cut into terms by the same code that cut the ads, and
reaches an engine only as the value of a term or a phrase, never as syntax.
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import cache
from types import MappingProxyType

from classifiers.text import search_terms, search_tokens
from index.terms import MAX_TERM_LENGTH, contact_key, word_of
from models.errors import Rejected

MAX_TEXT_LENGTH = 1000
MAX_TERMS = 64
MAX_FILTER_VALUES = 60
MAX_VALUE_LENGTH = 200
MAX_PAGE_SIZE = 100

# Joining words carry no sense of their own; asking for them would only lose ads. Quoted, they count.
_JOINING_WORDS = "и в во на с со по за к ко о об от до для из у а но или мен пен бен және the a of in to"

_QUOTED = re.compile(r'"([^"]*)"|«([^«»]*)»|“([^“”„]*)”|„([^“”„]*)[“”]')
_PHONE = re.compile(r"(?<![\w+])(?:\+\d|[78])(?:[\s().-]{0,3}\d){9,13}(?!\w)")
_HANDLE = re.compile(r"(?<![\w@.])@[A-Za-z0-9_.]{3,64}")
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+")
_LINK = re.compile(r"(?:https?://|(?:www|t|wa|vk|instagram)\.(?=\S))\S{3,500}", re.IGNORECASE)


class Facet(StrEnum):
    """A field whose values are counted and filtered by; the value is its name in the document."""

    LEVEL = "level"
    PURPOSE = "purpose"
    SIDE = "side"
    LANGUAGE = "language"
    FLAG = "flag"
    SOURCE = "source"
    SOURCE_KIND = "source_kind"
    REGION = "region"
    INDICATOR = "indicator"
    TASK_STATE = "task_state"
    AD_STATE = "ad_state"
    CLUSTER = "cluster"


COUNTED_FACETS: tuple[Facet, ...] = tuple(facet for facet in Facet if facet is not Facet.CLUSTER)


class Flag(StrEnum):
    """Values of :attr:`Facet.FLAG`; an ad that is not yet classified has none."""

    FLAGGED = "flagged"
    CLEAR = "clear"


class Sort(StrEnum):
    """Order of a result list; ties always end with the newer ad first."""

    RELEVANCE = "relevance"
    SEVERITY = "severity"
    NEWEST = "newest"


class BadQuery(Rejected):
    """The question breaks a limit; the message names it."""


class QueryTooLong(BadQuery):
    """More text or words than one question may hold."""

    status = 413


class BadCursor(BadQuery):
    """The place in the list belongs to another question or is damaged."""


@dataclass(frozen=True)
class SearchQuery:
    """A question as asked.

    Attributes:
        text: words in any form; ``"quoted"`` words must stand together as written;
            a phone number, @handle, e-mail or link also finds ads by their contacts.
        filters: values of one facet are alternatives, facets add up.
        found_from: first seen then or later.
        found_before: first seen earlier than that.
        sort: order of the list.
        size: ads a page, 1 to 100.
        cursor: ``SearchPage.next_cursor`` of the page before.
    """

    text: str = ""
    filters: Mapping[Facet, Sequence[str]] = field(default_factory=lambda: MappingProxyType({}))
    found_from: datetime | None = None
    found_before: datetime | None = None
    sort: Sort = Sort.SEVERITY
    size: int = 20
    cursor: str | None = None


@dataclass(frozen=True)
class Match:
    """Terms that stand one after another in a field."""

    field: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class Place:
    """Last ad of a page: its points (0 unless by relevance) and its unique sort key."""

    points: int
    key: int


@dataclass(frozen=True)
class PreparedQuery:
    """A question in a form both engines translate one to one.

    Attributes:
        required: of every group at least one match must hold; an empty group never does.
        bonus: each match that holds is one point of relevance. Points depend on the
            ad and the question alone, never on the rest of the index, so that paging
            by relevance stays put while ads are written.
        terms: single terms to mark in the text.
        phrases: runs of words to mark in the text.
    """

    required: tuple[tuple[Match, ...], ...]
    bonus: tuple[Match, ...]
    filters: tuple[tuple[Facet, tuple[str, ...]], ...]
    found_from: int | None
    found_before: int | None
    sort: Sort
    size: int
    after: Place | None
    fingerprint: str
    terms: frozenset[str] = frozenset()
    phrases: tuple[tuple[str, ...], ...] = ()

    @property
    def key_field(self) -> str:
        """Field of the unique number that orders the list, greatest first."""
        return "severity_key" if self.sort is Sort.SEVERITY else "newest_key"

    def cursor(self, place: Place) -> str:
        """Say where the next page begins, bound to this question."""
        body = json.dumps([self.fingerprint, place.points, place.key], separators=(",", ":"))
        return base64.urlsafe_b64encode(body.encode()).decode().rstrip("=")


def prepare(query: SearchQuery) -> PreparedQuery:
    """Check a question against the limits and cut its text into terms.

    Raises:
        BadQuery: names the limit that is broken.
    """
    _check(query)
    rest, phrases, contacts = _split(query.text)
    terms = _words(rest)
    required = [*map(_anywhere, terms), *map(_phrase, phrases), *map(_contact, contacts)]
    if query.text.strip() and not required:
        required = [()]  # only signs were typed: that names no ad, and surely not every ad
    n_terms = len(terms) + sum(map(len, phrases)) + len(contacts)
    if n_terms > MAX_TERMS:
        raise QueryTooLong(f"A question may hold at most {MAX_TERMS} words; this one has {n_terms}.")
    fingerprint = _fingerprint(query)
    return PreparedQuery(
        required=tuple(required),
        bonus=_bonus(terms, phrases) if query.sort is Sort.RELEVANCE else (),
        filters=tuple((facet, tuple(values)) for facet, values in query.filters.items() if values),
        found_from=_seconds(query.found_from),
        found_before=_seconds(query.found_before),
        sort=query.sort,
        size=query.size,
        after=_read_cursor(query.cursor, fingerprint) if query.cursor is not None else None,
        fingerprint=fingerprint,
        terms=frozenset(terms),
        phrases=(*phrases, *(words for _, words in contacts if words)),
    )


def _check(query: SearchQuery) -> None:
    if len(query.text) > MAX_TEXT_LENGTH:
        raise QueryTooLong(
            f"A question may have at most {MAX_TEXT_LENGTH} characters; this one has {len(query.text)}."
        )
    if not 1 <= query.size <= MAX_PAGE_SIZE:
        raise BadQuery(f"A page holds 1 to {MAX_PAGE_SIZE} ads; {query.size} were asked for.")
    values = [value for group in query.filters.values() for value in group]
    if len(values) > MAX_FILTER_VALUES:
        raise BadQuery(f"At most {MAX_FILTER_VALUES} filters can be set; {len(values)} were.")
    if any(len(value) > MAX_VALUE_LENGTH for value in values):
        raise BadQuery(f"A filter may have at most {MAX_VALUE_LENGTH} characters.")
    if any(moment is not None and moment.tzinfo is None for moment in (query.found_from, query.found_before)):
        raise BadQuery("A date was given without its time zone.")
    if not all(_is_encodable(value) for value in (query.text, *values)):
        raise BadQuery("The question holds characters that are no text.")


def _is_encodable(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _split(text: str) -> tuple[str, list[tuple[str, ...]], list[tuple[str, tuple[str, ...]]]]:
    """Take quoted phrases and contacts out of the text; returns the rest, the phrases, the contacts."""
    phrases: list[tuple[str, ...]] = []
    contacts: list[tuple[str, tuple[str, ...]]] = []

    def take_phrase(match: re.Match[str]) -> str:
        quoted = next(group for group in match.groups() if group is not None)
        words = _written_words(quoted)
        if words:
            phrases.append(words)
        return " "

    def take_contact(match: re.Match[str]) -> str:
        found = match.group()
        contacts.append((contact_key(found), _written_words(found)))
        return " "

    rest = _QUOTED.sub(take_phrase, text)
    for pattern in (_EMAIL, _LINK, _HANDLE, _PHONE):
        rest = pattern.sub(take_contact, rest)
    return rest, phrases, contacts


def _written_words(text: str) -> tuple[str, ...]:
    return tuple(word_of(text[token.start : token.end]) for token in search_tokens(text))


def _words(text: str) -> list[str]:
    terms = list(dict.fromkeys(token.term[:MAX_TERM_LENGTH] for token in search_tokens(text)))
    return [term for term in terms if term not in _joining_terms()] or terms


@cache
def _joining_terms() -> frozenset[str]:
    return frozenset(search_terms(_JOINING_WORDS))


def _anywhere(term: str) -> tuple[Match, ...]:
    return (Match("title_terms", (term,)), Match("text_terms", (term,)))


def _phrase(words: tuple[str, ...]) -> tuple[Match, ...]:
    return (Match("title_words", words), Match("text_words", words))


def _contact(contact: tuple[str, tuple[str, ...]]) -> tuple[Match, ...]:
    key, words = contact
    # Somebody may look for a number that no extraction recognised as a contact: it still stands in the text.
    return (Match("contacts", (key,)), *(_phrase(words) if words else ()))


def _bonus(terms: list[str], phrases: list[tuple[str, ...]]) -> tuple[Match, ...]:
    together = [Match(name, tuple(terms)) for name in ("title_terms", "text_terms") if len(terms) > 1]
    return (
        *(Match("title_terms", (term,)) for term in terms),
        *(Match("title_words", words) for words in phrases),
        *together,
    )


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())


def _fingerprint(query: SearchQuery) -> str:
    question = [
        query.text,
        sorted((facet.value, sorted(values)) for facet, values in query.filters.items()),
        _seconds(query.found_from),
        _seconds(query.found_before),
        query.sort.value,
    ]
    return hashlib.sha256(json.dumps(question).encode()).hexdigest()[:16]


def _read_cursor(cursor: str, fingerprint: str) -> Place:
    problem = BadCursor("This place in the list belongs to another search. Start again from its first page.")
    if len(cursor) > 200:
        raise problem
    try:
        body = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError, RecursionError) as error:
        raise problem from error
    match body:
        case [str(owner), int(points), int(key)] if (
            owner == fingerprint and 0 <= points <= 3 * MAX_TERMS and 0 <= key < 2**63
        ):
            return Place(points, key)
    raise problem
