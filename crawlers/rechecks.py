"""Looking again at live ads that a full listing no longer shows."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawlers.capture import RunContext
from crawlers.frontier import NewRequest, add_requests, count_requests
from models.ad import Ad
from models.crawl import FrontierRequest
from models.enums import AdState, FetchResult, RequestKind

MAX_RECHECKS = 200
_SEEN = (FetchResult.PAGE, FetchResult.NOT_MODIFIED)


def add_rechecks(session: Session, run: RunContext, *, now: datetime) -> int:
    """Add the run's unseen live ads to its frontier, longest unseen first.

    Only for sources whose listing shows every ad, and only when all of the
    listing was read: an ad that is missing from a cut listing is not gone.

    Returns:
        How many were added.
    """
    if not run.config.is_full_listing or not _is_listing_whole(session, run):
        return 0
    unseen = session.scalars(
        select(Ad.url)
        .where(
            Ad.source_id == run.source_id,
            Ad.state == AdState.LIVE,
            Ad.last_seen_at < run.started_at,
            Ad.url.startswith("http"),
        )
        .order_by(Ad.last_seen_at, Ad.id)
        .limit(MAX_RECHECKS)
    )
    wanted = [NewRequest(url, RequestKind.RECHECK) for url in unseen]
    return add_requests(session, run.run_id, wanted, max_pages=run.config.limits.max_pages, now=now)


def _is_listing_whole(session: Session, run: RunContext) -> bool:
    if count_requests(session, run.run_id) >= run.config.limits.max_pages:
        return False
    n_unread = session.scalar(
        select(func.count())
        .select_from(FrontierRequest)
        .where(
            FrontierRequest.crawl_run_id == run.run_id,
            FrontierRequest.kind.in_((RequestKind.START, RequestKind.LISTING)),
            FrontierRequest.result.is_(None) | FrontierRequest.result.not_in(_SEEN),
        )
    )
    return n_unread == 0
