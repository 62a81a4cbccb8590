"""SQL of the pages about sources."""

from collections import defaultdict
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from models.ad import Ad, AdVersion
from models.crawl import CrawlRun, Source
from models.enums import AlarmKind, BlindReason, CandidateState, RunKind, RunState, SourceKind
from models.review import ReviewTask
from models.runs import LISTING_RUNS, UNREACHABLE
from models.watch import Alarm, BlindSpot, Candidate, PageProfile
from review_api.sources.schemas import BlindCount, BlindRow, CandidateRow, RunRow

PEOPLE_BRING = (SourceKind.IMPORT, SourceKind.HANDED_IN)
MAX_RUNS, MAX_MISSED, MAX_BLIND, MAX_CANDIDATES, MAX_SAMPLES = 20, 20, 200, 100, 3


def all_sources(session: Session) -> list[Source]:
    """Sources, by name."""
    return list(session.scalars(select(Source).order_by(Source.name)))


def run_sums(session: Session, since: datetime) -> dict[int, tuple[int, int]]:
    """Pages and new texts since then, by source."""
    rows = session.execute(
        select(CrawlRun.source_id, func.sum(CrawlRun.n_pages), func.sum(CrawlRun.n_new_versions))
        .where(CrawlRun.slot_at >= since)
        .group_by(CrawlRun.source_id)
    )
    return {source_id: (int(n_pages), int(n_new)) for source_id, n_pages, n_new in rows}


def flagged_counts(session: Session, since: datetime) -> dict[int, int]:
    """Cases opened since then, by source."""
    rows = session.execute(
        select(Ad.source_id, func.count())
        .select_from(ReviewTask)
        .join(Ad, ReviewTask.ad_id == Ad.id)
        .where(ReviewTask.opened_at >= since)
        .group_by(Ad.source_id)
    )
    return {source_id: n for source_id, n in rows}  # noqa: C416 - a row is no pair for dict()


def latest_errors(session: Session) -> dict[int, str | None]:
    """What the latest run of each crawled source failed of; None where it did not."""
    latest = (
        select(func.max(CrawlRun.id))
        .join(Source, CrawlRun.source_id == Source.id)
        .where(
            Source.is_enabled,
            Source.paused_at.is_(None),
            CrawlRun.kind.in_(LISTING_RUNS),
            CrawlRun.state != RunState.MISSED,
            CrawlRun.finished_at.is_not(None) | CrawlRun.error.is_not(None),
        )
        .group_by(CrawlRun.source_id)
    )
    rows = session.execute(select(CrawlRun.source_id, CrawlRun.error).where(CrawlRun.id.in_(latest)))
    return {source_id: error for source_id, error in rows}  # noqa: C416 - a row is no pair for dict()


def running_source_ids(session: Session) -> set[int]:
    """Sources that are being crawled at this moment."""
    where = (CrawlRun.state == RunState.RUNNING, CrawlRun.kind.in_(LISTING_RUNS))
    return set(session.scalars(select(CrawlRun.source_id).where(*where)))


def count_unreachable(session: Session) -> tuple[int, int]:
    """How many of the crawled sources met nobody at their latest run, and how many have had one."""
    errors = latest_errors(session).values()
    return sum(error == UNREACHABLE for error in errors), len(errors)


def blind_counts_by_source(session: Session) -> dict[int, int]:
    """Addresses that cannot be seen now, by source."""
    rows = session.execute(
        select(BlindSpot.source_id, func.count())
        .where(BlindSpot.ended_at.is_(None))
        .group_by(BlindSpot.source_id)
    )
    return {source_id: n for source_id, n in rows}  # noqa: C416 - a row is no pair for dict()


def open_alarms(session: Session) -> dict[int, list[Alarm]]:
    """Open alarms by source, oldest first."""
    found: dict[int, list[Alarm]] = defaultdict(list)
    for alarm in session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).order_by(Alarm.id)):
        found[alarm.source_id].append(alarm)
    return found


def drift_alarms(session: Session, source_id: int, subjects: Collection[str]) -> list[Alarm]:
    """Alarms about fields of the source's pages, open or ended."""
    query = select(Alarm).where(
        Alarm.source_id == source_id, Alarm.kind == AlarmKind.DRIFT, Alarm.subject.in_(subjects)
    )
    return list(session.scalars(query.order_by(Alarm.id).with_for_update()))


def locked_profile(session: Session, source_id: int, page_object: str) -> PageProfile | None:
    """How pages of one sort look at a source; no worker learns while it is held."""
    query = select(PageProfile).where(
        PageProfile.source_id == source_id, PageProfile.page_object == page_object
    )
    return session.scalars(query.with_for_update()).one_or_none()


def was_shut_out(session: Session, source_id: int, host: str) -> bool:
    """Whether there is or was an alarm that the host shut the source out."""
    query = select(Alarm.id).where(
        Alarm.source_id == source_id, Alarm.kind == AlarmKind.SHUT_OUT, Alarm.subject == host
    )
    return session.scalar(query.limit(1)) is not None


def runs_since(session: Session, source_id: int, since: datetime) -> list[tuple[datetime, int, int, int]]:
    """Slot, new texts, pages and failures of each run since then."""
    rows = session.execute(
        select(CrawlRun.slot_at, CrawlRun.n_new_versions, CrawlRun.n_pages, CrawlRun.n_failed).where(
            CrawlRun.source_id == source_id, CrawlRun.slot_at >= since
        )
    )
    return [(row[0], row[1], row[2], row[3]) for row in rows]


