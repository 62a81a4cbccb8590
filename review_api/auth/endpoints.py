"""JSON: sign in, sign out, who am I."""

from typing import Annotated

from fastapi import APIRouter, Request, Response

from review_api.auth.schemas import Me, NewLogin, Person, SignInForm
from review_api.auth.service import AuthService
from review_api.deps import AnyPerson, ServicesDep, public

router = APIRouter(prefix="/api/v1", tags=["login"])

DEVICE_COOKIE_SECONDS = 180 * 24 * 3600


def client_address(request: Request) -> str:
    """The client's network address as the server sees it."""
    return request.client.host if request.client else "unknown"


def set_login_cookies(response: Response, auth: AuthService, login: NewLogin) -> None:
    """Hand the login to the browser: invisible to script, never sent from another site."""
    for name, value, seconds in (
        (auth.cookie_name, login.token, None),
        (auth.device_cookie_name, login.device_token, DEVICE_COOKIE_SECONDS),
    ):
        response.set_cookie(
            name, value, max_age=seconds, path="/", secure=auth.is_https, httponly=True, samesite="strict"
        )


def clear_login_cookie(response: Response, auth: AuthService) -> None:
    """Make the browser forget the login; the device token stays."""
    response.delete_cookie(auth.cookie_name, path="/", secure=auth.is_https, httponly=True, samesite="strict")


@router.post("/login")
def sign_in(
    form: SignInForm,
    request: Request,
    response: Response,
    services: ServicesDep,
    _rule: Annotated[Person | None, public()],
) -> Me:
    """Sign in; the login comes as a cookie, the CSRF token in the answer."""
    login = services.auth.sign_in(
        form.name,
        form.password,
        address=client_address(request),
        device_token=request.cookies.get(services.auth.device_cookie_name),
        now=services.now(),
    )
    set_login_cookies(response, services.auth, login)
    return Me.of(login.person)


@router.post("/logout", status_code=204)
def sign_out(response: Response, services: ServicesDep, person: AnyPerson) -> None:
    """End this login."""
    with services.db.write() as session:
        services.auth.sign_out(session, person, now=services.now())
    clear_login_cookie(response, services.auth)


@router.get("/me")
def me(person: AnyPerson) -> Me:
    """Who is signed in."""
    return Me.of(person)
