"""JSON: the list, its releases, its legal grounds."""

from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query, Response

from models.enums import EntryState, Role
from review_api.auth.schemas import Person
from review_api.blocklist.schemas import (
    EntryPage,
    EntryRow,
    LegalGround,
    LiftForm,
    ReleaseCheck,
    ReleaseDetail,
    ReleaseForm,
    ReleasePreview,
    ReleaseRow,
)
from review_api.deps import Officer, Reader, ServicesDep, require
from review_api.fields import IdPath, RowNumber
from review_api.paging import DEFAULT_LIMIT, MAX_LIMIT

router = APIRouter(prefix="/api/v1", tags=["blocklist"])

Lifter = Annotated[Person, require(Role.OFFICER, Role.APPROVER)]
Downloader = Annotated[Person, require(Role.OFFICER, Role.AUDITOR)]
Checker = Annotated[Person, require(Role.OFFICER, Role.AUDITOR)]
MEDIA_TYPES = {
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".json": "application/json",
    ".sig": "text/plain; charset=utf-8",
}


def download(name: str, body: bytes) -> Response:
    """A file that a browser saves and never opens in its own window."""
    suffix = name[name.rfind(".") :]
    return Response(
        body,
        media_type=MEDIA_TYPES.get(suffix, "application/octet-stream"),
        headers={
            "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
            "X-Content-Type-Options": "nosniff",
        },
    )


@router.get("/legal-grounds")
def legal_grounds(services: ServicesDep, _person: Reader) -> tuple[LegalGround, ...]:
    """Grounds that a confirmation may name."""
    return tuple(services.grounds)


@router.get("/entries")
def list_entries(
    services: ServicesDep,
    _person: Reader,
    state: EntryState | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_LIMIT)] = DEFAULT_LIMIT,
) -> EntryPage:
    """Lines of the list, newest first."""
    with services.db.read() as session:
        return services.blocklist.list_entries(session, state=state, cursor=cursor, limit=limit)


@router.get("/entries/{entry_id}")
def get_entry(entry_id: IdPath, services: ServicesDep, _person: Reader) -> EntryRow:
    """One line."""
    with services.db.read() as session:
        return services.blocklist.get_entry(session, entry_id)


@router.post("/entries/{entry_id}/lift")
def lift(entry_id: IdPath, form: LiftForm, services: ServicesDep, person: Lifter) -> EntryRow:
    """Take a line off the list: one person is enough, the reason is kept."""
    with services.db.write() as session:
        return services.blocklist.lift(session, person, entry_id, form.reason, now=services.now())


@router.get("/releases")
def list_releases(services: ServicesDep, _person: Reader) -> tuple[ReleaseRow, ...]:
    """Releases, newest first."""
    with services.db.read() as session:
        return services.releases.list_releases(session)


@router.get("/releases/next")
def preview(services: ServicesDep, _person: Reader) -> ReleasePreview:
    """What the next release would hold."""
    with services.db.read() as session:
        return services.releases.preview(session, now=services.now())


@router.post("/releases", status_code=201)
def make_release(form: ReleaseForm, services: ServicesDep, person: Officer) -> ReleaseRow:
    """Make the next release."""
    return services.releases.make_release(
        person.actor, acknowledge_growth=form.acknowledge_growth, now=services.now()
    )


@router.get("/releases/{number}")
def get_release(number: RowNumber, services: ServicesDep, _person: Reader) -> ReleaseDetail:
    """One release with its difference to the one before."""
    with services.db.read() as session:
        return services.releases.get_release(session, number)


@router.get("/releases/{number}/files/{name}", response_class=Response)
def get_file(number: RowNumber, name: str, services: ServicesDep, person: Downloader) -> Response:
    """One file of a release, checked before it leaves; the download is recorded."""
    with services.db.write() as session:
        body = services.releases.read_file(session, person, number, name, now=services.now())
    return download(name, body)


@router.post("/releases/{number}/check")
def check_release(number: RowNumber, services: ServicesDep, _person: Checker) -> ReleaseCheck:
    """Check a release's files, signature and count now."""
    with services.db.read() as session:
        return services.releases.verify_release(session, number)
