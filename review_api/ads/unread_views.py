"""Page: what the machine could not read, with the reasons."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Request, Response

from models.enums import Role
from review_api.ads.schemas import Unread, UnreadPage, UnscoredAd
from review_api.audit.schemas import AuditLine
from review_api.auth.schemas import Person
from review_api.deps import EVERYONE, ServicesDep, require
from review_api.facts import UnscoredLine, reason_words, split_reasons, unscored_line
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
class UnscoredAdLine:
    """An ad that no classifier has read, with the reason in words."""

    item: UnscoredAd
    reason: str


@dataclass(frozen=True)
class RefusedLine:
    """One reason for which records of an imported file were refused, and how many."""

    at: datetime
    file_sha256: str
    reason: str
    n: int


@dataclass(frozen=True)
class UnreadListPage:
    """Counts of all that is unread; the latest ads and pages, and the refusals of the latest imports."""

    unread: Unread
    unscored: tuple[UnscoredLine, ...]
    unscored_ads: tuple[UnscoredAdLine, ...]
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
        unscored=tuple(unscored_line(frame.words, waiting.reason, waiting.n) for waiting in unread.unscored),
        unscored_ads=tuple(
            UnscoredAdLine(ad, reason_words(frame.words, ad.reason)) for ad in unread.unscored_ads
        ),
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
