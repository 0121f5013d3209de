"""The moments of a schedule: `at`, `rate` and `cron`, in its time zone.

AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html - a rate without a start date begins at
once; a local time that does not exist is left out, one that comes twice counts once; days are 24 hours.
Engine: knew UTC only, and a rate's first moment was its second.
"""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from ministack.services import eventbridge, scheduler

PRECISION = 60  # seconds: an invocation comes within the minute of its moment, or never

type Schedule = dict[str, Any]


def is_valid(expression: str) -> bool:
    """Say whether a schedule's expression is one."""
    if fields := eventbridge._parse_cron_fields(expression):
        minutes, hours, _, months, *_ = fields
        return bool(max(minutes) < 60 and max(hours) < 24 and max(months) <= 12)  # noqa: PLR2004 - of clocks and calendars
    return bool(eventbridge._parse_rate_seconds(expression)) or scheduler._at_time_epoch(expression) is not None


def is_over(schedule: Schedule, now: float) -> bool:
    """Say whether a schedule has no moment left, as it had one end date or just one moment."""
    end = scheduler._to_epoch(schedule.get("EndDate"))
    once = scheduler._at_time_epoch(schedule["ScheduleExpression"]) is not None
    return (end is not None and now > end) or (once and now > _at(schedule))


def due(schedule: Schedule, after: float, now: float) -> float | None:
    """Return the latest moment after one time up to another, None when there is none.

    What is longer ago than the precision is not made up for.
    """
    start, end = (scheduler._to_epoch(schedule.get(name)) for name in ("StartDate", "EndDate"))
    found = _latest(schedule, max(after, now - PRECISION), now)
    within = found is not None and (start is None or found >= start) and (end is None or found <= end)
    return found if within else None


def first_look(schedule: Schedule) -> float:
    """Return the time after which a new or changed schedule's moments count."""
    changed = float(schedule["LastModificationDate"])
    early = {"at": PRECISION, "rate": 0.001}  # `at` this very minute has not passed, and a rate begins at once
    return changed - early.get(schedule["ScheduleExpression"].partition("(")[0].strip(), 0)


def _latest(schedule: Schedule, after: float, now: float) -> float | None:
    expression = schedule["ScheduleExpression"]
    if scheduler._at_time_epoch(expression) is not None:
        moment = _at(schedule)
        return moment if after < moment <= now else None
    if interval := eventbridge._parse_rate_seconds(expression):
        start = scheduler._to_epoch(schedule.get("StartDate")) or schedule["LastModificationDate"]
        moment = start + (now - start) // interval * interval
        return float(moment) if max(after, start - 1) < moment else None
    return _latest_of_cron(eventbridge._parse_cron_fields(expression), _zone(schedule), after, now)


def _latest_of_cron(fields: Any, zone: ZoneInfo, after: float, now: float) -> float | None:
    latest = None
    local = datetime.fromtimestamp(after, zone).replace(tzinfo=None, fold=0) - timedelta(minutes=1)
    while (found := eventbridge._cron_next_fire(fields, local)) is not None:
        local = found.replace(tzinfo=None)
        moment = local.replace(tzinfo=zone).timestamp()
        exists = datetime.fromtimestamp(moment, zone).replace(tzinfo=None) == local
        if moment > now:
            break
        if exists and moment > after:
            latest = moment
    return latest


def _zone(schedule: Schedule) -> ZoneInfo:
    return ZoneInfo(schedule["ScheduleExpressionTimezone"])


def _at(schedule: Schedule) -> float:
    """Return the one moment of an `at`, which is written in local time."""
    written = scheduler._at_time_epoch(schedule["ScheduleExpression"])
    return datetime.fromtimestamp(written, UTC).replace(tzinfo=_zone(schedule)).timestamp()
