"""The body of a page out of its stored file: the whole file, or its place in a capture."""

from typing import Protocol

from crawlers.content_encoding import undo_content_encoding
from crawlers.sources_config import MAX_BODY_BYTES


class Stored(Protocol):
    """What a row says of a stored file; columns of ``Evidence``."""

    @property
    def payload_offset(self) -> int | None:
        """Where the body begins in a capture; None = the file is the body."""

    @property
    def payload_bytes(self) -> int | None:
        """How long it is there."""

    @property
    def payload_encoding(self) -> str | None:
        """Its Content-Encoding there."""


def body_of(content: bytes, stored: Stored) -> bytes:
    """The page's body, content encoding undone.

    Args:
        content: the whole file, its hash checked.
        stored: what the row says of it.
    """
    if stored.payload_offset is None or stored.payload_bytes is None:
        return content
    raw = content[stored.payload_offset : stored.payload_offset + stored.payload_bytes]
    if not stored.payload_encoding:
        return raw
    return undo_content_encoding(raw, stored.payload_encoding, max_bytes=MAX_BODY_BYTES).body
