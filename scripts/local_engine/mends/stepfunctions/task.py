"""Task states: events, time limits, heartbeats, and the wait for a task token."""

import time
from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_region
from ministack.services import stepfunctions as engine

from scripts.local_engine import task_token
from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.callbacks import answer, expect
from scripts.local_engine.mends.stepfunctions.history import payload, record
from scripts.local_engine.mends.stepfunctions.limits import bounded
from scripts.local_engine.mends.stepfunctions.scope import Context, Execution, State, failure
from scripts.local_engine.mends.stepfunctions.walk import check_size
from scripts.local_engine.patching import wrap

_CALLBACK = ".waitForTaskToken"


def execute_task(_original: Any, state_def: State, raw_input: Any, execution: Execution, ctx: Context) -> Any:
    """Run a Task state with its Retry and Catch.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-task.html
    Engine: HeartbeatSeconds and expressions for TimeoutSeconds were ignored; the history had no parameters and called
    a time-out a failure.
    """
    return engine._with_retry_and_catch(
        state_def, raw_input, ctx, lambda: _attempt(state_def, raw_input, execution, ctx)
    )


def _attempt(state: State, raw_input: Any, execution: Execution, ctx: Context) -> tuple[Any, str | None]:
    resource, jsonata = state["Resource"], engine._state_query_language(state, ctx) == "JSONata"
    if _CALLBACK in resource:
        ctx["Task"] = {"Token": task_token.issue(execution["stateMachineArn"])}
    if jsonata:
        arguments = engine._apply_jsonata_arguments(state, raw_input, ctx)
    else:
        arguments = engine._apply_parameters(state, engine._apply_input_path(state, raw_input, ctx), ctx)
    limits = {name: _seconds(state, name, raw_input, ctx) for name in ("TimeoutSeconds", "HeartbeatSeconds")}
    result = _observed(resource, arguments, limits, execution, ctx)
    if jsonata:
        output = engine._apply_jsonata_output(state, raw_input, ctx, result=result, default=result)
        engine._apply_state_assign(state, raw_input, ctx, result=result)
    else:
        output = engine._apply_result_path(state, raw_input, engine._apply_result_selector(state, result))
        output = engine._apply_output_path(state, output, ctx)
    return output, engine._next_or_end(state)


def _seconds(state: State, field: str, raw_input: Any, ctx: Context) -> float | None:
    """Return a limit that is a number, a JSONata expression, or (`…Path`) a place in the input; None without one."""
    if path := state.get(f"{field}Path"):
        return float(engine._resolve_path_or_ctx(path, raw_input, ctx))
    value = state.get(field)
    if isinstance(value, str):
        value = engine._jsonata_state_field(state, field, "number", raw_input, ctx)
    return None if value is None else float(value)


def _observed(
    resource: str, arguments: Any, limits: dict[str, float | None], execution: Execution, ctx: Context
) -> Any:
    """Do the task's work and tell the history, under AWS's two families of event names.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html - LambdaFunction… for a
    function's ARN as the resource, Task… for `arn:aws:states:::…`.
    """
    family, what, schedule = _naming(resource, arguments, limits)
    record(execution, f"{family}Scheduled", **schedule)
    record(execution, f"{family}Started", **what)
    try:
        result = _work(
            resource,
            arguments,
            limits,
            ctx,
            lambda sent: record(execution, "TaskSubmitted", **what, **payload("output", sent)),
        )
        check_size(ctx["State"]["Name"], result)
    except engine._ExecutionError as error:
        timed_out = error.error in ("States.Timeout", "States.HeartbeatTimeout")
        end = f"{family}{'TimedOut' if timed_out else 'Failed'}"
        record(execution, end, **what, error=error.error, cause=error.cause)
        raise
    record(execution, f"{family}Succeeded", **what, **payload("output", result))
    return result


def _naming(
    resource: str, arguments: Any, limits: dict[str, float | None]
) -> tuple[str, dict[str, str], dict[str, Any]]:
    named = {"TimeoutSeconds": "timeoutInSeconds", "HeartbeatSeconds": "heartbeatInSeconds"}
    seconds = {named[key]: int(value) for key, value in limits.items() if value is not None}
    if not resource.startswith("arn:aws:states:::"):
        family = "Activity" if ":activity:" in resource else "LambdaFunction"
        return family, {}, {"resource": resource, **payload("input", arguments), **seconds}
    service, _, action = resource.removeprefix("arn:aws:states:::").rpartition(":")
    if action == "2":  # …startExecution.sync:2
        service, _, action = service.rpartition(":")
        action += ":2"
    what = {"resourceType": service, "resource": action}
    parameters = payload("parameters", arguments)["parameters"]
    return "Task", what, {**what, "region": get_region(), "parameters": parameters, **seconds}


def _work(
    resource: str,
    arguments: Any,
    limits: dict[str, float | None],
    ctx: Context,
    submitted: Callable[[Any], None],
) -> Any:
    timeout = limits["TimeoutSeconds"]
    scope.submitted.set(submitted)
    if _CALLBACK not in resource:
        return bounded(lambda: engine._invoke_resource(resource, arguments), timeout)
    started, token = time.monotonic(), ctx["Task"]["Token"]
    waiting = expect(token)
    try:
        sent = bounded(lambda: engine._invoke_resource(resource.replace(_CALLBACK, ""), arguments), timeout)
        submitted(sent)
        left = None if timeout is None else timeout - (time.monotonic() - started)
        return answer(token, waiting, left, limits["HeartbeatSeconds"])
    finally:
        engine._task_tokens.pop(token, None)


def call_lambda(original: Any, func_ref: Any, event: Any) -> Any:
    """Give a throttled invocation AWS's error name, Lambda.TooManyRequestsException.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    Engine: Lambda.Unknown, which no careful Retry matches.
    """
    try:
        return original(func_ref, event)
    except engine._ExecutionError as error:
        if error.error == "Lambda.Unknown" and "TooManyRequestsException" in (error.cause or ""):
            raise failure("Lambda.TooManyRequestsException", error.cause) from None
        raise


def apply() -> None:
    """Mend the Task state and its call of a function."""
    wrap(engine, "_execute_task")(execute_task)
    wrap(engine, "_call_lambda")(call_lambda)
