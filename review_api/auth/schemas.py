"""What signing in takes and gives."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.audit import Actor
from models.enums import Agency, Role


@dataclass(frozen=True)
class Person:
    """Who is signed in, as every route and service sees them."""

    id: int
    name: str
    display_name: str
    role: Role
    agency: Agency
    locale: str
    login_id: int
    csrf_token: str

    @property
    def actor(self) -> Actor:
        """The person as the audit log names them."""
        return Actor(self.id, self.name)


@dataclass(frozen=True)
class NewLogin:
    """A fresh login: ``token`` goes into the cookie and is stored nowhere."""

    token: str
    device_token: str
    person: Person
    ends_at: datetime


class SignInForm(BaseModel):
    """Name and password."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"name": "aigerim", "password": "correct horse battery staple"}]},
    )

    name: Annotated[str, Field(max_length=64)]
    password: Annotated[str, Field(max_length=1024)]


@dataclass(frozen=True)
class Me:
    """The signed-in person and the token that changing requests must carry."""

    id: int
    name: str
    display_name: str
    role: Role
    agency: Agency
    locale: str
    csrf_token: str

    @classmethod
    def of(cls, person: Person) -> "Me":
        """What a person may know about their own login."""
        return cls(
            id=person.id,
            name=person.name,
            display_name=person.display_name,
            role=person.role,
            agency=person.agency,
            locale=person.locale,
            csrf_token=person.csrf_token,
        )
