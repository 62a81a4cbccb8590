"""Pages: releases with their files and checks, entries of the list, lifting."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from sqlalchemy.orm import Session

from models.enums import EntryState, Role
from models.errors import Rejected
from review_api.auth.schemas import Person
from review_api.blocklist.endpoints import Downloader, Lifter, download
from review_api.blocklist.names import FORMATS, file_name
from review_api.blocklist.schemas import (
    EntryRow,
    HeldEntry,
    ReleaseCheck,
    ReleaseDetail,
    ReleasePreview,
    ReleaseRow,
)
from review_api.choices import list_href
from review_api.deps import Officer, Reader, ServicesDep
from review_api.fields import IdPath, RowNumber, TypedText
from review_api.frame import make_frame
from review_api.problems import listing_text, problem_text
from review_api.rendering import FieldError, go_to, long_reason, render
from review_api.services import Services

router = APIRouter()

CHECKERS = frozenset({Role.OFFICER, Role.AUDITOR})
LIFTERS = frozenset({Role.OFFICER, Role.APPROVER})
# A check reads every file of a release again: the newest are checked each time the page is opened.
N_CHECKED = 5


@dataclass(frozen=True)
class ReleaseLine:
    """A release, its files for those who may have them, and what its check found (None: not checked here)."""

    release: ReleaseRow
    files: tuple[tuple[str, str], ...]
    check: ReleaseCheck | None


@dataclass(frozen=True)
class HeldLine:
    """An entry that stops the next release, and why in the reader's words."""

    held: HeldEntry
    text: str


@dataclass(frozen=True)
class ReleasesPage:
    """What the next release would hold, and those made so far, newest first."""

    preview: ReleasePreview
    held: tuple[HeldLine, ...]
    releases: tuple[ReleaseLine, ...]
    may_make: bool
    growth_reason: str = ""
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True)
class ReleasePage:
    """One release with its difference to the one before."""

    detail: ReleaseDetail
    line: ReleaseLine


@dataclass(frozen=True)
class EntriesPage:
    """Entries of the list, newest first."""

    rows: tuple[EntryRow, ...]
    states: tuple[tuple[EntryState, str, bool], ...]
    first_href: str | None
    next_href: str | None


@dataclass(frozen=True)
class EntryPage:
    """One entry; who may lift it finds the form here."""

    entry: EntryRow
    may_lift: bool
    reason: str = ""
    errors: tuple[FieldError, ...] = ()


@router.get("/releases")
def show_releases(request: Request, services: ServicesDep, person: Reader) -> Response:
    """What waits, and what was made."""
    return _releases_page(request, services, person)


@router.post("/releases")
def make_release(
    request: Request,
    services: ServicesDep,
    person: Officer,
    number: TypedText = "",
    acknowledge_growth: TypedText = "",
) -> Response:
    """Make the next release; its number is typed, since a list that left the house cannot be unmade."""
    reason = acknowledge_growth.strip()
    with services.db.read() as session:
        wanted = services.releases.preview(session, now=services.now()).next_number
    words = make_frame(request, services, person).words
    if number.strip().lstrip("№").strip() != str(wanted):
        error = FieldError("number", words.text("releases.wrong_number", number=wanted))
        return _releases_page(request, services, person, growth_reason=reason, errors=(error,))
    if too_long := long_reason(words, reason, "acknowledge_growth"):
        return _releases_page(request, services, person, growth_reason=reason, errors=too_long)
    try:
        made = services.releases.make_release(
            person.actor, acknowledge_growth=reason or None, now=services.now()
        )
    except Rejected as error:
        field = "acknowledge_growth" if error.code == "GrowthNotAcknowledged" else "number"
        errors = (FieldError(field, problem_text(words, error)),)
        return _releases_page(request, services, person, growth_reason=reason, errors=errors)
    return go_to(f"/releases/{made.number}", "released", number=made.number)


@router.get("/releases/{number}")
def show_release(request: Request, services: ServicesDep, person: Reader, number: RowNumber) -> Response:
    """One release."""
    with services.db.read() as session:
        detail = services.releases.get_release(session, number)
        line = _line(services, session, person, detail.release, is_checked=True)
    frame = make_frame(request, services, person, "releases")
    return render("release.html", frame, ReleasePage(detail, line), request=request)


