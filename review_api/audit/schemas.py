"""What the audit pages show."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from models.audit import AuditAction, Detail


@dataclass(frozen=True)
class AuditFilters:
    """Which lines: all that are given must hold. Times are aware; ``until`` is exclusive."""

    action: AuditAction | None = None
    actor_name: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AuditLine:
    """One line of the log; ``details`` holds ids and counts, never text of an ad."""

    seq: int
    at: datetime
    actor_id: int | None
    actor_name: str
    action: AuditAction
    subject_kind: str
    subject_id: str
    details: Mapping[str, Detail]


@dataclass(frozen=True)
class AuditPage:
    """Lines, newest first; ``next_cursor`` leads to older ones."""

    lines: tuple[AuditLine, ...]
    next_cursor: str | None


@dataclass(frozen=True)
class AuditCheck:
    """The result of one full check of the chain; whole when ``damages`` is empty."""

    checked_at: datetime
    n_events: int
    damages: tuple[str, ...]

    @property
    def is_whole(self) -> bool:
        """Whether nothing was found."""
        return not self.damages
