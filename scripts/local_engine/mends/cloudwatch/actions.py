"""Alarm actions: CloudWatch publishes as itself, so the topic and its key must let it."""

import json
from collections.abc import Iterator
from typing import Any

from ministack.services import cloudwatch as engine
from ministack.services import kms, sns

from scripts.local_engine import encryption
from scripts.local_engine.authorization import Decision, policy_allows
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
        refusal = next((decision for decision in _decisions(arn, alarm["AlarmArn"]) if not decision), None)
        if refusal is None:
            permitted.append(arn)
        _remember(alarm, arn, refusal)
    original({**alarm, name: permitted}, old_state, new_state, reason)


def _decisions(topic_arn: str, alarm_arn: str) -> Iterator[Decision]:
    """Yield what the topic's policy says, unless it is the one SNS makes, and then what the policy of its key says."""
    policy, _ = sns.topic_policy_for_arn(topic_arn) or ("", "")
    if '"__default_policy_ID"' not in policy:
        yield policy_allows(policy, _SERVICE, "sns:Publish", topic_arn, alarm_arn)
    for use in encryption.uses("sns:Publish", topic_arn):
        key_policy, _ = kms.key_policy_for_arn(use.key_arn) or ("", "")
        for action in use.actions:
            yield policy_allows(key_policy, _SERVICE, action, use.key_arn, alarm_arn)


def _remember(alarm: dict[str, Any], action: str, refusal: Decision | None) -> None:
    failed = refusal is not None
    outcome = f"{'Failed to execute' if failed else 'Successfully executed'} action {action}"
    data = {"actionState": "Failed" if failed else "Succeeded", "notificationResource": action}
    if refusal is not None:
        data["error"] = refusal.reason
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
