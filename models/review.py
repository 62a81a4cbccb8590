"""Review tasks and the decisions on them.

Four eyes are kept by the database itself: in one round of a task there is at
most one decision per stage and at most one decision per person, and decisions
cannot be updated or deleted (triggers in the first migration).
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ad import Ad, AdVersion
from models.base import Base, RowId, Sha256, enum_column
from models.classification import MIN_PURPOSE_SCORE, Classification
from models.enums import Language, Level, Purpose, Role, Side, SourceKind, TaskState, Verdict
from models.people import User

MAX_REGION = 100

_OPEN_STATES = text("state IN ('open', 'claimed', 'confirmed', 'returned')")


class ReviewTask(Base):
    """Work for a person: one flagged ad, at most one open task per ad.

    ``round`` counts how often a second person sent it back. ``case_number`` is
    what people say aloud: year and running number. ``side`` to ``purposes`` repeat
    what the shown text and its classification say, so that the queue is filtered
    and counted along one index; :meth:`show` keeps them in step.
    """

    __tablename__ = "review_task"
    __table_args__ = (
        Index(
            "uq_review_task_open_ad",
            "ad_id",
            unique=True,
            sqlite_where=_OPEN_STATES,
            postgresql_where=_OPEN_STATES,
        ),
        # The order of the queue, then all that it can be filtered and counted by: no page of it
        # and no count reads a row that it does not show.
        Index(
            "ix_review_task_queue",
            "state",
            "severity",
            "priority",
            "id",
            "level",
            "side",
            "language",
            "region",
            "source_kind",
            "purposes",
        ),
        CheckConstraint("(claimed_by_id IS NULL) = (claim_expires_at IS NULL)", name="claim_is_whole"),
    )

    id: Mapped[RowId]
    case_number: Mapped[str] = mapped_column(String(16), unique=True)
    ad_id: Mapped[int] = mapped_column(ForeignKey("ad.id"))
    ad_version_id: Mapped[int] = mapped_column(ForeignKey("ad_version.id"))
    classification_id: Mapped[int] = mapped_column(ForeignKey("classification.id"))
    state: Mapped[TaskState] = mapped_column(enum_column(TaskState), default=TaskState.OPEN)
    level: Mapped[Level] = mapped_column(enum_column(Level))
    # Place of the level in Level: the queue is sorted by it without a CASE in every query.
    severity: Mapped[int]
    priority: Mapped[float]
    is_referral: Mapped[bool] = mapped_column(default=False)
    side: Mapped[Side] = mapped_column(enum_column(Side))
    language: Mapped[Language] = mapped_column(enum_column(Language))
    # Cut, since an index row has a limit and the words of a page have none; "" when the page names none.
    region: Mapped[str] = mapped_column(String(MAX_REGION))
    source_kind: Mapped[SourceKind] = mapped_column(enum_column(SourceKind))
    # The likely purposes in the order of the enum, between bars: "|forced_labour|organ_removal|".
    purposes: Mapped[str] = mapped_column(String(256))
    round: Mapped[int] = mapped_column(default=1)
    opened_at: Mapped[datetime]
    claimed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user_account.id"))
    claimed_at: Mapped[datetime | None]
    claim_expires_at: Mapped[datetime | None]
    closed_at: Mapped[datetime | None]

    ad: Mapped[Ad] = relationship()
    ad_version: Mapped[AdVersion] = relationship()
    classification: Mapped[Classification] = relationship()
    claimed_by: Mapped[User | None] = relationship()
    decisions: Mapped[list["Decision"]] = relationship(back_populates="task", order_by="Decision.id")

    def show(self, ad: Ad, version: AdVersion, classification: Classification) -> None:
        """Let the task be about this text of the ad and what was found in it.

        The level, priority and referral stay: how serious a task is, its opener decides.
        """
        self.ad, self.ad_version, self.classification = ad, version, classification
        self.side = classification.side
        self.language = classification.language
        self.region = cut_region(version.region)
        self.source_kind = ad.source.kind
        self.purposes = join_purposes(
            score.purpose for score in classification.scores if score.score >= MIN_PURPOSE_SCORE
        )


def cut_region(region: str | None) -> str:
    """A region as tasks hold it: at most ``MAX_REGION`` characters, empty for none."""
    return (region or "")[:MAX_REGION]


def join_purposes(purposes: Iterable[Purpose]) -> str:
    """Purposes as one column that can be searched, grouped by and split again."""
    chosen = frozenset(purposes)
    return "".join(f"|{purpose.value}" for purpose in Purpose if purpose in chosen) + "|" if chosen else ""


def split_purposes(purposes: str) -> list[str]:
    """The values that :func:`join_purposes` put together."""
    return purposes.strip("|").split("|") if purposes else []


class Decision(Base):
    """One human act, kept for ever: who, on which text, what, why.

    ``stage`` 1 is the first signature (confirm or reject), 2 the second
    (approve or return). ``role`` is the person's role at that time.
    """

    __tablename__ = "decision"
    __table_args__ = (
        UniqueConstraint("task_id", "round", "stage"),
        UniqueConstraint("task_id", "round", "reviewer_id"),
        # Referenced by blocklist_entry, so that its two signatures are what they claim to be.
        UniqueConstraint("id", "task_id", "round", "reviewer_id", "verdict"),
        CheckConstraint(
            "(stage = 1 AND verdict IN ('confirm', 'reject'))"
            " OR (stage = 2 AND verdict IN ('approve', 'return'))",
            name="stage_fits_verdict",
        ),
        CheckConstraint("length(trim(reason)) > 0", name="reason_is_written"),
        CheckConstraint("verdict <> 'confirm' OR legal_ground IS NOT NULL", name="confirm_has_ground"),
    )

    id: Mapped[RowId]
    task_id: Mapped[int] = mapped_column(ForeignKey("review_task.id"), index=True)
    round: Mapped[int]
    stage: Mapped[int]
    verdict: Mapped[Verdict] = mapped_column(enum_column(Verdict))
    reviewer_id: Mapped[int] = mapped_column(ForeignKey("user_account.id"))
    role: Mapped[Role] = mapped_column(enum_column(Role))
    ad_version_id: Mapped[int] = mapped_column(ForeignKey("ad_version.id"))
    content_sha256: Mapped[Sha256]
    classification_id: Mapped[int] = mapped_column(ForeignKey("classification.id"))
    purposes: Mapped[list[str]] = mapped_column(default=list)
    legal_ground: Mapped[str | None] = mapped_column(String(64))
    reason: Mapped[str]
    # The confirmation that a second signature answers.
    answers_id: Mapped[int | None] = mapped_column(ForeignKey("decision.id"))
    claimed_at: Mapped[datetime | None]
    decided_at: Mapped[datetime]

    task: Mapped[ReviewTask] = relationship(back_populates="decisions")
    reviewer: Mapped[User] = relationship()
    ad_version: Mapped[AdVersion] = relationship()

    @property
    def purpose_list(self) -> list[Purpose]:
        """The purposes as enum members."""
        return [Purpose(value) for value in self.purposes]
