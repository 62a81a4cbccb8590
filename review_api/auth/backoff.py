"""Slowing guesses down, per account and per address, without locking the owner out.

Three counters, each with an exponential pause after a few free tries:

* per account, kept in the database, at most one try per 40 s: under 100 guesses
  an hour on one account, however many machines ask;
* per address, in memory: one machine cannot try many accounts, and cannot keep
  an account's pause alive for its owner;
* per known device: a browser that has signed in to the account before carries a
  signed device token and is counted apart, so that a stranger's guesses never
  keep the owner out (OWASP "device cookies").
"""

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock

FREE_TRIES = 5
ACCOUNT_MAX_SECONDS = 40.0
ADDRESS_FREE_TRIES = 10
ADDRESS_MAX_SECONDS = 900.0
FORGET_AFTER = timedelta(hours=1)
MAX_REMEMBERED = 50_000


def pause_seconds(n_failed: int, *, free: int, longest: float) -> float:
    """How long to wait after the n-th failure in a row: nothing, then 1, 2, 4 … seconds."""
    if n_failed < free:
        return 0.0
    return min(2.0 ** min(n_failed - free, 20), longest)


@dataclass
class _Failures:
    n: int
    last_at: datetime


class FailureCounter:
    """Failures per key of this process; bounded, forgotten after an hour of quiet."""

    def __init__(self, *, free: int, longest: float) -> None:
        self._free = free
        self._longest = longest
        self._failures: OrderedDict[str, _Failures] = OrderedDict()
        self._lock = Lock()

    def wait_seconds(self, key: str, now: datetime) -> float:
        """Seconds until the key may try again; 0 when it may now."""
        with self._lock:
            found = self._failures.get(key)
            if found is None or now - found.last_at > FORGET_AFTER:
                return 0.0
            pause = pause_seconds(found.n, free=self._free, longest=self._longest)
            return max(0.0, pause - (now - found.last_at).total_seconds())

    def note_failure(self, key: str, now: datetime) -> None:
        """Count one failure."""
        with self._lock:
            found = self._failures.pop(key, None)
            n = 0 if found is None or now - found.last_at > FORGET_AFTER else found.n
            self._failures[key] = _Failures(n + 1, now)
            while len(self._failures) > MAX_REMEMBERED:
                self._failures.popitem(last=False)

    def forget(self, key: str) -> None:
        """A success: the next failure is the first again."""
        with self._lock:
            self._failures.pop(key, None)


class DeviceTokens:
    """Signed proofs that a browser has signed in to an account before; they open nothing."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def make(self, user_id: int) -> str:
        """A token for the browser that has just signed in."""
        nonce = secrets.token_urlsafe(16)
        return f"{nonce}.{self._mac(user_id, nonce)}"

    def is_of(self, token: str | None, user_id: int) -> bool:
        """Whether the token was made for this account here."""
        nonce, _, mac = (token or "").partition(".")
        return bool(nonce) and hmac.compare_digest(mac.encode(), self._mac(user_id, nonce).encode())

    def _mac(self, user_id: int, nonce: str) -> str:
        return hmac.new(self._key, f"device:{user_id}:{nonce}".encode(), hashlib.sha256).hexdigest()
