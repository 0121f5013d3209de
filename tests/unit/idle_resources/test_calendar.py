"""Calendars hold at every moment: in every time zone, across midnight, on holidays, and when clocks change."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idle_resources.domain.calendar import BadCalendar, Calendar

ZONES = ["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata", "Pacific/Apia"]
DAY = timedelta(days=1)


def calendar(
    hours: str, days: str = "mon-sun", zone: str = "Europe/Berlin", holidays: tuple[str, ...] = ()
) -> Calendar:
    return Calendar.from_document({"time_zone": zone, "working": {days: hours}, "holidays": list(holidays)})


def local(text: str, zone: str = "Europe/Berlin", fold: int = 0) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold)


@pytest.mark.parametrize(
    ("text", "works"),
    [
        ("2026-11-23T06:59:59", False),
        ("2026-11-23T07:00:00", True),
        ("2026-11-23T18:59:59", True),
        ("2026-11-23T19:00:00", False),
        ("2026-11-28T12:00:00", False),
        ("2026-12-25T12:00:00", False),
    ],
)
def test_a_shift_begins_with_its_first_second_and_ends_before_its_last(text: str, works: bool) -> None:
    office = calendar("07:00-19:00", "mon-fri", holidays=("2026-12-25",))
    assert office.is_working(local(text)) is works
    assert office.is_working(local(text).astimezone(UTC)) is works


def test_a_shift_across_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    night = calendar("22:00-06:00", "fri", holidays=("2026-12-25", "2026-11-21"))
    assert night.is_working(local("2026-11-20T23:00"))
    assert night.is_working(local("2026-11-21T05:59"))  # a holiday that began after the shift did
    assert not night.is_working(local("2026-11-21T06:00"))
    assert not night.is_working(local("2026-11-22T01:00"))
    assert not night.is_working(local("2026-12-25T23:00"))
    assert not night.is_working(local("2026-12-26T01:00"))


def test_several_shifts_a_day_and_a_day_that_never_ends() -> None:
    split = calendar("07:00-12:00, 13:00-19:00")
    assert [split.is_working(local(f"2026-11-23T{hour}:30")) for hour in ("11", "12", "13")] == [True, False, True]
    assert calendar("00:00-24:00", "mon").is_working(local("2026-11-23T23:59:59"))
    assert not calendar("00:00-24:00", "mon").is_working(local("2026-11-24T00:00"))


def test_days_may_wrap_around_the_weekend() -> None:
    late = calendar("10:00-12:00", "Fri-Mon,wed")
    works = [late.is_working(local(f"2026-11-{day}T11:00")) for day in range(23, 30)]
    assert works == [True, False, True, False, True, True, True]


def test_an_hour_that_comes_twice_ends_a_shift_the_second_time() -> None:
    shift = calendar("22:00-02:30")
    moments = [local("2026-10-25T02:15"), local("2026-10-25T02:45"), local("2026-10-25T02:15", fold=1)]
    assert [shift.is_working(moment) for moment in moments] == [True, True, True]
    assert not shift.is_working(local("2026-10-25T02:30", fold=1))


def test_an_hour_that_comes_twice_begins_a_shift_the_first_time() -> None:
    shift = calendar("02:30-08:00")
    assert not shift.is_working(local("2026-10-25T02:29"))
    assert shift.is_working(local("2026-10-25T02:30"))
    assert shift.is_working(local("2026-10-25T02:15", fold=1))


def test_an_hour_that_does_not_come_starts_nothing_late() -> None:
    assert calendar("02:30-08:00").is_working(local("2026-03-29T03:00"))
    assert calendar("22:00-02:30").is_working(local("2026-03-29T01:59"))
    assert not calendar("22:00-02:30").is_working(local("2026-03-29T03:30"))


TIMES = st.times(timezones=st.none()).map(lambda at: at.replace(second=0, microsecond=0, fold=0))
MOMENTS = st.datetimes(datetime(2020, 1, 1), datetime(2035, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))  # noqa: DTZ001  # made UTC


@st.composite
def shifts(draw: Any) -> tuple[time, time, str, str]:
    start, end = draw(TIMES), draw(TIMES)
    days = draw(st.sampled_from(["mon-fri", "mon-sun", "sat,sun", "fri-mon", "wed"]))
    return start, end, days, draw(st.sampled_from(ZONES))


def by_the_clock_on_the_wall(start: time, end: time, days: set[int], holidays: set[date], moment: datetime) -> bool:
    """The rule as people say it, on days without a change of clocks."""
    now = moment.replace(tzinfo=None)
    for day in (now.date(), now.date() - DAY):
        last = day if end > start else day + DAY
        began, ends = datetime.combine(day, start), datetime.combine(last, end)
        if day.weekday() in days and day not in holidays and began <= now < ends:
            return True
    return False


WEEKDAYS = {
    "mon-fri": {0, 1, 2, 3, 4},
    "mon-sun": set(range(7)),
    "sat,sun": {5, 6},
    "fri-mon": {4, 5, 6, 0},
    "wed": {2},
}


@given(shift=shifts(), moment=MOMENTS, holiday=st.integers(-2, 2))
def test_the_clock_on_the_wall_decides(shift: tuple[time, time, str, str], moment: datetime, holiday: int) -> None:
    start, end, days, zone = shift
    there = moment.astimezone(ZoneInfo(zone))
    off = there.date() + holiday * DAY
    found = calendar(f"{start:%H:%M}-{end:%H:%M}", days, zone, (off.isoformat(),)).is_working(moment)
    said = by_the_clock_on_the_wall(start, end, WEEKDAYS[days], {off}, there)
    around = {(there + hours * timedelta(hours=1)).utcoffset() for hours in range(-50, 51)}
    assert found == said or (len(around) > 1 and found)  # clocks change: a shift is only ever longer


@given(shift=shifts(), moment=MOMENTS)
def test_a_shift_is_in_one_piece(shift: tuple[time, time, str, str], moment: datetime) -> None:
    start, end, _, zone = shift
    daily = calendar(f"{start:%H:%M}-{end:%H:%M}", "mon-sun", zone)
    works = [daily.is_working(moment + minutes * timedelta(minutes=10)) for minutes in range(24 * 6)]
    changes = sum(before != after for before, after in pairwise(works))
    assert changes <= 3


@given(moment=MOMENTS, zone=st.sampled_from(ZONES))
def test_round_the_clock_is_always(moment: datetime, zone: str) -> None:
    assert calendar("00:00-24:00", "mon-sun", zone).is_working(moment)


@given(moment=MOMENTS, shift=shifts())
def test_the_zone_of_the_question_does_not_matter(moment: datetime, shift: tuple[time, time, str, str]) -> None:
    start, end, days, zone = shift
    asked = calendar(f"{start:%H:%M}-{end:%H:%M}", days, zone)
    assert len({asked.is_working(moment.astimezone(ZoneInfo(other))) for other in ZONES}) == 1


@pytest.mark.parametrize(
    "document",
    [
        {},
        {"time_zone": "Europe/Atlantis", "working": {}},
        {"time_zone": "UTC", "working": {"mon-fry": "07:00-19:00"}},
        {"time_zone": "UTC", "working": {"mon": "7-19"}},
        {"time_zone": "UTC", "working": {"mon": "07:00-25:00"}},
        {"time_zone": "UTC", "working": {"mon": 7}},
        {"time_zone": "UTC", "working": {}, "holidays": ["Christmas"]},
        {"time_zone": "../etc", "working": {}},
    ],
)
def test_a_calendar_that_cannot_be_read_says_so(document: dict[str, Any]) -> None:
    with pytest.raises(BadCalendar, match="cannot be read"):
        Calendar.from_document(document)
