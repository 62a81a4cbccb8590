"""People: created, disabled, given a role or a password; never deleted, since decisions name them."""

from collections.abc import Sequence
from datetime import datetime

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from models.audit import Actor, AuditAction, AuditLog, Detail
from models.enums import Agency, Role
from models.errors import NotFound, Rejected
from models.people import User
from review_api.auth.passwords import check_password, hash_password, random_password
from review_api.auth.repository import end_logins, find_user
from review_api.auth.schemas import Person
from review_api.people.schemas import Locale, SampleUser, UserName, UserRow

_NAME = TypeAdapter[str](UserName)

# One of each kind, so that the whole way from flag to list can be walked.
SAMPLE_USERS: tuple[tuple[str, str, Role, Agency], ...] = (
    ("analyst", "Айгерім Сапарова", Role.ANALYST, Agency.MKI),
    ("analyst2", "Данияр Ахметов", Role.ANALYST, Agency.MKI),
    ("approver", "Ерлан Жұмабеков", Role.APPROVER, Agency.MVD),
    ("officer", "Наталья Ким", Role.OFFICER, Agency.MKI),
    ("auditor", "Гүлнар Оспанова", Role.AUDITOR, Agency.GP),
    ("admin", "Тимур Ли", Role.ADMIN, Agency.MKI),
)


class UserNameTaken(Rejected):
    """There is a person of that name already, perhaps disabled."""

    status = 409


class BadUserName(Rejected):
    """A name is 3 to 64 small Latin letters, digits, dots, dashes; it begins with a letter."""


class OwnAccount(Rejected):
    """Nobody changes their own rights."""

    status = 409


class PeopleService:
    """Adds and changes people; every change leaves an audit line."""

    def __init__(self, audit: AuditLog) -> None:
        self._audit = audit

    def list_users(self, session: Session) -> tuple[UserRow, ...]:
        """Everybody, by name."""
        return tuple(_row(user) for user in session.scalars(select(User).order_by(User.name)))

    def create_user(
        self,
        session: Session,
        *,
        name: str,
        display_name: str,
        role: Role,
        agency: Agency,
        password: str,
        actor: Actor,
        now: datetime,
        locale: Locale = "kk",
    ) -> UserRow:
        """Add a person.

        Raises:
            BadUserName: the name breaks its rule.
            BadPassword: the password breaks a rule.
            UserNameTaken: somebody has the name.
        """
        try:
            _NAME.validate_python(name)
        except ValidationError as error:
            raise BadUserName(
                "A name is 3 to 64 small Latin letters, digits, dots or dashes and begins with a letter."
            ) from error
        check_password(password, name=name)
        if find_user(session, name) is not None:
            raise UserNameTaken(f"There is a user {name} already.", name=name)
        user = User(
            name=name,
            display_name=display_name,
            role=role,
            agency=agency,
            password_hash=hash_password(password),
            locale=locale,
            created_at=now,
        )
        session.add(user)
        session.flush()
        self._note(session, AuditAction.USER_CREATED, user, actor, now, {"role": role.value})
        return _row(user)

    def disable_user(self, session: Session, user_id: int, *, actor: Actor, now: datetime) -> UserRow:
        """Shut a person out; all their logins end at once. Twice is once.

        Raises:
            OwnAccount: one's own account.
        """
        user = _find(session, user_id)
        _not_oneself(user, actor)
        if user.disabled_at is None:
            user.disabled_at = now
            n_ended = end_logins(session, now=now, user_id=user.id)
            self._note(session, AuditAction.USER_DISABLED, user, actor, now, {"n_logins_ended": n_ended})
        return _row(user)

    def enable_user(self, session: Session, user_id: int, *, actor: Actor, now: datetime) -> UserRow:
        """Let a person in again; their old logins stay ended. Twice is once."""
        user = _find(session, user_id)
        if user.disabled_at is not None:
            user.disabled_at = None
            self._note(session, AuditAction.USER_ENABLED, user, actor, now)
        return _row(user)

    def set_password(
        self, session: Session, user_id: int, password: str, *, actor: Actor, now: datetime
    ) -> UserRow:
        """Give a person a new password; all their logins end at once.

        Raises:
            BadPassword: the password breaks a rule.
        """
        user = _find(session, user_id)
        user.password_hash = hash_password(check_password(password, name=user.name))
        user.n_failed_logins, user.failed_login_at = 0, None
        n_ended = end_logins(session, now=now, user_id=user.id)
        self._note(session, AuditAction.USER_PASSWORD_SET, user, actor, now, {"n_logins_ended": n_ended})
        return _row(user)

    def set_role(self, session: Session, user_id: int, role: Role, *, actor: Actor, now: datetime) -> UserRow:
        """Give a person another role; all their logins end at once.

        Raises:
            OwnAccount: one's own account.
        """
        user = _find(session, user_id)
        _not_oneself(user, actor)
        if user.role is not role:
            before, user.role = user.role, role
            end_logins(session, now=now, user_id=user.id)
            details: dict[str, Detail] = {"before": before.value, "after": role.value}
            self._note(session, AuditAction.USER_ROLE_SET, user, actor, now, details)
        return _row(user)

    def set_locale(self, session: Session, person: Person, locale: Locale) -> None:
        """Remember the language a person reads in."""
        _find(session, person.id).locale = locale

    def create_sample_users(self, session: Session, *, now: datetime) -> Sequence[SampleUser]:
        """Users for a demonstration with random passwords; none when anybody exists already."""
        if session.scalars(select(User.id).limit(1)).first() is not None:
            return ()
        made = [SampleUser(name, role, random_password()) for name, _, role, _ in SAMPLE_USERS]
        for sample, (_, display_name, role, agency) in zip(made, SAMPLE_USERS, strict=True):
            self.create_user(
                session,
                name=sample.name,
                display_name=display_name,
                role=role,
                agency=agency,
                password=sample.password,
                actor=Actor(None, "demo"),
                now=now,
            )
        return made

    def _note(
        self,
        session: Session,
        action: AuditAction,
        user: User,
        actor: Actor,
        now: datetime,
        details: dict[str, Detail] | None = None,
    ) -> None:
        self._audit.append(
            session,
            action,
            actor=actor,
            subject_kind="user",
            subject_id=user.id,
            now=now,
            details={"name": user.name, **(details or {})},
        )


def _find(session: Session, user_id: int) -> User:
    user = session.get(User, user_id, with_for_update=True)
    if user is None:
        raise NotFound("There is no such user.", user_id=user_id)
    return user


def _not_oneself(user: User, actor: Actor) -> None:
    if user.id == actor.id:
        raise OwnAccount("Nobody changes their own rights. Ask another administrator.", user_id=user.id)


def _row(user: User) -> UserRow:
    return UserRow(
        id=user.id,
        name=user.name,
        display_name=user.display_name,
        role=user.role,
        agency=user.agency,
        locale=user.locale,
        created_at=user.created_at,
        disabled_at=user.disabled_at,
    )
