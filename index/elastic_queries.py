"""Mapping of the Elasticsearch index, and the translation of prepared questions for it.

Only what the embedded engine can do as well: terms, phrases, ranges, counts. No
script, no query string, no analyser but the split at blanks.
"""

from collections.abc import Sequence
from typing import Any

from index.facets import FACET_VALUES
from index.fields import DISPLAY_FIELD, KEYWORD_FIELDS, NUMBER_FIELDS, TERM_FIELDS
from index.queries import COUNTED_FACETS, Match, PreparedQuery

# Any: Elasticsearch's JSON language; the shapes below are its whole use.
Json = dict[str, Any]

MAPPING: Json = {
    "dynamic": "strict",
    "_source": {"includes": ["id", "version", DISPLAY_FIELD]},
    "properties": {
        **{name: {"type": "long"} for name in NUMBER_FIELDS},
        **{name: {"type": "text", "analyzer": "whitespace", "norms": False} for name in TERM_FIELDS},
        **{name: {"type": "keyword"} for name in KEYWORD_FIELDS},
        # Stored for result lists, not searched.
        DISPLAY_FIELD: {"type": "object", "enabled": False},
    },
}

SETTINGS: Json = {
    # One shard keeps the counts of the facets exact.
    "number_of_shards": 1,
    "auto_expand_replicas": "0-1",
}


def build(prepared: PreparedQuery) -> Json:
    """Translate a question, without its place in the list."""
    filters = [_any(group) for group in prepared.required]
    filters += [{"terms": {facet.value: list(values)}} for facet, values in prepared.filters]
    limits = {"gte": prepared.found_from, "lt": prepared.found_before}
    bounds = {name: value for name, value in limits.items() if value is not None}
    if bounds:
        filters.append({"range": {"found_at": bounds}})
    points = [{"constant_score": {"filter": _match(match), "boost": 1.0}} for match in prepared.bonus]
    return {"bool": {"filter": filters, "should": points, "minimum_should_match": 0}}


def _any(group: Sequence[Match]) -> Json:
    if not group:
        return {"match_none": {}}
    return {"bool": {"should": [_match(match) for match in group], "minimum_should_match": 1}}


def _match(match: Match) -> Json:
    if len(match.terms) == 1:
        return {"term": {match.field: match.terms[0]}}
    return {"match_phrase": {match.field: {"query": " ".join(match.terms), "analyzer": "whitespace"}}}


def body(prepared: PreparedQuery) -> Json:
    """Return the whole search request of a page and one more ad."""
    request: Json = {
        "query": build(prepared),
        "size": prepared.size + 1,
        "track_total_hits": True,
        "sort": [{prepared.key_field: "desc"}],
        "aggs": {
            facet.value: {"terms": {"field": facet.value, "size": FACET_VALUES}} for facet in COUNTED_FACETS
        },
    }
    if prepared.bonus:
        request["sort"].insert(0, {"_score": "desc"})
    if prepared.after is not None:
        points = [float(prepared.after.points)] if prepared.bonus else []
        request["search_after"] = [*points, prepared.after.key]
    return request
