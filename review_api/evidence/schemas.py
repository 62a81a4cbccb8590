"""Evidence of a case as screens, exports and commands see it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from models.enums import AdPictureState, EvidenceKind, PictureProblem, PictureState
from models.merkle import Step


class EvidenceState(StrEnum):
    """What can be said of an item now; the worst that holds."""

    DAMAGED = "damaged"
    ERASED = "erased"
    UNANCHORED = "unanchored"
    PARTLY = "partly"
    ANCHORED = "anchored"


@dataclass(frozen=True)
class Stamp:
    """One authority's time stamp; ``covers_day``: on the day's root, not on the item itself."""

    authority: str
    stamped_at: datetime
    response: bytes
    roots_pem: str
    covers_day: bool


@dataclass(frozen=True)
class DayProof:
    """The way from an item to the root that a day's stamps are on."""

    steps_to_batch: tuple[Step, ...]
    steps_to_day: tuple[Step, ...]
    day_root: str


@dataclass(frozen=True)
class PictureLine:
    """The picture of a page, or why there is none; ``erased_id`` is the item it was before it was erased."""

    state: PictureState
    taken_at: datetime | None
    browser: str | None
    evidence_id: int | None
    sha256: str | None
    erased_id: int | None = None


@dataclass(frozen=True)
class Item:
    """One stored file of a case. ``url`` is text, never a live link."""

    evidence_id: int
    kind: EvidenceKind
    sha256: str
    size_bytes: int
    url: str
    http_status: int | None
    content_type: str | None
    captured_at: datetime
    server_date: str | None
    erased_at: datetime | None
    problems: tuple[str, ...]
    stamps: tuple[Stamp, ...]
    proof: DayProof | None
    picture: PictureLine | None

    @property
    def own_ids(self) -> tuple[int, ...]:
        """The item and the picture of its page, there or erased."""
        picture = self.picture
        ids = (self.evidence_id, *((picture.evidence_id, picture.erased_id) if picture else ()))
        return tuple(one for one in ids if one is not None)

    @property
    def state(self) -> EvidenceState:
        """The worst that holds."""
        if self.problems:
            return EvidenceState.DAMAGED
        if self.erased_at is not None:
            return EvidenceState.ERASED
        n_authorities = len({stamp.authority for stamp in self.stamps})
        if n_authorities >= 2:
            return EvidenceState.ANCHORED
        return EvidenceState.PARTLY if n_authorities else EvidenceState.UNANCHORED


@dataclass(frozen=True)
class CustodyLine:
    """Who did what to an item, from the audit log; ``seq`` finds the line there."""

    seq: int
    at: datetime
    actor_name: str
    action: str
    evidence_id: int
    details: dict[str, object]

    @property
    def authority(self) -> object:
        """Whose time stamp it was; None for other acts."""
        return self.details.get("authority")


@dataclass(frozen=True)
class PictureFacts:
    """What stays of a picture that the ad showed; its bytes are not kept, ``url`` is text.

    Attributes:
        answered_at: when it was fetched, or why not was known.
        sha256: of its bytes as they were fetched.
        perceptual_hash: 64 bits in hexadecimal, alike for pictures that look alike.
        words: what a machine recognised; "" = none were found, None = not read, or erased.
        confidence: the recogniser's own, 0 to 1.
    """

    url: str
    state: AdPictureState
    problem: PictureProblem | None
    answered_at: datetime | None
    sha256: str | None
    perceptual_hash: str | None
    size_bytes: int | None
    format: str | None
    width: int | None
    height: int | None
    words: str | None
    confidence: float | None
    reader: str | None


@dataclass(frozen=True)
class CaseEvidence:
    """All stored files behind a case, the shown version's page first, and what stays of the ad's pictures."""

    case_number: str
    task_id: int
    title: str
    source: str
    items: tuple[Item, ...]
    custody: tuple[CustodyLine, ...]
    pictures: tuple[PictureFacts, ...] = ()

    @property
    def may_leave(self) -> bool:
        """Whether anything is left to be given out."""
        return any(item.erased_at is None for item in self.items)

    def number_of(self, evidence_id: int) -> int:
        """Which item, from 1, something belongs to: itself or the picture of its page."""
        return next((number for number, item in enumerate(self.items, 1) if evidence_id in item.own_ids), 0)

    def is_picture(self, evidence_id: int) -> bool:
        """Whether it is the picture of an item's page."""
        return all(item.evidence_id != evidence_id for item in self.items)

    @property
    def damaged(self) -> tuple[Item, ...]:
        """Items for which the case is frozen."""
        return tuple(item for item in self.items if item.state is EvidenceState.DAMAGED)


@dataclass(frozen=True)
class Export:
    """A package that leaves: its name and bytes, noted in the audit log by its hash."""

    name: str
    content: bytes
    sha256: str
    n_items: int


@dataclass(frozen=True)
class Erased:
    """What erasing an item came to.

    Attributes:
        files: SHA-256 of the stored files that are to go.
        n_versions: versions of ads that held words of pictures.
        held_by: items of evidence whose ads still hold some of these words.
    """

    files: tuple[str, ...]
    n_versions: int
    held_by: tuple[int, ...]
