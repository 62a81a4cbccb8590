"""Sources as people keep them: how they stand, run now, pause with a reason, decide on candidates."""

from collections.abc import Collection, Mapping
from datetime import date, datetime, timedelta

from sqlalchemy.orm import Session

from models.audit import AuditAction, AuditLog, Detail
from models.crawl import Source
from models.enums import BlindReason, CandidateState, TextPlace, check_transition
from models.errors import NotFound, Rejected
from models.runs import ask_host_again, start_manual_run
from models.urls import host_of
from models.watch import Alarm, Candidate
from review_api.auth.schemas import Person
from review_api.i18n import in_zone
from review_api.masking import mask_text
from review_api.sources import repository
from review_api.sources.schemas import (
    SHOWN_DAYS,
    AlarmRow,
    BlindCount,
    BlindMap,
    CandidateRow,
    DayCount,
    FieldShare,
    Health,
    Sample,
    SourceDetail,
    SourceRow,
)
from review_api.tasks.rows import find_contacts

MAX_SAMPLE_CHARACTERS = 280
# As the crawl's profiles name it: whether a page gave any ad or link at all.
ANYTHING = "anything"
_SAMPLE_FIELDS = ("title", "text", "author", "region", "price_amount", "published_at")


class SourceNotCrawled(Rejected):
    """The source is off or paused, so nothing can be fetched from it now."""

    status = 409


class SourceKeepsNoSchedule(Rejected):
    """People bring what this source holds: there is nothing to run or to pause."""

    status = 409


class ReasonNotWritten(Rejected):
    """The act needs a reason."""


