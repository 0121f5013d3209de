"""SQS: a queue may use another as its dead-letter queue only when that one lets it."""

import json
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import sqs

from scripts.local_engine.patching import Function, wrap

PERMISSIONS = {"allowAll", "denyAll", "byQueue"}
MAX_SOURCES = 10


def apply() -> None:
    """Apply the mends of this file."""
    sqs._HANDLERS["CreateQueue"] = wrap(sqs, "_act_create_queue")(_create_queue)
    sqs._HANDLERS["SetQueueAttributes"] = wrap(sqs, "_act_set_queue_attributes")(_set_attributes)


def _create_queue(original: Function, data: dict[str, Any], _u: str) -> Any:
    """Refuse a redrive policy that the dead-letter queue's redrive allow policy does not provide for.

    AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-configure-dead-letter-queue-redrive.html
    and https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html
    (RedriveAllowPolicy; "the dead-letter queue of a FIFO queue must also be a FIFO queue").
    Engine: stored the redrive allow policy and never looked at it.
    """
    name = data.get("QueueName", "")
    _check(data.get("Attributes") or {}, f"arn:aws:sqs:{get_region()}:{get_account_id()}:{name}")
    return original(data, _u)


def _set_attributes(original: Function, data: dict[str, Any], qurl: str) -> Any:
    """Refuse the same when the policy is set later."""
    queue = sqs._get_q(data.get("QueueUrl", qurl))
    _check(data.get("Attributes") or {}, queue["attributes"]["QueueArn"])
    return original(data, qurl)


def _check(attributes: dict[str, Any], source_arn: str) -> None:
    if allow := attributes.get("RedriveAllowPolicy"):
        _check_allow_policy(str(allow))
    if policy := attributes.get("RedrivePolicy"):
        sqs._validate_redrive_policy(str(policy))
        _check_redrive_policy(str(policy), source_arn)


def _check_allow_policy(text: str) -> None:
    try:
        policy = json.loads(text)
        permission, sources = policy["redrivePermission"], policy.get("sourceQueueArns")
    except (ValueError, KeyError, TypeError, AttributeError):
        raise _refusal(text, "RedriveAllowPolicy", "it needs a redrivePermission") from None
    if permission not in PERMISSIONS:
        raise _refusal(text, "RedriveAllowPolicy", f"redrivePermission must be one of {sorted(PERMISSIONS)}")
    listed = len(sources or [])
    if (permission == "byQueue") != (0 < listed <= MAX_SOURCES):
        raise _refusal(text, "RedriveAllowPolicy", f"byQueue, and only it, names 1 to {MAX_SOURCES} sourceQueueArns")


def _check_redrive_policy(text: str, source_arn: str) -> None:
    dead_letters = sqs._queue_by_arn(json.loads(text)["deadLetterTargetArn"])
    if dead_letters["is_fifo"] != source_arn.endswith(".fifo"):
        raise _refusal(text, "RedrivePolicy", "Dead-letter queue must be same type of queue as the source.")
    allow = json.loads(dead_letters["attributes"].get("RedriveAllowPolicy") or "{}")
    allowed = {"denyAll": False, "byQueue": source_arn in allow.get("sourceQueueArns", [])}
    if not allowed.get(allow.get("redrivePermission", "allowAll"), True):
        raise _refusal(text, "RedrivePolicy", "the dead-letter queue's redrive allow policy does not allow this queue")


def _refusal(value: str, name: str, reason: str) -> Exception:
    message = f"Value {value} for parameter {name} is invalid. Reason: {reason}"
    refusal: Exception = sqs._Err("InvalidParameterValue", message)
    return refusal
