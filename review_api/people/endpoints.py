"""JSON: people."""

from typing import Annotated

from fastapi import APIRouter

from models.enums import Role
from review_api.auth.schemas import Person
from review_api.deps import ServicesDep, require
from review_api.people.schemas import NewPassword, NewRole, NewUser, UserRow

router = APIRouter(prefix="/api/v1/people", tags=["people"])

Admin = Annotated[Person, require(Role.ADMIN)]
PeopleReader = Annotated[Person, require(Role.ADMIN, Role.AUDITOR)]


@router.get("")
def list_users(services: ServicesDep, _person: PeopleReader) -> tuple[UserRow, ...]:
    """Everybody, by name."""
    with services.db.read() as session:
        return services.people.list_users(session)


@router.post("", status_code=201)
def create_user(form: NewUser, services: ServicesDep, person: Admin) -> UserRow:
    """Add a person."""
    with services.db.write() as session:
        return services.people.create_user(
            session,
            name=form.name,
            display_name=form.display_name,
            role=form.role,
            agency=form.agency,
            password=form.password,
            locale=form.locale,
            actor=person.actor,
            now=services.now(),
        )


@router.post("/{user_id}/disable")
def disable_user(user_id: int, services: ServicesDep, person: Admin) -> UserRow:
    """Shut a person out and end all their logins."""
    with services.db.write() as session:
        return services.people.disable_user(session, user_id, actor=person.actor, now=services.now())


@router.post("/{user_id}/enable")
def enable_user(user_id: int, services: ServicesDep, person: Admin) -> UserRow:
    """Let a person in again."""
    with services.db.write() as session:
        return services.people.enable_user(session, user_id, actor=person.actor, now=services.now())


@router.post("/{user_id}/password")
def set_password(user_id: int, form: NewPassword, services: ServicesDep, person: Admin) -> UserRow:
    """Set a person's password and end all their logins."""
    with services.db.write() as session:
        return services.people.set_password(
            session, user_id, form.password, actor=person.actor, now=services.now()
        )


@router.post("/{user_id}/role")
def set_role(user_id: int, form: NewRole, services: ServicesDep, person: Admin) -> UserRow:
    """Give a person another role and end all their logins."""
    with services.db.write() as session:
        return services.people.set_role(session, user_id, form.role, actor=person.actor, now=services.now())
