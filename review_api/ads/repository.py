"""Ads behind search results, and what could not be read, as SQL."""

from collections import defaultdict
from collections.abc import Sequence

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from models.ad import Ad, AdVersion
from models.classification import MIN_PURPOSE_SCORE, Classification, PurposeScore
from models.crawl import Page, Source
from models.enums import AdPictureState, ParseState, PictureProblem, Purpose
from models.picture import AdPicture
from models.review import ReviewTask

UNREAD_STATES = (ParseState.PARSE_INCOMPLETE, ParseState.FAILED)


def count_behind(session: Session) -> int:
    """Ads whose search document is out of date."""
    return session.scalar(select(func.count()).select_from(Ad).where(Ad.is_index_behind)) or 0


def load_ads(session: Session, ad_ids: Sequence[int]) -> dict[int, Ad]:
    """Ads with their source and present version."""
    query = select(Ad).where(Ad.id.in_(ad_ids)).options(joinedload(Ad.source), joinedload(Ad.current_version))
    return {ad.id: ad for ad in session.scalars(query)}


def find_case(session: Session, case_number: str) -> ReviewTask | None:
    """The task of that case number."""
    return session.scalars(select(ReviewTask).where(ReviewTask.case_number == case_number)).one_or_none()


def find_ads_at(session: Session, urls: Sequence[str], limit: int) -> list[int]:
    """Ids of ads at one of these addresses, newest first; one page may hold many ads."""
    query = (
        select(Ad.id)
        # Per source, since the index on addresses begins with it.
        .where(Ad.source_id.in_(select(Source.id)), Ad.url.in_(urls))
        .order_by(Ad.id.desc())
        .limit(limit)
    )
    return list(session.scalars(query))


def load_classifications(session: Session, version_ids: Sequence[int]) -> dict[int, Classification]:
    """What the last classifier said, per ad version."""
    query = (
        select(Classification)
        .join(AdVersion, AdVersion.id == Classification.ad_version_id)
        .where(
            AdVersion.id.in_(version_ids),
            Classification.classifier_version_id == AdVersion.classified_by_id,
        )
    )
    return {classification.ad_version_id: classification for classification in session.scalars(query)}


def load_purposes(session: Session, classification_ids: Sequence[int]) -> dict[int, list[Purpose]]:
    """Purposes more likely than not, most likely first, per classification."""
    query = (
        select(PurposeScore.classification_id, PurposeScore.purpose)
        .where(
            PurposeScore.classification_id.in_(classification_ids), PurposeScore.score >= MIN_PURPOSE_SCORE
        )
        .order_by(PurposeScore.score.desc(), PurposeScore.purpose)
    )
    found: dict[int, list[Purpose]] = defaultdict(list)
    for classification_id, purpose in session.execute(query):
        found[classification_id].append(purpose)
    return found


def load_latest_tasks(session: Session, ad_ids: Sequence[int]) -> dict[int, tuple[int, str]]:
    """Id and case number of each ad's latest task."""
    query = (
        select(ReviewTask.ad_id, ReviewTask.id, ReviewTask.case_number)
        .where(ReviewTask.ad_id.in_(ad_ids))
        .order_by(ReviewTask.id)
    )
    return {ad_id: (task_id, case_number) for ad_id, task_id, case_number in session.execute(query)}


def count_unread_pages(session: Session) -> dict[ParseState, int]:
    """Stored pages that could not be read whole, per state."""
    query = (
        select(Page.parse_state, func.count())
        .where(Page.parse_state.in_(UNREAD_STATES))
        .group_by(Page.parse_state)
    )
    return dict(session.execute(query).all())


def count_unread_pictures(session: Session) -> list[tuple[PictureProblem | None, int]]:
    """Pictures of ads that are not read, or not whole, per reason, most first; None: they only wait."""
    query = (
        select(AdPicture.problem, func.count())
        .where(AdPicture.state != AdPictureState.READ)
        .group_by(AdPicture.problem)
        .order_by(func.count().desc())
    )
    return [(problem, n) for problem, n in session.execute(query)]


def list_unread_pages(session: Session, limit: int) -> Sequence[Page]:
    """The latest of them."""
    query = (
        select(Page)
        .where(Page.parse_state.in_(UNREAD_STATES))
        .options(joinedload(Page.source))
        .order_by(Page.id.desc())
        .limit(limit)
    )
    return session.scalars(query).all()
