"""The life of an execution: its walk, its time limit, its one end, and a second life by redriving it."""

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.history import payload, record
from scripts.local_engine.mends.stepfunctions.redrive import begin, status, take_up
from scripts.local_engine.mends.stepfunctions.scope import Execution, Stopped, redrives
from scripts.local_engine.mends.stepfunctions.walk import walk
from scripts.local_engine.patching import wrap

TOKENS, TOKEN_SECONDS = 10, 15 * 60

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
    own = begin(execution)

    def finish(status: str, **outcome: Any) -> None:
        if not own.over:  # else another attempt may be at work
            end(execution, status, **outcome)

    timer = _alarm_clock(definition.get("TimeoutSeconds"), finish)
    try:
        with scope.entered(own):
            output = walk(definition, data, execution, ctx)
        finish("SUCCEEDED", output=payload("output", output)["output"])
    except Stopped:
        pass  # whoever stopped it has said how it ended
    except engine._ExecutionError as error:
        finish("FAILED", error=error.error, cause=error.cause)
    except Exception as error:  # noqa: BLE001 - AWS: an execution always ends, whatever went wrong
        finish("FAILED", error="States.Runtime", cause=str(error))
    finally:
        timer.cancel()


def _context(execution: Execution, machine: dict[str, Any], definition: dict[str, Any], data: Any) -> scope.Context:
    about = {"Id": execution["executionArn"], "Input": data, "Name": execution["name"]}
    about |= {"RoleArn": machine["roleArn"], "StartTime": execution["startDate"]}
    about["RedriveCount"] = redrives(execution)
    return {
        "QueryLanguage": definition.get("QueryLanguage", "JSONPath"),
        "Execution": about,
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": {},
    }


def _alarm_clock(seconds: float | None, finish: Callable[..., None]) -> threading.Timer:
    """Return a running timer that times the execution out; one that never rings without a limit."""

    def ring() -> None:
        finish("TIMED_OUT", error="States.Timeout", cause=f"The execution ran longer than {seconds} seconds")

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
    """Go on with a failed execution at the state that failed, inside Map and Parallel with the branches that did.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_RedriveExecution.html - a client token
    answers as it did the first time, the last ten of them for 15 minutes.
    Engine: did not know the action.
    """
    execution = engine._executions.get(data.get("executionArn"))
    if execution is None:
        missing = f"Execution Does Not Exist: '{data.get('executionArn')}'"
        return engine.error_response_json("ExecutionDoesNotExist", missing)
    with _ending:
        if date := _known_token(execution, data.get("clientToken")):
            return engine.json_response({"redriveDate": date})
        told = status(execution)
        if told["redriveStatus"] != "REDRIVABLE":
            why = told.get("redriveStatusReason", "Execution can be redriven by its Map Run only")
            return engine.error_response_json("ExecutionNotRedrivable", why)
        take_up(execution)
        _remember_token(execution, data.get("clientToken"))
    engine._emit_execution_status_event(execution)
    in_background(execution["executionArn"])
    return engine.json_response({"redriveDate": execution["redriveDate"]})


def _known_token(execution: Execution, token: str | None) -> str | None:
    used = next((each for each in execution.get("_tokens", []) if each["token"] == token), None)
    return used["date"] if used and time.time() - used["since"] < TOKEN_SECONDS else None


def _remember_token(execution: Execution, token: str | None) -> None:
    if token:
        used = {"token": token, "date": execution["redriveDate"], "since": time.time()}
        execution["_tokens"] = [*execution.get("_tokens", []), used][-TOKENS:]


def apply() -> None:
    """Mend running and stopping; `machines` serves redriving."""
    wrap(engine, "_run_execution")(run_execution)
    wrap(engine, "_stop_execution")(stop_execution)
