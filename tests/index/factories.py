"""Documents for tests, without a database."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from index.documents import SearchDocument
from index.queries import Facet
from models.enums import Level, TextPlace

START = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp())


def make_document(
    id: int,
    text: str = "Требуется продавец в магазин",
    *,
    title: str = "",
    version: int = 1,
    level: Level | None = Level.LOW,
    priority: float = 0.5,
    found_at: int | None = None,
    contacts: Iterable[str] = (),
    contact_spans: Mapping[TextPlace, tuple[tuple[int, int], ...]] | None = None,
    **facets: str | tuple[str, ...] | None,
) -> SearchDocument:
    """One document; keyword arguments named like facets set their values, None leaves one out."""
    values: dict[str, str | tuple[str, ...] | None] = {
        "source": "olx",
        "ad_state": "live",
        "language": "ru",
        **facets,
    }
    if level is not None:
        values["level"] = level.value
    return SearchDocument(
        id=id,
        version=version,
        title=title,
        text=text,
        facets={
            Facet(name): (value,) if isinstance(value, str) else value
            for name, value in values.items()
            if value
        },
        contacts=tuple(contacts),
        contact_spans={TextPlace.TITLE: (), TextPlace.TEXT: (), **(contact_spans or {})},
        found_at=START + id if found_at is None else found_at,
        level=level,
        priority=priority,
    )
