"""Page: what the machine could not read, with the reasons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response

from models.enums import Role
from review_api.ads.schemas import Unread, UnreadPage
from review_api.audit.schemas import AuditLine
from review_api.auth.schemas import Person
from review_api.deps import EVERYONE, ServicesDep, require
from review_api.facts import reason_words, split_reasons
from review_api.frame import make_frame
from review_api.i18n import Words
from review_api.rendering import render

router = APIRouter()

MAX_IMPORTS_SHOWN = 20
# An administrator sees which pages of which source failed and why, never what they say.
UnreadReader = Annotated[Person, require(*(role for role in EVERYONE if role is not Role.OFFICER))]


@dataclass(frozen=True)
class UnreadLine:
    """A page that could not be read whole, with the reasons in words."""

    item: UnreadPage
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class RefusedLine:
    """One reason for which records of an imported file were refused, and how many."""

    at: datetime
    file_sha256: str
    reason: str
    n: int


@dataclass(frozen=True)
class UnreadListPage:
    """Counts of all that is unread; the latest pages, and the refusals of the latest imports."""

    unread: Unread
    lines: tuple[UnreadLine, ...]
    refused: tuple[RefusedLine, ...]


@router.get("/unread")
def show_unread(request: Request, services: ServicesDep, person: UnreadReader) -> Response:
    """Pages, texts and imported records that could not be read."""
    with services.db.read() as session:
        unread = services.ads.unread(session)
        imports = services.audit.list_imports(session, limit=MAX_IMPORTS_SHOWN)
    frame = make_frame(request, services, person, "unread")
    page = UnreadListPage(
        unread=unread,
        lines=tuple(UnreadLine(item, _reasons(frame.words, item)) for item in unread.pages),
        refused=tuple(line for item in imports for line in _refusals(frame.words, item)),
    )
    return render("unread.html", frame, page, request=request)


def _reasons(words: Words, page: UnreadPage) -> tuple[str, ...]:
    """Each reason once; a page may hold the same problem many times."""
    found = dict.fromkeys(reason_words(words, problem) for problem in page.problems)
    return tuple(found) or (words.text("unread_reason.unsaid"),)


def _refusals(words: Words, line: AuditLine) -> list[RefusedLine]:
    return [
        RefusedLine(line.at, line.subject_id, reason_words(words, code), n)
        for code, n in split_reasons(line.details)
    ]
