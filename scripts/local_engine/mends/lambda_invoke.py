"""Lambda: an alias or version is invoked as itself, limited as its function, and every invocation is counted."""

import time
from typing import Any

from ministack.services import cloudwatch, lambda_svc

from scripts.local_engine import python_worker
from scripts.local_engine.authorization import role_allows
from scripts.local_engine.patching import Function, replace, wrap


def apply() -> None:
    """Apply the mends of this file."""
    wrap(lambda_svc, "_effective_func_record_for_qualifier")(_qualified)
    wrap(lambda_svc, "_reserved_concurrency")(_of_the_function)
    wrap(lambda_svc, "_execute_function")(_counted)
    replace(lambda_svc, "_emit_lambda_metrics", lambda *_, **__: None)  # `_counted` does it, on every path


def base_function(config: dict[str, Any]) -> dict[str, Any]:
    """Return the record of the function that a version's or an alias's configuration belongs to."""
    found: dict[str, Any] = lambda_svc._functions.get(config["FunctionName"]) or {}
    return found


def qualifier_of(config: dict[str, Any]) -> str:
    """Return the alias or version in the configuration's ARN, "" when it names neither."""
    return ":".join(config["FunctionArn"].split(":")[7:])


def _qualified(original: Function, func: dict[str, Any] | None, qualifier: str | None) -> tuple[Any, Any]:
    """Invoke an alias under the alias's ARN, whichever service invokes it.

    AWS: invoked_function_arn is "the ARN used to invoke the function. Indicates if the invoker specified a version
    number or alias" (https://docs.aws.amazon.com/lambda/latest/dg/python-context.html).
    Engine: only so for the Invoke API; other services saw the version's ARN.
    """
    record, config = original(func, qualifier)
    if config and func and qualifier and qualifier != "$LATEST":
        config = {**config, "FunctionArn": f"{func['config']['FunctionArn']}:{qualifier}"}
        record = {**record, "config": config}
    return record, config


def _of_the_function(original: Function, func: dict[str, Any], config: dict[str, Any]) -> int | None:
    """Apply a function's reserved concurrency to all its versions and aliases together.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/configuration-concurrency.html (reserved "for a function").
    Engine: invoking a version or alias was never throttled.
    """
    limit: int | None = original(base_function(config) or func, config)
    return limit


def _counted(original: Function, func: dict[str, Any], event: Any) -> dict[str, Any]:
    """Publish the metrics of every invocation, and use the tracing permission that active tracing needs.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html (dimensions FunctionName, with
    Resource, and with ExecutedVersion for an alias), https://docs.aws.amazon.com/lambda/latest/dg/services-xray.html
    (role permissions).
    Engine: metrics for the Invoke API only, without Resource, and no errors of asynchronous invocations.
    """
    config = func.get("config") or func
    if lambda_svc._function_config_scope_mismatch(config):
        return dict(original(func, event))  # it comes back here in the function's own account and region
    started = time.monotonic()
    result: dict[str, Any] = original(func, event)
    if result.get("throttle"):
        publish(config, {"Throttles": (1, "Count")})
        return result
    worker = python_worker.current.get()
    milliseconds = (time.monotonic() - started) * 1000 - (worker.init_milliseconds if worker else 0)
    counts = {"Invocations": 1, "Errors": int(bool(result.get("error"))), "Throttles": 0}
    counts["ConcurrentExecutions"] = 1 + lambda_svc.executions_in_flight()[1].get(lambda_svc._inflight_key(config), 0)
    values = {name: (count, "Count") for name, count in counts.items()}
    publish(config, {**values, "Duration": (milliseconds, "Milliseconds")})
    if config.get("TracingConfig", {}).get("Mode") == "Active":
        for action in ("xray:PutTraceSegments", "xray:PutTelemetryRecords"):
            role_allows(config["Role"], action, "*", via="lambda")
    return result


def publish(config: dict[str, Any], values: dict[str, tuple[float, str]]) -> None:
    """Record metrics (value and unit by name) of a function, of its alias or version, and of an alias's versions."""
    name, qualifier = config["FunctionName"], qualifier_of(config)
    function = {"FunctionName": name}
    resource = {**function, "Resource": f"{name}:{qualifier}" if qualifier else name}
    is_alias = qualifier and not qualifier.isdigit() and qualifier != "$LATEST"
    version = [{**resource, "ExecutedVersion": config.get("Version", "$LATEST")}] if is_alias else []
    for metric, (value, unit) in values.items():
        for dimensions in (function, resource, *version):
            cloudwatch.record_metric("AWS/Lambda", metric, value, unit, dimensions)
