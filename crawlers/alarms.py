"""Alarms about sources as rows: opened when something is wrong, ended when it is right again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import pairwise

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from crawlers.browser_fetch.missing import NO_BROWSER
from crawlers.inserting import insert_missing
from crawlers.profiles import fallen_fields, mended_fields
from crawlers.schedule import overdue_sources, scheduled_sources
from crawlers.sources_config import config_of
from models.crawl import CrawlRun, Host, Source
from models.enums import AlarmKind, RunState
from models.leases import JobReport
from models.logs import get_logger
from models.runs import LISTING_RUNS
from models.watch import Alarm, PageProfile

log = get_logger(__name__)

# A source's rhythm: how long it usually goes without news; so many times longer is silence.
RHYTHM_OVER = timedelta(days=60)
MIN_GAPS = 6
SILENT_TIMES = 3
# Silence counts only when we have looked.
MIN_LOOKS = 3
_LEAST_SILENCE = timedelta(hours=1)
_LONG = timedelta(days=365)


@dataclass(frozen=True)
class Finding:
    """Something that is wrong now."""

    source_id: int
    kind: AlarmKind
    subject: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)

    @property
    def key(self) -> tuple[int, AlarmKind, str]:
        """What makes it one alarm."""
        return self.source_id, self.kind, self.subject


def watch_sources(session: Session, now: datetime) -> JobReport:
    """Open and end alarms; what a person reads on the sources page and a machine in the metrics."""
    findings = {finding.key: finding for finding in find_alarms(session, now)}
    n_changed = 0
    still_fallen = _still_fallen(session)
    for alarm in session.scalars(select(Alarm).where(Alarm.ended_at.is_(None)).with_for_update()):
        found = findings.pop((alarm.source_id, alarm.kind, alarm.subject), None)
        if found is not None:
            if alarm.facts != found.facts:
                alarm.facts = dict(found.facts)
        elif (alarm.source_id, alarm.subject) not in still_fallen:
            alarm.ended_at = now
            n_changed += 1
    rows = [
        {
            "source_id": found.source_id,
            "kind": found.kind,
            "subject": found.subject,
            "facts": dict(found.facts),
            "began_at": now,
        }
        for found in findings.values()
    ]
    for found in findings.values():
        log.error("watchdog.alarm", source_id=found.source_id, kind=found.kind.value, subject=found.subject)
    return JobReport(n_changed + len(insert_missing(session, Alarm, rows)))


def find_alarms(session: Session, now: datetime) -> Iterator[Finding]:
    """All that is wrong with the sources that are crawled."""
    for late in overdue_sources(session, now):
        yield Finding(late.source_id, AlarmKind.OVERDUE, facts={"n_slots": late.n_slots})
    sources = scheduled_sources(session)
    for source in sources:
        yield from _silence(session, source, now)
    yield from _drift(session, {source.id for source in sources})
    yield from _shut_out(session, sources, now)
    yield from _no_browser(session, sources)


def _silence(session: Session, source: Source, now: datetime) -> Iterator[Finding]:
    """A source that brings nothing for much longer than it ever did, though it is looked at."""
    good = (CrawlRun.source_id == source.id) & (CrawlRun.state == RunState.DONE)
    times = session.scalars(
        select(CrawlRun.finished_at)
        .where(
            good,
            CrawlRun.n_new_versions > 0,
            CrawlRun.kind.in_(LISTING_RUNS),
            CrawlRun.finished_at >= now - RHYTHM_OVER,
        )
        .order_by(CrawlRun.finished_at)
    ).all()
    known = [at for at in times if at is not None]
    gaps = sorted(later - earlier for earlier, later in pairwise(known))
    if len(gaps) < MIN_GAPS:
        return
    usual = gaps[len(gaps) * 9 // 10]
    silent_for = now - known[-1]
    n_looks = session.scalar(
        select(func.count()).select_from(CrawlRun).where(good, CrawlRun.finished_at > known[-1])
    )
    if (n_looks or 0) >= MIN_LOOKS and silent_for > max(SILENT_TIMES * usual, _LEAST_SILENCE):
        facts = {
            "silent_seconds": int(silent_for.total_seconds()) // 3600 * 3600,
            "usual_seconds": int(usual.total_seconds()),
        }
        yield Finding(source.id, AlarmKind.SILENT, facts=facts)


def _drift(session: Session, source_ids: set[int]) -> Iterator[Finding]:
    for profile in session.scalars(select(PageProfile).where(PageProfile.source_id.in_(source_ids))):
        for name, (usual, recent) in fallen_fields(profile).items():
            facts = {"usual": round(usual, 2), "recent": round(recent, 2)}
            yield Finding(profile.source_id, AlarmKind.DRIFT, f"{profile.page_object}.{name}", facts)


def _still_fallen(session: Session) -> set[tuple[int, str]]:
    """Drifted fields that are a little better and not yet as usual: their alarm stays."""
    return {
        (profile.source_id, f"{profile.page_object}.{name}")
        for profile in session.scalars(select(PageProfile))
        for name in set(profile.usual) - mended_fields(profile)
    }


def _shut_out(session: Session, sources: list[Source], now: datetime) -> Iterator[Finding]:
    """Hosts that refused us so often that only a person may ask them again."""
    names = set(session.scalars(select(Host.name).where(Host.paused_until > now + _LONG)))
    for source in sources if names else ():
        for host in sorted(config_of(source).asked_hosts & names):
            yield Finding(source.id, AlarmKind.SHUT_OUT, host)


def _no_browser(session: Session, sources: list[Source]) -> Iterator[Finding]:
    """Sources whose latest run found no browser: the watchdog need not be on the machine that crawls."""
    for source in sources:
        if config_of(source).browser is None:
            continue
        latest = select(CrawlRun.error).where(
            CrawlRun.source_id == source.id, CrawlRun.finished_at.is_not(None)
        )
        if session.scalar(latest.order_by(CrawlRun.id.desc()).limit(1)) == NO_BROWSER:
            yield Finding(source.id, AlarmKind.NO_BROWSER)
