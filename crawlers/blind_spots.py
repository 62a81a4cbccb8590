"""What a run could not see becomes rows with a reason; what is seen again ends them."""

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from crawlers.items import BLIND_SPOT
from crawlers.sources_config import config_of
from models.crawl import CrawlRun, FrontierRequest, Page, Source
from models.enums import BlindReason, FetchResult, RequestKind, RequestState
from models.urls import host_of
from models.watch import BlindSpot

_REASONS: Mapping[FetchResult, BlindReason] = {
    FetchResult.WALL: BlindReason.WALL,
    FetchResult.REFUSED: BlindReason.REFUSED,
    FetchResult.SLOW_DOWN: BlindReason.REFUSED,
    FetchResult.ROBOTS_DISALLOWED: BlindReason.ROBOTS,
    FetchResult.BROKEN: BlindReason.BROKEN,
    FetchResult.OVERSIZE: BlindReason.OVERSIZE,
}
_SEEN = (FetchResult.PAGE, FetchResult.NOT_MODIFIED, FetchResult.GONE)
_CHUNK = 400


def note_blind_spots(session: Session, run: CrawlRun, now: datetime) -> int:
    """Bring a run's ends into the map; part of the transaction that ends the run.

    Returns:
        How many addresses could not be seen.
    """
    source = session.get_one(Source, run.source_id)
    unseen = _unseen(session, run.id)
    _end_seen(session, run, set(unseen), now)
    if not unseen:
        return 0
    region = config_of(source).region
    rows = [
        {
            "source_id": source.id,
            "url": url,
            "url_sha256": digest,
            "platform": host_of(url),
            "region": region,
            "reason": reason,
            "n_times": 0,
            "began_at": now,
            "last_at": now,
        }
        for digest, (url, reason) in unseen.items()
    ]
    insert_missing(session, BlindSpot, rows)
    for digest, (_, reason) in unseen.items():
        spot = session.scalars(
            select(BlindSpot).where(BlindSpot.source_id == source.id, BlindSpot.url_sha256 == digest)
        ).one()
        if spot.ended_at is not None:
            spot.began_at, spot.ended_at = now, None
        spot.reason, spot.last_at, spot.n_times, spot.region = reason, now, spot.n_times + 1, region
    return len(unseen)


def _unseen(session: Session, run_id: int) -> dict[str, tuple[str, BlindReason]]:
    """Address and reason by the address's hash."""
    rows = session.execute(
        select(FrontierRequest.url_sha256, FrontierRequest.url, FrontierRequest.result, Page.parse_problems)
        .outerjoin(Page, FrontierRequest.page_id == Page.id)
        .where(
            FrontierRequest.crawl_run_id == run_id,
            FrontierRequest.state.in_((RequestState.DONE, RequestState.FAILED)),
            FrontierRequest.kind != RequestKind.HANDED_IN,  # answered where it was handed in
        )
    )
    found = {}
    for digest, url, result, problems in rows:
        reason = None if result is None else _REASONS.get(result) or _hidden(problems or [])
        if reason is not None:
            found[digest] = (url, reason)
    return found


def _hidden(problems: list[str]) -> BlindReason | None:
    """Why a page that came shows nothing, as its page object says."""
    for problem in problems:
        name, _, why = problem.partition(": ")
        if name == BLIND_SPOT:
            return BlindReason.NO_PREVIEW if why == "no_preview" else BlindReason.NOT_PREVIEWABLE
    return None


def _end_seen(session: Session, run: CrawlRun, unseen: set[str], now: datetime) -> None:
    seen = [
        digest
        for digest in session.scalars(
            select(FrontierRequest.url_sha256).where(
                FrontierRequest.crawl_run_id == run.id, FrontierRequest.result.in_(_SEEN)
            )
        )
        if digest not in unseen
    ]
    for start in range(0, len(seen), _CHUNK):
        session.execute(
            update(BlindSpot)
            .where(
                BlindSpot.source_id == run.source_id,
                BlindSpot.url_sha256.in_(seen[start : start + _CHUNK]),
                BlindSpot.ended_at.is_(None),
            )
            .values(ended_at=now)
            .execution_options(synchronize_session=False)
        )
