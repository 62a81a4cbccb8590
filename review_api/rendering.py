"""From a page's context to an HTML answer: the template environment, the frame, notes after an act."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

from review_api import i18n
from review_api.auth.schemas import Person
from review_api.fields import MAX_REASON
from review_api.i18n import LOCALE_NAMES, Words

TEMPLATES_DIR = Path(__file__).resolve().parent / "templates"
STATIC_DIR = Path(__file__).resolve().parent / "static"

NOTE_COOKIE = "saqshy_note"
LOCALE_COOKIE = "saqshy_locale"
KEYS_COOKIE = "saqshy_keys"
YEAR_SECONDS = 365 * 24 * 3600


@dataclass(frozen=True)
class Note:
    """What the last act did, or what a person must know; ``look`` is ``done``, ``warn`` or ``fault``."""

    text: str
    look: str = "done"


@dataclass(frozen=True)
class NavItem:
    """A place in the bar; ``key`` follows G on the keyboard, ``count_name`` makes its number live."""

    label: str
    href: str
    is_current: bool
    key: str | None = None
    count_name: str | None = None
    count: int = 0


@dataclass(frozen=True)
class Frame:
    """What surrounds every page: the person, the way round, notes, one-letter keys."""

    words: Words
    path: str
    person: Person | None = None
    csrf_token: str = ""
    nav: tuple[NavItem, ...] = ()
    notes: tuple[Note, ...] = ()
    has_keys: bool = True
    languages: Mapping[str, str] = field(default_factory=lambda: LOCALE_NAMES)


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field; ``field`` is the id of the input beside it."""

    field: str
    text: str


def missing_reason(words: Words, reason: str, field: str = "reason") -> tuple[FieldError, ...]:
    """What is wrong with a reason that must be written; what was typed stays in the form."""
    if not reason:
        return (FieldError(field, words.text("decide.no_reason")),)
    return long_reason(words, reason, field)


def long_reason(words: Words, reason: str, field: str = "reason") -> tuple[FieldError, ...]:
    """The error of a reason that is longer than one may be."""
    if len(reason) <= MAX_REASON:
        return ()
    limit, n = words.number(MAX_REASON), words.number(len(reason))
    return (FieldError(field, words.text("decide.long_reason", limit=limit, n=n)),)


@cache
def asset(name: str) -> str:
    """Address of a static file with its content's hash, so that it may be cached for ever."""
    digest = sha256((STATIC_DIR / name).read_bytes()).hexdigest()[:12]
    return f"/static/{name}?v={digest}"


@cache
def environment() -> Environment:
    """The templates: every value is escaped, an unknown name is an error and not a blank."""
    env = Environment(
        loader=FileSystemLoader(TEMPLATES_DIR),
        autoescape=select_autoescape(default=True, default_for_string=True),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.globals["asset"] = asset
    env.globals["iso"] = i18n.iso
    return env


def to_html(template: str, frame: Frame, page: object) -> str:
    """Fill a template; pure.

    Args:
        template: file name under ``templates/``.
        frame: what surrounds the page.
        page: the page's context dataclass, ``page`` in the template.
    """
    words = frame.words
    return (
        environment()
        .get_template(template)
        .render(page=page, frame=frame, w=words, t=words.text, tn=words.counted)
    )


def render(
    template: str, frame: Frame, page: object, *, status: int = 200, request: Request | None = None
) -> HTMLResponse:
    """The page as an answer; a note that was shown is forgotten."""
    response = HTMLResponse(to_html(template, frame, page), status_code=status)
    if request is not None and NOTE_COOKIE in request.cookies:
        response.delete_cookie(NOTE_COOKIE, path="/", httponly=True, samesite="strict")
    return response


def go_to(path: str, note: str | None = None, **values: str | int) -> RedirectResponse:
    """303 to a page of ours after an act, with a note in the reader's language on the next page.

    Args:
        path: a path on this host; anything else leads to the first page.
        note: key of the sentence, without its ``note.``.
        values: what the sentence names; case and release numbers only.
    """
    response = RedirectResponse(safe_path(path), status_code=303)
    if note is not None:
        pairs = "&".join(f"{name}={value}" for name, value in values.items())
        response.set_cookie(
            NOTE_COOKIE, f"{note}?{pairs}", max_age=60, path="/", httponly=True, samesite="strict"
        )
    return response


def read_note(request: Request, words: Words) -> tuple[Note, ...]:
    """The note of the last act; a cookie that names no known sentence says nothing."""
    key, _, pairs = request.cookies.get(NOTE_COOKIE, "").partition("?")
    if not key or not words.has(f"note.{key}"):
        return ()
    values: dict[str, Any] = dict.fromkeys(("case", "number", "name"), "")  # Any: format_map's own type
    values |= dict(pair.split("=", 1) for pair in pairs.split("&") if "=" in pair)
    return (Note(words.text(f"note.{key}", **values)),)


def safe_path(path: str) -> str:
    """``path`` if it stays on this host, else the first page (no open redirect)."""
    is_ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if is_ours and "\\" not in path else "/"
