"""What a server's answer is: a page, gone, a wall, a refusal. Only a page is ever parsed for ads."""

import re
from collections.abc import Mapping
from enum import Enum, auto
from urllib.parse import urlsplit

from crawlers.api_answers import judge_api
from models.enums import FetchResult

_HEAD_BYTES = 64 * 1024
_START_BYTES = 16 * 1024
# A page this long is not an empty shell, whatever its scripts.
_MAX_SHELL_BYTES = 200 * 1024
_MIN_VISIBLE_CHARACTERS = 20
_MAX_WALL_TEXT_CHARACTERS = 1500

_TITLE = re.compile(rb"<title[^>]{0,200}>([^<]{0,300})", re.IGNORECASE)
_WALL_TITLES = (
    "just a moment", "attention required", "are you a robot", "access denied", "ddos-guard",
    "проверка браузера", "вы не робот", "доступ ограничен", "подтвердите, что вы не робот",
)  # fmt: skip
_CAPTCHA_MARKS = (
    b"g-recaptcha", b"h-captcha", b"smart-captcha", b"smartcaptcha", b"cf-challenge", b"cf_chl_opt",
    b"challenge-platform", b"/captcha/", b"captcha-form", b"qrator",
)  # fmt: skip
_LOGIN_PATH = re.compile(r"/(login|signin|sign-in|auth|account/login|vhod)(/|$|\.)", re.IGNORECASE)
# Data that a page carries beside its visible text; with it, a page is no empty shell.
_EMBEDDED_DATA = (b"application/ld+json", b"__PRERENDERED_STATE__", b"__NEXT_DATA__", b"HH-Lux-InitialState")
_ANGLE_TAG = re.compile(rb"<[^<>]{0,5000}>")


def judge(status: int, headers: Mapping[str, str], body: bytes, *, final_url: str) -> FetchResult:
    """Say what an answer is.

    Args:
        status: HTTP status; a redirect here is one that was not followed.
        headers: names in lower case.
        body: content encoding undone.
        final_url: where the answer came from.
    """
    if status == 304:
        return FetchResult.NOT_MODIFIED
    of_api = judge_api(status, body, final_url=final_url)
    if of_api is not None:
        return of_api.result
    if status in (404, 410):
        return FetchResult.GONE
    if status in (429, 503):
        return FetchResult.WALL if _has_wall_title(body) else FetchResult.SLOW_DOWN
    if status in (401, 403, 407, 451):
        return FetchResult.WALL if _has_wall_title(body) else FetchResult.REFUSED
    if not 200 <= status < 300:
        return FetchResult.BROKEN
    return FetchResult.WALL if is_wall(headers, body, final_url=final_url) else FetchResult.PAGE


def is_wall(headers: Mapping[str, str], body: bytes, *, final_url: str) -> bool:
    """Whether a 200 is no page: a check for robots, a login form, or a shell without content."""
    return _wall(headers, body, final_url=final_url) is not None


def is_bare_shell(headers: Mapping[str, str], body: bytes, *, final_url: str) -> bool:
    """Whether a 200 is a wall for one reason alone: there is nothing in it but scripts."""
    return _wall(headers, body, final_url=final_url) is _Wall.SHELL


class _Wall(Enum):
    """Why a 200 is no page."""

    SHUT = auto()
    SHELL = auto()


def _wall(headers: Mapping[str, str], body: bytes, *, final_url: str) -> _Wall | None:
    if not body.strip():
        return _Wall.SHUT
    content_type = headers.get("content-type", "").lower()
    if content_type and "html" not in content_type:
        return None
    if _has_wall_title(body):
        return _Wall.SHUT
    if len(body) > _MAX_SHELL_BYTES or any(mark in body for mark in _EMBEDDED_DATA):
        return None
    head = body[:_HEAD_BYTES].lower()
    if any(mark in head for mark in _CAPTCHA_MARKS) and _shows_less_than(_MAX_WALL_TEXT_CHARACTERS, body):
        return _Wall.SHUT
    if _LOGIN_PATH.search(urlsplit(final_url).path) and b'type="password"' in head:
        return _Wall.SHUT
    is_shell = b"<script" in head and _shows_less_than(_MIN_VISIBLE_CHARACTERS, body)
    return _Wall.SHELL if is_shell else None


def _shows_less_than(n: int, body: bytes) -> bool:
    """Whether a page has fewer than ``n`` visible bytes; of most the beginning already shows more."""
    start = body[: body.rfind(b"<", 0, _START_BYTES)]
    return count_visible(start) < n and count_visible(body) < n


def _has_wall_title(body: bytes) -> bool:
    found = _TITLE.search(body, 0, _HEAD_BYTES)
    if found is None:
        return False
    title = found[1].decode("utf-8", "replace").strip().lower()
    return any(title.startswith(words) for words in _WALL_TITLES)


def count_visible(body: bytes) -> int:
    """Roughly how many bytes of a small HTML page are text outside scripts, styles and tags."""
    kept = body
    for name in (b"script", b"style", b"noscript", b"title"):
        kept = _without(kept, name)
    return len(b"".join(_ANGLE_TAG.sub(b" ", kept).split()))


def _without(body: bytes, name: bytes) -> bytes:
    """The page without these elements; one that is never closed ends the page. Linear in its length."""
    parts: list[bytes] = []
    lower, at = body.lower(), 0
    while True:
        start = lower.find(b"<" + name, at)
        if start < 0:
            return b"".join([*parts, body[at:]])
        parts.append(body[at:start])
        end = lower.find(b"</" + name, start)
        if end < 0:
            return b"".join(parts)
        close = lower.find(b">", end)
        if close < 0:
            return b"".join(parts)
        at = close + 1
