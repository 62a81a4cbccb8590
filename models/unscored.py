"""Ad versions that no classifier has read, and why: they are never counted as clean."""

from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models.ad import Ad, AdVersion

NO_ARTIFACT = "classify: BadArtifact"
"""What stands on an ad version that waits for a usable artifact; the ad keeps all its attempts."""

_IS_UNSCORED = AdVersion.classified_by_id.is_(None) & AdVersion.error.is_not(None)


def count_unscored(session: Session) -> list[tuple[str, int]]:
    """Count by reason the ad versions that could not be read and have not been since; most first."""
    n = func.count().label("n")
    query = (
        select(AdVersion.error, n)
        .where(_IS_UNSCORED)
        .group_by(AdVersion.error)
        .order_by(n.desc(), AdVersion.error)
    )
    return [(reason or "", count) for reason, count in session.execute(query)]


def list_unscored(session: Session, limit: int) -> Sequence[AdVersion]:
    """Return the latest of them, with their sources."""
    query = (
        select(AdVersion)
        .join(AdVersion.ad)
        .where(_IS_UNSCORED)
        .options(joinedload(AdVersion.ad).joinedload(Ad.source))
        .order_by(AdVersion.id.desc())
        .limit(limit)
    )
    return session.scalars(query).all()
