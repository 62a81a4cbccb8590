"""When a source is due: the schedule of its file, and the slots that follow from it. Pure."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from apscheduler.triggers.base import BaseTrigger
from apscheduler.triggers.cron import CronTrigger
from apscheduler.triggers.interval import IntervalTrigger
from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

# Slots are counted from here, so that every machine and every restart finds the same ones.
_EPOCH = datetime(2000, 1, 3, tzinfo=UTC)


class Schedule(BaseModel):
    """When a source is due: every N minutes, or at certain hours of certain days.

    With ``fastest_minutes`` or ``slowest_minutes`` the interval follows what the source brings.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    every_minutes: int | None = Field(default=None, ge=5, le=60 * 24 * 31)
    fastest_minutes: int | None = Field(default=None, ge=5, le=60 * 24 * 31)
    slowest_minutes: int | None = Field(default=None, ge=5, le=60 * 24 * 31)
    days: str = "mon-sun"
    hours: str | None = None
    minute: int = Field(default=0, ge=0, le=59)
    zone: str = "Asia/Almaty"

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is no time zone") from error
        return value

    @model_validator(mode="after")
    def _one_way(self) -> "Schedule":
        if (self.every_minutes is None) == (self.hours is None):
            raise ValueError("give either every_minutes or hours")
        if self.is_adaptive:
            every = self.every_minutes
            if every is None or self.within_bounds(every) != every:
                raise ValueError("every_minutes must lie between fastest_minutes and slowest_minutes")
        if self.hours is not None:
            trigger_of(self)  # its words are APScheduler's, so let it judge them
        return self

    @property
    def is_adaptive(self) -> bool:
        """Whether the interval follows what the source brings."""
        return self.fastest_minutes is not None or self.slowest_minutes is not None

    def within_bounds(self, minutes: int) -> int:
        """The nearest interval that the file allows; without a bound on one side, the file's own interval."""
        own = self.every_minutes or minutes
        return max(self.fastest_minutes or own, min(self.slowest_minutes or own, minutes))


def trigger_of(schedule: Schedule) -> BaseTrigger:
    """APScheduler's trigger for a schedule.

    Raises:
        ValueError: days or hours are not in its language.
    """
    zone = ZoneInfo(schedule.zone)
    if schedule.every_minutes is not None:
        return IntervalTrigger(minutes=schedule.every_minutes, start_date=_EPOCH, timezone=zone)
    return CronTrigger(
        day_of_week=schedule.days, hour=schedule.hours, minute=schedule.minute, second=0, timezone=zone
    )


def slots(schedule: Schedule, after: datetime, until: datetime) -> Iterator[datetime]:
    """Slots later than ``after`` and not later than ``until``, in order, UTC."""
    trigger = trigger_of(schedule)
    slot = trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
    while slot is not None and slot <= until:
        yield slot.astimezone(UTC)
        slot = trigger.get_next_fire_time(None, slot + timedelta(microseconds=1))
