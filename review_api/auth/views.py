"""Pages: sign in, sign out, the reader's language, one-letter keys."""

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from review_api.auth.endpoints import clear_login_cookie, client_address, set_login_cookies
from review_api.auth.schemas import Person
from review_api.auth.service import BadCredentials, TooManyTries
from review_api.deps import AnyPerson, ServicesDep, public
from review_api.frame import FIRST_PAGES, make_frame
from review_api.i18n import choose_locale
from review_api.people.schemas import Locale
from review_api.rendering import (
    KEYS_COOKIE,
    LOCALE_COOKIE,
    YEAR_SECONDS,
    FieldError,
    go_to,
    render,
    safe_path,
)
from review_api.services import Services

router = APIRouter()

Anybody = Annotated[Person | None, public()]
Text = Annotated[str, Form(max_length=2000)]


@dataclass(frozen=True)
class SignInPage:
    """The form as it was sent; ``back`` is where the person wanted to go.

    ``chosen_locale`` is the language chosen on this page, or empty: then the person keeps theirs.
    """

    name: str
    back: str
    chosen_locale: str
    errors: tuple[FieldError, ...] = ()


@dataclass(frozen=True)
class KeysPage:
    """The list of keys; it needs nothing but the frame."""


@router.get("/")
def first_page(person: Anybody) -> Response:
    """Lead everybody to where their work is."""
    return RedirectResponse("/sign-in" if person is None else FIRST_PAGES[person.role], status_code=303)


@router.get("/sign-in")
def show_sign_in(
    request: Request, services: ServicesDep, person: Anybody, back: str = "/", lang: str | None = None
) -> Response:
    """The form; a chosen language is remembered in this browser."""
    if person is not None:
        return RedirectResponse(safe_path(back), status_code=303)
    chosen = choose_locale(lang) if lang else ""
    response = _sign_in_page(request, services, SignInPage("", safe_path(back), chosen))
    if lang is not None:
        _remember_locale(response, lang)
    return response


@router.post("/sign-in")
def sign_in(
    request: Request,
    services: ServicesDep,
    person: Anybody,
    name: Text = "",
    password: Annotated[str, Form(max_length=1024)] = "",
    locale: Text = "",
    back: Text = "/",
) -> Response:
    """Open a login and go where the person wanted to go."""
    name = name.strip().lower()
    try:
        login = services.auth.sign_in(
            name,
            password,
            address=client_address(request),
            device_token=request.cookies.get(services.auth.device_cookie_name),
            now=services.now(),
        )
    except (BadCredentials, TooManyTries) as error:
        words = make_frame(request, services, None).words
        text = words.text("sign_in.wrong")
        if isinstance(error, TooManyTries):
            text = words.counted("sign_in.slow_down", max(1, round(error.delay_seconds)))
        page = SignInPage(name, safe_path(back), locale, (FieldError("name", text),))
        return _sign_in_page(request, services, page, status=error.status)
    if locale and locale != login.person.locale:
        _keep_locale(services, login.person, locale)
    if person is not None:
        with services.db.write() as session:
            services.auth.sign_out(session, person, now=services.now())
    response = go_to(back)
    set_login_cookies(response, services.auth, login)
    _remember_locale(response, locale or login.person.locale)
    return response


@router.post("/sign-out")
def sign_out(services: ServicesDep, person: AnyPerson) -> Response:
    """End this login."""
    with services.db.write() as session:
        services.auth.sign_out(session, person, now=services.now())
    response = go_to("/sign-in", "signed_out")
    _remember_locale(response, person.locale)
    clear_login_cookie(response, services.auth)
    # What was written and not sent is kept by the browser for the same person only.
    response.headers["Clear-Site-Data"] = '"storage"'
    return response


@router.post("/language")
def choose_language(services: ServicesDep, person: AnyPerson, locale: Text, back: Text = "/") -> Response:
    """Keep the person's language; every later page is in it."""
    _keep_locale(services, person, locale)
    return go_to(back)


@router.get("/keys")
def show_keys(request: Request, services: ServicesDep, person: AnyPerson) -> Response:
    """All keys on one page, for readers without script."""
    return render("keys.html", make_frame(request, services, person), KeysPage(), request=request)


@router.post("/keys")
def switch_keys(_person: AnyPerson, keys: Text, back: Text = "/keys") -> Response:
    """Switch one-letter keys on or off in this browser (WCAG 2.1.4)."""
    state = "off" if keys == "off" else "on"
    response = go_to(back, f"keys_{state}")
    response.set_cookie(KEYS_COOKIE, state, max_age=YEAR_SECONDS, path="/", httponly=True, samesite="strict")
    return response


def _sign_in_page(request: Request, services: Services, page: SignInPage, status: int = 200) -> Response:
    return render("sign_in.html", make_frame(request, services, None), page, status=status, request=request)


def _keep_locale(services: Services, person: Person, locale: str) -> None:
    known: dict[str, Locale] = {"kk": "kk", "ru": "ru", "en": "en"}
    if locale in known:
        with services.db.write() as session:
            services.people.set_locale(session, person, known[locale])


def _remember_locale(response: Response, locale: str) -> None:
    response.set_cookie(
        LOCALE_COOKIE,
        choose_locale(locale),
        max_age=YEAR_SECONDS,
        path="/",
        httponly=True,
        samesite="strict",
    )
