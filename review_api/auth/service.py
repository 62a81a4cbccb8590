"""Signing in and out.

The one service that opens its own transactions: a failed try must be kept
although the request fails, and no lock may be held while a password is hashed.
"""

import hashlib
import secrets
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from models.audit import Actor, AuditAction, AuditLog
from models.config import Settings
from models.errors import Rejected, Retryable
from models.people import Login, User
from models.session import Database
from review_api.auth import passwords, repository
from review_api.auth.backoff import (
    ACCOUNT_MAX_SECONDS,
    ADDRESS_FREE_TRIES,
    ADDRESS_MAX_SECONDS,
    FORGET_AFTER,
    FREE_TRIES,
    DeviceTokens,
    FailureCounter,
    pause_seconds,
)
from review_api.auth.schemas import NewLogin, Person
from review_api.keys import load_secret

TOKEN_BYTES = 32
# A login's last use is noted at most this often: reading a page should not mean writing a row.
TOUCH_EVERY = timedelta(seconds=60)
# A login from the future means that the clock went back; such a login is refused.
MAX_CLOCK_STEP = timedelta(minutes=5)
NOBODY = Actor(None, "anonymous")


class BadCredentials(Rejected):
    """Name or password is wrong, or the account is disabled: all look alike."""

    status = 401


class TooManyTries(Retryable):
    """Too many failures; wait ``delay_seconds``."""

    status = 429


class AuthService:
    """Logins of one installation.

    Attributes:
        cookie_name: ``__Host-saqshy`` behind https, ``saqshy`` on a plain loopback address.
        device_cookie_name: cookie of the device token, see ``backoff``.
        is_https: whether cookies carry ``Secure``.
    """

    def __init__(self, settings: Settings, db: Database, audit: AuditLog) -> None:
        self._settings = settings
        self._db = db
        self._audit = audit
        self._devices = DeviceTokens(load_secret(settings.keys_dir / "devices.key", "device key"))
        self._addresses = FailureCounter(free=ADDRESS_FREE_TRIES, longest=ADDRESS_MAX_SECONDS)
        self._device_failures = FailureCounter(free=FREE_TRIES, longest=ACCOUNT_MAX_SECONDS)
        self.is_https = (settings.public_url or "").startswith("https://")
        prefix = "__Host-" if self.is_https else ""
        self.cookie_name = f"{prefix}saqshy"
        self.device_cookie_name = f"{prefix}saqshy-device"

    def sign_in(
        self, name: str, password: str, *, address: str, device_token: str | None = None, now: datetime
    ) -> NewLogin:
        """Check name and password and open a login.

        Args:
            name: the account.
            password: as typed.
            address: the client's network address.
            device_token: the device cookie, if the browser sent one.
            now: present time.

        Raises:
            BadCredentials: wrong, unknown or disabled; takes equally long for each.
            TooManyTries: this account or address has to wait.
        """
        with self._db.read() as session:
            user = repository.find_user(session, name)
            session.expunge_all()
        is_known_device = user is not None and self._devices.is_of(device_token, user.id)
        device_key = device_token if is_known_device else None
        self._check_pause(user, address, device_key, now)
        is_right = passwords.is_password(password, user.password_hash if user else passwords.decoy_hash())
        if user is None or not is_right or user.disabled_at is not None:
            self._note_failure(user, address, device_key, now)
            raise BadCredentials("The name or the password is wrong.")
        self._addresses.forget(address)
        if device_key is not None:
            self._device_failures.forget(device_key)
        return self._open_login(user, password, now)

    def _check_pause(self, user: User | None, address: str, device_key: str | None, now: datetime) -> None:
        wait = self._addresses.wait_seconds(address, now)
        if device_key is not None:
            wait = self._device_failures.wait_seconds(device_key, now)
        elif user is not None and user.failed_login_at is not None:
            age = now - user.failed_login_at
            if age < FORGET_AFTER:
                pause = pause_seconds(user.n_failed_logins, free=FREE_TRIES, longest=ACCOUNT_MAX_SECONDS)
                wait = max(wait, pause - age.total_seconds())
        if wait > 0:
            raise TooManyTries("Too many failed tries. Wait a little.", delay_seconds=wait)

    def _note_failure(self, user: User | None, address: str, device_key: str | None, now: datetime) -> None:
        if device_key is not None:
            self._device_failures.note_failure(device_key, now)
        else:
            self._addresses.note_failure(address, now)
        with self._db.write() as session:
            if user is not None and device_key is None:
                repository.count_failure(session, user.id, now)
            self._audit.append(
                session,
                AuditAction.LOGIN_FAILED,
                actor=NOBODY,
                subject_kind="user",
                # A name that is no account is not kept: people type passwords into the wrong field.
                subject_id="unknown" if user is None else user.id,
                now=now,
                details={"address": address},
            )

    def _open_login(self, user: User, password: str, now: datetime) -> NewLogin:
        token = secrets.token_urlsafe(TOKEN_BYTES)
        rehashed = passwords.hash_password(password) if passwords.needs_rehash(user.password_hash) else None
        with self._db.write() as session:
            row = session.get_one(User, user.id, with_for_update=True, populate_existing=True)
            if row.disabled_at is not None or row.password_hash != user.password_hash:
                raise BadCredentials("The name or the password is wrong.")
            if rehashed is not None:
                row.password_hash = rehashed
            repository.clear_failures(session, user.id)
            login = Login(
                token_sha256=_token_sha256(token),
                user_id=user.id,
                csrf_token=secrets.token_urlsafe(TOKEN_BYTES),
                created_at=now,
                last_seen_at=now,
            )
            session.add(login)
            session.flush()
            person = _person(login, row)
            self._audit.append(
                session,
                AuditAction.LOGIN_SUCCEEDED,
                actor=person.actor,
                subject_kind="user",
                subject_id=user.id,
                now=now,
                details={"login_id": login.id},
            )
        ends_at = now + timedelta(seconds=self._settings.login_absolute_seconds)
        return NewLogin(token=token, device_token=self._devices.make(user.id), person=person, ends_at=ends_at)

    def person_of(self, token: str, *, now: datetime) -> Person | None:
        """Who a cookie's token stands for; None when the login has ended in any way."""
        with self._db.read() as session:
            found = repository.find_login(session, _token_sha256(token))
            session.expunge_all()
        if found is None or not self._holds(found[0], now):
            return None
        login, user = found
        if now - login.last_seen_at >= TOUCH_EVERY:
            with self._db.write() as session:
                repository.touch_login(session, login.id, now)
        return _person(login, user)

    def _holds(self, login: Login, now: datetime) -> bool:
        idle = timedelta(seconds=self._settings.login_idle_seconds)
        longest = timedelta(seconds=self._settings.login_absolute_seconds)
        return (
            now - login.last_seen_at < idle
            and now - login.created_at < longest
            and login.last_seen_at - now < MAX_CLOCK_STEP
        )

    def sign_out(self, session: Session, person: Person, *, now: datetime) -> None:
        """End the person's present login."""
        repository.end_logins(session, now=now, login_id=person.login_id)
        self._audit.append(
            session,
            AuditAction.LOGIN_ENDED,
            actor=person.actor,
            subject_kind="user",
            subject_id=person.id,
            now=now,
            details={"login_id": person.login_id},
        )


def _token_sha256(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _person(login: Login, user: User) -> Person:
    return Person(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        agency=user.agency,
        locale=user.locale,
        login_id=login.id,
        csrf_token=login.csrf_token,
    )
