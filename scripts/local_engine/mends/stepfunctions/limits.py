"""Limits on a task's time: its work ends when they are reached, or when the execution does."""

import contextvars
import threading
import time
from collections.abc import Callable
from typing import Any

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
    if not wait(done, timeout):
        raise failure("States.Timeout", f"The task did not finish within its {timeout:g} seconds")
    if "error" in outcome:
        raise outcome["error"]
    return outcome["result"]


def wait(event: threading.Event, seconds: float | None) -> bool:
    """Tell whether the event happened within `seconds` (None: ever). Raises Stopped when all is over."""
    branch, deadline = scope.current(), None if seconds is None else time.monotonic() + seconds
    while True:
        left = _POLL_SECONDS if deadline is None else deadline - time.monotonic()
        if event.wait(max(0, min(left, _POLL_SECONDS))):
            return True
        if branch:
            branch.go_on()
        if left <= 0:
            return False
