"""Lambda: a queue is polled with the permissions of the function's role, and a bad mapping is refused."""

import time
from typing import Any

from ministack.services import lambda_svc, sqs

from scripts.local_engine.authorization import Decision, role_allows
from scripts.local_engine.patching import Function, wrap

POLLING = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
RECHECK_SECONDS = 5.0

# When each mapping's permissions were last found sufficient, by its id.
_allowed_at: dict[str, float] = {}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "_create_esm")(_create)
    wrap(lambda_svc, "_sqs_esm_concurrency")(_concurrency)


def _create(original: Function, data: dict[str, Any]) -> Any:
    """Refuse a mapping the function's role cannot poll, or whose messages reappear while they are processed.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html (InvalidParameterValueException).
    Engine: accepted anything.
    """
    queue = sqs._queue_by_arn(data.get("EventSourceArn", ""))
    _, config, _ = lambda_svc._get_func_record_for_ref(data.get("FunctionName", ""))
    if queue is None or config is None:
        return original(data)
    allowed = _may_poll(config["Role"], data["EventSourceArn"])
    if not allowed:
        missing = allowed.reason.split("perform: ", 1)[-1].split(" ", 1)[0].split(":")[-1]
        sentence = f"The function execution role does not have permissions to call {missing} on SQS"
        return lambda_svc._invalid_parameter_value(sentence)
    visible, timeout = int(queue["attributes"].get("VisibilityTimeout", 30)), config.get("Timeout", 3)
    if visible < timeout:
        sentence = f"Queue visibility timeout: {visible} seconds is less than Function timeout: {timeout} seconds"
        return lambda_svc._invalid_parameter_value(sentence)
    return original(data)


def _concurrency(
    original: Function, esm: dict[str, Any], func_rec: dict[str, Any], config: dict[str, Any], queue: Any = None
) -> int:
    """Poll nothing while the function's role may not.

    AWS: the poller uses the execution role
    (https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-configure.html#events-sqs-permissions).
    Engine: it read the queue as root.
    """
    now = time.monotonic()
    if now - _allowed_at.get(esm["UUID"], -RECHECK_SECONDS) >= RECHECK_SECONDS:
        allowed = _may_poll(config["Role"], esm["EventSourceArn"])
        if not allowed:
            esm["LastProcessingResult"] = f"PROBLEM: {allowed.reason}"
            lambda_svc._esm_backoff_until[esm["UUID"]] = time.time() + RECHECK_SECONDS
            return 0
        _allowed_at[esm["UUID"]] = now
    limit: int = original(esm, func_rec, config, queue)
    return limit


def _may_poll(role: str, queue_arn: str) -> Decision:
    decisions = (role_allows(role, action, queue_arn, via="lambda") for action in POLLING)
    return next((decision for decision in decisions if not decision), Decision("Allow"))
