"""What a redrive needs: whether an execution may be redriven, and where it goes on."""

from datetime import UTC, datetime, timedelta
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.history import record
from scripts.local_engine.mends.stepfunctions.scope import Execution, Scope, redrives

PERIOD = timedelta(days=14)
EVENTS = 24_999


def begin(execution: Execution, around: Scope | None = None) -> Scope:
    """Return the scope of an execution's next attempt, which goes on where the one before ended."""
    before, execution["_progress"] = execution.get("_progress", {}), dict[str, Any]()
    return Scope(execution, around, len(execution["events"]), progress=execution["_progress"], resumed=before)


def take_up(execution: Execution) -> None:
    """Let an execution that has ended badly run again."""
    for key in ("error", "cause"):
        execution.pop(key, None)
    again = redrives(execution) + 1
    execution.update(status="RUNNING", stopDate=None, redriveDate=engine.now_iso(), _redrives=again)
    record(execution, "ExecutionRedriven", redriveCount=again)


def _not_redrivable(execution: Execution) -> str | None:
    """Return why an execution cannot be redriven, None when it can.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html#redrive-eligibility
    """
    if execution["status"] in ("RUNNING", "SUCCEEDED"):
        return f"Execution is {execution['status']} and cannot be redriven"
    if scope.machine(execution).get("type") == "EXPRESS" or "_progress" not in execution:
        return "Execution is of an EXPRESS state machine, or was not started here, and cannot be redriven"
    if datetime.now(UTC) - datetime.fromisoformat(execution["stopDate"]) > PERIOD:
        return "Execution has exceeded the redrivable period of 14 days and cannot be redriven"
    if len(execution["events"]) >= EVENTS:
        return "Execution has reached the limit of events in its history and cannot be redriven"
    return None


def status(execution: Execution) -> dict[str, Any]:
    """Return what DescribeExecution and events tell of an execution's redrives.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_DescribeExecution.html - what a Map Run
    started is redriven by it.
    """
    counted = {"redriveCount": redrives(execution)}
    if why := _not_redrivable(execution):
        return {**counted, "redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": why}
    if "mapRunArn" in execution:
        return {**counted, "redriveStatus": "REDRIVABLE_BY_MAP_RUN"}
    return {**counted, "redriveStatus": "REDRIVABLE"}