def latest_runs(session: Session, source_id: int) -> tuple[RunRow, ...]:
    """The latest runs that were not missed, newest first."""
    runs = session.scalars(
        select(CrawlRun)
        .where(CrawlRun.source_id == source_id, CrawlRun.state != RunState.MISSED)
        .order_by(CrawlRun.slot_at.desc())
        .limit(MAX_RUNS)
    )
    return tuple(
        RunRow(
            id=run.id,
            kind=run.kind,
            state=run.state,
            began_at=run.started_at or run.slot_at,
            finished_at=run.finished_at,
            n_pages=run.n_pages,
            n_new=run.n_new_versions,
            n_failed=run.n_failed,
            error=run.error,
        )
        for run in runs
    )


def missed_slots(session: Session, source_id: int, since: datetime) -> tuple[tuple[datetime, ...], int]:
    """The latest missed slots, newest first, and how many there were since then."""
    where = (
        (CrawlRun.source_id == source_id)
        & (CrawlRun.state == RunState.MISSED)
        & (CrawlRun.kind == RunKind.SCHEDULED)
        & (CrawlRun.slot_at >= since)
    )
    latest = session.scalars(
        select(CrawlRun.slot_at).where(where).order_by(CrawlRun.slot_at.desc()).limit(MAX_MISSED)
    ).all()
    return tuple(latest), session.scalar(select(func.count()).select_from(CrawlRun).where(where)) or 0


def profiles(session: Session, source_id: int) -> list[PageProfile]:
    """How the source's pages usually look."""
    return list(
        session.scalars(
            select(PageProfile).where(PageProfile.source_id == source_id).order_by(PageProfile.page_object)
        )
    )


def latest_versions(session: Session, source_id: int) -> list[tuple[Ad, AdVersion]]:
    """The ads seen last, with their present texts."""
    rows = session.execute(
        select(Ad, AdVersion)
        .join(AdVersion, Ad.current_version_id == AdVersion.id)
        .where(Ad.source_id == source_id)
        .order_by(Ad.id.desc())
        .limit(MAX_SAMPLES)
    )
    return [(ad, version) for ad, version in rows]


def blind_rows(
    session: Session, source_id: int | None = None, limit: int = MAX_BLIND
) -> tuple[BlindRow, ...]:
    """What cannot be seen now, latest first; of one source or of all."""
    query = (
        select(BlindSpot, Source)
        .join(Source, BlindSpot.source_id == Source.id)
        .where(BlindSpot.ended_at.is_(None))
        .order_by(BlindSpot.last_at.desc(), BlindSpot.id.desc())
        .limit(limit)
    )
    if source_id is not None:
        query = query.where(BlindSpot.source_id == source_id)
    return tuple(
        BlindRow(
            source_id=source.id,
            source_name=source.name,
            source_title=source.title,
            url=spot.url,
            platform=spot.platform,
            region=spot.region,
            reason=spot.reason,
            n_times=spot.n_times,
            began_at=spot.began_at,
            last_at=spot.last_at,
        )
        for spot, source in session.execute(query)
    )


def blind_counts(session: Session) -> list[BlindCount]:
    """How many addresses cannot be seen, by platform, region and reason; most first."""
    rows = session.execute(
        select(BlindSpot.platform, BlindSpot.region, BlindSpot.reason, func.count())
        .where(BlindSpot.ended_at.is_(None))
        .group_by(BlindSpot.platform, BlindSpot.region, BlindSpot.reason)
        .order_by(func.count().desc(), BlindSpot.platform)
    )
    return [BlindCount(platform, region, BlindReason(reason), n) for platform, region, reason, n in rows]


def candidates(session: Session, state: CandidateState) -> tuple[CandidateRow, ...]:
    """Candidates in this state, those with most flagged ads first."""
    rows = session.scalars(
        select(Candidate)
        .where(Candidate.state == state)
        .order_by(Candidate.n_flagged.desc(), Candidate.n_ads.desc(), Candidate.id)
        .limit(MAX_CANDIDATES)
    )
    return tuple(map(candidate_row, rows))


def candidate_counts(session: Session) -> dict[CandidateState, int]:
    """How many candidates there are in each state."""
    rows = session.execute(select(Candidate.state, func.count()).group_by(Candidate.state))
    counts = {CandidateState(state): n for state, n in rows}
    return {state: counts.get(state, 0) for state in CandidateState}


def candidate_row(row: Candidate) -> CandidateRow:
    """A candidate as it is shown."""
    return CandidateRow(
        id=row.id,
        place=row.place,
        kind=row.kind,
        n_ads=row.n_ads,
        n_flagged=row.n_flagged,
        first_named_at=row.first_named_at,
        last_named_at=row.last_named_at,
        state=row.state,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        reason=row.reason,
    )


def unread_terms(sources: Sequence[Source]) -> list[Source]:
    """Sources that stay off because nobody has read their terms."""
    return [
        source
        for source in sources
        if not source.is_enabled and source.terms_read_at is None and source.kind not in PEOPLE_BRING
    ]


def days_back(now: datetime, n: int) -> datetime:
    """The start of the period that counts are shown for."""
    return now - timedelta(days=n)
