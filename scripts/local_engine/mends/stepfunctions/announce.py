"""What the world learns of an execution: metrics in AWS/States, and events on the default bus."""

import json
from datetime import datetime
from typing import Any

from ministack.services import cloudwatch, eventbridge
from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import keys, redrive
from scripts.local_engine.mends.stepfunctions.scope import Execution, machine
from scripts.local_engine.patching import wrap

_COUNTERS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
_PAYLOAD_BYTES = 248 * 1024


def announce(_original: Any, execution: Execution) -> None:
    """Count a change of an execution's status, and put it on the default event bus unless the machine is express.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/procedure-cw-metrics.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/eventbridge-integration.html
    Of an execution under a customer's key, events have neither input, output, error nor cause
    (https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html).
    Engine: no metrics; events without version, alias, and the error of an execution that was stopped or timed out; with
    the data of all executions.
    """
    status = execution["status"]
    again = status == "RUNNING" and execution.get("_redrives")
    _count(execution, "ExecutionsRedriven" if again else _COUNTERS[status])
    if status != "RUNNING":
        spent = datetime.fromisoformat(execution["stopDate"]) - datetime.fromisoformat(execution["startDate"])
        _count(execution, "ExecutionTime", spent.total_seconds() * 1000, "Milliseconds")
    if machine(execution).get("type") == "EXPRESS":
        return
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(_detail(execution)),
        "Resources": [execution["executionArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _count(execution: Execution, name: str, value: float = 1, unit: str = "Count") -> None:
    """Record a metric under the machine, and under its version or alias too when the execution was started by one."""
    arn = {"StateMachineArn": execution["stateMachineArn"]}
    cloudwatch.record_metric("AWS/States", name, value, unit, arn)
    for dimension, key in (("Version", "stateMachineVersionArn"), ("Alias", "stateMachineAliasArn")):
        if qualified := execution.get(key):
            cloudwatch.record_metric("AWS/States", name, value, unit, {**arn, dimension: qualified.rsplit(":", 1)[1]})


def _detail(execution: Execution) -> dict[str, Any]:
    status, is_sealed = execution["status"], bool(keys.name_of(execution))
    return {
        "executionArn": execution["executionArn"],
        "stateMachineArn": execution["stateMachineArn"],
        "stateMachineVersionArn": execution.get("stateMachineVersionArn"),
        "stateMachineAliasArn": execution.get("stateMachineAliasArn"),
        "name": execution["name"],
        "status": status,
        "startDate": _milliseconds(execution["startDate"]),
        "stopDate": _milliseconds(execution["stopDate"]),
        **_data("input", execution["input"], is_sealed=is_sealed),
        **_data("output", execution["output"] if status == "SUCCEEDED" else None, is_sealed=is_sealed),
        "error": None if is_sealed else execution.get("error"),
        "cause": None if is_sealed else execution.get("cause"),
        "redriveDate": _milliseconds(execution.get("redriveDate")),
        **redrive.status(execution),
    }


def _data(name: str, text: str | None, *, is_sealed: bool) -> dict[str, Any]:
    if text is None:
        return {name: None, f"{name}Details": None}
    included = not is_sealed and len(text.encode()) <= _PAYLOAD_BYTES
    return {name: text if included else None, f"{name}Details": {"included": included}}


def _milliseconds(stamp: str | None) -> int | None:
    return int(datetime.fromisoformat(stamp).timestamp() * 1000) if stamp else None


def apply() -> None:
    """Mend what is told about an execution."""
    wrap(engine, "_emit_execution_status_event")(announce)
