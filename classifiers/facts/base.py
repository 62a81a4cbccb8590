"""A fact, and how the words it is read by are kept."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from models.enums import TextPlace

DATA = Path(__file__).parent / "data"


class FactKind(StrEnum):
    """What a fact tells."""

    PAY = "pay"
    AGE = "age"
    SEX = "sex"
    N_PLACES = "n_places"
    REGION = "region"
    COUNTRY = "country"
    EMPLOYER = "employer"
    BIN = "bin"
    MESSENGER = "messenger"


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing an ad says.

    Attributes:
        kind: what it tells.
        value: of pay its currency, of sex ``female``, ``male`` or ``any``, of a region its
            ISO 3166-2 code, of a country its ISO 3166-1 code, else what was named.
        place: title or text.
        start: code points of the original text of that place.
        end: not included.
        quote: ``text[start:end]``.
        low: lower bound of pay, age or places.
        high: upper bound; equal to ``low`` for one figure, None for "and more".
        period: of pay: month, day, week, hour, rotation, piece; "" if not said.
        detail: of a region the town or district.
    """

    kind: FactKind
    value: str
    place: TextPlace
    start: int
    end: int
    quote: str
    low: int | None = None
    high: int | None = None
    period: str = ""
    detail: str = ""


@cache
def read_words() -> dict[str, Any]:
    """Return the words by which facts are read; classifiers/facts/data/words.yaml."""
    raw: dict[str, Any] = yaml.safe_load((DATA / "words.yaml").read_text("utf-8"))
    return raw


def any_of(words: Iterable[str]) -> str:
    """Return a regular expression for any of them, the longest first."""
    return "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))


def new_fact(kind: FactKind, value: str, span: tuple[int, int], **more: Any) -> Fact:
    """Return a fact whose span still points into the normalised text."""
    return Fact(kind, value, TextPlace.TEXT, *span, "", **more)
