"""The versions of an ad in a list: when each was first seen, and what was then other than before."""

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from models.ad import AdVersion
from models.classification import Classification
from models.review import ReviewTask
from review_api.tasks.case_schemas import VersionLine

# By the names that screens have for fields of an ad.
_COMPARED: dict[str, tuple[InstrumentedAttribute[object], ...]] = {
    "title": (AdVersion.title,),
    "text": (AdVersion.text,),
    "picture_text": (AdVersion.picture_text,),
    "price_amount": (AdVersion.price_amount, AdVersion.price_currency, AdVersion.price_period),
    "author": (AdVersion.author,),
    "region": (AdVersion.region,),
    "url": (AdVersion.url,),
}
# A version is made of what is compared above and of its contacts: with the rest alike, they differ.
_THE_REST = "contacts"


def list_versions(session: Session, task: ReviewTask, shown: AdVersion) -> tuple[VersionLine, ...]:
    """All versions of a case's ad, newest first; texts are compared by the database and stay there."""
    flagged = (
        select(Classification.is_flagged)
        .where(Classification.ad_version_id == AdVersion.id)
        .order_by(Classification.id.desc())
        .limit(1)
        .scalar_subquery()
    )
    query = (
        select(
            AdVersion.id,
            AdVersion.number,
            AdVersion.observed_at,
            AdVersion.is_edited,
            flagged,
            func.lag(AdVersion.id).over(order_by=AdVersion.number),
            *map(_differs, _COMPARED),
        )
        .where(AdVersion.ad_id == task.ad_id)
        .order_by(AdVersion.number.desc())
    )
    return tuple(
        VersionLine(
            id=version_id,
            number=number,
            observed_at=observed_at,
            is_shown=version_id == shown.id,
            is_current=version_id == task.ad.current_version_id,
            is_flagged=is_flagged,
            is_edited=is_edited,
            changed=_changed(differ) if before is not None else (),
        )
        for version_id, number, observed_at, is_edited, is_flagged, before, *differ in session.execute(query)
    )


def _differs(name: str) -> ColumnElement[bool]:
    """Whether a field is other than in the version before."""
    return or_(
        *(
            column.is_distinct_from(func.lag(column).over(order_by=AdVersion.number))
            for column in _COMPARED[name]
        )
    )


def _changed(differ: list[bool]) -> tuple[str, ...]:
    names = tuple(name for name, is_other in zip(_COMPARED, differ, strict=True) if is_other)
    return names or (_THE_REST,)
