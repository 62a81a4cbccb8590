"""A stored page on its way to extraction, and the same with what was understood of it."""

from dataclasses import dataclass
from datetime import datetime

from crawlers.items import Extraction


@dataclass(frozen=True, slots=True)
class StoredPage:
    """A page whose bytes and row are safe, on its way to extraction.

    Attributes:
        captured_at: when the server sent these bytes.
        seen_at: when it last said that they are what it shows.
        depth: steps from a start address.
        n_stale: listing pages in a row, up to this one, that showed nothing new.
    """

    page_id: int
    source_id: int
    run_id: int | None
    url: str
    final_url: str
    content_type: str | None
    page_object: str | None
    captured_at: datetime
    seen_at: datetime
    depth: int
    body: bytes
    n_stale: int = 0


Understood = tuple[StoredPage, Extraction]
