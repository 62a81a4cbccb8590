"""Page: search over all ads."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Query, Request, Response

from index.queries import BadQuery, Facet
from review_api.ads.questions import Questions
from review_api.ads.schemas import FoundAd, FoundPage, Piece, SearchForm
from review_api.choices import Narrowing, narrow
from review_api.deps import Reader, ServicesDep
from review_api.frame import make_frame
from review_api.keys import load_secret
from review_api.marks import Segment, Span
from review_api.problems import problem_text
from review_api.rendering import FieldError, go_to, render
from review_api.services import Services
from review_api.tasks.views import text_lang

router = APIRouter()

FACETS = (
    Facet.LEVEL,
    Facet.PURPOSE,
    Facet.SIDE,
    Facet.LANGUAGE,
    Facet.TASK_STATE,
    Facet.INDICATOR,
    Facet.REGION,
    Facet.SOURCE_KIND,
    Facet.AD_STATE,
)


@dataclass(frozen=True)
class ResultLine:
    """One found ad, its matched words as segments."""

    ad: FoundAd
    lang: str
    title_segments: tuple[Segment, ...]
    snippet_segments: tuple[Segment, ...]


@dataclass(frozen=True)
class SearchPage:
    """The question, its results, and how far they can be trusted."""

    query: str
    sealed: str
    rows: tuple[ResultLine, ...]
    n_total: int
    facets: Narrowing
    is_available: bool
    n_behind: int
    first_href: str | None
    next_href: str | None
    errors: tuple[FieldError, ...] = ()


@router.get("/search")
def show_search(
    request: Request,
    services: ServicesDep,
    person: Reader,
    s: Annotated[str, Query(max_length=8000)] = "",
) -> Response:
    """The results of a sealed question; without one, all ads, the most serious first."""
    questions = open_questions(request, services)
    form = questions.open(s) if s else SearchForm()
    frame = make_frame(request, services, person, "search")
    errors: tuple[FieldError, ...] = ()
    try:
        with services.db.read() as session:
            found = services.ads.search(session, form)
    except BadQuery as error:
        errors = (FieldError("q", problem_text(frame.words, error)),)
        with services.db.read() as session:
            found = FoundPage((), 0, {}, None, services.ads.search_state(session))
    chosen = {facet.value: values[0] for facet, values in form.filters.items() if values}

    def href(values: Mapping[str, str], cursor: str | None = None) -> str:
        filters = {Facet(name): (value,) for name, value in values.items()}
        return search_href(questions, SearchForm(text=form.text, filters=filters, cursor=cursor))

    page = SearchPage(
        query=form.text,
        sealed=questions.seal(form),
        rows=tuple(_result_line(row) for row in found.rows),
        n_total=found.n_total,
        facets=narrow(
            frame.words, {facet.value: found.facets.get(facet, ()) for facet in FACETS}, chosen, href
        ),
        is_available=found.state.is_available,
        n_behind=found.state.n_behind,
        first_href=href(chosen) if form.cursor else None,
        next_href=href(chosen, found.next_cursor) if found.next_cursor else None,
        errors=errors,
    )
    return render("search.html", frame, page, status=422 if errors else 200, request=request)


@router.post("/search")
def search(
    request: Request,
    services: ServicesDep,
    _person: Reader,
    q: Annotated[str, Form(max_length=4000)] = "",
    sealed: Annotated[str, Form(max_length=8000)] = "",
) -> Response:
    """Lead to the case that is named; else seal the question, keep the page's choices, show results."""
    with services.db.read() as session:
        case = services.ads.find_case(session, q)
    if case is not None:
        return go_to(f"/cases/{case}")
    questions = open_questions(request, services)
    filters = questions.open(sealed).filters if sealed else {}
    return go_to(search_href(questions, SearchForm(text=q.strip(), filters=filters)))


def search_href(questions: Questions, form: SearchForm) -> str:
    """Address of the results of a question."""
    return "/search" if form == SearchForm() else f"/search?s={questions.seal(form)}"


def open_questions(request: Request, services: Services) -> Questions:
    """The installation's sealer of questions, made once per process."""
    made: Questions | None = getattr(request.app.state, "questions", None)
    if made is None:
        made = Questions(load_secret(services.settings.keys_dir / "search.key", "search key"))
        request.app.state.questions = made
    return made


def _result_line(row: FoundAd) -> ResultLine:
    return ResultLine(
        ad=row,
        lang=text_lang(row.language) if row.language else "",
        title_segments=_segments(row.title),
        snippet_segments=_segments(row.snippet),
    )


def _segments(pieces: tuple[Piece, ...]) -> tuple[Segment, ...]:
    match = Span(0, 0, 0, "", "")
    return tuple(Segment(piece.text, (match,) if piece.is_match else ()) for piece in pieces)
