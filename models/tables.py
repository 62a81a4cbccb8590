"""Loads every table, so that ``Base.metadata`` is whole (migrations, tests)."""

from models import (
    ad,
    audit,
    blocklist,
    classification,
    crawl,
    evidence,
    hand_in,
    people,
    picture,
    review,
    watch,
)
from models.base import Base

__all__ = [
    "Base",
    "ad",
    "audit",
    "blocklist",
    "classification",
    "crawl",
    "evidence",
    "hand_in",
    "people",
    "picture",
    "review",
    "watch",
]
