"""Counts of a result's values, read alike from both engines."""

from collections.abc import Mapping, Sequence
from typing import Any

from index.engine import FacetCount

FACET_VALUES = 1000
"""Values of one facet an engine counts at most; with one shard the counts are exact."""


def facet_counts(buckets: Sequence[Mapping[str, Any]]) -> tuple[FacetCount, ...]:
    """Read the buckets of either engine; equal counts in the order of their values."""
    # Any: the engines' own JSON.
    counts = [FacetCount(str(bucket["key"]), int(bucket["doc_count"])) for bucket in buckets]
    return tuple(sorted(counts, key=lambda c: (-c.count, c.value)))
