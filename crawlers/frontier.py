"""The frontier of a crawl run: rows that are leased, then settled together with their page."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, literal, select, update
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing, update_rows
from models.crawl import FrontierRequest, Page, Validator
from models.enums import FetchResult, ParseState, RequestKind, RequestState
from models.leases import MAX_ATTEMPTS, hold_back, lease_rows, release
from models.picture import picture_key
from models.urls import url_sha256

# What finds ads goes before what reads one, and looking again at known ads comes last.
PRIORITIES = {
    RequestKind.HANDED_IN: 0,
    RequestKind.START: 0,
    RequestKind.LISTING: 1,
    RequestKind.AD: 2,
    RequestKind.PICTURE: 3,
    RequestKind.RECHECK: 3,
}
UNSETTLED = (RequestState.PENDING, RequestState.LEASED)
# Results that are an answer; all others leave the request failed.
ANSWERS = frozenset(
    {FetchResult.PAGE, FetchResult.NOT_MODIFIED, FetchResult.GONE, FetchResult.ROBOTS_DISALLOWED}
)


@dataclass(frozen=True, slots=True)
class NewRequest:
    """An address to add to a frontier; ``url`` is canonical, ``n_stale`` as in the row."""

    url: str
    kind: RequestKind
    depth: int = 0
    n_stale: int = 0

    @property
    def key(self) -> str:
        """What the run knows the address by."""
        return picture_key(self.url) if self.kind is RequestKind.PICTURE else url_sha256(self.url)


@dataclass(frozen=True, slots=True)
class LeasedRequest:
    """A request this process holds, with what is known of the page's freshness."""

    id: int
    token: str
    url: str
    url_sha256: str
    kind: RequestKind
    depth: int
    etag: str | None = None
    last_modified: str | None = None
    known_page_id: int | None = None


def add_requests(
    session: Session, run_id: int, requests: Iterable[NewRequest], *, max_pages: int, now: datetime
) -> int:
    """Add addresses that the run does not know yet, as long as it has room.

    Args:
        session: a write session.
        run_id: the crawl run.
        requests: in order of wish; those beyond the room are left out.
        max_pages: most rows the run may have; for pictures, which are asked for apart, most of those.
        now: present time.

    Returns:
        How many were added.
    """
    rows = {
        request.key: {
            "crawl_run_id": run_id,
            "url": request.url,
            "kind": request.kind,
            "depth": request.depth,
            "n_stale": request.n_stale,
            "priority": PRIORITIES[request.kind],
            "added_at": now,
        }
        for request in requests
    }
    if not rows:
        return 0
    known = set(
        session.scalars(
            select(FrontierRequest.url_sha256).where(
                FrontierRequest.crawl_run_id == run_id, FrontierRequest.url_sha256.in_(rows)
            )
        )
    )
    new = [{"url_sha256": digest, **row} for digest, row in rows.items() if digest not in known]
    if not new:
        return 0
    is_picture = any(row["kind"] is RequestKind.PICTURE for row in new)
    room = max(0, max_pages - _count_like(session, run_id, is_picture=is_picture))
    return len(insert_missing(session, FrontierRequest, new[:room]))


def _count_like(session: Session, run_id: int, *, is_picture: bool) -> int:
    """Number of the run's requests for pictures, or of all others."""
    is_like = FrontierRequest.kind == RequestKind.PICTURE
    where = (FrontierRequest.crawl_run_id == run_id, is_like if is_picture else ~is_like)
    return session.scalar(select(func.count()).select_from(FrontierRequest).where(*where)) or 0


def count_requests(session: Session, run_id: int, *states: RequestState) -> int:
    """Number of the run's requests, in these states or in all."""
    where = [FrontierRequest.crawl_run_id == run_id]
    if states:
        where.append(FrontierRequest.state.in_(states))
    return session.scalar(select(func.count()).select_from(FrontierRequest).where(*where)) or 0


def lease_requests(
    session: Session, run_id: int, *, source_id: int, n: int, now: datetime, seconds: float
) -> list[LeasedRequest]:
    """Take the next requests of a run; those of a dead holder come again once their lease ran out."""
    _give_up_exhausted(session, run_id, now)
    token, ids = lease_rows(
        session,
        FrontierRequest,
        where=(FrontierRequest.crawl_run_id == run_id) & FrontierRequest.state.in_(UNSETTLED),
        order_by=[FrontierRequest.priority, FrontierRequest.id],
        n=n,
        now=now,
        seconds=seconds,
        values={"state": RequestState.LEASED},
    )
    if not ids:
        return []
    rows = session.execute(
        select(
            FrontierRequest.id,
            literal(token),
            FrontierRequest.url,
            FrontierRequest.url_sha256,
            FrontierRequest.kind,
            FrontierRequest.depth,
            Validator.etag,
            Validator.last_modified,
            Validator.page_id,
        )
        .outerjoin(
            Validator,
            (Validator.source_id == source_id) & (Validator.url_sha256 == FrontierRequest.url_sha256),
        )
        .where(FrontierRequest.id.in_(ids))
        .order_by(FrontierRequest.priority, FrontierRequest.id)
    )
    return [LeasedRequest(*row) for row in rows]


