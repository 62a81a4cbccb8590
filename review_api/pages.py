"""All pages: their routers, and errors as pages."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

from fastapi import APIRouter, Request, Response

from models.errors import SaqshyError
from review_api.ads import unread_views
from review_api.ads import views as ads
from review_api.audit import views as audit
from review_api.auth import views as auth
from review_api.blocklist import views as blocklist
from review_api.deps import find_person, get_services
from review_api.evidence import views as evidence
from review_api.frame import make_frame
from review_api.hand_ins import views as hand_ins
from review_api.people import views as people
from review_api.problems import plain_status, problem_text
from review_api.rendering import go_to, render
from review_api.sources import views as sources
from review_api.tasks import approval_views, case_views
from review_api.tasks import views as tasks
from review_api.trial import views as trial

routers: tuple[APIRouter, ...] = (
    auth.router,
    tasks.router,
    case_views.router,
    approval_views.router,
    evidence.router,
    ads.router,
    unread_views.router,
    trial.router,
    blocklist.router,
    audit.router,
    people.router,
    sources.router,
    hand_ins.router,
)


@dataclass(frozen=True)
class ErrorPage:
    """What happened and what to do next; ``at`` finds a bug's line in the log, None where nothing broke."""

    title: str
    meaning: str
    at: datetime | None


def render_error(request: Request, error: SaqshyError) -> Response:
    """An error as a page; without a login, the way to sign in and back."""
    services = get_services(request)
    # When something broke, the page must not need what may be broken: no look into the database.
    is_broken = error.status >= 500
    person = None if is_broken else find_person(request)
    if error.status == 401 and person is None:
        back = request.url.path if request.method == "GET" else "/"
        had_login = services.auth.cookie_name in request.cookies
        return go_to(f"/sign-in?back={quote(back)}", "login_ended" if had_login else None)
    frame = make_frame(request, services, person)
    status = plain_status(error.status)
    page = ErrorPage(
        title=frame.words.text(f"error.{status}"),
        meaning=problem_text(frame.words, error),
        at=services.now() if is_broken else None,
    )
    return render("error.html", frame, page, status=error.status)
