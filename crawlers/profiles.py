"""How pages of a source usually look: a sudden shrink is a wall, a field that falls silent is drift."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from crawlers.items import AdItem
from crawlers.politeness import REFUSALS_BEFORE_PAUSE, locked_host
from crawlers.stored_page import StoredPage, Understood
from models.crawl import CrawlRun, FrontierRequest, Page, Validator
from models.enums import FetchResult, ParseState, RequestState
from models.logs import get_logger
from models.urls import host_of
from models.watch import PageProfile

log = get_logger(__name__)

SUDDEN_SHRINK = "sudden_shrink"
SHRUNK_TIMES = 10
# Fewer pages do not tell what is usual.
MIN_PAGES = 20
MIN_ADS = 30
MAX_WEIGHT_OF_A_PAGE = 1 / 200
# The share of a field over about so many of the latest ads.
USUAL_OVER, RECENT_OVER = 300, 15
# Whether a page gave any ad or link at all.
ANYTHING = "anything"
FIELDS = ("title", "text", "author", "contacts", "region", "price_amount", "published_at")
MIN_USUAL, FALLEN_TO, MENDED_TO = 0.5, 0.2, 0.5
# Page objects that make an ad of any text would make one of a wall, too.
_TAKES_ANYTHING = frozenset({"generic", "generic_listing"})
_PAUSE = timedelta(hours=1)


def take_out_shrunken(session: Session, understood: Sequence[Understood], now: datetime) -> list[Understood]:
    """Note pages that are walls by their sudden shortness; returns the others.

    A page ten times shorter than usual that gives nothing is no page. One on
    which a page object still finds an ad, or its word that the ad is gone, is.
    """
    if understood[0][0].run_id is None:
        return list(understood)
    usual = _usual_bytes(session, understood[0][0].source_id)
    walls = [page for page, extraction in understood if _is_shrunken((page, extraction), usual)]
    if walls:
        _note_walls(session, walls, now)
    taken = {page.page_id for page in walls}
    return [one for one in understood if one[0].page_id not in taken]


def _usual_bytes(session: Session, source_id: int) -> dict[str, float]:
    rows = session.execute(
        select(PageProfile.page_object, PageProfile.usual_bytes).where(
            PageProfile.source_id == source_id, PageProfile.n_pages >= MIN_PAGES
        )
    )
    return {row.page_object: row.usual_bytes for row in rows}


def _is_shrunken(one: Understood, usual: Mapping[str, float]) -> bool:
    page, extraction = one
    name = _name(one)
    if not usual or extraction.is_gone:
        return False
    gives = bool(extraction.ads or extraction.links) and name not in _TAKES_ANYTHING
    return not gives and len(page.body) * SHRUNK_TIMES < usual.get(name, min(usual.values()))


def _name(one: Understood) -> str:
    return one[1].page_object or one[0].page_object or ""


def _note_walls(session: Session, walls: Sequence[StoredPage], now: datetime) -> None:
    """What was stored as a page becomes a wall: not read, no answer, asked for anew next time."""
    run_id, source_id = walls[0].run_id, walls[0].source_id
    hashes = select(Page.url_sha256).where(Page.id.in_([page.page_id for page in walls]))
    session.execute(
        update(FrontierRequest)
        .where(FrontierRequest.crawl_run_id == run_id, FrontierRequest.url_sha256.in_(hashes))
        .values(state=RequestState.FAILED, result=FetchResult.WALL, error=SUDDEN_SHRINK)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        delete(Validator)
        .where(Validator.source_id == source_id, Validator.url_sha256.in_(hashes))
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(Page)
        .where(Page.id.in_([page.page_id for page in walls]))
        .values(
            result=FetchResult.WALL,
            parse_state=ParseState.NOT_PARSED,
            parse_problems=[SUDDEN_SHRINK],
            lease_token=None,
            lease_expires_at=None,
        )
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(CrawlRun)
        .where(CrawlRun.id == run_id)
        .values(n_failed=CrawlRun.n_failed + len(walls))
        .execution_options(synchronize_session=False)
    )
    log.warning("crawl.pages.shrunken", source_id=source_id, n=len(walls))
    n_in_run = session.scalar(
        select(func.count())
        .select_from(FrontierRequest)
        .where(FrontierRequest.crawl_run_id == run_id, FrontierRequest.error == SUDDEN_SHRINK)
    )
    if (n_in_run or 0) >= REFUSALS_BEFORE_PAUSE:
        for name in {host_of(page.url) for page in walls}:
            host = locked_host(session, name)
            host.paused_until = max(now + _PAUSE, host.paused_until or now)


def note_pages(session: Session, understood: Sequence[Understood], now: datetime) -> None:
    """Let crawled pages count into the profiles of their page objects; one locked row for each."""
    crawled = [one for one in understood if one[0].run_id is not None and _name(one)]
    names = sorted({_name(one) for one in crawled})
    if not names:
        return
    source_id = crawled[0][0].source_id
    new = {"n_pages": 0, "n_ads": 0, "usual_bytes": 0.0, "usual": {}, "recent": {}, "updated_at": now}
    known = {profile.page_object: profile for profile in _locked_profiles(session, source_id, names)}
    if len(known) < len(names):
        rows = [{"source_id": source_id, "page_object": name, **new} for name in names if name not in known]
        insert_missing(session, PageProfile, rows)
        known = {profile.page_object: profile for profile in _locked_profiles(session, source_id, names)}
    for name, profile in known.items():
        _learn(profile, [one for one in crawled if _name(one) == name])
        profile.updated_at = now


def _locked_profiles(session: Session, source_id: int, names: Sequence[str]) -> list[PageProfile]:
    return list(
        session.scalars(
            select(PageProfile)
            .where(PageProfile.source_id == source_id, PageProfile.page_object.in_(names))
            .order_by(PageProfile.id)
            .with_for_update()
        )
    )


def _learn(profile: PageProfile, pages: Sequence[Understood]) -> None:
    usual, recent = dict(profile.usual), dict(profile.recent)
    for page, extraction in pages:
        weight = max(1 / (profile.n_pages + 1), MAX_WEIGHT_OF_A_PAGE)
        profile.usual_bytes += weight * (len(page.body) - profile.usual_bytes)
        gave = bool(extraction.ads or extraction.links or extraction.is_gone)
        _move(usual, recent, ANYTHING, gave, profile.n_pages)
        profile.n_pages += 1
        for ad in extraction.ads:
            for field, is_filled in filled(ad).items():
                _move(usual, recent, field, is_filled, profile.n_ads)
            profile.n_ads += 1
    profile.usual, profile.recent = usual, recent


def filled(ad: AdItem) -> dict[str, bool]:
    """Which fields of an ad its page object filled."""
    return {name: bool(getattr(ad, name)) for name in FIELDS}


def _move(usual: dict[str, float], recent: dict[str, float], field: str, is_filled: bool, n: int) -> None:
    """Count one ad into both shares of a field; what is usual is not learnt from what has fallen."""
    before, now = usual.get(field, 0.0), recent.get(field, 0.0)
    recent[field] = now = round(now + max(1 / (n + 1), 1 / RECENT_OVER) * (is_filled - now), 6)
    if n < MIN_ADS or now >= MENDED_TO * before:
        usual[field] = round(before + max(1 / (n + 1), 1 / USUAL_OVER) * (is_filled - before), 6)


def fallen_fields(profile: PageProfile) -> dict[str, tuple[float, float]]:
    """Fields that were filled and no longer are: usual and recent share by field."""
    found = {}
    for field, usual in profile.usual.items():
        n = profile.n_pages if field == ANYTHING else profile.n_ads
        recent = profile.recent.get(field, 0.0)
        if n >= MIN_ADS and usual >= MIN_USUAL and recent <= FALLEN_TO * usual:
            found[field] = (usual, recent)
    return found


def mended_fields(profile: PageProfile) -> set[str]:
    """Fields that are filled about as often as usual."""
    return {
        field for field, usual in profile.usual.items() if profile.recent.get(field, 0.0) >= MENDED_TO * usual
    }
