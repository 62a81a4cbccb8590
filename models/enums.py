"""Closed vocabularies of the line, and which state may follow which.

The words are those of docs/concepts.md. A state column is only ever changed
through :func:`check_transition`, so that the tables below are the one place
that says what can happen.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import TypeVar

from models.errors import ForbiddenTransition

S = TypeVar("S", bound=StrEnum)


class Purpose(StrEnum):
    """Purpose of exploitation; an ad may have several, each with its own score."""

    SEXUAL_EXPLOITATION = "sexual_exploitation"
    FORCED_LABOUR = "forced_labour"
    ILLEGAL_ADOPTION = "illegal_adoption"
    FORCED_BEGGING = "forced_begging"
    ORGAN_REMOVAL = "organ_removal"
    UNLAWFUL_ACTIVITY = "unlawful_activity"
    PERSON_TRADE = "person_trade"


class Side(StrEnum):
    """Whether the ad offers, or seeks to obtain, a person, organ or service."""

    OFFER = "offer"
    DEMAND = "demand"


class Level(StrEnum):
    """How serious an ad looks; the order of the members is the order of severity."""

    NONE = "none"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    URGENT = "urgent"


class Language(StrEnum):
    """Language of a text; ``unknown`` when there are too few letters to tell."""

    KK = "kk"
    RU = "ru"
    UZ = "uz"
    KY = "ky"
    EN = "en"
    MIXED = "mixed"
    UNKNOWN = "unknown"


class TextPlace(StrEnum):
    """Which text of an ad a span points into."""

    TITLE = "title"
    TEXT = "text"
    # What a machine recognised in the ad's pictures; never the author's own letters.
    PICTURE = "picture"


class ContactKind(StrEnum):
    """How a person named in an ad can be reached."""

    PHONE = "phone"
    HANDLE = "handle"
    LINK = "link"
    EMAIL = "email"


class SourceKind(StrEnum):
    """Family of a source; facets and the spider's behaviour follow it."""

    CLASSIFIEDS = "classifieds"
    JOB_BOARD = "job_board"
    CHANNEL = "channel"
    FEED = "feed"
    FORUM = "forum"
    IMPORT = "import"
    HANDED_IN = "handed_in"


class RunKind(StrEnum):
    """Why a crawl run was made; the order of the members is the order in which workers take them."""

    HANDED_IN = "handed_in"
    RECHECK = "recheck"
    MANUAL = "manual"
    SCHEDULED = "scheduled"


class RunState(StrEnum):
    """Life of one crawl run, that is of one due slot of a source."""

    DUE = "due"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    MISSED = "missed"


class RequestState(StrEnum):
    """Life of one frontier request."""

    PENDING = "pending"
    LEASED = "leased"
    DONE = "done"
    FAILED = "failed"


class RequestKind(StrEnum):
    """Why an address is in the frontier: to find ads, to read one, or because a person asked."""

    START = "start"
    LISTING = "listing"
    AD = "ad"
    RECHECK = "recheck"
    HANDED_IN = "handed_in"
    PICTURE = "picture"


class FetchResult(StrEnum):
    """What a fetch brought; only ``page`` is ever parsed for ads."""

    PAGE = "page"
    NOT_MODIFIED = "not_modified"
    GONE = "gone"
    WALL = "wall"
    REFUSED = "refused"
    SLOW_DOWN = "slow_down"
    OVERSIZE = "oversize"
    BROKEN = "broken"
    BLOCKED_ADDRESS = "blocked_address"
    ROBOTS_DISALLOWED = "robots_disallowed"


class ParseState(StrEnum):
    """How far a stored page has been read; ``parse_incomplete`` is never "clean"."""

    PENDING = "pending"
    PARSED = "parsed"
    PARSE_INCOMPLETE = "parse_incomplete"
    FAILED = "failed"
    NOT_PARSED = "not_parsed"


class EvidenceKind(StrEnum):
    """What a stored file is."""

    BODY = "body"  # the content alone, as an import brought it
    CAPTURE = "capture"  # WARC: request and response of one fetch
    BUILT = "built"  # WARC: the same, and the document that the page's scripts built, marked as derived
    PICTURE = "picture"  # PNG of a page