def _give_up_exhausted(session: Session, run_id: int, now: datetime) -> None:
    """Fail requests whose holders died again and again: one of them may be what kills."""
    session.execute(
        update(FrontierRequest)
        .where(
            FrontierRequest.crawl_run_id == run_id,
            FrontierRequest.state == RequestState.LEASED,
            FrontierRequest.lease_expires_at <= now,
            FrontierRequest.attempts >= MAX_ATTEMPTS,
        )
        .values(
            state=RequestState.FAILED,
            result=FetchResult.BROKEN,
            error="holder_died",
            lease_token=None,
            lease_expires_at=None,
        )
        .execution_options(synchronize_session=False)
    )


def give_up_pending(
    session: Session, run_id: int, error: str, result: FetchResult = FetchResult.SLOW_DOWN
) -> int:
    """Fail what a run cannot ask for any time soon; returns how many requests that were."""
    rows = session.scalars(
        select(FrontierRequest).where(
            FrontierRequest.crawl_run_id == run_id, FrontierRequest.state.in_(UNSETTLED)
        )
    ).all()
    for row in rows:
        release(row)
        row.state, row.error = RequestState.FAILED, error
        row.result = row.result or result
    session.flush()
    return len(rows)


def renew_leases(session: Session, tokens: Collection[str], *, now: datetime, seconds: float) -> None:
    """Hold the requests that these tokens hold for longer."""
    session.execute(
        update(FrontierRequest)
        .where(FrontierRequest.lease_token.in_(tokens))
        .values(lease_expires_at=now + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )


def return_leases(session: Session, run_id: int, *, was_stopped: bool = False) -> None:
    """Free all that a run's crawl process and reader held; only for who knows that both have ended.

    Args:
        session: a write session.
        run_id: the crawl run.
        was_stopped: the process was told to end; none of its requests can be what killed it.
    """
    held = update(FrontierRequest).where(
        FrontierRequest.crawl_run_id == run_id, FrontierRequest.state == RequestState.LEASED
    )
    back = {"state": RequestState.PENDING, "lease_token": None, "lease_expires_at": None}
    if was_stopped:
        held = held.values(back | {"attempts": FrontierRequest.attempts - 1})
    else:
        held = held.values(lease_expires_at=FrontierRequest.added_at)
    session.execute(held.execution_options(synchronize_session=False))
    session.execute(
        update(Page)
        .where(Page.crawl_run_id == run_id, Page.parse_state == ParseState.PENDING)
        .values(lease_token=None, lease_expires_at=None)
        .execution_options(synchronize_session=False)
    )


def held_ids(session: Session, leased: Sequence[LeasedRequest]) -> set[int]:
    """Lock the requests that are still ours; one whose lease ran out belongs to its new holder."""
    tokens = {request.id: request.token for request in leased}
    rows = session.execute(
        select(FrontierRequest.id, FrontierRequest.lease_token)
        .where(FrontierRequest.id.in_(tokens))
        .with_for_update()
    )
    return {row.id for row in rows if row.lease_token == tokens[row.id]}


@dataclass(frozen=True, slots=True)
class Ending:
    """How a request ended."""

    request_id: int
    result: FetchResult
    page_id: int | None
    error: str | None

    @property
    def state(self) -> RequestState:
        """Done when there was an answer, failed otherwise."""
        return RequestState.DONE if self.result in ANSWERS else RequestState.FAILED


def settle(session: Session, endings: Iterable[Ending]) -> None:
    """End requests; part of the transaction that stores their pages."""
    rows = [
        {
            "id": ending.request_id,
            "state": ending.state,
            "result": ending.result,
            "page_id": ending.page_id,
            "error": ending.error,
            "lease_token": None,
            "lease_expires_at": None,
            "next_try_at": None,
            "attempts": 0,
        }
        for ending in endings
    ]
    update_rows(session, FrontierRequest, rows)


def try_later(
    row: FrontierRequest, result: FetchResult, *, error: str, now: datetime, delay_seconds: float
) -> None:
    """Put a request back with a growing pause, or fail it when its attempts are used up."""
    if hold_back(row, error, now=now, first_delay_seconds=delay_seconds):
        row.state, row.result = RequestState.PENDING, result
    else:
        release(row)
        row.state, row.result, row.error = RequestState.FAILED, result, error


def postpone(row: FrontierRequest, *, until: datetime, error: str) -> None:
    """Put a request back that was never sent, because its host wants rest; costs no attempt."""
    row.state = RequestState.PENDING
    row.lease_token = row.lease_expires_at = None
    row.attempts = max(0, row.attempts - 1)
    row.next_try_at, row.error = until, error


def next_pending_at(session: Session, run_id: int, now: datetime) -> datetime | None:
    """When the run's next request can be taken: ``now`` if at once; None when nothing is left."""
    rows = session.execute(
        select(FrontierRequest.next_try_at, FrontierRequest.lease_expires_at)
        .where(FrontierRequest.crawl_run_id == run_id, FrontierRequest.state.in_(UNSETTLED))
        .order_by(func.coalesce(FrontierRequest.next_try_at, FrontierRequest.lease_expires_at))
        .limit(50)
    ).all()
    return min((max(filter(None, (now, *row))) for row in rows), default=None)


def has_unparsed_pages(session: Session, run_id: int) -> bool:
    """Whether pages of the run still wait for extraction, which may bring new addresses."""
    return (
        session.scalar(
            select(Page.id)
            .where(Page.crawl_run_id == run_id, Page.parse_state == ParseState.PENDING)
            .limit(1)
        )
        is not None
    )
