"""Lambda: asynchronous invocations, from any service, with the settings and the permissions AWS applies."""

import contextvars
import json
import threading
import time
from datetime import UTC, datetime
from typing import Any

from ministack.services import cloudwatch, lambda_svc, s3, sns

from scripts.local_engine import python_worker
from scripts.local_engine.delivery import Sender, deliver, exists, invoke_asynchronously, send_to_queue
from scripts.local_engine.mends.lambda_invoke import base_function, qualifier_of
from scripts.local_engine.patching import Function, wrap

SERVICE = "lambda.amazonaws.com"


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "invoke_async_with_retry")(_enqueue)
    wrap(s3, "_deliver_event_to_lambda")(_from_a_bucket)
    wrap(sns, "_deliver_to_lambda")(_from_a_topic)


def _enqueue(original: Function, func: dict[str, Any], event: Any) -> None:  # noqa: ARG001 replaced altogether
    """Invoke with the settings of the very qualifier invoked, and report the outcome to its destinations.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html,
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html (the function's role needs the
    permission; a dead-letter queue gets the event itself; destinations take precedence over nothing: both are used).
    Engine: settings of an alias were ignored, destinations reached as root, the dead-letter queue got the wrong body.
    """
    run = contextvars.copy_context().run
    arguments = (lambda_svc._run_with_function_config_scope, func, _attempt, func, event)
    threading.Thread(target=run, args=arguments, daemon=True).start()


def _attempt(func: dict[str, Any], event: Any) -> None:
    """Invoke until it succeeds, the attempts are used up, or the event is too old; throttling does not count.

    A function whose reserved concurrency is zero is not tried at all: see the note of
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-retain-records.html.
    """
    config = func.get("config") or func
    settings = _settings(config)
    if lambda_svc._reserved_concurrency(base_function(config) or func, config) == 0:
        return _report(config, settings, event, {}, "ZeroReservedConcurrency", 0)
    attempts, deadline = 0, time.monotonic() + settings.get("MaximumEventAgeInSeconds", 21600)
    delay = lambda_svc._LAMBDA_ASYNC_RETRY_BASE_SECONDS  # a minute in AWS
    while True:
        result = lambda_svc._execute_function(func, event)
        attempts += not result.get("throttle")
        if not result.get("error"):
            return _report(config, settings, event, result, "Success", attempts)
        if attempts > settings.get("MaximumRetryAttempts", 2):
            return _report(config, settings, event, result, "RetriesExhausted", attempts)
        if time.monotonic() + delay > deadline:
            return _report(config, settings, event, result, "EventAgeExceeded", attempts)
        time.sleep(delay)
        delay = min(delay * 2, lambda_svc._LAMBDA_ASYNC_RETRY_MAX_SECONDS)


def _settings(config: dict[str, Any]) -> dict[str, Any]:
    found = base_function(config).get("event_invoke_configs") or {}
    qualifier = qualifier_of(config)
    keys = [qualifier] if qualifier not in {"", "$LATEST"} else ["", "$LATEST"]
    settings: dict[str, Any] = next((found[key] for key in keys if key in found), {})
    return settings


def _report(
    config: dict[str, Any], settings: dict[str, Any], event: Any, result: dict[str, Any], condition: str, attempts: int
) -> None:
    destinations = settings.get("DestinationConfig") or {}
    destination = destinations.get("OnSuccess" if condition == "Success" else "OnFailure", {}).get("Destination")
    sender = Sender(SERVICE, config["FunctionArn"], config["Role"])
    if destination and not _send(sender, destination, _invocation_record(config, event, result, condition, attempts)):
        _publish(config, "DestinationDeliveryFailures")
    dead_letters = (config.get("DeadLetterConfig") or {}).get("TargetArn")
    if dead_letters and condition != "Success" and not _send_dead_letter(sender, dead_letters, event, result):
        _publish(config, "DeadLetterErrors")


def _invocation_record(
    config: dict[str, Any], event: Any, result: dict[str, Any], condition: str, attempts: int
) -> dict[str, Any]:
    failure = {"functionError": result.get("function_error") or "Unhandled"} if result.get("error") else {}
    return {
        "version": "1.0",
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "requestContext": {
            "requestId": python_worker.request_id(),
            "functionArn": config["FunctionArn"] if qualifier_of(config) else f"{config['FunctionArn']}:$LATEST",
            "condition": condition,
            "approximateInvokeCount": attempts,
        },
        "requestPayload": event,
        "responseContext": {"statusCode": 200, "executedVersion": config.get("Version", "$LATEST"), **failure},
        "responsePayload": result.get("body"),
    }


def _send(sender: Sender, arn: str, payload: Any) -> bool:
    allowed = exists(arn) and sender.may_reach(arn)
    if allowed:
        deliver(arn, payload)
    return bool(allowed)


def _send_dead_letter(sender: Sender, arn: str, event: Any, result: dict[str, Any]) -> bool:
    if ":sqs:" not in arn:
        return _send(sender, arn, event)
    if not exists(arn) or not sender.may_reach(arn):
        return False
    body = result.get("body")
    message = str(body.get("errorMessage", "")) if isinstance(body, dict) else ""
    attributes = {"RequestID": python_worker.request_id(), "ErrorCode": "200", "ErrorMessage": message[:1024]}
    send_to_queue(arn, json.dumps(event), attributes)
    return True


def _publish(config: dict[str, Any], metric: str) -> None:
    cloudwatch.record_metric("AWS/Lambda", metric, 1, "Count", {"FunctionName": config["FunctionName"]})


def _from_a_bucket(original: Function, arn: str, event_payload: dict[str, Any], bucket_region: str) -> None:
    """Notify a function only when its resource policy lets the bucket.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/with-s3.html. Engine: delivered without any permission.
    """
    source = f"arn:aws:s3:::{event_payload['Records'][0]['s3']['bucket']['name']}"
    if Sender("s3.amazonaws.com", source).may_reach(arn):
        original(arn, event_payload, bucket_region)


def _from_a_topic(
    original: Function,  # noqa: ARG001 replaced altogether
    endpoint: str,
    envelope: str,
    topic_arn: str,
    sub_arn: str,
    *_rest: Any,
) -> None:
    """Invoke a subscribed function asynchronously, when its resource policy lets the topic.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/with-sns.html. Engine: one direct call, without any permission.
    """
    if exists(endpoint) and Sender("sns.amazonaws.com", topic_arn).may_reach(endpoint):
        source = {"EventVersion": "1.0", "EventSource": "aws:sns", "EventSubscriptionArn": sub_arn}
        invoke_asynchronously(endpoint, {"Records": [{**source, "Sns": json.loads(envelope)}]})
