"""What one case shows: the ad's versions, what was found in them, signatures, history, what may be done.

Texts here are those a screen may show: contacts in them are masked, character by
character, so that offsets into the original hold for the masked text too.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from enum import StrEnum

from classifiers.facts import FactKind
from models.audit import AuditAction
from models.enums import (
    AdPictureState,
    AdState,
    ContactKind,
    GoneReason,
    Language,
    Level,
    PictureProblem,
    Purpose,
    Role,
    Side,
    SourceKind,
    TaskState,
    TextPlace,
    Verdict,
)
from review_api.tasks.schemas import Claim, ScoredPurpose


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
class ShownWord:
    """Words that the statistical part read, and what they added; offsets and ``quote`` as in ``ShownHit``."""

    place: TextPlace
    start: int
    end: int
    quote: str
    weight: float


@dataclass(frozen=True)
class ShownChange:
    """A small change after which the outcome would be the opposite; see ``classifiers.counterfactual``."""

    kind: str
    codes: tuple[str, ...]
    n_words: int


@dataclass(frozen=True)
class ShownFact:
    """What an ad says of pay, ages, places and the like; fields and offsets as in ``classifiers.facts``."""

    kind: FactKind
    value: str
    place: TextPlace
    start: int
    end: int
    low: int | None
    high: int | None
    period: str


@dataclass(frozen=True)
class ShownExplanation:
    """What the statistical part alone gave, from where it flags, and what would change the outcome."""

    probability: float
    threshold: float
    changes: tuple[ShownChange, ...]
    facts: tuple[ShownFact, ...]


@dataclass(frozen=True)
class ShownVersion:
    """The text of the ad as the reviewer sees it, contacts masked."""

    id: int
    number: int
    title: str
    text: str
    picture_text: str
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
    is_edited: bool


@dataclass(frozen=True)
class ShownPicture:
    """One picture of the version, by its number on the page; the picture itself is not kept, ``url`` is text.

    ``start`` and ``end`` are where its words stand in the version's ``picture_text``,
    equal when there are none. ``state`` None: its source's file does not ask for
    pictures. ``confidence`` is the recogniser's own, 0 to 1; ``n_elsewhere`` counts
    other ads with the same picture.
    """

    number: int
    url: str
    state: AdPictureState | None
    problem: PictureProblem | None
    answered_at: datetime | None
    start: int
    end: int
    confidence: float | None
    sha256: str | None
    perceptual_hash: str | None
    n_elsewhere: int


@dataclass(frozen=True)
class VersionLine:
    """One version of the ad in its list; ``is_flagged`` None: not classified yet.

    ``changed`` names the fields that were other in the version before; ``is_edited``: by the site's word.
    """

    id: int
    number: int
    observed_at: datetime
    is_shown: bool
    is_current: bool
    is_flagged: bool | None
    is_edited: bool
    changed: tuple[str, ...]


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
    picture_text: str = ""


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
    gone_reason: GoneReason | None
    n_views: int | None


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
    ``show_newest``. ``explanation`` is None for what an older Saqshy read.
    ``listing_problem`` is the code of the error that confirming
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
    pictures: tuple[ShownPicture, ...]
    has_newer_version: bool
    side: Side
    is_minor: bool
    is_live_victim: bool
    hits: tuple[ShownHit, ...]
    model_words: tuple[ShownWord, ...]
    explanation: ShownExplanation | None
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
