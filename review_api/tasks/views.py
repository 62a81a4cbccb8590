"""Pages: my work, the queue, and taking and leaving tasks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse

from models.enums import Language, Level, Purpose, Role, Side, SourceKind
from review_api.auth.schemas import Person
from review_api.charts import Bar, Count, draw_bars
from review_api.choices import Narrowing, chosen_in, list_href, narrow
from review_api.deps import Analyst, Reader, ServicesDep
from review_api.facts import UnscoredLine, unscored_line
from review_api.fields import IdPath
from review_api.frame import count_unscored, count_waiting, forget_counts, make_frame
from review_api.i18n import Words
from review_api.rendering import go_to, render
from review_api.services import Services
from review_api.tasks.endpoints import ContactReader, Cursor, Filters, QueueReader
from review_api.tasks.schemas import Facets, MyWork, QueueFilters, QueueRow

router = APIRouter()

FACETS = ("level", "purpose", "side", "language", "region", "source_kind")
TEXT_LANGUAGES = frozenset({Language.KK, Language.RU, Language.UZ, Language.KY, Language.EN})


@dataclass(frozen=True)
class WorkPage:
    """My claims, what came back, what waits to be signed, and how the queue stands at ``at``."""

    work: MyWork
    may_claim: bool
    may_sign: bool
    n_waiting: int
    by_level: tuple[Bar, ...]
    by_purpose: tuple[Bar, ...]
    at: datetime


@dataclass(frozen=True)
class QueueLine:
    """A row of the queue with its words for times; ``lang`` is the language of the ad, or empty."""

    row: QueueRow
    words: tuple[str, ...]
    lang: str
    age: str
    waiting: str


@dataclass(frozen=True)
class QueuePage:
    """The queue, most serious first; ``unscored``: ads that no classifier has read, which cannot be in it."""

    rows: tuple[QueueLine, ...]
    n_waiting: int
    facets: Narrowing
    may_claim: bool
    unscored: tuple[UnscoredLine, ...]
    first_href: str | None
    next_href: str | None


@router.get("/work")
def show_work(request: Request, services: ServicesDep, person: ContactReader) -> Response:
    """What concerns me, and the queue at a glance."""
    now = services.now()
    with services.db.read() as session:
        work = services.tasks.my_work(session, person, now=now)
        facets = services.tasks.facets(session, QueueFilters(), now=now)
    frame = make_frame(request, services, person, "work")
    page = WorkPage(
        work=work,
        may_claim=person.role is Role.ANALYST,
        may_sign=person.role is Role.APPROVER,
        n_waiting=facets.n_waiting,
        by_level=_chart_levels(frame.words, facets),
        by_purpose=_chart_purposes(frame.words, facets),
        at=facets.counted_at,
    )
    return render("work.html", frame, page, request=request)


@router.get("/queue")
def show_queue(
    request: Request, services: ServicesDep, person: QueueReader, filters: Filters, cursor: Cursor = None
) -> Response:
    """Tasks that wait, with facets."""
    now = services.now()
    with services.db.read() as session:
        found = services.tasks.queue(session, person, filters, cursor=cursor, now=now)
        facets = services.tasks.facets(session, filters, now=now)
    frame = make_frame(request, services, person, "queue")
    words = frame.words
    chosen = chosen_in(filters)
    counts = {name: getattr(facets, name) for name in FACETS}
    page = QueuePage(
        rows=tuple(_queue_line(words, row, now) for row in found.rows),
        n_waiting=facets.n_waiting,
        facets=narrow(
            words,
            counts,
            chosen,
            lambda values: list_href("/queue", values),
            counted_at=facets.counted_at if facets.counted_at < now else None,
        ),
        may_claim=person.role is Role.ANALYST,
        unscored=tuple(
            unscored_line(words, waiting.reason, waiting.n) for waiting in count_unscored(request, services)
        ),
        first_href=page_href("/queue", chosen, None) if cursor else None,
        next_href=page_href("/queue", chosen, found.next_cursor) if found.next_cursor else None,
    )
    return render("queue.html", frame, page, request=request)


@router.post("/queue/claim-next")
def claim_next(
    request: Request,
    services: ServicesDep,
    person: Analyst,
    purpose: Annotated[Purpose | None, Form()] = None,
    side: Annotated[Side | None, Form()] = None,
    language: Annotated[Language | None, Form()] = None,
    region: Annotated[str | None, Form(max_length=200)] = None,
    source_kind: Annotated[SourceKind | None, Form()] = None,
    level: Annotated[Level | None, Form()] = None,
) -> Response:
    """Take the most serious task that fits the chosen facets."""
    filters = QueueFilters(purpose, side, language, region, source_kind, level)
    with services.db.write() as session:
        claim = services.tasks.claim_next(session, person, filters, now=services.now())
    forget_counts(request)
    if claim is None:
        return go_to("/queue", "queue_empty")
    return go_to(f"/cases/{claim.task_id}", "claimed", case=claim.case_number)


@router.post("/cases/{task_id}/claim")
def claim(request: Request, services: ServicesDep, person: Analyst, task_id: IdPath) -> Response:
    """Take this task."""
    with services.db.write() as session:
        made = services.tasks.claim(session, person, task_id, now=services.now())
    forget_counts(request)
    return go_to(f"/cases/{task_id}", "claimed", case=made.case_number)


@router.post("/cases/{task_id}/prolong")
def prolong(services: ServicesDep, person: Analyst, task_id: IdPath) -> Response:
    """Begin the claim's time anew."""
    with services.db.write() as session:
        services.tasks.prolong(session, person, task_id, now=services.now())
    return go_to(f"/cases/{task_id}", "prolonged")


