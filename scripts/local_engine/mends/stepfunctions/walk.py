"""The walk over a machine's states: one loop for the execution itself and for every branch inside it."""

import copy
import json
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.history import evaluation_failed, payload, record
from scripts.local_engine.mends.stepfunctions.scope import Context, Execution, Scope, State, failure, isolated
from scripts.local_engine.patching import wrap

PAYLOAD_BYTES = 256 * 1024


def walk(machine: dict[str, Any], data: Any, execution: Execution, ctx: Context) -> Any:
    """Run the states of `machine` (`StartAt`, `States`) from `data` on and return the last one's output.

    AWS: https://docs.aws.amazon.com/step-functions/latest/apireference/API_HistoryEvent.html - each state, wherever
    it is, is entered and exited in the history.
    Engine: states inside Map and Parallel left no trace of their own; a walk went on after the execution had ended.
    """
    branch = scope.current() or Scope(execution)
    name, data = _beginning(machine, data, branch, ctx)
    while name:
        branch.go_on()
        state = machine.get("States", {}).get(name)
        if state is None:
            raise failure("States.Runtime", f"State '{name}' not found in definition")
        branch.progress["at"] = {"state": name, "input": data, "variables": dict(ctx["variables"])}
        branch.progress.pop("branches", None)
        data, name = _visit(name, state, data, execution, ctx)
        branch.resumed_branches = {}
        branch.go_on()
    branch.progress["output"] = data
    return data


def _beginning(machine: dict[str, Any], data: Any, branch: Scope, ctx: Context) -> tuple[str | None, Any]:
    """Return the first state and its input: the machine's own, or what a redriven walk goes on with.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/redrive-executions.html - of a Parallel or inline Map
    state, only the branches or iterations that failed or were stopped run again, each from the state that it was in.
    Engine: knew no redrive.
    """
    if "output" in branch.resumed:
        return None, branch.resumed["output"]
    if at := branch.resumed.get("at"):
        branch.resumed_branches = branch.resumed.get("branches", {})
        ctx["variables"] = dict(at["variables"])
        return at["state"], at["input"]
    return machine.get("StartAt"), data


def _visit(name: str, state: State, data: Any, execution: Execution, ctx: Context) -> tuple[Any, str | None]:
    kind = state["Type"]
    ctx["State"] = {"Name": name, "EnteredTime": engine.now_iso(), "RetryCount": 0}
    record(execution, f"{kind}StateEntered", name=name, **payload("input", data))
    try:
        output, following = _step(kind, state, data, execution, ctx)
        check_size(name, output)
    except engine._ExecutionError as error:
        evaluation_failed(execution, error, name)
        raise
    except (LookupError, TypeError, ValueError, AttributeError) as error:  # AWS: whatever goes wrong has a name
        raise failure("States.Runtime", f"An error occurred while executing the state '{name}': {error!r}") from error
    record(execution, f"{kind}StateExited", name=name, **payload("output", output))
    return output, following


def _step(kind: str, state: State, data: Any, execution: Execution, ctx: Context) -> tuple[Any, str | None]:
    if kind == "Fail":
        raise failure(*engine._fail_state_error(state, data, ctx))
    if kind == "Succeed":
        return _succeed(state, data, ctx), None
    handler = getattr(engine, f"_execute_{kind.lower()}", None)
    if handler is None:
        raise failure("States.Runtime", f"Unknown state type: {kind}")
    within = (execution,) if kind in ("Task", "Parallel", "Map") else ()
    output, following = handler(state, data, *within, ctx)
    return output, following


def _succeed(state: State, data: Any, ctx: Context) -> Any:
    """AWS: a JSONata Succeed state may have `Output`. Engine: looked at InputPath and OutputPath only."""
    if engine._state_query_language(state, ctx) == "JSONata":
        return engine._apply_jsonata_output(state, data, ctx, default=data)
    return engine._apply_output_path(state, engine._apply_input_path(state, data, ctx), ctx)


def check_size(name: str, output: Any) -> None:
    """Fail a state whose result or output is larger than a state may pass on.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html - 256 KiB as a UTF-8 string, else
    States.DataLimitExceeded. Engine: no limit.
    """
    if len(json.dumps(output, ensure_ascii=False).encode()) > PAYLOAD_BYTES:
        raise failure(
            "States.DataLimitExceeded",
            f"The state/task '{name}' returned a result with a size exceeding the maximum number of bytes "
            "service limit.",
        )


def run_sub_machine(
    _original: Any, states: dict[str, State], start_at: str, input_data: Any, execution: Execution, ctx: Context
) -> Any:
    """Run a branch with a context of its own: variables assigned in it are not seen outside.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html#variable-scope
    Engine: branches wrote their variables and their current state into the one context they shared.
    """
    data = copy.deepcopy(input_data)
    return walk({"StartAt": start_at, "States": states}, data, execution, isolated(ctx))


def apply() -> None:
    """Mend the engine's loop over a branch's states; `start` uses the same one for the execution."""
    wrap(engine, "_run_sub_machine")(run_sub_machine)
