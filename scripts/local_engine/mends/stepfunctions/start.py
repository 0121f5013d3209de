"""Starting executions: of a machine, a version or an alias, by a request or by a task of another execution."""

import json
import random
import time
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import keys, scope
from scripts.local_engine.mends.stepfunctions.history import record
from scripts.local_engine.mends.stepfunctions.life import end, in_background
from scripts.local_engine.mends.stepfunctions.role import watch_child
from scripts.local_engine.mends.stepfunctions.scope import Execution, Stopped, failure
from scripts.local_engine.mends.stepfunctions.walk import PAYLOAD_BYTES
from scripts.local_engine.patching import wrap

_CHILD_POLL_SECONDS = 0.05


def resolve(arn: str) -> dict[str, Any] | None:
    """Return the machine that an ARN names, as it is to be run: its current, or the version's, definition and role.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/execution-alias-version-associate.html - an alias picks
    one of its versions by weight. Engine: ran the current definition whatever was asked for.
    """
    alias = engine._state_machine_aliases.get(arn)
    if alias:
        routes = alias["routingConfiguration"]
        chosen = random.choices(routes, [route["weight"] for route in routes])[0]  # noqa: S311 - traffic shares
        version_arn = chosen["stateMachineVersionArn"]
    else:
        version_arn = arn if arn in engine._state_machine_versions else None
    version = engine._state_machine_versions.get(version_arn) or {}
    machine = engine._state_machines.get(version.get("stateMachineArn", arn))
    if machine is None:
        return None
    settings = ("definition", "roleArn", "type", "loggingConfiguration", "encryptionConfiguration")
    pinned = {key: version[key] for key in settings if version.get(key)}
    qualifiers = {"stateMachineVersionArn": version_arn, "stateMachineAliasArn": arn if alias else None}
    return {**machine, **pinned, **{key: value for key, value in qualifiers.items() if value}}


def start_execution(_original: Any, data: dict[str, Any]) -> Any:
    """Start an execution of a machine, a version or an alias.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartExecution.html - idempotent for the
    same name and input while it runs. Engine: refused the repetition, and took any input of any size.
    """
    execution = _admit(data)
    if not isinstance(execution, dict):
        return execution
    if "_started" not in execution:
        execution["_started"] = True
        in_background(execution["executionArn"])
    return engine.json_response({"executionArn": execution["executionArn"], "startDate": execution["startDate"]})


def start_sync_execution(_original: Any, data: dict[str, Any]) -> Any:
    """Run an express execution and answer when it has ended.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StartSyncExecution.html - express only.
    Engine: ran standard machines too, and did not know versions and aliases.
    """
    machine = resolve(data.get("stateMachineArn", ""))
    if machine and machine["type"] != "EXPRESS":
        return engine.error_response_json(
            "StateMachineTypeNotSupported", "This operation is not supported by this type"
        )
    execution = _admit(data, sync=True)
    if not isinstance(execution, dict):
        return execution
    engine._run_execution(execution["executionArn"])
    shown = ("executionArn", "stateMachineArn", "name", "startDate", "stopDate", "status", "input", "output", "error")
    answer = {key: execution[key] for key in (*shown, "cause") if execution.get(key) is not None}
    return engine.json_response(answer)


def _admit(data: dict[str, Any], *, sync: bool = False) -> Any:
    """Return the execution to start, or the running one that was asked for again, or an error response."""
    machine, text = resolve(data.get("stateMachineArn", "")), data.get("input", "{}")
    if machine is None:
        missing = f"State Machine Does Not Exist: '{data.get('stateMachineArn')}'"
        return engine.error_response_json("StateMachineDoesNotExist", missing)
    try:
        json.loads(text)
    except ValueError:
        return engine.error_response_json("InvalidExecutionInput", "Invalid State Machine Execution Input")
    if len(text.encode()) > PAYLOAD_BYTES:
        return engine.error_response_json("ValidationException", f"The input is larger than {PAYLOAD_BYTES} bytes")
    name = data.get("name") or engine.new_uuid()
    arn = f"arn:aws:states:{get_region()}:{get_account_id()}:execution:{machine['name']}:{name}"
    if existing := engine._executions.get(arn):
        if existing["status"] == "RUNNING" and existing["input"] == text:
            return existing
        return engine.error_response_json("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
    return keys.refusal(machine, sync=sync) or _enrol(arn, name, text, machine, sync=sync)


def _enrol(arn: str, name: str, text: str, machine: dict[str, Any], *, sync: bool) -> Execution:
    qualified = ("stateMachineVersionArn", "stateMachineAliasArn")
    qualifiers: dict[str, Any] = {key: machine[key] for key in qualified if key in machine}
    execution: Execution = {
        "executionArn": arn,
        "stateMachineArn": machine["stateMachineArn"],
        **qualifiers,
        "name": name,
        "status": "RUNNING",
        "startDate": engine.now_iso(),
        "stopDate": None,
        "input": text,
        "output": None,
        "encryptionConfiguration": machine.get("encryptionConfiguration"),
        "events": [],
        "sync": sync,
        "_machine": machine | {"_is_logged": keys.can_log(machine)},
    }
    engine._executions[arn] = execution
    data = {"input": text, "inputDetails": {"truncated": False}, "roleArn": machine["roleArn"]}
    record(execution, "ExecutionStarted", **data, **qualifiers)
    engine._emit_execution_status_event(execution)
    return execution


def nested_sync(_original: Any, resource: str, input_data: dict[str, Any]) -> Any:
    """Run a machine from a task and wait for its end.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-stepfunctions.html - a child that does not
    succeed fails the task with States.TaskFailed, its description being the cause.
    Engine: gave the child's own error; the child was no execution of its own, and outlived its parent.
    """
    started = engine._invoke_nested_start_execution(resource, input_data)
    scope.submitted.get()(started)
    arn = started["ExecutionArn"]
    watch_child(arn)
    parent, child = scope.current(), engine._executions[arn]
    while child["status"] == "RUNNING":
        if parent and parent.over:
            end(child, "ABORTED", cause="The execution that started it has ended")
            raise Stopped
        time.sleep(_CHILD_POLL_SECONDS)
    names = ("executionArn", "input", "name", "output", "startDate", "stateMachineArn", "status", "stopDate")
    shown = {f"{name[0].upper()}{name[1:]}": child.get(name) for name in (*names, "error", "cause") if child.get(name)}
    if child["status"] != "SUCCEEDED":
        raise failure("States.TaskFailed", json.dumps(shown))
    return {**shown, "Output": json.loads(shown["Output"])} if resource.endswith(":2") else shown


def apply() -> None:
    """Mend the ways to start an execution."""
    wrap(engine, "_start_execution")(start_execution)
    wrap(engine, "_start_sync_execution")(start_sync_execution)
    wrap(engine, "_invoke_nested_start_execution_sync")(nested_sync)
