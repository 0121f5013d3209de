"""The life of an execution: its walk, its time limit, its one end, and a second life by redriving it."""

import contextvars
import json
import threading
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.history import payload, record
from scripts.local_engine.mends.stepfunctions.scope import Execution, Scope, Stopped
from scripts.local_engine.mends.stepfunctions.walk import walk
from scripts.local_engine.patching import wrap

_ending = threading.Lock()


def in_background(arn: str) -> None:
    """Let an execution run in a thread of its own, in the current account and region."""
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(engine._run_execution, arn), daemon=True).start()


def run_execution(_original: Any, exec_arn: str) -> None:
    """Walk through the machine, from its start or from where a redriven execution failed, and end the execution.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html - TimeoutSeconds of the
    machine ends it with States.Timeout. Engine: ignored it, and ran whatever definition was current by then.
    """
    execution = engine._executions[exec_arn]
    machine = scope.machine(execution)
    definition, data = json.loads(machine["definition"]), json.loads(execution["input"])
    ctx = _context(execution, machine, definition, data)
    if at := execution.pop("_resume", None):
        definition, data, ctx["variables"] = {**definition, "StartAt": at["state"]}, at["input"], at["variables"]
    timer = _alarm_clock(execution, definition.get("TimeoutSeconds"))
    try:
        with scope.entered(Scope(execution, previous=len(execution["events"]))):
            output = walk(definition, data, execution, ctx)
        end(execution, "SUCCEEDED", output=payload("output", output)["output"])
    except Stopped:
        pass  # whoever stopped it has said how it ended
    except engine._ExecutionError as error:
        end(execution, "FAILED", error=error.error, cause=error.cause)
    except Exception as error:  # noqa: BLE001 - AWS: an execution always ends, whatever went wrong
        end(execution, "FAILED", error="States.Runtime", cause=str(error))
    finally:
        timer.cancel()


def _context(execution: Execution, machine: dict[str, Any], definition: dict[str, Any], data: Any) -> scope.Context:
    about = {"Id": execution["executionArn"], "Input": data, "Name": execution["name"]}
    about |= {"RoleArn": machine["roleArn"], "StartTime": execution["startDate"]}
    about["RedriveCount"] = execution.get("_redrives", 0)
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": about,
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }


def _alarm_clock(execution: Execution, seconds: float | None) -> threading.Timer:
    """Return a running timer that times the execution out; one that never rings without a limit."""

    def ring() -> None:
        end(execution, "TIMED_OUT", error="States.Timeout", cause=f"The execution ran longer than {seconds} seconds")

    timer = threading.Timer(seconds or 0, contextvars.copy_context().run, args=(ring,))
    timer.daemon = True
    if seconds:
        timer.start()
    return timer


_END_EVENTS = {
    "SUCCEEDED": "ExecutionSucceeded",
    "FAILED": "ExecutionFailed",
    "TIMED_OUT": "ExecutionTimedOut",
    "ABORTED": "ExecutionAborted",
}


def end(execution: Execution, status: str, **outcome: Any) -> None:
    """End an execution, unless it has ended already."""
    with _ending:
        if execution["status"] != "RUNNING":
            return
        execution.update(status=status, stopDate=engine.now_iso(), **outcome)
    details = {key: value for key, value in outcome.items() if value is not None}
    record(execution, _END_EVENTS[status], **details)
    engine._emit_execution_status_event(execution)


def stop_execution(_original: Any, data: dict[str, Any]) -> Any:
    """Abort an execution at once.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_StopExecution.html
    Engine: let the current state end first, and could abort an execution that was just ending.
    """
    execution = engine._executions.get(data.get("executionArn"))
    if execution is None:
        missing = f"Execution Does Not Exist: '{data.get('executionArn')}'"
        return engine.error_response_json("ExecutionDoesNotExist", missing)
    end(execution, "ABORTED", error=data.get("error"), cause=data.get("cause"))
    return engine.json_response({"stopDate": execution["stopDate"]})


def redrive_execution(data: dict[str, Any]) -> Any:
    """Go on with a failed execution at the state that failed, in a Map Run with the items that failed.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html
    Engine: did not know the action.
    """
    execution = engine._executions.get(data.get("executionArn"))
    if execution is None:
        missing = f"Execution Does Not Exist: '{data.get('executionArn')}'"
        return engine.error_response_json("ExecutionDoesNotExist", missing)
    if execution["status"] in ("RUNNING", "SUCCEEDED") or "_at" not in execution:
        why = f"Execution is {execution['status']} and cannot be redriven"
        return engine.error_response_json("ExecutionNotRedrivable", why)
    date = engine.now_iso()
    redrives = execution.get("_redrives", 0) + 1
    for key in ("error", "cause"):
        execution.pop(key, None)
    execution.update(status="RUNNING", stopDate=None, redriveDate=date, _redrives=redrives, _resume=execution["_at"])
    record(execution, "ExecutionRedriven", redriveCount=redrives)
    engine._emit_execution_status_event(execution)
    in_background(execution["executionArn"])
    return engine.json_response({"redriveDate": date})


def apply() -> None:
    """Mend running and stopping; `machines` serves redriving."""
    wrap(engine, "_run_execution")(run_execution)
    wrap(engine, "_stop_execution")(stop_execution)
