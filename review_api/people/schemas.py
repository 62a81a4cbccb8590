"""What the people pages take and show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from models.enums import Agency, Role

Locale = Literal["kk", "ru", "en"]
UserName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9._-]{1,62}[a-z0-9]$")]
DisplayName = Annotated[str, Field(min_length=1, max_length=120)]


@dataclass(frozen=True)
class UserRow:
    """One person with one role."""

    id: int
    name: str
    display_name: str
    role: Role
    agency: Agency
    locale: str
    created_at: datetime
    disabled_at: datetime | None


class NewUser(BaseModel):
    """A person to add."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "name": "aigerim",
                    "display_name": "Айгерім Сапарова",
                    "role": "analyst",
                    "agency": "mki",
                    "password": "a long sentence to remember",
                    "locale": "kk",
                }
            ]
        },
    )

    name: UserName
    display_name: DisplayName
    role: Role
    agency: Agency
    password: str
    locale: Locale = "kk"


class NewPassword(BaseModel):
    """A password to set."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    password: str


class NewRole(BaseModel):
    """A role to give."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    role: Role


@dataclass(frozen=True)
class SampleUser:
    """A demonstration user; the password is shown once, at the start."""

    name: str
    role: Role
    password: str