class SourceService:
    """What the pages about sources ask and do; every act leaves an audit line."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def list_sources(self, session: Session, *, now: datetime) -> tuple[SourceRow, ...]:
        """Every source, those that need a person first."""
        since = repository.days_back(now, SHOWN_DAYS)
        sums, flagged = repository.run_sums(session, since), repository.flagged_counts(session, since)
        blind, alarms = repository.blind_counts_by_source(session), repository.open_alarms(session)
        errors, running = repository.latest_errors(session), repository.running_source_ids(session)
        rows = [
            _row(
                source,
                sums,
                flagged,
                blind,
                errors.get(source.id),
                alarms.get(source.id, []),
                is_running=source.id in running,
            )
            for source in repository.all_sources(session)
        ]
        return tuple(sorted(rows, key=lambda row: (list(Health).index(row.health), row.name)))

    def count_unreachable(self, session: Session) -> tuple[int, int]:
        """How many of the crawled sources met nobody at their latest run, and how many there are."""
        return repository.count_unreachable(session)

    def show_source(
        self, session: Session, source_id: int, *, now: datetime, has_samples: bool
    ) -> SourceDetail:
        """One source.

        Args:
            session: a read session.
            source_id: which.
            now: present time.
            has_samples: whether the reader may see texts of ads.

        Raises:
            NotFound: there is none.
        """
        row = next((row for row in self.list_sources(session, now=now) if row.id == source_id), None)
        if row is None:
            raise NotFound("There is no such source.", source_id=source_id)
        since = repository.days_back(now, SHOWN_DAYS)
        missed, n_missed = repository.missed_slots(session, source_id, since)
        return SourceDetail(
            source=row,
            days=_days(repository.runs_since(session, source_id, since), now),
            runs=repository.latest_runs(session, source_id),
            missed=missed,
            n_missed=n_missed,
            shares=_shares(session, source_id),
            blind=repository.blind_rows(session, source_id, limit=20),
            samples=_samples(session, source_id) if has_samples else (),
            needs_browser=session.get_one(Source, source_id).settings.get("browser") is not None,
        )

    def run_now(self, session: Session, source_id: int, *, person: Person, now: datetime) -> int:
        """Ask for a run at once; an open one is given instead of a second.

        Raises:
            NotFound: no such source.
            SourceKeepsNoSchedule: people bring what it holds.
            SourceNotCrawled: it is off or paused.
        """
        source = self._kept_source(session, source_id)
        if not source.is_crawled:
            raise SourceNotCrawled("Switch the source on first.", source_id=source_id)
        run = start_manual_run(session, source, now)
        self._note(session, AuditAction.SOURCE_RUN_ASKED, source, person, now, {"run_id": run.id})
        return run.id

    def pause(self, session: Session, source_id: int, *, reason: str, person: Person, now: datetime) -> None:
        """Ask nothing more of a source until somebody ends the pause; twice is once.

        Raises:
            ReasonNotWritten: no reason.
            NotFound: no such source.
        """
        if not reason:
            raise ReasonNotWritten("Write the reason.")
        source = self._kept_source(session, source_id)
        if source.paused_at is None:
            source.paused_at, source.paused_by, source.pause_reason = now, person.name, reason
            self._note(session, AuditAction.SOURCE_PAUSED, source, person, now, {"reason": reason})

    def resume(self, session: Session, source_id: int, *, person: Person, now: datetime) -> None:
        """End a pause; the slots that passed meanwhile count as nobody's fault. Twice is once."""
        source = self._kept_source(session, source_id)
        if source.paused_at is not None:
            source.paused_at = source.paused_by = source.pause_reason = None
            source.resumed_at = now
            self._note(session, AuditAction.SOURCE_RESUMED, source, person, now, {})

    def ask_again(
        self, session: Session, source_id: int, host: str, *, reason: str, person: Person, now: datetime
    ) -> None:
        """Ask a host again that had shut the source out; twice is once.

        Raises:
            ReasonNotWritten: no reason.
            NotFound: no such source, or the host never shut it out.
        """
        if not reason:
            raise ReasonNotWritten("Write the reason.")
        source = self._kept_source(session, source_id)
        if not repository.was_shut_out(session, source_id, host):
            raise NotFound("This host never shut the source out.", source_id=source_id, host=host)
        if ask_host_again(session, host, now):
            details = {"host": host, "reason": reason}
            self._note(session, AuditAction.HOST_ASKED_AGAIN, source, person, now, details)

    def accept_drift(
        self,
        session: Session,
        source_id: int,
        subjects: Collection[str],
        *,
        reason: str,
        person: Person,
        now: datetime,
    ) -> None:
        """Take what fields of ads hold now for normal: their alarms end, and what comes is measured by it.

        That a page gives nothing at all any more is never normal. Twice is once.

        Args:
            session: a write session.
            source_id: which source.
            subjects: of its alarms, each a page object and a field.
            reason: why it is so; kept in the audit log.
            person: who says it.
            now: present time.

        Raises:
            ReasonNotWritten: no reason.
            NotFound: no such source, or there never was such an alarm.
        """
        if not reason:
            raise ReasonNotWritten("Write the reason.")
        source = self._kept_source(session, source_id)
        alarms = repository.drift_alarms(session, source_id, subjects)
        if {alarm.subject for alarm in alarms if can_be_normal(alarm.subject)} != set(subjects):
            raise NotFound("The source has no such alarm.", source_id=source_id)
        ended = [alarm for alarm in alarms if alarm.ended_at is None]
        shares = []
        for alarm in ended:
            page_object, _, field = alarm.subject.rpartition(".")
            profile = repository.locked_profile(session, source_id, page_object)
            if profile is not None:
                before, recent = profile.usual.get(field, 0.0), profile.recent.get(field, 0.0)
                profile.usual = {**profile.usual, field: recent}
                shares.append(f"{alarm.subject}: {before:.2f}, {recent:.2f}")
            alarm.ended_at = now
        if ended:
            self._note(
                session, AuditAction.DRIFT_ACCEPTED, source, person, now, {"shares": shares, "reason": reason}
            )

    def blind_map(self, session: Session) -> BlindMap:
        """What cannot be seen, with the sources whose terms nobody has read."""
        counts = repository.blind_counts(session)
        unread = repository.unread_terms(repository.all_sources(session))
        counts += [
            BlindCount(_platform(source), _region(source), BlindReason.TERMS_NOT_READ, 1) for source in unread
        ]
        return BlindMap(tuple(counts), repository.blind_rows(session))

    def list_candidates(
        self, session: Session, state: CandidateState
    ) -> tuple[tuple[CandidateRow, ...], Mapping[CandidateState, int]]:
        """Candidates in one state, and how many there are in each."""
        return repository.candidates(session, state), repository.candidate_counts(session)

    def decide_candidate(
        self,
        session: Session,
        candidate_id: int,
        state: CandidateState,
        *,
        reason: str,
        person: Person,
        now: datetime,
    ) -> CandidateRow:
        """Adopt or ignore a place; nothing is crawled by that. The same decision twice is once.

        Raises:
            ReasonNotWritten: no reason.
            NotFound: no such candidate.
        """
        if not reason:
            raise ReasonNotWritten("Write the reason.")
        row = session.get(Candidate, candidate_id, with_for_update=True)
        if row is None:
            raise NotFound("There is no such candidate.", candidate_id=candidate_id)
        if row.state is not state:
            row.state = check_transition(row.state, state)
            row.decided_by, row.decided_at, row.reason = person.name, now, reason
            adopted = state is CandidateState.ADOPTED
            self._audit.append(
                session,
                AuditAction.CANDIDATE_ADOPTED if adopted else AuditAction.CANDIDATE_IGNORED,
                actor=person.actor,
                subject_kind="candidate",
                subject_id=row.id,
                now=now,
                details={"reason": reason},
            )
        return repository.candidate_row(row)

    def _kept_source(self, session: Session, source_id: int) -> Source:
        source = session.get(Source, source_id, with_for_update=True)
        if source is None:
            raise NotFound("There is no such source.", source_id=source_id)
        if source.kind in repository.PEOPLE_BRING:
            raise SourceKeepsNoSchedule("People bring what this source holds.", source_id=source_id)
        return source

    def _note(
        self,
        session: Session,
        action: AuditAction,
        source: Source,
        person: Person,
        now: datetime,
        details: Mapping[str, Detail],
    ) -> None:
        self._audit.append(
            session,
            action,
            actor=person.actor,
            subject_kind="source",
            subject_id=source.id,
            now=now,
            details={"name": source.name, **details},
        )


