"""JSON: sources, blind spots, candidates."""

from typing import Annotated

from fastapi import APIRouter

from models.enums import CandidateState, Role
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep, require
from review_api.fields import IdPath
from review_api.sources.schemas import (
    AcceptDrift,
    AskAgain,
    BlindMap,
    CandidateRow,
    SourceDetail,
    SourceRow,
    WithReason,
)

router = APIRouter(prefix="/api/v1", tags=["sources"])

# An officer sends lists; an administrator keeps sources running and reads no ads.
SourceReader = Annotated[Person, require(Role.ANALYST, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]
SourceKeeper = Annotated[Person, require(Role.ANALYST, Role.ADMIN)]
CandidateReader = Annotated[Person, require(Role.ANALYST, Role.APPROVER, Role.AUDITOR)]
CandidateDecider = Annotated[Person, require(Role.ANALYST)]


def may_read_ads(person: Person) -> bool:
    """Whether a reader of the source pages may see texts of ads there."""
    return person.role is not Role.ADMIN


@router.get("/sources")
def list_sources(services: ServicesDep, _person: SourceReader) -> tuple[SourceRow, ...]:
    """Every source with its health and what it gave in the last 30 days."""
    with services.db.read() as session:
        return services.sources.list_sources(session, now=services.now())


@router.get("/sources/{source_id}")
def show_source(source_id: IdPath, services: ServicesDep, person: SourceReader) -> SourceDetail:
    """One source: days, runs, missed slots, fields, blind spots, sample."""
    with services.db.read() as session:
        return services.sources.show_source(
            session, source_id, now=services.now(), has_samples=may_read_ads(person)
        )


@router.post("/sources/{source_id}/run", status_code=202)
def run_now(source_id: IdPath, services: ServicesDep, person: SourceKeeper) -> dict[str, int]:
    """Ask for a crawl at once; a worker takes it up within seconds."""
    with services.db.write() as session:
        return {"run_id": services.sources.run_now(session, source_id, person=person, now=services.now())}


@router.post("/sources/{source_id}/pause", status_code=204)
def pause(source_id: IdPath, form: WithReason, services: ServicesDep, person: SourceKeeper) -> None:
    """Ask nothing more of a source until the pause is ended."""
    with services.db.write() as session:
        services.sources.pause(session, source_id, reason=form.reason, person=person, now=services.now())


@router.post("/sources/{source_id}/resume", status_code=204)
def resume(source_id: IdPath, services: ServicesDep, person: SourceKeeper) -> None:
    """End a pause."""
    with services.db.write() as session:
        services.sources.resume(session, source_id, person=person, now=services.now())


@router.post("/sources/{source_id}/ask-again", status_code=204)
def ask_again(source_id: IdPath, form: AskAgain, services: ServicesDep, person: SourceKeeper) -> None:
    """Ask a host again that had shut the source out."""
    with services.db.write() as session:
        services.sources.ask_again(
            session, source_id, form.host, reason=form.reason, person=person, now=services.now()
        )


@router.post("/sources/{source_id}/accept-drift", status_code=204)
def accept_drift(source_id: IdPath, form: AcceptDrift, services: ServicesDep, person: SourceKeeper) -> None:
    """Say that fields which used to be filled need no longer be."""
    with services.db.write() as session:
        services.sources.accept_drift(
            session, source_id, form.subjects, reason=form.reason, person=person, now=services.now()
        )


@router.get("/blind-spots")
def blind_spots(services: ServicesDep, _person: SourceReader) -> BlindMap:
    """What cannot be seen, with reasons, by platform and region."""
    with services.db.read() as session:
        return services.sources.blind_map(session)


@router.get("/candidates")
def list_candidates(
    services: ServicesDep, _person: CandidateReader, state: CandidateState = CandidateState.OPEN
) -> tuple[CandidateRow, ...]:
    """Places that ads name and no source covers."""
    with services.db.read() as session:
        return services.sources.list_candidates(session, state)[0]


@router.post("/candidates/{candidate_id}/adopt")
def adopt(
    candidate_id: IdPath, form: WithReason, services: ServicesDep, person: CandidateDecider
) -> CandidateRow:
    """Decide that the place is to become a source; nothing is crawled by that."""
    return _decide(services, candidate_id, CandidateState.ADOPTED, form.reason, person)


@router.post("/candidates/{candidate_id}/ignore")
def ignore(
    candidate_id: IdPath, form: WithReason, services: ServicesDep, person: CandidateDecider
) -> CandidateRow:
    """Decide that the place is not to be watched."""
    return _decide(services, candidate_id, CandidateState.IGNORED, form.reason, person)


def _decide(
    services: ServicesDep, candidate_id: int, state: CandidateState, reason: str, person: Person
) -> CandidateRow:
    with services.db.write() as session:
        return services.sources.decide_candidate(
            session, candidate_id, state, reason=reason, person=person, now=services.now()
        )
