"""Alarm actions: CloudWatch publishes as itself, so the topic and its key must let it."""

import json
from typing import Any

from ministack.services import cloudwatch as engine
from ministack.services import sns

from scripts.local_engine.authorization import Decision, policy_allows, service_may_use_keys
from scripts.local_engine.patching import wrap

_LISTS = {"ALARM": "AlarmActions", "OK": "OKActions", "INSUFFICIENT_DATA": "InsufficientDataActions"}
_SERVICE = "cloudwatch.amazonaws.com"


def dispatch(original: Any, alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
    """Execute the actions of an alarm's new state, those that are permitted, and write each outcome to its history.

    AWS: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/AlarmThatSendsEmail.html - an encrypted topic
    needs a key whose policy lets CloudWatch use it; a failed action is an item of type Action in the alarm's history.
    Engine: published to every topic, and wrote nothing.
    """
    name, permitted = _LISTS[new_state], list[str]()
    for arn in alarm.get(name) or [] if alarm.get("ActionsEnabled", True) else []:
        decision = _may_publish(arn, alarm["AlarmArn"])
        if decision:
            permitted.append(arn)
        _remember(alarm, arn, decision)
    original({**alarm, name: permitted}, old_state, new_state, reason)


def _may_publish(topic_arn: str, alarm_arn: str) -> Decision:
    """Decide by the topic's policy and its key's; the policy that SNS itself gives a topic lets alarms through."""
    policy, _ = sns.topic_policy_for_arn(topic_arn) or ("", "")
    if '"__default_policy_ID"' in policy:
        return service_may_use_keys(_SERVICE, "sns:Publish", topic_arn, alarm_arn)
    return policy_allows(policy, _SERVICE, "sns:Publish", topic_arn, alarm_arn)


def _remember(alarm: dict[str, Any], action: str, decision: Decision) -> None:
    outcome = f"{'Successfully executed' if decision else 'Failed to execute'} action {action}"
    data = {"actionState": "Succeeded" if decision else "Failed", "notificationResource": action}
    if not decision:
        data["error"] = decision.reason
    item = {
        "AlarmName": alarm["AlarmName"],
        "AlarmType": "CompositeAlarm" if "AlarmRule" in alarm else "MetricAlarm",
        "Timestamp": engine._ts_iso(engine.time.time()),
        "HistoryItemType": "Action",
        "HistorySummary": outcome,
        "HistoryData": json.dumps(data),
    }
    engine._history_entries().append(item)


def apply() -> None:
    """Mend the execution of actions."""
    wrap(engine, "_dispatch_alarm_actions")(dispatch)