class SealKind(StrEnum):
    """What a seal covers."""

    BATCH = "batch"
    DAY = "day"
    ITEM = "item"


class SealState(StrEnum):
    """How far outside authorities have stamped a seal; a batch is stamped through its day."""

    UNANCHORED = "unanchored"
    PARTLY = "partly"
    ANCHORED = "anchored"
    COVERED = "covered"


class AdPictureState(StrEnum):
    """How far a picture of an ad has been read; ``not_read`` is never "no text in it"."""

    WANTED = "wanted"
    READ = "read"
    NOT_READ = "not_read"


class PictureProblem(StrEnum):
    """Why a picture of an ad, or a part of it, was not read, or what was read is no more."""

    NO_READER = "no_reader"
    OTHER_HOST = "other_host"
    TOO_MANY = "too_many"
    GONE = "gone"
    REFUSED = "refused"
    NOT_FETCHED = "not_fetched"
    OVERSIZE = "oversize"
    NOT_A_PICTURE = "not_a_picture"
    SVG = "svg"
    UNKNOWN_FORMAT = "unknown_format"
    TOO_MANY_PIXELS = "too_many_pixels"
    MORE_FRAMES = "more_frames"
    TRUNCATED = "truncated"
    DAMAGED = "damaged"
    TIMED_OUT = "timed_out"
    READER_DIED = "reader_died"
    ERASED = "erased"


class PictureState(StrEnum):
    """Life of the picture of a page."""

    WANTED = "wanted"
    TAKEN = "taken"
    NO_BROWSER = "no_browser"
    FAILED = "failed"


class AdState(StrEnum):
    """Whether the ad was still there when it was last looked for."""

    LIVE = "live"
    GONE = "gone"


class GoneReason(StrEnum):
    """How a site says that an ad is no more."""

    NOT_FOUND = "not_found"
    REMOVED = "removed"
    ARCHIVED = "archived"
    REDIRECTED = "redirected"


class AlarmKind(StrEnum):
    """What is wrong with a source, as its own rows show."""

    OVERDUE = "overdue"
    SILENT = "silent"
    DRIFT = "drift"
    SHUT_OUT = "shut_out"
    NO_BROWSER = "no_browser"


class BlindReason(StrEnum):
    """Why something cannot be seen; never counted as "nothing found"."""

    NO_PREVIEW = "no_preview"
    NOT_PREVIEWABLE = "not_previewable"
    WALL = "wall"
    REFUSED = "refused"
    ROBOTS = "robots"
    BROKEN = "broken"
    OVERSIZE = "oversize"
    TERMS_NOT_READ = "terms_not_read"


class CandidateState(StrEnum):
    """What a person has decided about a place that ads name."""

    OPEN = "open"
    ADOPTED = "adopted"
    IGNORED = "ignored"


class HandInVia(StrEnum):
    """How an address reached us."""

    TYPED = "typed"
    PASTED = "pasted"
    API = "api"
    HELPLINE = "helpline"


class HandInState(StrEnum):
    """Life of what a person handed in."""

    WAITING = "waiting"
    UNDERWAY = "underway"
    ANSWERED = "answered"
    REFUSED = "refused"


class ClassifierState(StrEnum):
    """Whether a classifier version's flags open review tasks."""

    EVALUATION = "evaluation"
    ENABLED = "enabled"
    RETIRED = "retired"


class TaskState(StrEnum):
    """Life of a review task."""

    OPEN = "open"
    CLAIMED = "claimed"
    CONFIRMED = "confirmed"
    RETURNED = "returned"
    APPROVED = "approved"
    REJECTED = "rejected"


class Verdict(StrEnum):
    """Outcome of one human act on a review task."""

    CONFIRM = "confirm"
    REJECT = "reject"
    APPROVE = "approve"
    RETURN = "return"


class Role(StrEnum):
    """What a person may do; a person has exactly one."""

    ANALYST = "analyst"
    APPROVER = "approver"
    OFFICER = "officer"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Agency(StrEnum):
    """State body a person works for."""

    MKI = "mki"
    MVD = "mvd"
    GP = "gp"


