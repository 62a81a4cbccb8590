"""APIs that say with HTTP 200, or with a common refusal, what only their body tells apart."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from models.enums import FetchResult

_HEAD_BYTES = 4096
_VK_ERROR = re.compile(rb'"error"\s*:\s*\{\s*"error_code"\s*:\s*(\d{1,5})\b')
# https://dev.vk.com/ru/reference/errors. A closed wall is no refusal by the host: the page object says it.
_VK_RESULTS = {
    1: FetchResult.SLOW_DOWN,  # unknown error, "try again later"
    5: FetchResult.REFUSED,  # our key is not taken
    6: FetchResult.SLOW_DOWN,  # too many requests a second
    7: FetchResult.REFUSED,
    9: FetchResult.SLOW_DOWN,  # flood
    10: FetchResult.SLOW_DOWN,  # error within VK
    14: FetchResult.WALL,  # captcha
    15: FetchResult.PAGE,  # closed wall
    18: FetchResult.GONE,  # deleted or banned
    28: FetchResult.REFUSED,
    29: FetchResult.SLOW_DOWN,  # limit of the day
    30: FetchResult.PAGE,  # private profile
}
_HH_ERROR = re.compile(rb'"type"\s*:\s*"(captcha_required|bad_user_agent|bad_authorization|forbidden)"')
_HH_RESULTS = {"captcha_required": FetchResult.WALL}


@dataclass(frozen=True, slots=True)
class ApiAnswer:
    """What an API's error means; ``error`` is a stable word, never text of the answer."""

    result: FetchResult
    error: str


def judge_api(status: int, body: bytes, *, final_url: str) -> ApiAnswer | None:
    """Say what an API's error is; None when it is none, or the host no API that is known."""
    host = urlsplit(final_url).hostname
    if host in ("api.vk.com", "api.vk.ru") and status == 200:
        found = _VK_ERROR.search(body, 0, _HEAD_BYTES)
        if found:
            code = int(found[1])
            return ApiAnswer(_VK_RESULTS.get(code, FetchResult.BROKEN), f"vk_error_{code}")
    if host == "api.hh.ru" and status in (400, 403):
        found = _HH_ERROR.search(body, 0, _HEAD_BYTES)
        if found:
            kind = found[1].decode("ascii")
            return ApiAnswer(_HH_RESULTS.get(kind, FetchResult.REFUSED), f"hh_{kind}")
    return None
