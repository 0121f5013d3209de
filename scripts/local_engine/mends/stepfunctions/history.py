"""The execution history: every state's events, linked as AWS links them, complete inside Map and Parallel too."""

import json
import threading
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import logs, scope
from scripts.local_engine.mends.stepfunctions.scope import Execution, Scope
from scripts.local_engine.patching import wrap

_numbering = threading.Lock()
_ENDS = ("ExecutionSucceeded", "ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted", "ExecutionRedriven")


def record(execution: Execution, kind: str, /, **details: Any) -> None:
    """Add an event of type `kind` to the history and to the execution's log."""
    engine._add_event(execution, kind, {_details_key(kind): details} if details else None)


def payload(name: str, value: Any) -> dict[str, Any]:
    """Return the two members by which an event carries data: the JSON text, and that it is whole."""
    return {name: json.dumps(value), f"{name}Details": {"truncated": False}}


def evaluation_failed(execution: Execution, error: Any, state: str) -> None:
    """Tell, once and where it happened, that a JSONata expression failed; any other error is told elsewhere.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_EvaluationFailedEventDetails.html
    Engine: called it a task's failure, or nothing.
    """
    if error.error == "States.QueryEvaluationError" and not hasattr(error, "told"):
        error.told = True
        record(execution, "EvaluationFailed", error=error.error, cause=error.cause, state=state)


def _details_key(kind: str) -> str:
    for suffix in ("StateEntered", "StateExited"):
        if kind.endswith(suffix):
            kind = suffix
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def link_events(_original: Any, execution: Execution, event_type: str, details: dict[str, Any] | None = None) -> Any:
    """Give events numbers without gaps or repeats, and the id of the one before them in their own branch.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html (`id` from 1, without
    gaps; `previousEventId`). An execution that has ended gets no more events.
    Engine: no previousEventId; threads of a Map could take the same id; a task that came back late still wrote.
    """
    branch = scope.current()
    if branch is None or branch.execution is not execution:
        branch = Scope(execution, previous=len(execution["events"]))
    with _numbering:
        if execution["status"] != "RUNNING" and event_type not in _ENDS:
            return None
        event = {
            "id": len(execution["events"]) + 1,
            "previousEventId": branch.previous,
            "type": event_type,
            "timestamp": engine.now_iso(),
            **(details or {}),
        }
        execution["events"].append(event)
        branch.previous = event["id"]
        logs.deliver(execution, event)
    return event


def apply() -> None:
    """Mend the engine's one way of adding an event."""
    wrap(engine, "_add_event")(link_events)
