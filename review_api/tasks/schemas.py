"""What lists of tasks show, and what decisions take; contacts in titles are masked."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.enums import (
    Language,
    Level,
    Purpose,
    Scope,
    Side,
    SourceKind,
    TaskState,
    Verdict,
)
from review_api.fields import Reason, ShortText


class QueueState(StrEnum):
    """Which tasks a list shows."""

    WAITING = "waiting"
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"


@dataclass(frozen=True)
class QueueFilters:
    """Facets chosen by the reader; all that are given must hold. ``region`` is compared as written."""

    purpose: Purpose | None = None
    side: Side | None = None
    language: Language | None = None
    region: str | None = None
    source_kind: SourceKind | None = None
    level: Level | None = None


@dataclass(frozen=True)
class ScoredPurpose:
    """A purpose and its score in [0, 1]; scores are independent, they do not sum to 1."""

    purpose: Purpose
    score: float


@dataclass(frozen=True)
class Claim:
    """Who holds a task and until when; ``is_over`` when that time has passed."""

    user_id: int
    user_name: str
    display_name: str
    expires_at: datetime
    is_mine: bool
    is_over: bool


@dataclass(frozen=True)
class QueueRow:
    """One line of the queue.

    ``first_words`` are the first marked quotes; ``n_copies`` counts the other ads
    of the near-duplicate cluster; ``purposes`` are those at or over the shown score, most likely first.
    """

    task_id: int
    case_number: str
    state: TaskState
    round: int
    level: Level
    priority: float
    is_referral: bool
    is_parse_incomplete: bool
    title: str
    first_words: tuple[str, ...]
    indicator_codes: tuple[str, ...]
    purposes: tuple[ScoredPurpose, ...]
    side: Side
    language: Language
    region: str | None
    source_name: str
    source_title: str
    source_kind: SourceKind
    first_seen_at: datetime
    opened_at: datetime
    n_copies: int
    claim: Claim | None


@dataclass(frozen=True)
class QueuePage:
    """Rows, most serious first: referrals, then level, priority, the oldest."""

    rows: tuple[QueueRow, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class FacetValue:
    """A value of a facet and how many waiting tasks have it."""

    value: str
    n: int


@dataclass(frozen=True)
class Facets:
    """Counts over the tasks that waited at ``counted_at``, each facet under the filters of all the others."""

    n_waiting: int
    counted_at: datetime
    purpose: tuple[FacetValue, ...]
    side: tuple[FacetValue, ...]
    language: tuple[FacetValue, ...]
    region: tuple[FacetValue, ...]
    source_kind: tuple[FacetValue, ...]
    level: tuple[FacetValue, ...]


@dataclass(frozen=True)
class ClaimMade:
    """A claim that now holds."""

    task_id: int
    case_number: str
    expires_at: datetime


@dataclass(frozen=True)
class MyTask:
    """A task that concerns me."""

    task_id: int
    case_number: str
    title: str
    level: Level
    state: TaskState
    claim_expires_at: datetime | None
    decided_at: datetime | None


@dataclass(frozen=True)
class MyWork:
    """My claims (ending first), what came back after my confirmation, what waits for a signature."""

    claims: tuple[MyTask, ...]
    came_back: tuple[MyTask, ...]
    n_waiting_for_signature: int


@dataclass(frozen=True)
class ApprovalRow:
    """A case that waits for a second signature."""

    task_id: int
    case_number: str
    level: Level
    is_referral: bool
    title: str
    purposes: tuple[Purpose, ...]
    confirmed_by: str
    confirmed_at: datetime
    reason: str
    legal_ground: str | None
    has_newer_version: bool
    is_mine: bool


@dataclass(frozen=True)
class ApprovalPage:
    """Cases that wait, most serious first."""

    rows: tuple[ApprovalRow, ...]
    next_cursor: str | None


class _Form(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class ConfirmForm(_Form):
    """First signature. ``ad_version_id`` is the version the reviewer saw."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "ad_version_id": 17,
                    "purposes": ["sexual_exploitation"],
                    "legal_ground": "cc-128",
                    "reason": "Паспорт остаётся у администратора, долг за дорогу.",
                    "is_mvd_informed": False,
                }
            ]
        }
    )

    ad_version_id: int
    purposes: Annotated[tuple[Purpose, ...], Field(max_length=len(Purpose))] = ()
    legal_ground: ShortText = ""
    reason: Reason = ""
    is_mvd_informed: bool = False


class RejectForm(_Form):
    """First signature: no sign of trafficking after all."""

    ad_version_id: int
    reason: Reason = ""


class ApproveForm(_Form):
    """Second signature: binds the confirmation and the text it was given on.

    ``case_number`` is typed by the person: what cannot be undone asks twice.
    """

    confirm_decision_id: int
    content_sha256: ShortText
    case_number: ShortText
    reason: Reason = ""


class ReturnForm(_Form):
    """Back to the analysts, with what is missing."""

    confirm_decision_id: int
    reason: Reason = ""


@dataclass(frozen=True)
class DecisionMade:
    """A signature that now stands."""

    decision_id: int
    task_id: int
    case_number: str
    verdict: Verdict
    state: TaskState


@dataclass(frozen=True)
class Approved:
    """A second signature and the list line it made."""

    decision_id: int
    task_id: int
    case_number: str
    entry_id: int
    url: str
    scope: Scope
    expires_at: datetime
