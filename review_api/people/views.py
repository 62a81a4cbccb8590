"""Page: people who may sign in."""

from dataclasses import dataclass, field
from typing import Annotated, get_args

from fastapi import APIRouter, Form, Request, Response

from models.enums import Agency, Role
from models.errors import Rejected
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep
from review_api.fields import IdPath
from review_api.frame import make_frame
from review_api.people.endpoints import Admin, PeopleReader
from review_api.people.schemas import Locale, UserRow
from review_api.problems import problem_text
from review_api.rendering import FieldError, go_to, render
from review_api.services import Services

router = APIRouter()

Secret = Annotated[str, Form(max_length=1024)]


@dataclass(frozen=True)
class UserDraft:
    """What was filled in for a new person; never the password."""

    name: str = ""
    display_name: str = ""
    role: Role = Role.ANALYST
    agency: Agency = Agency.MKI
    locale: str = "kk"


@dataclass(frozen=True)
class PeoplePage:
    """Everybody, and the forms of an administrator; ``kept`` says what of a refused form is still there."""

    users: tuple[UserRow, ...]
    may_change: bool
    draft: UserDraft
    kept: str = "form.mend"
    errors: tuple[FieldError, ...] = ()
    roles: tuple[Role, ...] = field(default_factory=lambda: tuple(Role))
    agencies: tuple[Agency, ...] = field(default_factory=lambda: tuple(Agency))


@router.get("/people")
def show_people(request: Request, services: ServicesDep, person: PeopleReader) -> Response:
    """Everybody, by name."""
    return _people_page(request, services, person)


@router.post("/people")
def add_person(
    request: Request,
    services: ServicesDep,
    person: Admin,
    name: Annotated[str, Form(max_length=200)] = "",
    display_name: Annotated[str, Form(max_length=120)] = "",
    role: Annotated[Role, Form()] = Role.ANALYST,
    agency: Annotated[Agency, Form()] = Agency.MKI,
    locale: Annotated[Locale, Form()] = "kk",
    password: Secret = "",
) -> Response:
    """Add a person."""
    draft = UserDraft(name.strip(), display_name.strip(), role, agency, locale)
    try:
        if not draft.display_name:
            raise NameMissing("Write the person's name.")
        with services.db.write() as session:
            services.people.create_user(
                session,
                name=draft.name,
                display_name=draft.display_name,
                role=role,
                agency=agency,
                password=password,
                locale=locale,
                actor=person.actor,
                now=services.now(),
            )
    except Rejected as error:
        return _people_page(request, services, person, draft=draft, error=error)
    return go_to("/people", "user_created", name=draft.name)


@router.post("/people/password")
def set_password(
    request: Request,
    services: ServicesDep,
    person: Admin,
    user_id: Annotated[int, Form(ge=1, le=2**63 - 1)],
    new_password: Secret = "",
) -> Response:
    """Give a person a new password and end all their logins."""
    try:
        with services.db.write() as session:
            user = services.people.set_password(
                session, user_id, new_password, actor=person.actor, now=services.now()
            )
    except Rejected as error:
        return _people_page(request, services, person, error=error, field_name="new_password")
    return go_to("/people", "password_set", name=user.name)


@router.post("/people/{user_id}/disable")
def disable(services: ServicesDep, person: Admin, user_id: IdPath) -> Response:
    """Shut a person out; reversible, so it does not ask twice."""
    with services.db.write() as session:
        user = services.people.disable_user(session, user_id, actor=person.actor, now=services.now())
    return go_to("/people", "user_disabled", name=user.name)


@router.post("/people/{user_id}/enable")
def enable(services: ServicesDep, person: Admin, user_id: IdPath) -> Response:
    """Let a person in again."""
    with services.db.write() as session:
        user = services.people.enable_user(session, user_id, actor=person.actor, now=services.now())
    return go_to("/people", "user_enabled", name=user.name)


class NameMissing(Rejected):
    """A person needs a name that others can read."""


_FIELD_OF = {"BadPassword": "password", "NameMissing": "display_name"}


def _people_page(
    request: Request,
    services: Services,
    person: Person,
    *,
    draft: UserDraft | None = None,
    error: Rejected | None = None,
    field_name: str | None = None,
) -> Response:
    with services.db.read() as session:
        users = services.people.list_users(session)
    frame = make_frame(request, services, person, "users")
    errors: tuple[FieldError, ...] = ()
    if error is not None:
        name = field_name or _FIELD_OF.get(error.code, "name")
        errors = (FieldError(name, problem_text(frame.words, error)),)
    page = PeoplePage(
        users=users,
        may_change=person.role is Role.ADMIN,
        draft=draft or UserDraft(locale=get_args(Locale)[0]),
        kept="form.kept_no_password" if draft else "form.mend",
        errors=errors,
    )
    return render("people.html", frame, page, status=422 if errors else 200, request=request)
