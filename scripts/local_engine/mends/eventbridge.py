"""EventBridge: a rule's targets are reached with the rule's permissions, and what is not delivered is told.

`POST /_local/events/repetitions {"rule": "…", "times": 1}` - so many of the next events that match the rule come twice.
"""

import json
from collections import Counter
from typing import Any

from ministack import app
from ministack.services import cloudwatch, eventbridge

from scripts.local_engine.delivery import (
    NO_PERMISSIONS,
    NO_RESOURCE,
    Sender,
    dead_letter,
    exists,
    invoke_asynchronously,
)
from scripts.local_engine.patching import Function, wrap

SERVICE = "events.amazonaws.com"
PATH = "/_local/events/repetitions"

# How many events of each rule are still to come twice.
_repetitions: Counter[str] = Counter()


def apply() -> None:
    """Apply the mends of this file."""
    wrap(eventbridge, "_invoke_target")(_invoke_target)
    wrap(eventbridge, "_dispatch_to_lambda")(_to_function)
    wrap(app, "_handle_admin_config_request")(_repeat)


def _invoke_target(
    original: Function, target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
) -> None:
    """Deliver only what the target's role or resource policy allows; the rest goes to the dead-letter queue.

    AWS: https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-identity-based.html#eb-target-permissions,
    https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-dlq.html (missing permissions and missing
    resources are not retried), https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-monitoring.html
    Engine: every target was reached as root; no dead-letter queue, no metric.
    """
    if ":scheduler:" in rule["Arn"]:  # a schedule, whose permissions its own mend has checked
        original(target, event, rule, view)
        return
    sender = Sender(SERVICE, rule["Arn"], target.get("RoleArn"), trust_arn=rule["Arn"])
    allowed = sender.may_reach(target["Arn"])
    if allowed and exists(target["Arn"]):
        for _ in range(1 + _is_repeated(rule)):
            _publish(rule, "Invocations")
            original(target, event, rule, view)
        return
    reason = allowed.reason or f"{target['Arn']} does not exist"
    _publish(rule, "FailedInvocations")
    attributes = {
        "RULE_ARN": rule["Arn"],
        "TARGET_ARN": target["Arn"],
        "ERROR_CODE": NO_RESOURCE if allowed else NO_PERMISSIONS,
        "ERROR_MESSAGE": reason,
    }
    queue = (target.get("DeadLetterConfig") or {}).get("Arn")
    body = json.dumps((view or eventbridge._pattern_event_view(event)).event_with_detail(), default=str)
    sent = dead_letter(Sender(SERVICE, rule["Arn"]), queue, body, attributes)
    _publish(rule, "InvocationsSentToDlq" if sent else "InvocationsFailedToBeSentToDlq", when=bool(queue))
    eventbridge.logger.warning("Rule %s did not reach its target: %s", rule["Name"], reason)


def _is_repeated(rule: dict[str, Any]) -> bool:
    """Say whether the event in hand is to come twice, and count it."""
    is_repeated = _repetitions[rule["Name"]] > 0
    _repetitions[rule["Name"]] -= is_repeated
    return is_repeated


async def _repeat(original: Function, path: str, method: str, body: bytes) -> Any:
    """Let events come twice.

    AWS: they may (https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-troubleshooting.html, "My rule ran more
    than once in response to one event"). Engine: nothing of the kind.
    """
    if path != PATH or method != "POST":
        return await original(path, method, body)
    asked = json.loads(body)
    _repetitions[asked["rule"]] += asked["times"]
    return 200, {"Content-Type": "application/json"}, b"{}"


def _to_function(original: Function, arn: str, payload: str) -> None:  # noqa: ARG001 replaced altogether
    """Invoke a function asynchronously, through Lambda's own queue.

    AWS: "EventBridge invokes your Lambda function asynchronously"
    (https://docs.aws.amazon.com/lambda/latest/dg/with-eventbridge-scheduler.html).
    Engine: one direct call; a failure was neither retried nor sent to the function's failure destination.
    """
    invoke_asynchronously(arn, json.loads(payload))


def _publish(rule: dict[str, Any], metric: str, *, when: bool = True) -> None:
    if when:
        cloudwatch.record_metric("AWS/Events", metric, 1, "Count", {"RuleName": rule["Name"]})
