"""Limits on a task's time: its work, or its wait for a token, ends when they are reached."""

import contextvars
import json
import threading
import time
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.scope import failure

_POLL_SECONDS = 0.05


def bounded(call: Callable[[], Any], timeout: float | None) -> Any:
    """Return what `call` does in a thread of its own, or raise States.Timeout, or Stopped when all is over."""
    outcome: dict[str, Any] = {}
    done = threading.Event()

    def run() -> None:
        try:
            outcome["result"] = call()
        except BaseException as error:  # noqa: BLE001 - it is raised again where the result is wanted
            outcome["error"] = error
        done.set()

    threading.Thread(target=contextvars.copy_context().run, args=(run,), daemon=True).start()
    _await(done, timeout)
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


def _await(done: threading.Event, timeout: float | None) -> None:
    branch, deadline = scope.current(), None if timeout is None else time.monotonic() + timeout
    while True:
        left = _POLL_SECONDS if deadline is None else deadline - time.monotonic()
        if left <= 0:
            raise failure("States.Timeout", f"The task did not finish within its {timeout:g} seconds")
        if done.wait(min(left, _POLL_SECONDS)):
            return
        if branch:
            branch.go_on()


def token_result(waiting: dict[str, Any], timeout: float | None, heartbeat: float | None) -> Any:
    """Wait for SendTaskSuccess or SendTaskFailure, no longer than between two heartbeats.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#wait-token-hearbeat
    Engine: HeartbeatSeconds was ignored.
    """
    deadline = None if timeout is None else time.monotonic() + timeout
    beat = None
    while True:
        left = None if deadline is None else max(deadline - time.monotonic(), 0)
        patience = min((limit for limit in (left, heartbeat) if limit is not None), default=None)
        try:
            _await(waiting["event"], patience)
        except engine._ExecutionError:
            if left is not None and patience == left:
                raise
            if waiting["heartbeat"] == beat:
                raise failure("States.HeartbeatTimeout", f"No heartbeat came within {heartbeat:g} seconds") from None
            beat = waiting["heartbeat"]
            continue
        return _answer(waiting)


def _answer(waiting: dict[str, Any]) -> Any:
    if error := waiting["error"]:
        raise failure(error.get("Error", "States.TaskFailed"), error.get("Cause", ""))
    return json.loads(waiting["result"])