@router.post("/cases/{task_id}/put-back")
def put_back(request: Request, services: ServicesDep, person: Analyst, task_id: IdPath) -> Response:
    """Leave the task to others."""
    leave_task(request, services, person, task_id)
    return go_to("/work", "put_back")


@router.post("/cases/{task_id}/show-newest")
def show_newest(services: ServicesDep, person: Analyst, task_id: IdPath) -> Response:
    """Move the held task to the ad's newest text."""
    with services.db.write() as session:
        services.tasks.show_newest(session, person, task_id, now=services.now())
    return go_to(f"/cases/{task_id}")


@router.get("/counts")
def counts(request: Request, services: ServicesDep, person: Reader) -> Response:
    """The numbers of the bar, written as the reader's language writes them."""
    words = make_frame(request, services, person).words
    found = count_waiting(request, services, person)
    return JSONResponse({"queue": words.number(found.queue), "approvals": words.number(found.approvals)})


def leave_task(request: Request, services: Services, person: Person, task_id: int) -> None:
    """Put a held task back into the queue."""
    with services.db.write() as session:
        services.tasks.put_back(session, person, task_id, now=services.now())
    forget_counts(request)


def text_lang(language: Language) -> str:
    """The ``lang`` of a text; empty, that is unknown, where it is mixed or could not be told."""
    return language.value if language in TEXT_LANGUAGES else ""


def page_href(path: str, chosen: dict[str, str], cursor: str | None) -> str:
    """Address of a page of a list; None is the first."""
    return list_href(path, {**chosen, **({"cursor": cursor} if cursor else {})})


def _queue_line(words: Words, row: QueueRow, now: datetime) -> QueueLine:
    return QueueLine(
        row=row,
        words=row.first_words,
        lang=text_lang(row.language),
        age=words.span((now - row.first_seen_at).total_seconds()),
        waiting=words.span((now - row.opened_at).total_seconds()),
    )


def _chart_levels(words: Words, facets: Facets) -> tuple[Bar, ...]:
    numbers = {value.value: value.n for value in facets.level}
    levels = [level for level in reversed(Level) if level is not Level.NONE or numbers.get(level)]
    return draw_bars([Count(words.word(level), numbers.get(level, 0), level.value) for level in levels])


def _chart_purposes(words: Words, facets: Facets) -> tuple[Bar, ...]:
    numbers = {value.value: value.n for value in facets.purpose}
    ordered = sorted(Purpose, key=lambda purpose: -numbers.get(purpose, 0))
    return draw_bars([Count(words.word(purpose), numbers.get(purpose, 0)) for purpose in ordered])