class Scope(StrEnum):
    """How much a blocklist entry asks to block; narrowest first."""

    POST = "post"
    PAGE = "page"
    PROFILE = "profile"
    HOST = "host"


class EntryState(StrEnum):
    """Life of a blocklist entry."""

    ACTIVE = "active"
    LIFTED = "lifted"
    EXPIRED = "expired"


# Kinds whose stored file is a WARC.
WARC_KINDS = frozenset({EvidenceKind.CAPTURE, EvidenceKind.BUILT})

LEVELS_BY_SEVERITY: tuple[Level, ...] = tuple(Level)

OPEN_TASK_STATES = frozenset({TaskState.OPEN, TaskState.CLAIMED, TaskState.CONFIRMED, TaskState.RETURNED})

TRANSITIONS: Mapping[type[StrEnum], Mapping[StrEnum, frozenset[StrEnum]]] = {
    TaskState: {
        TaskState.OPEN: frozenset({TaskState.CLAIMED}),
        TaskState.CLAIMED: frozenset(
            {TaskState.OPEN, TaskState.RETURNED, TaskState.CONFIRMED, TaskState.REJECTED}
        ),
        TaskState.CONFIRMED: frozenset({TaskState.APPROVED, TaskState.RETURNED}),
        TaskState.RETURNED: frozenset({TaskState.CLAIMED}),
        TaskState.APPROVED: frozenset(),
        TaskState.REJECTED: frozenset(),
    },
    RunState: {
        RunState.DUE: frozenset({RunState.RUNNING, RunState.MISSED}),
        RunState.RUNNING: frozenset({RunState.DONE, RunState.FAILED, RunState.DUE}),
        RunState.DONE: frozenset(),
        RunState.FAILED: frozenset(),
        RunState.MISSED: frozenset(),
    },
    RequestState: {
        RequestState.PENDING: frozenset({RequestState.LEASED}),
        RequestState.LEASED: frozenset({RequestState.DONE, RequestState.FAILED, RequestState.PENDING}),
        RequestState.DONE: frozenset(),
        RequestState.FAILED: frozenset(),
    },
    AdPictureState: {
        AdPictureState.WANTED: frozenset({AdPictureState.READ, AdPictureState.NOT_READ}),
        AdPictureState.READ: frozenset(),
        AdPictureState.NOT_READ: frozenset(),
    },
    AdState: {
        AdState.LIVE: frozenset({AdState.GONE}),
        AdState.GONE: frozenset({AdState.LIVE}),
    },
    CandidateState: {
        CandidateState.OPEN: frozenset({CandidateState.ADOPTED, CandidateState.IGNORED}),
        CandidateState.ADOPTED: frozenset({CandidateState.IGNORED}),
        CandidateState.IGNORED: frozenset({CandidateState.ADOPTED}),
    },
    HandInState: {
        HandInState.WAITING: frozenset({HandInState.UNDERWAY, HandInState.REFUSED}),
        HandInState.UNDERWAY: frozenset({HandInState.ANSWERED}),
        HandInState.ANSWERED: frozenset(),
        HandInState.REFUSED: frozenset(),
    },
    EntryState: {
        EntryState.ACTIVE: frozenset({EntryState.LIFTED, EntryState.EXPIRED}),
        EntryState.LIFTED: frozenset(),
        EntryState.EXPIRED: frozenset(),
    },
    ClassifierState: {
        ClassifierState.EVALUATION: frozenset({ClassifierState.ENABLED, ClassifierState.RETIRED}),
        ClassifierState.ENABLED: frozenset({ClassifierState.RETIRED}),
        ClassifierState.RETIRED: frozenset({ClassifierState.ENABLED}),
    },
}


def check_transition(before: S, after: S) -> S:
    """Return ``after`` if it may follow ``before``.

    Raises:
        ForbiddenTransition: the table above does not allow it.
    """
    if after not in TRANSITIONS[type(before)][before]:
        raise ForbiddenTransition(
            f"{type(before).__name__} cannot go from {before.value} to {after.value}",
            before=before.value,
            after=after.value,
        )
    return after
