"""Callbacks: a task token is answered once, while its task waits, and every other answer is told why it is none."""

import json
import math
import threading
import time
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine import task_token
from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.limits import wait
from scripts.local_engine.patching import wrap

type Response = tuple[int, dict[str, str], bytes]
type Waiting = dict[str, Any]

_ANSWER_SECONDS = 5.0


def expect(token: str) -> Waiting:
    """Open a token for its answer; return what waits for it."""
    waiting = {"event": threading.Event(), "result": None, "error": None, "heartbeat": time.monotonic()}
    engine._task_tokens[token] = waiting
    return waiting


def answer(token: str, waiting: Waiting, timeout: float | None, heartbeat: float | None) -> Any:
    """Wait for the token's answer, no longer than `timeout` seconds and `heartbeat` seconds after the last heartbeat.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/connect-to-resource.html#wait-token-hearbeat
    Engine: HeartbeatSeconds was ignored.
    """
    deadline = time.monotonic() + (math.inf if timeout is None else timeout)
    patience = math.inf if heartbeat is None else heartbeat
    while (now := time.monotonic()) < (end := min(deadline, waiting["heartbeat"] + patience)):
        if wait(waiting["event"], end - now):
            return _answered(waiting)
    if engine._task_tokens.pop(token, None) is None:  # it is being answered at this very moment: that counts
        waiting["event"].wait(_ANSWER_SECONDS)
        return _answered(waiting)
    if end == deadline:
        raise scope.failure("States.Timeout", f"The task did not finish within its {timeout:g} seconds")
    raise scope.failure("States.HeartbeatTimeout", f"No heartbeat came within {heartbeat:g} seconds")


def _answered(waiting: Waiting) -> Any:
    if error := waiting["error"]:
        raise scope.failure(error.get("Error", "States.TaskFailed"), error.get("Cause", ""))
    return json.loads(waiting["result"])


def success(_original: Any, data: dict[str, Any]) -> Response:
    """Complete a task.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_SendTaskSuccess.html
    Engine: took two answers, and called a token that is over one that never was (TaskDoesNotExist is for activities).
    """
    try:
        json.loads(output := data.get("output", ""))
    except ValueError:
        sentence = "Invalid Output: 'Output is not valid JSON'"
        return _refused("InvalidOutput", sentence)
    return _close(data, {"result": output})


def failure(_original: Any, data: dict[str, Any]) -> Response:
    """Fail a task; the errors are those of `success`."""
    error = {"Error": data.get("error") or "States.TaskFailed", "Cause": data.get("cause", "")}
    return _close(data, {"error": error})


def keep_alive(_original: Any, data: dict[str, Any]) -> Response:
    """Keep a task alive; the errors are those of `success`."""
    waiting = engine._task_tokens.get(data.get("taskToken"))
    if waiting is None:
        return _refusal(data)
    waiting["heartbeat"] = time.monotonic()
    return _done()


def _close(data: dict[str, Any], outcome: dict[str, Any]) -> Response:
    waiting = engine._task_tokens.pop(data.get("taskToken"), None)
    if waiting is None:
        return _refusal(data)
    waiting |= outcome
    waiting["event"].set()
    return _done()


def _refusal(data: dict[str, Any]) -> Response:
    if task_token.machine_of(data.get("taskToken", "")):
        return _refused("TaskTimedOut", "Task Timed Out: 'Provided task does not exist anymore'")
    return _refused("InvalidToken", "Invalid Token: 'Invalid token'")


def _refused(code: str, sentence: str) -> Response:
    answer: Response = engine.error_response_json(code, sentence, 400)
    return answer


def _done() -> Response:
    answer: Response = engine.json_response({})
    return answer


def apply() -> None:
    """Mend the three ways of answering."""
    wrap(engine, "_send_task_success")(success)
    wrap(engine, "_send_task_failure")(failure)
    wrap(engine, "_send_task_heartbeat")(keep_alive)
