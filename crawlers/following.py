"""Which of a page's links go into its run's frontier: new ads, ads that are due, listings that bring news."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from crawlers.frontier import NewRequest, add_requests
from crawlers.items import Extraction, LinkItem
from crawlers.sources_config import SourceConfig
from crawlers.stored_page import StoredPage, Understood
from models.ad import Ad
from models.crawl import Page
from models.enums import AdState, FetchResult, RequestKind
from models.urls import url_sha256

_CHUNK = 400
_A_DAY = timedelta(days=1)


@dataclass(slots=True)
class _Known:
    """What is known of the addresses that pages link to.

    Attributes:
        fetched_at: when ads whose change is dated (sitemaps date it) were last fetched.
        live: ids of live ads by address.
        resting: addresses of live ads whose own page need not be asked for yet.
    """

    fetched_at: dict[str, datetime] = field(default_factory=dict)
    live: dict[str, int] = field(default_factory=dict)
    resting: set[str] = field(default_factory=set)


def follow_links(
    session: Session,
    understood: Sequence[Understood],
    config: SourceConfig,
    *,
    fresh_page_ids: Collection[int],
    now: datetime,
) -> int:
    """Add what is worth a visit to the run's frontier, and note which known ads a listing still shows.

    A listing page that shows nothing new is followed only a few steps further;
    a source whose listing is full is read to its end.

    Returns:
        How many addresses were added.
    """
    run_id = understood[0][0].run_id
    pages = [(page, extraction) for page, extraction in understood if page.depth < config.limits.max_depth]
    if run_id is None or not pages:
        return 0
    known = _look_up(session, pages, now)
    _note_still_listed(session, pages, known)
    wanted = []
    for page, extraction in pages:
        links = [link for link in extraction.links if _is_wanted(link, config)]
        ads = [link for link in links if link.kind is RequestKind.AD]
        has_news = page.page_id in fresh_page_ids or any(link.url not in known.live for link in ads)
        n_stale = 0 if has_news else page.n_stale + 1
        is_worn_out = n_stale >= config.limits.max_stale_pages and not config.is_full_listing
        wanted += [
            NewRequest(link.url, link.kind, page.depth + 1, n_stale)
            for link in links
            if not (link.kind is RequestKind.LISTING and is_worn_out)
            and not (link.is_older and _is_at_the_end(page, extraction, fresh_page_ids, config))
            and link.url not in known.resting
            and not _is_fetched(link, known.fetched_at)
        ]
    return add_requests(session, run_id, wanted, max_pages=config.limits.max_pages, now=now)


def _look_up(session: Session, pages: Sequence[Understood], now: datetime) -> _Known:
    known = _Known()
    links = [link for _, extraction in pages for link in extraction.links if link.kind is RequestKind.AD]
    if not links:
        return known
    source_id = pages[0][0].source_id
    urls = sorted({link.url for link in links})
    for start in range(0, len(urls), _CHUNK):
        rows = session.execute(
            select(Ad.url, Ad.id, Ad.next_check_at).where(
                Ad.source_id == source_id,
                Ad.url.in_(urls[start : start + _CHUNK]),
                Ad.state == AdState.LIVE,
            )
        )
        for url, ad_id, next_check_at in rows:
            known.live[url] = ad_id
            if next_check_at is not None and next_check_at > now:
                known.resting.add(url)
    known.fetched_at = _fetched_at(session, source_id, [link.url for link in links if link.modified_at])
    return known


def _fetched_at(session: Session, source_id: int, urls: Sequence[str]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    for start in range(0, len(urls), _CHUNK):
        rows = session.execute(
            select(Page.url, func.max(Page.fetched_at))
            .where(
                Page.source_id == source_id,
                Page.url_sha256.in_([url_sha256(url) for url in urls[start : start + _CHUNK]]),
                Page.result == FetchResult.PAGE,
            )
            .group_by(Page.url)
        )
        found.update((url, at) for url, at in rows)
    return found


def _note_still_listed(session: Session, pages: Sequence[Understood], known: _Known) -> None:
    """An ad that its listing shows is still there, though its own page is not asked for."""
    for page, extraction in pages:
        ids = [known.live[link.url] for link in extraction.links if link.url in known.resting]
        for start in range(0, len(ids), _CHUNK):
            session.execute(
                update(Ad)
                .where(Ad.id.in_(ids[start : start + _CHUNK]), Ad.last_seen_at < page.seen_at)
                .values(last_seen_at=page.seen_at)
                .execution_options(synchronize_session=False)
            )


def _is_fetched(link: LinkItem, fetched_at: dict[str, datetime]) -> bool:
    """Whether an ad has been fetched since it changed; a whole day is left for sites that date by the day."""
    seen_at = fetched_at.get(link.url)
    return seen_at is not None and link.modified_at is not None and seen_at > link.modified_at + _A_DAY


def _is_at_the_end(
    page: StoredPage, extraction: Extraction, fresh_page_ids: Collection[int], config: SourceConfig
) -> bool:
    """Whether walking back has come to what is known. The first two pages are read each time, for edits."""
    is_known = bool(extraction.ads) and page.page_id not in fresh_page_ids
    return is_known and page.depth >= 1 and not config.is_full_listing


def _is_wanted(link: LinkItem, config: SourceConfig) -> bool:
    return link.kind in (RequestKind.LISTING, RequestKind.AD) and config.is_followed(link.url)
