"""What the queue, a task and its decisions take and show.

Texts here are those a screen may show: contacts in them are masked, character by
character, so that offsets into the original hold for the masked text too.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.audit import AuditAction
from models.enums import (
    AdState,
    ContactKind,
    Language,
    Level,
    Purpose,
    Role,
    Scope,
    Side,
    SourceKind,
    TaskState,
    TextPlace,
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
class ShownHit:
    """Where an indicator or counter-sign was found.

    Offsets are code points in the version's title or text; ``quote`` is masked
    like it. ``is_counted`` False: it did not weigh, ``reason`` says why.
    """

    code: str
    place: TextPlace
    start: int
    end: int
    quote: str
    weight: float
    is_counter_sign: bool
    is_counted: bool
    reason: str | None


@dataclass(frozen=True)
class ShownVersion:
    """The text of the ad as the reviewer sees it, contacts masked."""

    id: int
    number: int
    title: str
    text: str
    language: Language
    author: str | None
    region: str | None
    price_amount: Decimal | None
    price_currency: str | None
    kind: str | None
    published_at: datetime | None
    observed_at: datetime
    content_sha256: str
    is_parse_incomplete: bool


@dataclass(frozen=True)
class VersionLine:
    """One version of the ad in its list; ``is_flagged`` None: not classified yet."""

    id: int
    number: int
    observed_at: datetime
    is_shown: bool
    is_current: bool
    is_flagged: bool | None


@dataclass(frozen=True)
class ShownContact:
    """A contact with its value masked."""

    kind: ContactKind
    masked: str


@dataclass(frozen=True)
class OpenContact:
    """A contact as it stands in the ad; reading it left an audit line."""

    kind: ContactKind
    value: str


@dataclass(frozen=True)
class OpenedContacts:
    """The contacts of a task's version, and its texts unmasked, for this one answer."""

    task_id: int
    contacts: tuple[OpenContact, ...]
    title: str
    text: str


@dataclass(frozen=True)
class Origin:
    """Where and when the shown version was found. ``url`` is text, never a live link."""

    source_name: str
    source_title: str
    source_kind: SourceKind
    url: str
    fetched_at: datetime
    http_status: int | None
    evidence_sha256: str | None
    evidence_bytes: int | None
    ad_state: AdState
    first_seen_at: datetime
    last_seen_at: datetime
    gone_at: datetime | None


@dataclass(frozen=True)
class SimilarAd:
    """Another ad of the same cluster; ``case_number`` of its latest task, if it has one."""

    ad_id: int
    title: str
    url: str
    source_name: str
    source_title: str
    last_seen_at: datetime
    state: AdState
    case_number: str | None
    task_id: int | None


@dataclass(frozen=True)
class ShownDecision:
    """One signature as it was given."""

    id: int
    round: int
    stage: int
    verdict: Verdict
    reviewer_id: int
    reviewer_name: str
    display_name: str
    role: Role
    reason: str
    legal_ground: str | None
    purposes: tuple[Purpose, ...]
    ad_version_id: int
    content_sha256: str
    answers_id: int | None
    decided_at: datetime


@dataclass(frozen=True)
class HistoryLine:
    """One act on the case, from the audit log."""

    at: datetime
    actor_name: str
    action: AuditAction
    verdict: Verdict | None


class TaskAction(StrEnum):
    """What a person may do with a task now."""

    CLAIM = "claim"
    PROLONG = "prolong"
    PUT_BACK = "put_back"
    SHOW_NEWEST = "show_newest"
    OPEN_CONTACTS = "open_contacts"
    CONFIRM = "confirm"
    REJECT = "reject"
    APPROVE = "approve"
    RETURN = "return"


@dataclass(frozen=True)
class TaskDetail:
    """Everything one reviewer sees of one case.

    ``actions`` are allowed to this person now. ``has_newer_version``: the ad's
    text has changed since; a decision on the shown one is refused until
    ``show_newest``. ``listing_problem`` is the code of the error that confirming
    or approving would raise for the ad's address, or None.
    """

    task_id: int
    case_number: str
    state: TaskState
    round: int
    level: Level
    priority: float
    is_referral: bool
    opened_at: datetime
    closed_at: datetime | None
    claim: Claim | None
    ad_id: int
    version: ShownVersion
    has_newer_version: bool
    side: Side
    is_minor: bool
    is_live_victim: bool
    hits: tuple[ShownHit, ...]
    purposes: tuple[ScoredPurpose, ...]
    rules: tuple[str, ...]
    classifier_version: str
    versions: tuple[VersionLine, ...]
    origin: Origin
    contacts: tuple[ShownContact, ...]
    similar: tuple[SimilarAd, ...]
    n_similar: int
    decisions: tuple[ShownDecision, ...]
    history: tuple[HistoryLine, ...]
    listing_problem: str | None
    actions: frozenset[TaskAction] = field(default_factory=frozenset)


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
