"""What the pages about sources take and show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from annotated_types import Len
from pydantic import BaseModel, ConfigDict

from models.enums import (
    AlarmKind,
    BlindReason,
    CandidateState,
    ContactKind,
    RunKind,
    RunState,
    SourceKind,
)
from review_api.fields import Reason, ShortText

SHOWN_DAYS = 30


class Health(StrEnum):
    """How a source stands, at a glance; the worst that holds."""

    ALARM = "alarm"
    FAILED = "failed"
    PAUSED = "paused"
    OFF = "off"
    NEW = "new"
    RUNNING = "running"
    WELL = "well"


@dataclass(frozen=True)
class AlarmRow:
    """An open alarm; ``facts`` are the numbers of its sentence."""

    kind: AlarmKind
    subject: str
    facts: Mapping[str, int | float]
    began_at: datetime


@dataclass(frozen=True)
class SourceRow:
    """One source; counts are of the last ``SHOWN_DAYS`` days, ``error`` is the code of its latest run's."""

    id: int
    name: str
    title: str
    kind: SourceKind
    health: Health
    last_success_at: datetime | None
    next_slot_at: datetime | None
    paused_at: datetime | None
    paused_by: str | None
    pause_reason: str | None
    terms_read_by: str | None
    n_pages: int
    n_new: int
    n_flagged: int
    n_blind: int
    error: str | None
    alarms: tuple[AlarmRow, ...]

    @property
    def flagged_share(self) -> float | None:
        """Share of flagged ads among new texts; None when there was none."""
        return min(1.0, self.n_flagged / self.n_new) if self.n_new else None


@dataclass(frozen=True)
class DayCount:
    """New texts, pages and failures of one day (UTC+5)."""

    day: date
    n_new: int
    n_pages: int
    n_failed: int


@dataclass(frozen=True)
class RunRow:
    """One crawl run; ``error`` is a code, ``began_at`` the slot until a worker takes it up."""

    id: int
    kind: RunKind
    state: RunState
    began_at: datetime
    finished_at: datetime | None
    n_pages: int
    n_new: int
    n_failed: int
    error: str | None


@dataclass(frozen=True)
class FieldShare:
    """How often a field is filled: usually, and of late."""

    page_object: str
    field: str
    usual: float
    recent: float


@dataclass(frozen=True)
class Sample:
    """The beginning of an ad as it was extracted last, and which fields it fills."""

    external_id: str
    seen_at: datetime
    title: str
    text: str
    fields: tuple[str, ...]


@dataclass(frozen=True)
class BlindRow:
    """An address that cannot be seen."""

    source_id: int
    source_name: str
    source_title: str
    url: str
    platform: str
    region: str
    reason: BlindReason
    n_times: int
    began_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class BlindCount:
    """How many addresses of a platform and region cannot be seen for one reason."""

    platform: str
    region: str
    reason: BlindReason
    n: int


@dataclass(frozen=True)
class BlindMap:
    """What cannot be seen: counts of all of it, and the latest rows."""

    counts: tuple[BlindCount, ...]
    rows: tuple[BlindRow, ...]


@dataclass(frozen=True)
class SourceDetail:
    """One source with its runs, fields, blind spots and sample."""

    source: SourceRow
    days: tuple[DayCount, ...]
    runs: tuple[RunRow, ...]
    missed: tuple[datetime, ...]
    n_missed: int
    shares: tuple[FieldShare, ...]
    blind: tuple[BlindRow, ...]
    samples: tuple[Sample, ...]
    needs_browser: bool


@dataclass(frozen=True)
class CandidateRow:
    """A place that ads name, and what was decided about it."""

    id: int
    place: str
    kind: ContactKind
    n_ads: int
    n_flagged: int
    first_named_at: datetime
    last_named_at: datetime
    state: CandidateState
    decided_by: str | None
    decided_at: datetime | None
    reason: str | None

    @property
    def flagged_share(self) -> float:
        """Share of flagged ads among those that name it."""
        return self.n_flagged / self.n_ads if self.n_ads else 0.0


class WithReason(BaseModel):
    """An act that needs a reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    reason: Reason


class AcceptDrift(WithReason):
    """Which fields need no longer be filled: subjects of open alarms."""

    subjects: Annotated[tuple[ShortText, ...], Len(min_length=1, max_length=100)]


class AskAgain(WithReason):
    """Which host that refused us is to be asked again."""

    host: ShortText
