"""Page: handing in addresses, one or many, or what a caller of the help line said."""

from dataclasses import dataclass

from fastapi import APIRouter, Request, Response

from models.enums import FetchResult, HandInState, HandInVia
from models.errors import Rejected
from models.typed_urls import split_pasted
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep
from review_api.fields import TypedText
from review_api.frame import make_frame
from review_api.hand_ins.endpoints import HandInReader, HandInWriter
from review_api.hand_ins.schemas import MAX_ADDRESSES, MAX_PASTED, MAX_WORDS, HandInRow
from review_api.i18n import Words
from review_api.problems import problem_text
from review_api.rendering import FieldError, go_to, render
from review_api.services import Services
from review_api.sources.words import error_words

router = APIRouter()


@dataclass(frozen=True)
class HandInLine:
    """A row with its answer in one sentence."""

    row: HandInRow
    answer: str


@dataclass(frozen=True)
class HandInDraft:
    """What was filled in; comes back when the form is refused."""

    addresses: str = ""
    words: str = ""
    region: str = ""


@dataclass(frozen=True)
class HandInsPage:
    """The form, and what was handed in last with its state."""

    lines: tuple[HandInLine, ...]
    may_hand_in: bool
    limit: int
    draft: HandInDraft
    errors: tuple[FieldError, ...] = ()


@router.get("/hand-in")
def show_hand_ins(request: Request, services: ServicesDep, person: HandInReader) -> Response:
    """The form and the latest answers."""
    return _page(request, services, person)


@router.post("/hand-in")
def hand_in(
    request: Request,
    services: ServicesDep,
    person: HandInWriter,
    addresses: TypedText = "",
    words: TypedText = "",
    region: TypedText = "",
) -> Response:
    """Take what was typed or pasted."""
    draft = HandInDraft(addresses[:MAX_PASTED], words[:MAX_WORDS], region[:100])
    typed = split_pasted(draft.addresses)
    via = HandInVia.HELPLINE if draft.words.strip() else HandInVia.TYPED
    if len(typed) > 1 and via is HandInVia.TYPED:
        via = HandInVia.PASTED
    try:
        with services.db.write() as session:
            rows = services.hand_ins.hand_in(
                session,
                typed,
                words=draft.words,
                region=draft.region,
                via=via,
                person=person,
                now=services.now(),
            )
    except Rejected as error:
        return _page(request, services, person, draft=draft, error=error)
    return go_to("/hand-in#list", "handed_in", number=len(rows))


def _page(
    request: Request,
    services: Services,
    person: Person,
    *,
    draft: HandInDraft | None = None,
    error: Rejected | None = None,
) -> Response:
    with services.db.read() as session:
        rows = services.hand_ins.list_latest(session)
    frame = make_frame(request, services, person, "hand_in")
    page = HandInsPage(
        lines=tuple(HandInLine(row, answer_of(frame.words, row)) for row in rows),
        may_hand_in=person.role.value in ("analyst", "approver"),
        limit=MAX_ADDRESSES,
        draft=draft or HandInDraft(),
        errors=() if error is None else (FieldError("addresses", problem_text(frame.words, error)),),
    )
    return render("hand_in.html", frame, page, status=200 if error is None else error.status, request=request)


def answer_of(words: Words, row: HandInRow) -> str:
    """How a row stands, in one sentence."""
    if row.state is HandInState.REFUSED:
        return words.text("hand_in.bad_address")
    if row.state is HandInState.WAITING and row.why:
        return words.text(f"hand_in.{row.why}")
    if row.state is not HandInState.ANSWERED:
        return words.text(f"hand_in.{row.state.value}_means")
    if row.result in (FetchResult.PAGE, FetchResult.NOT_MODIFIED):
        if row.n_ads is None:
            return words.text("hand_in.kept")
        return words.counted("hand_in.n_ads", row.n_ads) if row.n_ads else words.text("hand_in.no_ads")
    if row.result is FetchResult.GONE:
        return words.text("hand_in.gone")
    return error_words(words, row.result.value if row.result else row.why) or words.text("hand_in.kept")
