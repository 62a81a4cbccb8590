"""Why nothing was fetched, as a typed result."""

from datetime import datetime

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)

from crawlers.guard import BlockedAddress
from crawlers.politeness import HostPaused
from models.enums import FetchResult


class FetchRefused(IgnoreRequest):
    """A middleware ended a request; carries what the frontier's row shall say.

    Attributes:
        error: short word.
        is_final: trying again will not help.
        wait_until: when the host may be asked again.
        was_sent: False when the request never left this machine.
    """

    def __init__(
        self,
        result: FetchResult,
        error: str,
        *,
        is_final: bool = True,
        wait_until: datetime | None = None,
        was_sent: bool = True,
    ) -> None:
        super().__init__(error)
        self.result, self.error = result, error
        self.is_final, self.wait_until, self.was_sent = is_final, wait_until, was_sent


def not_sent(paused: HostPaused) -> FetchRefused:
    """What becomes of a request whose host rests."""
    return FetchRefused(
        FetchResult.SLOW_DOWN, "host_paused", is_final=False, wait_until=paused.until, was_sent=False
    )


_PASSING_ERRORS: tuple[tuple[type[Exception], str], ...] = (
    (DownloadTimeoutError, "timeout"),
    (CannotResolveHostError, "name_not_found"),
    (DownloadConnectionRefusedError, "connection_refused"),
    (ResponseDataLossError, "cut_off"),
    (DownloadFailedError, "connection_failed"),
)

# Nobody answered at all: the host is away, or the network here is.
NO_ANSWER = frozenset(word for _, word in _PASSING_ERRORS) - {"cut_off"}


def refusal_of(error: BaseException | None) -> FetchRefused:
    """The typed result of whatever a download ended with."""
    if isinstance(error, FetchRefused):
        return error
    if isinstance(error, BlockedAddress):
        return FetchRefused(FetchResult.BLOCKED_ADDRESS, "blocked_address")
    if isinstance(error, DownloadCancelledError):
        return FetchRefused(FetchResult.OVERSIZE, "too_large")
    if isinstance(error, NotSupported | UnsupportedURLSchemeError):
        return FetchRefused(FetchResult.BLOCKED_ADDRESS, "forbidden_scheme")
    for kind, word in _PASSING_ERRORS:
        if isinstance(error, kind):
            return FetchRefused(FetchResult.BROKEN, word, is_final=False)
    return FetchRefused(FetchResult.BROKEN, type(error).__name__, is_final=False)
