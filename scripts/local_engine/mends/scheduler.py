"""EventBridge Scheduler: targets are reached with the schedule's role, promptly, and a new schedule is new."""

import json
from typing import Any

from ministack.services import cloudwatch, eventbridge, scheduler

from scripts.local_engine.authorization import service_may_assume
from scripts.local_engine.delivery import NO_PERMISSIONS, NO_RESOURCE, Sender, dead_letter, exists
from scripts.local_engine.patching import Function, replace, wrap

SERVICE = "scheduler.amazonaws.com"
TICK_SECONDS = 1


def apply() -> None:
    """Apply the mends of this file."""
    replace(scheduler, "_SCHEDULE_TICK_INTERVAL", TICK_SECONDS)  # AWS is within a minute; the engine looked every 10 s
    wrap(scheduler, "_create_schedule")(_put)
    wrap(scheduler, "_update_schedule")(_put)
    wrap(scheduler, "_delete_schedule")(_delete)
    wrap(eventbridge, "_invoke_target")(_invoke_target)


def _group_arn(schedule: dict[str, Any]) -> str:
    return str(scheduler._group_arn(schedule["GroupName"]))


def _put(original: Function, name: str, body: dict[str, Any]) -> Any:
    """Refuse a role that does not trust the scheduler for this schedule's group.

    AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/cross-service-confused-deputy-prevention.html (the
    source ARN is the schedule group's). Engine: any role was accepted.
    """
    role = (body.get("Target") or {}).get("RoleArn")
    group = scheduler._group_arn(body.get("GroupName", "default"))
    if role and not service_may_assume(role, SERVICE, group):
        sentence = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        return scheduler._error(400, "ValidationException", sentence)
    return original(name, body)


def _delete(original: Function, name: str, query: dict[str, Any]) -> Any:
    """Forget when a deleted schedule last ran.

    AWS: a schedule created again under its old name is a new one
    (https://docs.aws.amazon.com/scheduler/latest/UserGuide/managing-schedule-delete.html).
    Engine: a one-time schedule created again never ran.
    """
    answer = original(name, query)
    gone = {key for key in scheduler._schedule_last_fired if key not in scheduler._schedules._data}
    for key in gone:
        scheduler._schedule_last_fired.pop(key, None)
    return answer


def _invoke_target(
    original: Function, target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
) -> None:
    """Reach a schedule's target, and its dead-letter queue, with the schedule's role.

    AWS: https://docs.aws.amazon.com/scheduler/latest/UserGuide/setting-up.html#setting-up-execution-role,
    https://docs.aws.amazon.com/scheduler/latest/UserGuide/configuring-schedule-dlq.html
    Engine: every target was reached as root; no dead-letter queue, no metric.
    """
    if ":scheduler:" not in rule["Arn"]:
        original(target, event, rule, view)
        return
    sender = Sender(SERVICE, rule["Arn"], target["RoleArn"], trust_arn=_group_arn(rule))
    _publish(rule, "InvocationAttemptCount")
    allowed = sender.may_reach(target["Arn"])
    if allowed and exists(target["Arn"]):
        original(target, event, rule, view)
        return
    reason = allowed.reason or f"{target['Arn']} does not exist"
    _publish(rule, "TargetErrorCount")
    attributes = {
        "SCHEDULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": NO_RESOURCE if allowed else NO_PERMISSIONS,
        "ERROR_MESSAGE": reason,
    }
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    body = target.get("Input") or json.dumps(event, default=str)
    if dead_letter(sender, queue, body, attributes):
        _publish(rule, "InvocationsSentToDeadLetterCount")
    scheduler.logger.warning("Schedule %s did not reach its target: %s", rule["Name"], reason)


def _publish(schedule: dict[str, Any], metric: str) -> None:
    cloudwatch.record_metric("AWS/Scheduler", metric, 1, "Count", {"ScheduleGroup": schedule["GroupName"]})
