"""Parallel and inline Map states: branches side by side, the first failure ending the others."""

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import scope
from scripts.local_engine.mends.stepfunctions.history import record
from scripts.local_engine.mends.stepfunctions.scope import Context, Execution, Scope, State, Stopped, isolated
from scripts.local_engine.mends.stepfunctions.walk import check_size, walk
from scripts.local_engine.patching import wrap

_INLINE_CONCURRENCY = 40


def side_by_side(jobs: list[Callable[[], Any]], at_once: int, around: Scope) -> list[Any]:
    """Return the results of `jobs`, each run in a scope of its own; the first that raises stops the others.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html - when a branch fails, the state
    fails and the other branches are stopped. Engine: let them all run to their end first.
    """
    group = Scope(around.execution, parent=around)
    around.progress.pop("branches", None)
    scopes = [around.branch(index, group) for index in range(len(jobs))]
    around.resumed_branches = {}  # a retry begins anew

    def run(job: Callable[[], Any], own: Scope) -> Any:
        own.go_on()
        try:
            with scope.entered(own):
                return job()
        except BaseException:
            group.stopped = True
            raise

    with ThreadPoolExecutor(max(min(at_once, len(jobs)), 1)) as pool:
        futures = [
            pool.submit(contextvars.copy_context().run, run, job, own) for job, own in zip(jobs, scopes, strict=True)
        ]
    around.previous = max((own.previous for own in scopes), default=around.previous)
    errors = [error for future in futures if (error := future.exception())]
    for error in sorted(errors, key=lambda found: isinstance(found, Stopped)):  # the cause before its consequences
        raise error
    around.progress.pop("branches", None)  # a state that fails after its branches did not runs all of them again
    return [future.result() for future in futures]


def run_parallel_branches(
    _original: Any, state_def: State, raw_input: Any, execution: Execution, ctx: Context
) -> tuple[Any, str | None]:
    """Run a Parallel state, JSONata's Arguments, Output and Assign included.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-parallel.html
    Engine: ignored those three fields, and told the history nothing.
    """
    jsonata = engine._state_query_language(state_def, ctx) == "JSONata"
    if jsonata:
        data = engine._apply_jsonata_arguments(state_def, raw_input, ctx)
    else:
        data = engine._apply_parameters(state_def, engine._apply_input_path(state_def, raw_input, ctx), ctx)
    jobs = [_branch(branch, data, execution, ctx) for branch in state_def["Branches"]]
    record(execution, "ParallelStateStarted")
    try:
        results = side_by_side(jobs, len(jobs), scope.current() or Scope(execution))
    except engine._ExecutionError:
        record(execution, "ParallelStateFailed")
        raise
    record(execution, "ParallelStateSucceeded")
    return conclude(state_def, raw_input, results, ctx)


def _branch(branch: dict[str, Any], data: Any, execution: Execution, ctx: Context) -> Callable[[], Any]:
    return lambda: walk(branch, data, execution, isolated(ctx))


def conclude(state_def: State, raw_input: Any, results: Any, ctx: Context) -> tuple[Any, str | None]:
    """Return a state's output and successor from its result, in either query language."""
    check_size(ctx["State"]["Name"], results)
    if engine._state_query_language(state_def, ctx) == "JSONata":
        output = engine._apply_jsonata_output(state_def, raw_input, ctx, result=results, default=results)
        engine._apply_state_assign(state_def, raw_input, ctx, result=results)
    else:
        selected = engine._apply_result_selector(state_def, results)
        output = engine._apply_output_path(state_def, engine._apply_result_path(state_def, raw_input, selected), ctx)
    return output, engine._next_or_end(state_def)


def run_map_items(
    _original: Any, state_def: State, raw_input: Any, execution: Execution, ctx: Context
) -> tuple[Any, str | None]:
    """Run a Map state: inline here, distributed through the engine's (mended) function.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-inline.html - at most 40 items at once.
    Engine: as many as there are items; all ran to their end when one failed; the history did not know of iterations.
    """
    processor = state_def.get("ItemProcessor") or state_def.get("Iterator") or {}
    effective = engine._apply_input_path(state_def, raw_input, ctx)
    if (processor.get("ProcessorConfig") or {}).get("Mode") == "DISTRIBUTED":
        result: tuple[Any, str | None] = engine._run_distributed_map(
            state_def, raw_input, effective, processor, execution, ctx
        )
        return result
    inputs = [selected(state_def, raw_input, ctx, *item) for item in enumerate(items(state_def, raw_input, ctx))]
    at_once = int(number(state_def, "MaxConcurrency", raw_input, ctx)) or _INLINE_CONCURRENCY
    record(execution, "MapStateStarted", length=len(inputs))
    jobs = [
        _iteration(processor, ctx["State"]["Name"], index, *chosen, execution) for index, chosen in enumerate(inputs)
    ]
    try:
        results = side_by_side(jobs, at_once, scope.current() or Scope(execution))
    except engine._ExecutionError:
        record(execution, "MapStateFailed")
        raise
    record(execution, "MapStateSucceeded")
    return conclude(state_def, raw_input, results, ctx)


def items(state_def: State, raw_input: Any, ctx: Context) -> list[Any]:
    """Return what a Map state without an ItemReader goes over."""
    if engine._state_query_language(state_def, ctx) == "JSONata":
        found: Any = raw_input
        if "Items" in state_def:
            found = engine._jsonata_state_field(state_def, "Items", "array", raw_input, ctx)
    else:
        effective = engine._apply_input_path(state_def, raw_input, ctx)
        found = engine._resolve_path_or_ctx(state_def.get("ItemsPath", "$"), effective, ctx)
    return found if isinstance(found, list) else [found]


def selected(state_def: State, raw_input: Any, ctx: Context, index: int, item: Any) -> tuple[Any, Context]:
    """Return one item's input, made by ItemSelector, and the context it sees."""
    own = {**isolated(ctx), "Map": {"Item": {"Index": index, "Value": item}}}
    template = state_def.get("ItemSelector") or state_def.get("Parameters")
    if not template:
        return item, own
    if engine._state_query_language(state_def, ctx) == "JSONata":
        return engine._apply_jsonata_template(template, raw_input, own), own
    return engine._resolve_params_obj(template, engine._apply_input_path(state_def, raw_input, ctx), own), own


def number(state_def: State, field: str, raw_input: Any, ctx: Context) -> float:
    """Return a number that a state gives as such, as a JSONata expression or by a path; 0 without one."""
    if path := state_def.get(f"{field}Path"):
        return float(engine._resolve_path_or_ctx(path, raw_input, ctx))
    if isinstance(state_def.get(field), str):
        return float(engine._jsonata_state_field(state_def, field, "number", raw_input, ctx))
    return float(state_def.get(field) or 0)


def _iteration(
    processor: dict[str, Any], name: str, index: int, data: Any, ctx: Context, execution: Execution
) -> Callable[[], Any]:
    def run() -> Any:
        record(execution, "MapIterationStarted", name=name, index=index)
        try:
            result = walk(processor, data, execution, ctx)
        except engine._ExecutionError:
            record(execution, "MapIterationFailed", name=name, index=index)
            raise
        record(execution, "MapIterationSucceeded", name=name, index=index)
        return result

    return run


def apply() -> None:
    """Mend Parallel and inline Map states."""
    wrap(engine, "_run_parallel_branches")(run_parallel_branches)
    wrap(engine, "_run_map_items")(run_map_items)
