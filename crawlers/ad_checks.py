"""Looking again at ads whose time has come: first those that people decided on."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from crawlers.frontier import NewRequest, add_requests
from crawlers.schedule import WITHOUT_SLOTS
from crawlers.sources_config import config_of
from models.ad import Ad
from models.blocklist import BlocklistEntry
from models.crawl import CrawlRun, Source
from models.enums import AdState, EntryState, RequestKind, RunKind, TaskState
from models.leases import JobReport
from models.review import ReviewTask
from models.runs import OPEN_RUN_STATES, add_run

# A listed or confirmed ad is looked at this often while it is there, and for its return when it is gone.
DECIDED_EVERY = timedelta(days=1)
GONE_EVERY = timedelta(days=7)
_MAX_DECIDED = 200


def start_ad_checks(session: Session, now: datetime) -> JobReport:
    """Make a run of rechecks for each source that has ads due and no such run yet; safe to repeat."""
    n_made = 0
    for source in session.scalars(select(Source).where(Source.is_enabled).order_by(Source.id)):
        if source.is_crawled and source.kind not in WITHOUT_SLOTS and not _has_open_run(session, source.id):
            n_made += _start(session, source, now)
    return JobReport(n_made)


def _has_open_run(session: Session, source_id: int) -> bool:
    run_id = session.scalar(
        select(CrawlRun.id)
        .where(
            CrawlRun.source_id == source_id,
            CrawlRun.state.in_(OPEN_RUN_STATES),
            CrawlRun.kind == RunKind.RECHECK,
        )
        .limit(1)
    )
    return run_id is not None


def _start(session: Session, source: Source, now: datetime) -> int:
    """Make the run, most important ads first; whatever comes of it, each is left alone for a while."""
    ads = due_ads(session, source, now)
    if not ads:
        return 0
    limits = config_of(source).limits
    run = add_run(session, source.id, RunKind.RECHECK, now)
    wanted = [NewRequest(ad.url, RequestKind.RECHECK) for ad in ads[: limits.max_pages]]
    add_requests(session, run.id, wanted, max_pages=limits.max_pages, now=now)
    for ad in ads[: limits.max_pages]:
        ad.next_check_at = now + (DECIDED_EVERY if ad.state is AdState.LIVE else GONE_EVERY)
    return 1


def due_ads(session: Session, source: Source, now: datetime) -> Sequence[Ad]:
    """Ads of a source that are due: decided ones, then the others in the order of their time."""
    has_page = and_(Ad.source_id == source.id, Ad.url.startswith("http"))
    decided = session.scalars(
        select(Ad)
        .where(has_page, is_decided(), _is_decided_due(now))
        .order_by(Ad.last_seen_at, Ad.id)
        .limit(_MAX_DECIDED)
    ).all()
    known = {ad.id for ad in decided}
    others = session.scalars(
        select(Ad)
        .where(has_page, Ad.state == AdState.LIVE, Ad.next_check_at <= now)
        .order_by(Ad.next_check_at, Ad.id)
        .limit(config_of(source).recheck.max_ads)
    ).all()
    return [*decided, *(ad for ad in others if ad.id not in known)]


def is_decided() -> ColumnElement[bool]:
    """SQL condition: people have confirmed the ad, or it stands on the list."""
    confirmed = (TaskState.CONFIRMED, TaskState.APPROVED)
    listed = select(BlocklistEntry.ad_id).where(BlocklistEntry.state == EntryState.ACTIVE)
    return Ad.id.in_(listed.union(select(ReviewTask.ad_id).where(ReviewTask.state.in_(confirmed))))


def _is_decided_due(now: datetime) -> ColumnElement[bool]:
    """Its own time has come, or lies further off than a decided ad is left alone."""
    is_too_far = and_(
        Ad.state == AdState.LIVE,
        Ad.last_seen_at <= now - DECIDED_EVERY,
        Ad.next_check_at > now + DECIDED_EVERY,
    )
    return or_(Ad.next_check_at.is_(None), Ad.next_check_at <= now, is_too_far)
