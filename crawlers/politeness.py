"""The pace of each host across all workers, and the pause of a host that refuses us."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from crawlers.inserting import insert_missing
from models.crawl import Host
from models.errors import Retryable

# Refusals in a row before the first pause; each refusal after a pause makes the next one longer.
REFUSALS_BEFORE_PAUSE = 5
PAUSES = (timedelta(hours=1), timedelta(hours=6), timedelta(hours=24))
# After the last pause a person decides; ten years is "until someone looks".
UNTIL_A_PERSON_DECIDES = timedelta(days=3650)
MAX_RETRY_AFTER = timedelta(hours=24)
DEFAULT_RETRY_AFTER = timedelta(seconds=60)
# More turns than all workers together wait for; what lies farther ahead was taken by a clock that was wrong.
MOST_TURNS_AHEAD = 64


class HostPaused(Retryable):
    """The host wants rest; ask again after ``until``."""

    def __init__(self, host: str, until: datetime, now: datetime) -> None:
        super().__init__(
            f"{host} is paused until {until:%Y-%m-%d %H:%M} UTC.",
            delay_seconds=max(0.0, (until - now).total_seconds()),
            host=host,
        )
        self.until = until


def locked_host(session: Session, name: str) -> Host:
    """The host's row, locked until the transaction ends; made if it is not there yet."""
    insert_missing(session, Host, [{"name": name}])
    return session.scalars(select(Host).where(Host.name == name).with_for_update()).one()


def reserve_slot(session: Session, name: str, *, delay_seconds: float, now: datetime) -> datetime:
    """Take the host's next free moment; no other worker gets one within the delay after it.

    Returns:
        When the request may be sent, ``now`` or later.

    Raises:
        HostPaused: the host is resting.
    """
    host = locked_host(session, name)
    if host.paused_until is not None and host.paused_until > now:
        raise HostPaused(name, host.paused_until, now)
    delay = timedelta(seconds=delay_seconds)
    slot_at = max(now, min(host.next_request_at or now, now + MOST_TURNS_AHEAD * delay))
    host.next_request_at = slot_at + delay
    return slot_at


def note_answer(session: Session, name: str) -> None:
    """A real answer ends a row of refusals."""
    host = session.scalar(select(Host).where(Host.name == name))
    if host is not None and host.n_refusals:
        host.n_refusals, host.paused_until = 0, None


def note_refusal(
    session: Session, name: str, *, now: datetime, retry_after: datetime | None = None
) -> datetime | None:
    """Count a 403, 429, 503 or wall.

    Args:
        session: a write session.
        name: the host.
        now: present time.
        retry_after: until when the server asked us to stay away.

    Returns:
        Until when the host is left alone; None when it is not paused yet.
    """
    host = locked_host(session, name)
    host.n_refusals += 1
    pauses = [until for until in (host.paused_until, retry_after) if until is not None and until > now]
    pause = pause_after(host.n_refusals)
    if pause is not None:
        pauses.append(now + pause)
    host.paused_until = max(pauses, default=None)
    return host.paused_until


def pause_after(n_refusals: int) -> timedelta | None:
    """Pause of the circuit breaker after so many refusals in a row: 1 h, 6 h, 24 h, then a person."""
    step = n_refusals - REFUSALS_BEFORE_PAUSE
    if step < 0:
        return None
    return PAUSES[step] if step < len(PAUSES) else UNTIL_A_PERSON_DECIDES


def retry_after_of(header: str | None, now: datetime) -> datetime:
    """Until when a 429 or 503 asks us to wait: seconds or a date, at most a day, a minute if unsaid."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        wait = timedelta(seconds=min(int(text[:9]), MAX_RETRY_AFTER.total_seconds()))
    else:
        try:
            date = parsedate_to_datetime(text)
        except ValueError:
            wait = DEFAULT_RETRY_AFTER
        else:
            wait = (date if date.tzinfo else date.replace(tzinfo=UTC)) - now
    return now + min(max(wait, timedelta(0)), MAX_RETRY_AFTER)
