"""Execution logs: history events in the machine's log group, in the shape and at the level AWS writes them."""

import json
import time
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any

from ministack.services import cloudwatch_logs

from scripts.local_engine.mends.stepfunctions import scope

_EXECUTION_DATA = frozenset(
    {"input", "inputDetails", "output", "outputDetails", "parameters", "assignedVariables", "assignedVariablesDetails"}
)
_FATAL = ("ExecutionAborted", "ExecutionFailed", "ExecutionTimedOut")
_ERROR = ("Failed", "TimedOut", "Aborted", "FailStateEntered")


def deliver(execution: scope.Execution, event: dict[str, Any]) -> None:
    """Write one history event to the machine's log groups, those that still exist.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html - level ALL is every event, ERROR and FATAL
    the failures; execution data only when asked for.
    Engine: stored the logging configuration and wrote nothing.
    """
    machine = scope.machine(execution)
    config = machine.get("loggingConfiguration") or {}
    if not _wanted(config.get("level", "OFF"), event["type"]) or not machine.get("_is_logged", True):
        return
    message = json.dumps(_entry(execution, event, with_data=bool(config.get("includeExecutionData"))))
    for destination in config.get("destinations") or []:
        arn = destination["cloudWatchLogsLogGroup"]["logGroupArn"]
        group = arn.split(":log-group:", 1)[1].removesuffix(":*")
        if group in cloudwatch_logs._log_groups:
            _append(group, _stream(machine, execution), message)


def _wanted(level: str, kind: str) -> bool:
    if level == "ALL":
        return True
    return kind in _FATAL if level == "FATAL" else level == "ERROR" and kind.endswith(_ERROR)


def _entry(execution: scope.Execution, event: dict[str, Any], *, with_data: bool) -> dict[str, Any]:
    details: dict[str, Any] = next((value for key, value in event.items() if key.endswith("EventDetails")), {})
    return {
        "id": str(event["id"]),
        "type": event["type"],
        "details": {key: value for key, value in details.items() if with_data or key not in _EXECUTION_DATA},
        "previous_event_id": str(event["previousEventId"]),
        "event_timestamp": str(int(datetime.fromisoformat(event["timestamp"]).timestamp() * 1000)),
        "execution_arn": execution["executionArn"],
        "redrive_count": str(execution.get("_redrives", 0)),
    }


def _stream(machine: dict[str, Any], execution: scope.Execution) -> str:
    kind = "express" if machine.get("type") == "EXPRESS" else "states"
    minute = datetime.now(UTC).strftime("%Y-%m-%d-%H-%M")
    return f"{kind}/{machine['name']}/{minute}/{sha256(execution['executionArn'].encode()).hexdigest()[:8]}"


def _append(group: str, stream: str, message: str) -> None:
    where = {"logGroupName": group, "logStreamName": stream}
    if stream not in cloudwatch_logs._log_groups[group]["streams"]:
        cloudwatch_logs._create_log_stream(where)
    now = int(time.time() * 1000)
    cloudwatch_logs._put_log_events({**where, "logEvents": [{"timestamp": now, "message": message}]})
