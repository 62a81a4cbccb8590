"""Page: try a text. What is pasted is read once, shown back with the reasons, and forgotten."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from models.enums import Language, Level, Purpose, Role, Side, TextPlace
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep, require
from review_api.fields import TypedText
from review_api.frame import make_frame
from review_api.i18n import Words
from review_api.problems import problem_text
from review_api.reasons import Findings, PrecisionOf, Reasons, show_reasons
from review_api.rendering import FieldError, Frame, render
from review_api.tasks.case_schemas import ShownHit, ShownWord
from review_api.tasks.detail import read_explanation
from review_api.tasks.schemas import ScoredPurpose
from review_api.tasks.views import text_lang
from review_api.trial.reader import ClassifierMissing, TextUnreadable, TrialBusy

router = APIRouter()

MAX_TEXT = 20_000
MAX_TITLE = 500
# An officer sends lists and reads no ads.
Trier = Annotated[Person, require(Role.ANALYST, Role.APPROVER, Role.AUDITOR, Role.ADMIN)]


@dataclass(frozen=True)
class TriedText:
    """What the classifier says of the pasted text."""

    lang: str
    language: Language
    level: Level
    priority: float
    is_minor: bool
    is_live_victim: bool
    reasons: Reasons


@dataclass(frozen=True)
class TrialPage:
    """The form with what was pasted, and the result once there is one."""

    title: str
    text: str
    limit: int
    title_limit: int
    tried: TriedText | None
    errors: tuple[FieldError, ...] = ()


@router.get("/try")
def show_trial(request: Request, services: ServicesDep, person: Trier) -> Response:
    """The empty form; the classifier begins to load."""
    services.trial.start()
    return _page(request, make_frame(request, services, person, "try"), "", "")


@router.post("/try")
def try_text(
    request: Request, services: ServicesDep, person: Trier, text: TypedText = "", title: TypedText = ""
) -> Response:
    """Read one text and show why it would be flagged, or why not."""
    frame = make_frame(request, services, person, "try")
    errors = _wrong(frame.words, text, title)
    if errors:
        return _page(request, frame, text, title, errors=errors, status=422)
    try:
        answer = services.trial.read(text, title.strip() or None)
    except (ClassifierMissing, TextUnreadable, TrialBusy) as error:
        found = (FieldError("text", problem_text(frame.words, error)),)
        return _page(request, frame, text, title, errors=found, status=error.status)
    tried = _show(frame.words, answer, text, title.strip(), services.precisions.of)
    return _page(request, frame, text, title, tried=tried)


def _page(
    request: Request,
    frame: Frame,
    text: str,
    title: str,
    *,
    tried: TriedText | None = None,
    errors: tuple[FieldError, ...] = (),
    status: int = 200,
) -> Response:
    page = TrialPage(title, text, MAX_TEXT, MAX_TITLE, tried, errors)
    return render("trial.html", frame, page, status=status, request=request)


def _wrong(words: Words, text: str, title: str) -> tuple[FieldError, ...]:
    errors = []
    if not text.strip():
        errors.append(FieldError("text", words.text("try.no_text")))
    for name, value, limit in (("title", title, MAX_TITLE), ("text", text, MAX_TEXT)):
        if len(value) > limit:
            shown = {"limit": words.number(limit), "n": words.number(len(value))}
            errors.append(FieldError(name, words.text("try.too_long", **shown)))
    return tuple(errors)


def _show(
    words: Words, answer: Mapping[str, Any], text: str, title: str, precision_of: PrecisionOf
) -> TriedText:  # Any: JSON of classifiers.trial
    language = Language(answer["language"])
    found = Findings(
        title=title,
        text=text,
        is_flagged=answer["is_flagged"],
        hits=tuple(ShownHit(**{**hit, "place": TextPlace(hit["place"])}) for hit in answer["hits"]),
        model_words=tuple(
            ShownWord(**{**word, "place": TextPlace(word["place"])}) for word in answer["words"]
        ),
        purposes=tuple(ScoredPurpose(Purpose(name), score) for name, score in answer["purposes"].items()),
        side=Side(answer["side"]),
        rules=tuple(answer["rules"]),
        explanation=read_explanation(answer["explanation"]),
        classifier_version=answer["classifier_version"],
    )
    return TriedText(
        lang=text_lang(language),
        language=language,
        level=Level(answer["level"]),
        priority=answer["priority"],
        is_minor=answer["is_minor"],
        is_live_victim=answer["is_live_victim"],
        reasons=show_reasons(words, found, precision_of),
    )
