"""Retry and Catch of Task, Parallel and Map states, with AWS's delays and its errors that nothing catches."""

import random
import time
from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.history import evaluation_failed
from scripts.local_engine.mends.stepfunctions.scope import Context, State
from scripts.local_engine.patching import wrap

_POLL_SECONDS = 0.05
_NOT_IN_ALL = ("States.DataLimitExceeded", "States.Runtime")


def with_retry_and_catch(
    _original: Any, state_def: State, raw_input: Any, ctx: Context, attempt: Callable[[], Any]
) -> Any:
    """Attempt the state until it succeeds, a retrier gives up and a catcher takes the error, or none does.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html
    Engine: capped every delay at 60 s, ignored MaxDelaySeconds and JitterStrategy.
    """
    state, counts = ctx["State"], dict[int, int]()
    while True:
        ctx["State"] = {**state, "RetryCount": sum(counts.values())}
        try:
            return attempt()
        except engine._ExecutionError as error:
            if branch := scope.current():
                evaluation_failed(branch.execution, error, state["Name"])
            retrier, index = engine._find_matching_retrier(state_def.get("Retry", []), error.error, counts)
            if retrier is None:
                return _catch(state_def, raw_input, ctx, error)
            engine._scaled_sleep(delay(retrier, counts.get(index, 0)))
            counts[index] = counts.get(index, 0) + 1


def delay(retrier: dict[str, Any], retries_so_far: int) -> float:
    """Return the seconds to wait before the next attempt.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-retrying-after-an-error
    IntervalSeconds x BackoffRate^n, at most MaxDelaySeconds; with JitterStrategy FULL anything from 0 to that.
    """
    seconds: float = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** retries_so_far
    seconds = min(seconds, retrier.get("MaxDelaySeconds", seconds))
    return random.uniform(0, seconds) if retrier.get("JitterStrategy") == "FULL" else seconds  # noqa: S311 - spread


def _catch(state_def: State, raw_input: Any, ctx: Context, error: Any) -> Any:
    catcher = engine._find_matching_catcher(state_def.get("Catch", []), error.error)
    if catcher is None:
        raise error
    output = {"Error": error.error, "Cause": error.cause}
    language = engine._state_query_language(state_def, ctx)
    return engine._apply_catcher(catcher, raw_input, ctx, language, output), catcher["Next"]


def error_matches(original: Any, error_equals: list[str], error: str) -> Any:
    """Keep States.ALL and States.TaskFailed from the errors that are not theirs.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html#error-handling-error-representation
    States.ALL does not catch States.DataLimitExceeded nor States.Runtime. Engine: it did.
    """
    return error in error_equals if error in _NOT_IN_ALL else original(error_equals, error)


def sleep(_original: Any, seconds: float) -> None:
    """Wait for `seconds` (scaled as the engine is told to), or until the execution or branch has ended.

    AWS: an execution that is stopped or times out ends at once. Engine: slept on and then went on.
    """
    branch, until = scope.current(), time.monotonic() + seconds * engine._SFN_WAIT_SCALE
    while (left := until - time.monotonic()) > 0:
        if branch:
            branch.go_on()
        time.sleep(min(left, _POLL_SECONDS))


def apply() -> None:
    """Mend retrying, catching and waiting."""
    wrap(engine, "_with_retry_and_catch")(with_retry_and_catch)
    wrap(engine, "_error_matches")(error_matches)
    wrap(engine, "_scaled_sleep")(sleep)