@router.get("/releases/{number}/files/{name}")
def get_file(services: ServicesDep, person: Downloader, number: RowNumber, name: str) -> Response:
    """One file, checked before it leaves; the download is recorded."""
    with services.db.write() as session:
        body = services.releases.read_file(session, person, number, name, now=services.now())
    return download(name, body)


@router.get("/entries")
def show_entries(
    request: Request,
    services: ServicesDep,
    person: Reader,
    state: EntryState | None = None,
    cursor: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """The list as it stands now."""
    with services.db.read() as session:
        found = services.blocklist.list_entries(session, state=state, cursor=cursor)
    query = {"state": state.value} if state else {}
    page = EntriesPage(
        rows=found.rows,
        states=tuple(
            (item, list_href("/entries", {} if item is state else {"state": item.value}), item is state)
            for item in EntryState
        ),
        first_href=list_href("/entries", query) if cursor else None,
        next_href=list_href("/entries", {**query, "cursor": found.next_cursor})
        if found.next_cursor
        else None,
    )
    return render("entries.html", make_frame(request, services, person, "releases"), page, request=request)


@router.get("/entries/{entry_id}")
def show_entry(request: Request, services: ServicesDep, person: Reader, entry_id: IdPath) -> Response:
    """One entry."""
    return _entry_page(request, services, person, entry_id)


@router.post("/entries/{entry_id}/lift")
def lift(
    request: Request,
    services: ServicesDep,
    person: Lifter,
    entry_id: IdPath,
    reason: TypedText = "",
) -> Response:
    """Take an entry off the list: one person is enough, the reason is kept."""
    words = make_frame(request, services, person).words
    if too_long := long_reason(words, reason):
        return _entry_page(request, services, person, entry_id, reason=reason, errors=too_long)
    try:
        with services.db.write() as session:
            entry = services.blocklist.lift(session, person, entry_id, reason, now=services.now())
    except Rejected as error:
        if error.status in (403, 404):
            raise
        errors = (FieldError("reason", problem_text(words, error)),)
        return _entry_page(request, services, person, entry_id, reason=reason, errors=errors)
    return go_to(f"/entries/{entry_id}", "lifted", case=entry.case_number)


def _releases_page(
    request: Request,
    services: Services,
    person: Person,
    *,
    growth_reason: str = "",
    errors: tuple[FieldError, ...] = (),
) -> Response:
    frame = make_frame(request, services, person, "releases")
    with services.db.read() as session:
        preview = services.releases.preview(session, now=services.now())
        releases = services.releases.list_releases(session)
        lines = tuple(
            _line(services, session, person, release, is_checked=place < N_CHECKED)
            for place, release in enumerate(releases)
        )
    page = ReleasesPage(
        preview=preview,
        held=tuple(HeldLine(held, listing_text(frame.words, held.code)) for held in preview.held),
        releases=lines,
        may_make=person.role is Role.OFFICER and not preview.is_same and not preview.held,
        growth_reason=growth_reason,
        errors=errors,
    )
    return render("releases.html", frame, page, status=422 if errors else 200, request=request)


def _line(
    services: Services, session: Session, person: Person, release: ReleaseRow, *, is_checked: bool
) -> ReleaseLine:
    may_check = person.role in CHECKERS
    return ReleaseLine(
        release=release,
        files=tuple((kind.upper(), file_name(release.number, kind)) for kind in FORMATS) if may_check else (),
        check=services.releases.verify_release(session, release.number) if may_check and is_checked else None,
    )


def _entry_page(
    request: Request,
    services: Services,
    person: Person,
    entry_id: int,
    *,
    reason: str = "",
    errors: tuple[FieldError, ...] = (),
) -> Response:
    with services.db.read() as session:
        entry = services.blocklist.get_entry(session, entry_id)
    page = EntryPage(
        entry=entry,
        may_lift=person.role in LIFTERS and entry.state is EntryState.ACTIVE,
        reason=reason,
        errors=errors,
    )
    frame = make_frame(request, services, person, "releases")
    return render("entry.html", frame, page, status=422 if errors else 200, request=request)
