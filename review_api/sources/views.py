"""Pages: sources, one source, the map of blind spots, candidates."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from models.enums import AlarmKind, CandidateState
from review_api.auth.schemas import Person
from review_api.charts import Columns, draw_columns
from review_api.deps import ServicesDep
from review_api.fields import IdPath, TypedText
from review_api.frame import make_frame
from review_api.i18n import Words
from review_api.rendering import FieldError, go_to, missing_reason, render
from review_api.services import Services
from review_api.sources.endpoints import (
    CandidateDecider,
    CandidateReader,
    SourceKeeper,
    SourceReader,
    may_read_ads,
)
from review_api.sources.repository import PEOPLE_BRING
from review_api.sources.schemas import SHOWN_DAYS, BlindMap, CandidateRow, RunRow, SourceDetail, SourceRow
from review_api.sources.service import can_be_normal
from review_api.sources.words import alarm_sentence, error_words

router = APIRouter()

DRIFT_FORM = "drift"


@dataclass(frozen=True)
class SourceLine:
    """A source in the list; its alarms, and what its latest run failed of, in words."""

    row: SourceRow
    alarms: tuple[str, ...]
    error: str | None
    share: str | None


@dataclass(frozen=True)
class SourcesPage:
    """All sources, those that need a person first; counts are of so many days.

    ``n_away`` is how many sources there are when not one of them answers, else 0.
    """

    lines: tuple[SourceLine, ...]
    n_days: int
    may_see_candidates: bool
    n_away: int


@dataclass(frozen=True)
class RunLine:
    """A run; what went wrong in words."""

    run: RunRow
    error: str | None


@dataclass(frozen=True)
class Drift:
    """A field that used to be filled, in words; a person may say that this is normal."""

    subject: str
    sentence: str


@dataclass(frozen=True)
class SourcePage:
    """One source: how it stands, its last days, runs, fields, blind spots, and a sample.

    ``reason`` and ``errors`` are of the form to pause, of the one to ask ``refused_form``, a host, again,
    or of the one to accept ``drifts``; there ``chosen`` are the subjects that were ticked.
    """

    detail: SourceDetail
    line: SourceLine
    chart: Columns
    n_days: int
    runs: tuple[RunLine, ...]
    may_keep: bool
    drifts: tuple[Drift, ...]
    chosen: frozenset[str]
    refused_form: str = ""
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True)
class BlindSpotsPage:
    """What cannot be seen: counts by platform, region and reason, then the addresses."""

    map: BlindMap
    n: int
    may_see_candidates: bool


@dataclass(frozen=True)
class CandidatesPage:
    """Places that ads name, in one state; the form of a refused decision keeps its reason."""

    rows: tuple[CandidateRow, ...]
    state: CandidateState
    counts: Mapping[CandidateState, int]
    may_decide: bool
    refused_id: int | None = None
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


def _sees_candidates(person: Person) -> bool:
    return may_read_ads(person)


@router.get("/sources")
def show_sources(request: Request, services: ServicesDep, person: SourceReader) -> Response:
    """All sources."""
    with services.db.read() as session:
        rows = services.sources.list_sources(session, now=services.now())
        n_away, n_all = services.sources.count_unreachable(session)
    frame = make_frame(request, services, person, "sources")
    lines = tuple(_line(frame.words, row) for row in rows)
    page = SourcesPage(lines, SHOWN_DAYS, _sees_candidates(person), n_away if n_away == n_all else 0)
    return render("sources.html", frame, page, request=request)


@router.get("/sources/{source_id}")
def show_source(request: Request, source_id: IdPath, services: ServicesDep, person: SourceReader) -> Response:
    """One source."""
    return _source_page(request, source_id, services, person)


def _source_page(
    request: Request,
    source_id: int,
    services: Services,
    person: Person,
    reason: str | None = None,
    refused_form: str = "",
    chosen: frozenset[str] | None = None,
) -> Response:
    """The page; with a reason that was refused, its form comes back with what is wrong."""
    with services.db.read() as session:
        detail = services.sources.show_source(
            session, source_id, now=services.now(), has_samples=may_read_ads(person)
        )
    frame = make_frame(request, services, person, "sources")
    words = frame.words
    drifts = _drifts(words, detail.source)
    points = [(f"{day.day:%d.%m}", day.n_new) for day in detail.days]
    page = SourcePage(
        detail=detail,
        line=_line(words, detail.source),
        chart=draw_columns(points),
        n_days=SHOWN_DAYS,
        runs=tuple(RunLine(run, error_words(words, run.error)) for run in detail.runs),
        may_keep=person.role.value in ("analyst", "admin") and detail.source.kind not in PEOPLE_BRING,
        drifts=drifts,
        chosen=frozenset(drift.subject for drift in drifts) if chosen is None else chosen,
        refused_form=refused_form,
        reason=reason or "",
        errors=() if reason is None else _errors(words, reason, refused_form, chosen),
    )
    return render("source.html", frame, page, status=200 if reason is None else 422, request=request)


@router.post("/sources/{source_id}/run")
def run_now(source_id: IdPath, services: ServicesDep, person: SourceKeeper) -> Response:
    """Ask for a crawl at once."""
    with services.db.write() as session:
        services.sources.run_now(session, source_id, person=person, now=services.now())
    return go_to(f"/sources/{source_id}", "source_run")


@router.post("/sources/{source_id}/pause")
def pause(
    request: Request, source_id: IdPath, services: ServicesDep, person: SourceKeeper, reason: TypedText = ""
) -> Response:
    """Pause with a reason."""
    reason = reason.strip()
    if missing_reason(make_frame(request, services, person).words, reason):
        return _source_page(request, source_id, services, person, reason)
    with services.db.write() as session:
        services.sources.pause(session, source_id, reason=reason, person=person, now=services.now())
    return go_to(f"/sources/{source_id}", "source_paused")


@router.post("/sources/{source_id}/resume")
def resume(source_id: IdPath, services: ServicesDep, person: SourceKeeper) -> Response:
    """End a pause."""
    with services.db.write() as session:
        services.sources.resume(session, source_id, person=person, now=services.now())
    return go_to(f"/sources/{source_id}", "source_resumed")


@router.post("/sources/{source_id}/ask-again")
def ask_again(
    request: Request,
    source_id: IdPath,
    services: ServicesDep,
    person: SourceKeeper,
    host: TypedText,
    reason: TypedText = "",
) -> Response:
    """Ask a host again that had shut the source out, with a reason."""
    reason = reason.strip()
    if missing_reason(make_frame(request, services, person).words, reason):
        return _source_page(request, source_id, services, person, reason, host)
    with services.db.write() as session:
        services.sources.ask_again(session, source_id, host, reason=reason, person=person, now=services.now())
    return go_to(f"/sources/{source_id}", "source_asked_again")


@router.post("/sources/{source_id}/accept-drift")
def accept_drift(
    request: Request,
    source_id: IdPath,
    services: ServicesDep,
    person: SourceKeeper,
    subjects: Annotated[tuple[TypedText, ...], Form()] = (),
    reason: TypedText = "",
) -> Response:
    """Say with a reason that fields which used to be filled need no longer be."""
    reason = reason.strip()
    if _errors(make_frame(request, services, person).words, reason, DRIFT_FORM, frozenset(subjects)):
        return _source_page(request, source_id, services, person, reason, DRIFT_FORM, frozenset(subjects))
    with services.db.write() as session:
        services.sources.accept_drift(
            session, source_id, subjects, reason=reason, person=person, now=services.now()
        )
    return go_to(f"/sources/{source_id}", "source_drift_accepted")


def _errors(
    words: Words, reason: str, form: str, chosen: frozenset[str] | None = None
) -> tuple[FieldError, ...]:
    errors = missing_reason(words, reason, f"reason-{form}" if form else "reason")
    if form == DRIFT_FORM and not chosen:
        errors = (FieldError("drifts", words.text("source_page.drift_none")), *errors)
    return errors


def _drifts(words: Words, source: SourceRow) -> tuple[Drift, ...]:
    return tuple(
        Drift(alarm.subject, alarm_sentence(words, alarm))
        for alarm in source.alarms
        if alarm.kind is AlarmKind.DRIFT and can_be_normal(alarm.subject)
    )


@router.get("/blind-spots")
def show_blind_spots(request: Request, services: ServicesDep, person: SourceReader) -> Response:
    """The map of blind spots."""
    with services.db.read() as session:
        found = services.sources.blind_map(session)
    page = BlindSpotsPage(found, sum(count.n for count in found.counts), _sees_candidates(person))
    frame = make_frame(request, services, person, "sources")
    return render("blind_spots.html", frame, page, request=request)


@router.get("/candidates")
def show_candidates(
    request: Request,
    services: ServicesDep,
    person: CandidateReader,
    state: CandidateState = CandidateState.OPEN,
) -> Response:
    """Places that ads name and no source covers."""
    return _candidates_page(request, services, person, state)


def _candidates_page(
    request: Request,
    services: Services,
    person: Person,
    state: CandidateState,
    refused_id: int | None = None,
    reason: str = "",
) -> Response:
    with services.db.read() as session:
        rows, counts = services.sources.list_candidates(session, state)
    frame = make_frame(request, services, person, "sources")
    errors = missing_reason(frame.words, reason, f"reason-{refused_id}") if refused_id is not None else ()
    may_decide = person.role.value == "analyst"
    page = CandidatesPage(rows, state, counts, may_decide, refused_id, reason, errors)
    return render("candidates.html", frame, page, status=422 if errors else 200, request=request)


@router.post("/candidates/{candidate_id}/adopt")
def adopt(
    request: Request,
    candidate_id: IdPath,
    services: ServicesDep,
    person: CandidateDecider,
    reason: TypedText = "",
) -> Response:
    """Decide that the place is to become a source."""
    return _decide(request, candidate_id, services, person, CandidateState.ADOPTED, reason.strip())


@router.post("/candidates/{candidate_id}/ignore")
def ignore(
    request: Request,
    candidate_id: IdPath,
    services: ServicesDep,
    person: CandidateDecider,
    reason: TypedText = "",
) -> Response:
    """Decide that the place is not to be watched."""
    return _decide(request, candidate_id, services, person, CandidateState.IGNORED, reason.strip())


def _decide(
    request: Request,
    candidate_id: int,
    services: Services,
    person: Person,
    state: CandidateState,
    reason: str,
) -> Response:
    if missing_reason(make_frame(request, services, person).words, reason):
        return _candidates_page(request, services, person, CandidateState.OPEN, candidate_id, reason)
    with services.db.write() as session:
        services.sources.decide_candidate(
            session, candidate_id, state, reason=reason, person=person, now=services.now()
        )
    return go_to("/candidates", f"candidate_{state.value}")


def _line(words: Words, row: SourceRow) -> SourceLine:
    share = None if row.flagged_share is None else f"{words.number(round(100 * row.flagged_share))} %"
    alarms = tuple(alarm_sentence(words, alarm) for alarm in row.alarms)
    return SourceLine(row, alarms, error_words(words, row.error), share)
