"""Schema of the embedded index, and the translation of prepared questions for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import tantivy
from tantivy import FieldType, Occur, Order, Query

from index.engine import FacetCount
from index.facets import FACET_VALUES, facet_counts
from index.fields import DISPLAY_FIELD, KEYWORD_FIELDS, NUMBER_FIELDS, TERM_FIELDS
from index.queries import COUNTED_FACETS, Facet, Match, Place, PreparedQuery

_ANALYSER = "terms"


def _make_schema() -> tantivy.Schema:
    builder = tantivy.SchemaBuilder()
    for name in NUMBER_FIELDS:
        # Signed fields on purpose: an int meant for an unsigned one kills the writer thread (tantivy #2540).
        builder.add_integer_field(name, stored=name in ("id", "version"), indexed=True, fast=True)
    for name in TERM_FIELDS:
        builder.add_text_field(name, tokenizer_name=_ANALYSER, index_option="position")
    for name in KEYWORD_FIELDS:
        builder.add_text_field(name, fast=name != "contacts", tokenizer_name="raw", index_option="basic")
    builder.add_bytes_field(DISPLAY_FIELD, stored=True)
    return builder.build()


SCHEMA = _make_schema()


def open_index(path: str) -> tantivy.Index:
    """Open the index in a folder, or begin one there.

    Raises:
        ValueError: the files are damaged or were made with another schema.
    """
    index = tantivy.Index(SCHEMA, path=path)
    splitter = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
    index.register_tokenizer(_ANALYSER, splitter)
    index.config_reader("manual")
    index.reload()
    return index


@dataclass(frozen=True)
class Found:
    """One document of a page."""

    place: Place
    address: tantivy.DocAddress


@dataclass(frozen=True)
class Counts:
    """Size of the whole result and of its parts."""

    total: int
    facets: dict[Facet, tuple[FacetCount, ...]]


def build(prepared: PreparedQuery) -> Query:
    """Translate a question, without its place in the list."""
    parts = [_any(group) for group in prepared.required]
    parts += [Query.term_set_query(SCHEMA, facet.value, values) for facet, values in prepared.filters]
    if prepared.found_from is not None or prepared.found_before is not None:
        parts.append(
            Query.range_query(
                SCHEMA,
                "found_at",
                FieldType.Integer,
                lower_bound=prepared.found_from,
                upper_bound=prepared.found_before,
                include_upper=prepared.found_before is None,
            )
        )
    return _all(parts) if parts else Query.all_query()


def _all(parts: Sequence[Query]) -> Query:
    return Query.boolean_query([(Occur.Must, part) for part in parts])


def _any(group: Sequence[Match]) -> Query:
    if not group:
        return Query.empty_query()
    return Query.boolean_query([(Occur.Should, _match(match)) for match in group])


def _match(match: Match) -> Query:
    # One word is no phrase to tantivy: it panics.
    if len(match.terms) == 1:
        return Query.term_query(SCHEMA, match.field, match.terms[0], index_option="basic")
    return Query.phrase_query(SCHEMA, match.field, list(match.terms))


def page_of(searcher: tantivy.Searcher, whole: Query, prepared: PreparedQuery) -> list[Found]:
    """Find the ads of a page and one more, best first.

    By relevance the list is put together from the ads with most points down;
    within the same points the newest come first, as in every order. Only points
    that some ad has are looked at, so a page costs a few queries.
    """
    wanted, after, bonus = prepared.size + 1, prepared.after, prepared.bonus
    if not bonus:
        return _top(searcher, whole, prepared, 0, wanted)
    found: list[Found] = []
    rest = whole
    if after is not None:
        same = [*_at_least(after.points, bonus), *_less_than(after.points + 1, bonus)]
        found += _top(searcher, _all([whole, *same]), prepared, after.points, wanted)
        rest = _all([whole, *_less_than(after.points, bonus)])
    while len(found) < wanted:
        points = _most_points(searcher, rest, bonus)
        if points is None:
            break
        best = _all([rest, *_at_least(points, bonus)])
        found += _top(searcher, best, prepared, points, wanted - len(found))
        rest = _all([whole, *_less_than(points, bonus)])
    return found


def _most_points(searcher: tantivy.Searcher, query: Query, bonus: Sequence[Match]) -> int | None:
    """Points of the best document of a result; None when there is none."""
    parts = [(Occur.Must, Query.const_score_query(query, 0.0))]
    parts += [(Occur.Should, Query.const_score_query(_match(match), 1.0)) for match in bonus]
    hits = searcher.search(Query.boolean_query(parts), 1, count=False).hits
    return round(hits[0][0]) if hits else None


def _at_least(points: int, bonus: Sequence[Match]) -> list[Query]:
    if points == 0:
        return []
    return [_n_of(points, bonus)]


def _less_than(points: int, bonus: Sequence[Match]) -> list[Query]:
    if points == 0:
        return [Query.empty_query()]
    return [Query.boolean_query([(Occur.Must, Query.all_query()), (Occur.MustNot, _n_of(points, bonus))])]


def _n_of(n: int, bonus: Sequence[Match]) -> Query:
    """Documents for which at least ``n`` of the matches hold."""
    if n > len(bonus):
        return Query.empty_query()
    return Query.boolean_query(
        [(Occur.Should, _match(match)) for match in bonus], minimum_number_should_match=n
    )


def _top(
    searcher: tantivy.Searcher, query: Query, prepared: PreparedQuery, points: int, n: int
) -> list[Found]:
    after, name = prepared.after, prepared.key_field
    if after is not None and points == after.points:
        rest = Query.range_query(SCHEMA, name, FieldType.Integer, upper_bound=after.key, include_upper=False)
        query = _all([query, rest])
    result = searcher.search(query, n, count=False, order_by_field=name, order=Order.Desc)
    return [Found(Place(points, int(key)), address) for key, address in result.hits]


def count_facets(searcher: tantivy.Searcher, whole: Query) -> Counts:
    """Count the whole result and each facet's values in it, most frequent first."""
    asked: dict[str, object] = {
        facet.value: {"terms": {"field": facet.value, "size": FACET_VALUES}} for facet in COUNTED_FACETS
    }
    answer = searcher.aggregate(whole, {**asked, "total": {"value_count": {"field": "id"}}})
    return Counts(
        total=int(answer["total"]["value"]),
        facets={facet: facet_counts(answer[facet.value]["buckets"]) for facet in COUNTED_FACETS},
    )


def versions_of(searcher: tantivy.Searcher, ids: Sequence[int]) -> dict[int, int]:
    """Versions of those documents that exist."""
    if not ids:
        return {}
    query = Query.term_set_query(SCHEMA, "id", list(ids))
    addresses = [address for _, address in searcher.search(query, len(ids), count=False).hits]
    return _pairs(searcher, addresses)


def ids_after(searcher: tantivy.Searcher, last: int, n: int) -> dict[int, int]:
    """The next ``n`` documents by id, with their versions."""
    query = Query.range_query(SCHEMA, "id", FieldType.Integer, lower_bound=last, include_lower=False)
    result = searcher.search(query, n, count=False, order_by_field="id", order=Order.Asc)
    return _pairs(searcher, [address for _, address in result.hits])


def _pairs(searcher: tantivy.Searcher, addresses: list[tantivy.DocAddress]) -> dict[int, int]:
    ids = searcher.fast_field_values("id", addresses)
    versions = searcher.fast_field_values("version", addresses)
    return {int(i): int(v) for i, v in zip(ids, versions, strict=True) if i is not None and v is not None}
