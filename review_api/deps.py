"""What routes ask for: the services, the signed-in person, and the rule of who may come in.

Every route declares exactly one rule, ``require(Role…)`` or ``public()``; a test
walks the route table and fails on a route without one. The rule also refuses
changing requests that another site may have caused.
"""

import hmac
from typing import Annotated, Any, cast
from urllib.parse import urlsplit

from fastapi import Depends, Request
from starlette.concurrency import run_in_threadpool

from models.enums import Role
from review_api.auth.schemas import Person
from review_api.errors import CrossSiteRequest, Forbidden, NotSignedIn
from review_api.services import Services

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
FORM_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data")

# Who reads cases at all. An administrator does not: users and settings need no look at ads.
READERS = (Role.ANALYST, Role.APPROVER, Role.OFFICER, Role.AUDITOR)
EVERYONE = tuple(Role)


def get_services(request: Request) -> Services:
    """The services of this app."""
    return cast(Services, request.app.state.services)


ServicesDep = Annotated[Services, Depends(get_services)]


class Access:
    """The rule of a route: who may call it. An empty ``roles`` means everybody, signed in or not."""

    def __init__(self, roles: frozenset[Role]) -> None:
        self.roles = roles

    @property
    def is_public(self) -> bool:
        """Whether the route answers without a login."""
        return not self.roles

    async def __call__(self, request: Request) -> Person | None:
        """Check origin, login, role and CSRF token, in this order.

        Raises:
            CrossSiteRequest: a changing request from another site, or without the login's token.
            NotSignedIn: no login that holds now.
            Forbidden: another role is needed.
        """
        is_change = request.method not in SAFE_METHODS
        if is_change:
            check_origin(request)
        person = await run_in_threadpool(find_person, request)
        if self.is_public:
            return person
        if person is None:
            raise NotSignedIn("Sign in first.")
        if person.role not in self.roles:
            raise Forbidden("Your role does not allow this.")
        if is_change:
            await check_token(request, person)
        return person


def require(*roles: Role) -> Any:  # Any: FastAPI's own marker type
    """A route's rule: one of these roles, signed in. Gives the :class:`Person`."""
    if not roles:
        raise ValueError("name at least one role, or use public()")
    return Depends(Access(frozenset(roles)))


def public() -> Any:  # Any: FastAPI's own marker type
    """A route's rule: everybody. Gives the :class:`Person`, or None when nobody is signed in."""
    return Depends(Access(frozenset()))


def find_person(request: Request) -> Person | None:
    """Who is signed in by the request's cookie, if anybody."""
    services = get_services(request)
    token = request.cookies.get(services.auth.cookie_name)
    return services.auth.person_of(token, now=services.now()) if token else None


def check_origin(request: Request) -> None:
    """Refuse a request that a browser says comes from another site.

    A client that sends neither header is no browser of the last years; it still
    needs the token for everything but signing in.
    """
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        if site not in ("same-origin", "none"):
            raise CrossSiteRequest("This request came from another site.")
        return
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != request.headers.get("host", "").lower():
        raise CrossSiteRequest("This request came from another site.")


async def check_token(request: Request, person: Person) -> None:
    """Compare the login's CSRF token with the header, or with the form's field."""
    sent: object = request.headers.get(CSRF_HEADER)
    if sent is None and request.headers.get("content-type", "").startswith(FORM_TYPES):
        sent = (await request.form()).get(CSRF_FIELD)
    if not isinstance(sent, str) or not hmac.compare_digest(sent.encode(), person.csrf_token.encode()):
        raise CrossSiteRequest("The page is too old to be sent. Load it again; nothing was changed.")


AnyPerson = Annotated[Person, require(*EVERYONE)]
Reader = Annotated[Person, require(*READERS)]
Analyst = Annotated[Person, require(Role.ANALYST)]
Approver = Annotated[Person, require(Role.APPROVER)]
Officer = Annotated[Person, require(Role.OFFICER)]
