"""Reading of JSON of unknown shape: a value of another type than asked for is absent, not an error."""

from decimal import Decimal, InvalidOperation
from typing import Any

# Any: JSON that a site wrote; these functions are where it gets a type.
Json = Any


def at(data: Json, *path: str | int) -> Json:
    """Value under a path of keys and positions; None as soon as a step is missing."""
    for step in path:
        if isinstance(step, int):
            data = data[step] if isinstance(data, list) and -len(data) <= step < len(data) else None
        else:
            data = data.get(step) if isinstance(data, dict) else None
    return data


def text_at(data: Json, *path: str | int) -> str | None:
    """String under a path, blanks trimmed; a number as its digits; None when absent or empty."""
    value = at(data, *path)
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float | Decimal):
        return str(value)
    return (value.strip() or None) if isinstance(value, str) else None


def list_at(data: Json, *path: str | int) -> list[Json]:
    """List under a path; a single value as a list of one; empty when absent."""
    value = at(data, *path)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def decimal_at(data: Json, *path: str | int) -> Decimal | None:
    """Number under a path, also written as a string of digits; None for anything else."""
    value = at(data, *path)
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    return to_decimal(str(value))


def to_decimal(digits: str) -> Decimal | None:
    """Amount of money of at most 16 digits before the point, two after; None when it is none."""
    try:
        amount = Decimal(digits.strip())
    except InvalidOperation:
        return None
    if not amount.is_finite() or abs(amount) >= Decimal(10) ** 16 or amount < 0:
        return None
    return (
        amount.quantize(Decimal("0.01"))
        if amount != amount.to_integral_value()
        else amount.quantize(Decimal(1))
    )
