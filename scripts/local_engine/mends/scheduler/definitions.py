"""Schedules as they are put and deleted: refused when they could not work, new when they are made again."""

from typing import Any
from zoneinfo import available_timezones

from ministack.services import scheduler

from scripts.local_engine.authorization import service_may_assume
from scripts.local_engine.mends.scheduler import moments
from scripts.local_engine.mends.scheduler.invocation import SERVICE
from scripts.local_engine.patching import Function, wrap


def apply() -> None:
    """Apply the mends of this file."""
    wrap(scheduler, "_create_schedule")(_put)
    wrap(scheduler, "_update_schedule")(_put)
    wrap(scheduler, "_delete_schedule")(_delete)


def _put(original: Function, name: str, body: dict[str, Any]) -> Any:
    """Refuse what cannot work, and take the schedule as a new one.

    AWS: https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html,
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html (the
    source ARN is the schedule group's). Engine: any role, expression, zone and window was accepted, and a one-time
    schedule that had run never ran again, whatever its new time.
    """
    if sentence := _fault(body):
        return scheduler._error(400, "ValidationException", sentence)
    answer = original(name, body)
    _forget()
    return answer


def _fault(body: dict[str, Any]) -> str:
    expression, window = body.get("ScheduleExpression", ""), body.get("FlexibleTimeWindow") or {}
    if expression and not moments.is_valid(expression):
        return f"Invalid Schedule Expression {expression}."
    if (zone := body.get("ScheduleExpressionTimezone", "UTC")) not in available_timezones():
        return f"The time zone {zone} is invalid."
    if window and (window["Mode"] == "FLEXIBLE") != bool(window.get("MaximumWindowInMinutes")):
        return "A flexible time window, and no other, has a maximum."
    role = (body.get("Target") or {}).get("RoleArn")
    if role and not service_may_assume(role, SERVICE, scheduler._group_arn(body.get("GroupName", "default"))):
        return "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
    return ""


def _delete(original: Function, name: str, query: dict[str, Any]) -> Any:
    """Forget when a deleted schedule last ran.

    AWS: a schedule created again under its old name is a new one
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html).
    Engine: a one-time schedule created again never ran.
    """
    answer = original(name, query)
    _forget()
    return answer


def _forget() -> None:
    """Forget when schedules ran that are no longer there, or no longer as they were."""
    for key, (changed, _) in list(scheduler._schedule_last_fired.items()):
        if (scheduler._schedules._data.get(key) or {}).get("LastModificationDate") != changed:
            scheduler._schedule_last_fired.pop(key, None)
