"""Errors in the reader's words: what happened, what is kept, what to do next."""

from models.errors import SaqshyError
from review_api.i18n import Words

PLAIN_STATUSES = frozenset({403, 404, 409, 422, 429, 500, 503})


def problem_text(words: Words, error: SaqshyError) -> str:
    """The sentence of an error: its own if the catalogue has one, else that of its status."""
    key = f"problem.{error.code}"
    if not words.has(key):
        return words.text(f"error.{plain_status(error.status)}_means")
    values = {name: value for name, value in error.context.items() if isinstance(value, str | int)}
    return words.text(key, **{"name": "", "case": "", "limit": "", "host": "", **_renamed(values)})


def listing_text(words: Words, code: str | None) -> str:
    """Why an address may not stand on the list; empty when it may."""
    if code is None:
        return ""
    key = f"listing.{code}"
    return words.text(key if words.has(key) else "listing.other")


def plain_status(status: int) -> int:
    """The status whose page says what this one means."""
    if status in PLAIN_STATUSES:
        return status
    return 500 if status >= 500 else 422


def _renamed(context: dict[str, str | int]) -> dict[str, str | int]:
    names = {"display_name": "name", "case_number": "case"}
    return {names.get(name, name): value for name, value in context.items()}
