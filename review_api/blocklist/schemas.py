"""What entries, releases and their verification show."""

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from models.enums import EntryState, Purpose, Scope
from review_api.fields import Reason


@dataclass(frozen=True)
class EntryRow:
    """A line of the list. ``url`` is text, never a live link."""

    id: int
    case_number: str
    task_id: int
    url: str
    scope: Scope
    purposes: tuple[Purpose, ...]
    state: EntryState
    confirmed_by: str
    approved_by: str
    created_at: datetime
    expires_at: datetime
    lifted_at: datetime | None
    lifted_by: str | None
    lift_reason: str | None


@dataclass(frozen=True)
class EntryPage:
    """Lines, newest first."""

    rows: tuple[EntryRow, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class ReleaseRow:
    """A numbered release; the hashes are those of its three files."""

    number: int
    created_at: datetime
    created_by: str
    n_entries: int
    n_added: int
    n_removed: int
    csv_sha256: str
    xlsx_sha256: str
    json_sha256: str
    public_key: str


@dataclass(frozen=True)
class ReleaseDetail:
    """A release with its lines and its difference to the one before."""

    release: ReleaseRow
    added: tuple[EntryRow, ...]
    removed: tuple[EntryRow, ...]
    n_kept: int
    files: tuple[str, ...]


@dataclass(frozen=True)
class HeldEntry:
    """An entry that keeps the next release from being made, with the error's code and message."""

    entry: EntryRow
    code: str
    message: str


@dataclass(frozen=True)
class ReleasePreview:
    """What the next release would hold.

    ``is_same``: nothing has changed since the last one. ``needs_acknowledgement``:
    it grows faster than the brake allows. ``held`` must be lifted first.
    """

    next_number: int
    n_entries: int
    added: tuple[EntryRow, ...]
    removed: tuple[EntryRow, ...]
    held: tuple[HeldEntry, ...]
    is_same: bool
    needs_acknowledgement: bool


class ReleaseForm(BaseModel):
    """Make a release; ``acknowledge_growth`` is a written reason when the list grows fast."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    acknowledge_growth: Reason | None = None


class LiftForm(BaseModel):
    """Take an entry off the list."""

    model_config = ConfigDict(
        frozen=True,
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "Владелец удалил объявление."}]},
    )

    reason: Annotated[Reason, Field()] = ""


@dataclass(frozen=True)
class Damage:
    """What is wrong with a stored release: which release, which of its files, in words."""

    number: int
    file: str
    problem: str


@dataclass(frozen=True)
class ReleaseCheck:
    """The result of checking one release against its row, its files and its signature."""

    number: int
    damages: tuple[Damage, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.damages


@dataclass(frozen=True)
class LegalGround:
    """A legal ground that a confirmation may name, in three languages."""

    code: str
    titles: dict[str, str]
    law: dict[str, str]
    is_verified: bool
