"""What a classifier version found in an ad version, with its reasons."""

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.ad import AdVersion
from models.base import Base, RowId, enum_column
from models.enums import ClassifierState, Language, Level, Purpose, Side, TextPlace

# From this score on a purpose is named in lists, facets and the index: more likely than not.
MIN_PURPOSE_SCORE = 0.5


class ClassifierVersion(Base):
    """One exact classifier: code, lexicon and (later) artifact, named by their hash."""

    __tablename__ = "classifier_version"

    id: Mapped[RowId]
    version: Mapped[str] = mapped_column(String(64), unique=True)
    state: Mapped[ClassifierState] = mapped_column(enum_column(ClassifierState))
    created_at: Mapped[datetime]
    details: Mapped[dict[str, Any]]  # Any: JSON facts about the version, e.g. hashes of the lexicon files


class Classification(Base):
    """The result of one classifier version on one ad version."""

    __tablename__ = "classification"
    __table_args__ = (
        UniqueConstraint("ad_version_id", "classifier_version_id"),
        Index("ix_classification_to_triage", "triaged_at", "id"),
    )

    id: Mapped[RowId]
    ad_version_id: Mapped[int] = mapped_column(ForeignKey("ad_version.id"))
    classifier_version_id: Mapped[int] = mapped_column(ForeignKey("classifier_version.id"))
    language: Mapped[Language] = mapped_column(enum_column(Language))
    is_flagged: Mapped[bool]
    priority: Mapped[float]
    level: Mapped[Level] = mapped_column(enum_column(Level))
    side: Mapped[Side] = mapped_column(enum_column(Side))
    is_minor: Mapped[bool] = mapped_column(default=False)
    is_live_victim: Mapped[bool] = mapped_column(default=False)
    rules: Mapped[list[str]]
    model_words: Mapped[list[dict[str, Any]]]  # Any: JSON spans of the statistical part
    # Any: JSON of classifiers.explaining.Explanation, for flagged ads.
    explanation: Mapped[dict[str, Any] | None]
    created_at: Mapped[datetime]
    triaged_at: Mapped[datetime | None]

    ad_version: Mapped[AdVersion] = relationship()
    classifier_version: Mapped[ClassifierVersion] = relationship()
    hits: Mapped[list["IndicatorHit"]] = relationship(
        back_populates="classification", order_by="(IndicatorHit.place, IndicatorHit.start, IndicatorHit.id)"
    )
    scores: Mapped[list["PurposeScore"]] = relationship(back_populates="classification")


class IndicatorHit(Base):
    """Where an indicator or counter-sign was found; offsets are code points of the original text."""

    __tablename__ = "indicator_hit"

    id: Mapped[RowId]
    classification_id: Mapped[int] = mapped_column(ForeignKey("classification.id"), index=True)
    code: Mapped[str] = mapped_column(String(8), index=True)
    place: Mapped[TextPlace] = mapped_column(enum_column(TextPlace))
    start: Mapped[int]
    end: Mapped[int]
    quote: Mapped[str]
    weight: Mapped[float]
    is_counter_sign: Mapped[bool]
    is_counted: Mapped[bool]
    reason: Mapped[str | None]

    classification: Mapped[Classification] = relationship(back_populates="hits")


class PurposeScore(Base):
    """Probability in [0, 1] that the ad serves a purpose; independent per purpose."""

    __tablename__ = "purpose_score"
    __table_args__ = (UniqueConstraint("classification_id", "purpose"),)

    id: Mapped[RowId]
    classification_id: Mapped[int] = mapped_column(ForeignKey("classification.id"))
    purpose: Mapped[Purpose] = mapped_column(enum_column(Purpose))
    score: Mapped[float]

    classification: Mapped[Classification] = relationship(back_populates="scores")