def can_be_normal(subject: str) -> bool:
    """Whether a person may say that what a drift alarm tells of is normal."""
    return not subject.endswith(f".{ANYTHING}")


def _row(
    source: Source,
    sums: Mapping[int, tuple[int, int]],
    flagged: Mapping[int, int],
    blind: Mapping[int, int],
    error: str | None,
    alarms: list[Alarm],
    *,
    is_running: bool,
) -> SourceRow:
    n_pages, n_new = sums.get(source.id, (0, 0))
    return SourceRow(
        id=source.id,
        name=source.name,
        title=source.title,
        kind=source.kind,
        health=_health(source, error, alarms, is_running=is_running),
        last_success_at=source.last_success_at,
        next_slot_at=source.next_slot_at if source.is_crawled else None,
        paused_at=source.paused_at,
        paused_by=source.paused_by,
        pause_reason=source.pause_reason,
        terms_read_by=source.terms_read_by,
        n_pages=n_pages,
        n_new=n_new,
        n_flagged=flagged.get(source.id, 0),
        n_blind=blind.get(source.id, 0),
        error=error,
        alarms=tuple(AlarmRow(alarm.kind, alarm.subject, alarm.facts, alarm.began_at) for alarm in alarms),
    )


def _health(source: Source, error: str | None, alarms: list[Alarm], *, is_running: bool) -> Health:
    if source.kind in repository.PEOPLE_BRING:
        return Health.WELL
    if not source.is_enabled:
        return Health.OFF
    if source.paused_at is not None:
        return Health.PAUSED
    if alarms:
        return Health.ALARM
    if error is not None:
        return Health.FAILED
    if source.last_success_at is not None:
        return Health.WELL
    return Health.RUNNING if is_running else Health.NEW


def _days(runs: list[tuple[datetime, int, int, int]], now: datetime) -> tuple[DayCount, ...]:
    """One count per day of the period, also for days without a run."""
    last = in_zone(now).date()
    sums: dict[date, list[int]] = {last - timedelta(days=n): [0, 0, 0] for n in range(SHOWN_DAYS)}
    for slot_at, *counts in runs:
        day = sums.get(in_zone(slot_at).date())
        if day is not None:
            day[:] = [before + n for before, n in zip(day, counts, strict=True)]
    return tuple(DayCount(day, *sums[day]) for day in sorted(sums))


def _shares(session: Session, source_id: int) -> tuple[FieldShare, ...]:
    return tuple(
        FieldShare(profile.page_object, name, float(usual), float(profile.recent.get(name, 0.0)))
        for profile in repository.profiles(session, source_id)
        for name, usual in profile.usual.items()
    )


def _samples(session: Session, source_id: int) -> tuple[Sample, ...]:
    """What was extracted last, contacts masked: they are opened on the page of a case alone."""
    latest = repository.latest_versions(session, source_id)
    spots = find_contacts(session, [version.id for _, version in latest])
    return tuple(
        Sample(
            external_id=ad.external_id,
            seen_at=ad.last_seen_at,
            title=mask_text(version.title, TextPlace.TITLE, spots[version.id]),
            text=mask_text(version.text, TextPlace.TEXT, spots[version.id])[:MAX_SAMPLE_CHARACTERS],
            fields=tuple(name for name in _SAMPLE_FIELDS if getattr(version, name)),
        )
        for ad, version in latest
    )


def _platform(source: Source) -> str:
    start = source.settings.get("start") or ("",)
    return host_of(str(start[0])) or source.name


def _region(source: Source) -> str:
    return str(source.settings.get("region", ""))
