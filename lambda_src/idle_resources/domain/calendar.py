"""When people work: shifts on weekdays in a time zone, and holidays; told for any moment, so that nothing is missed."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"(\d\d:\d\d)-(\d\d:\d\d)")
_ONE_DAY = timedelta(days=1)


class BadCalendar(Exception):
    """A calendar cannot be read; the sentence says where."""


@dataclass(frozen=True)
class Shift:
    """Hours on some weekdays (Monday is 0); one that ends no later than it starts ends on the next day."""

    days: frozenset[int]
    start: time
    end: time


@dataclass(frozen=True)
class Calendar:
    """A shift belongs to the day on which it starts: a holiday cancels those that start on it, and no others."""

    zone: ZoneInfo
    shifts: tuple[Shift, ...]
    holidays: frozenset[date]

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Calendar":
        """Read the settings' `{"time_zone", "working": {"mon-fri": "07:00-12:00,13:00-19:00"}, "holidays": […]}`.

        Raises `BadCalendar`.
        """
        try:
            return cls(
                ZoneInfo(document["time_zone"]),
                tuple(shift for days, hours in document["working"].items() for shift in _shifts(days, hours)),
                frozenset(date.fromisoformat(day) for day in document.get("holidays", ())),
            )
        except (AttributeError, KeyError, OSError, TypeError, ValueError, ZoneInfoNotFoundError) as problem:
            raise BadCalendar(f"the calendar cannot be read: {problem!r}") from problem

    def is_working(self, moment: datetime) -> bool:
        """Tell whether people work at a moment (in any time zone)."""
        today = moment.astimezone(self.zone).date()
        spans = (span for day in (today - _ONE_DAY, today) for span in self._spans(day))
        return any(start <= moment < end for start, end in spans)

    def _spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        """Yield when the day's shifts start and end.

        When clocks change, a time of day may come twice or not at all. A shift then takes the longer of its readings:
        nothing is stopped early or started late.
        """
        for shift in self.shifts:
            if day.weekday() in shift.days and day not in self.holidays:
                last = day if shift.end > shift.start else day + _ONE_DAY
                yield min(self._readings(day, shift.start)), max(self._readings(last, shift.end))

    def _readings(self, day: date, at: time) -> list[datetime]:
        local = datetime.combine(day, at, self.zone)
        return [local.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]


def _shifts(days: str, hours: str) -> Iterator[Shift]:
    weekdays = frozenset(day for part in days.split(",") for day in _weekdays(part.strip().lower()))
    for part in hours.split(","):
        found = _HOURS.fullmatch(part.strip())
        if not found:
            raise ValueError(f"{part!r} are no hours such as 07:00-19:00")
        start, end = found.groups()
        yield Shift(weekdays, time.fromisoformat(start), time() if end == "24:00" else time.fromisoformat(end))


def _weekdays(text: str) -> Iterator[int]:
    """Yield the days of "mon", or of "fri-mon": from Friday over the weekend to Monday."""
    first, _, last = text.partition("-")
    if not {first, last or first} <= set(_DAYS):
        raise ValueError(f"{text!r} are no days such as mon-fri")
    start = _DAYS.index(first)
    yield from (day % 7 for day in range(start, start + (_DAYS.index(last or first) - start) % 7 + 1))
