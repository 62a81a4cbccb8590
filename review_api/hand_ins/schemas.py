"""What is handed in, and its answer."""

from dataclasses import dataclass
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field

from models.enums import FetchResult, HandInState, HandInVia

MAX_ADDRESSES = 500
MAX_PASTED = 200_000
MAX_WORDS = 10_000


class NewHandIn(BaseModel):
    """Addresses, or a caller's words, or both; never the caller's name."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"addresses": ["https://t.me/s/rabota_kz"], "region": "Алматы"}]},
    )

    addresses: list[str] = Field(default_factory=list, max_length=MAX_ADDRESSES)
    words: str = Field(default="", max_length=MAX_WORDS)
    region: str = Field(default="", max_length=100)


@dataclass(frozen=True)
class HandInRow:
    """One address or one caller's words, and how it stands.

    Attributes:
        why: why it waits, was refused or could not be seen: a code.
        n_ads: ads that its page showed; None before it was read.
        cases: numbers and ids of the cases about them.
    """

    id: int
    via: HandInVia
    handed_in_at: datetime
    handed_in_by: str
    typed: str
    url: str | None
    words: str | None
    region: str
    state: HandInState
    why: str | None
    result: FetchResult | None
    is_read: bool
    n_ads: int | None
    cases: tuple[tuple[int, str], ...]
    answered_at: datetime | None
