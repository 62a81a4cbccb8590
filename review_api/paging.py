"""Keyset cursors: opaque to the caller, stable when rows come and go."""

import base64
import binascii
import json

from models.errors import Rejected

MAX_LIMIT = 200
DEFAULT_LIMIT = 50

CursorValue = int | float | str


class BadCursor(Rejected):
    """The cursor was not made by this list."""

    status = 422


def make_cursor(*key: CursorValue) -> str:
    """A cursor that stands behind the row with this sort key."""
    return base64.urlsafe_b64encode(json.dumps(key).encode()).decode().rstrip("=")


def read_cursor(cursor: str | None, *kinds: type) -> tuple[CursorValue, ...] | None:
    """The sort key in a cursor; None for the first page.

    Args:
        cursor: from the page before.
        kinds: the type of each part.

    Raises:
        BadCursor: it holds anything else.
    """
    if cursor is None:
        return None
    try:
        padded = cursor + "=" * (-len(cursor) % 4)
        key = json.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
    except (binascii.Error, ValueError) as error:
        raise BadCursor("The place in the list cannot be read. Start from its beginning.") from error
    if not isinstance(key, list) or [type(part) for part in key] != list(kinds):
        raise BadCursor("The place in the list cannot be read. Start from its beginning.")
    return tuple(key)
