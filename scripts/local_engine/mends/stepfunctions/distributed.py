"""Distributed Map states: a Map Run whose children are executions one can list, read, log and redrive."""

from collections.abc import Callable
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import dataset, scope
from scripts.local_engine.mends.stepfunctions.branches import conclude, number, selected, side_by_side
from scripts.local_engine.mends.stepfunctions.history import payload, record
from scripts.local_engine.mends.stepfunctions.role import Need, demand
from scripts.local_engine.mends.stepfunctions.scope import Context, Execution, Scope, State, Stopped, failure
from scripts.local_engine.mends.stepfunctions.walk import check_size, walk
from scripts.local_engine.patching import wrap

_DEFAULT_CONCURRENCY = 64  # AWS: 10,000; each child is a thread here
_COUNTS = ("pending", "running", "succeeded", "failed", "timedOut", "aborted", "total", "resultsWritten")
_REDRIVE_COUNTS = ("failuresNotRedrivable", "pendingRedrive")


@dataclass
class MapRun:
    """A Map Run: what DescribeMapRun shows, and the children it is made of."""

    view: dict[str, Any]
    inputs: list[tuple[Any, Context]]
    weights: list[int]
    children: dict[int, Execution] = field(default_factory=dict)
    results: dict[int, Any] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)

    def count(self, index: int, before: str, after: str) -> None:
        """Move a child, and the items in it, from one count to another."""
        with self.lock:
            for name, weight in (("executionCounts", 1), ("itemCounts", self.weights[index])):
                self.view[name][before] -= weight
                self.view[name][after] += weight

    @property
    def intolerable(self) -> bool:
        """Whether more items failed than the state tolerates: by default one is too many."""
        counts = self.view["itemCounts"]
        failed: int = counts["failed"]
        by_count: bool = failed > self.view["toleratedFailureCount"]
        by_share: bool = failed * 100 > self.view["toleratedFailurePercentage"] * counts["total"]
        if self.view["toleratedFailureCount"] and self.view["toleratedFailurePercentage"]:
            return by_count or by_share
        return by_share if self.view["toleratedFailurePercentage"] else by_count


_runs: dict[str, MapRun] = {}


def run_distributed_map(
    _original: Any,
    state_def: State,
    raw_input: Any,
    effective: Any,
    iterator: State,
    execution: Execution,
    ctx: Context,
) -> tuple[Any, str | None]:
    """Run each item, or batch of items, as a child execution with the role's consent.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/state-map-distributed.html and
    https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    Engine: JSONata's fields, ItemBatcher and ResultWriter were ignored, tolerance was judged when all items had run,
    children had no history, and the role was not asked.
    """
    name, data = ctx["State"]["Name"], effective
    run = _redriven(execution, name) or _begin(state_def, data, execution, ctx)
    arn = run.view["mapRunArn"]
    started = {"redriveCount": run.view["redriveCount"]} if run.view["redriveCount"] else {}
    record(execution, "MapRunRedriven" if started else "MapRunStarted", mapRunArn=arn, **started)
    try:
        _run_children(run, iterator, execution)
    except Stopped:
        run.view.update(status="ABORTED", stopDate=engine.now_iso())
        raise
    except engine._ExecutionError as error:
        run.view.update(status="FAILED", stopDate=engine.now_iso())
        record(execution, "MapRunFailed", error=error.error, cause=error.cause)
        raise
    written = dataset.write(state_def, run.view, list(run.children.values()), raw_input, ctx)
    run.view.update(status="SUCCEEDED", stopDate=engine.now_iso())
    record(execution, "MapRunSucceeded")
    return conclude(state_def, raw_input, written or [run.results.get(i) for i in range(len(run.inputs))], ctx)


def _begin(state_def: State, data: Any, execution: Execution, ctx: Context) -> MapRun:
    found = dataset.read(state_def, data, ctx)
    if state_def.get("ItemBatcher"):
        selections = [selected(state_def, data, ctx, *item)[0] for item in enumerate(found)]
        grouped = dataset.batches(state_def, selections, data, ctx)
        inputs, weights = [(batch, ctx) for batch in grouped], [len(batch["Items"]) for batch in grouped]
    else:
        inputs, weights = [selected(state_def, data, ctx, *item) for item in enumerate(found)], [1] * len(found)
    run = MapRun(_view(state_def, data, execution, ctx, sum(weights), len(inputs)), inputs, weights)
    engine._map_runs[run.view["mapRunArn"]] = run.view
    _runs[run.view["mapRunArn"]] = run
    record(execution, "MapStateStarted", length=len(found))
    return run


def _view(state: State, data: Any, execution: Execution, ctx: Context, items: int, children: int) -> dict[str, Any]:
    label = state.get("Label") or engine.new_uuid()
    child_machine = f"{execution['stateMachineArn']}/{label}"
    none = dict.fromkeys((*_COUNTS, *_REDRIVE_COUNTS), 0)
    return {
        "mapRunArn": f"{child_machine.replace(':stateMachine:', ':mapRun:')}:{engine.new_uuid()}",
        "executionArn": execution["executionArn"],
        "status": "RUNNING",
        "startDate": engine.now_iso(),
        "maxConcurrency": int(number(state, "MaxConcurrency", data, ctx)),
        "toleratedFailurePercentage": number(state, "ToleratedFailurePercentage", data, ctx),
        "toleratedFailureCount": int(number(state, "ToleratedFailureCount", data, ctx)),
        "itemCounts": {**none, "total": items, "pending": items},
        "executionCounts": {**none, "total": children, "pending": children},
        "redriveCount": 0,
        "_stateMachineArn": child_machine,
        "_state": ctx["State"]["Name"],
    }


def _redriven(execution: Execution, name: str) -> MapRun | None:
    """Return the failed Map Run that a redriven execution takes up again."""
    runs = [r for r in _runs.values() if r.view["executionArn"] == execution["executionArn"]]
    run = next((r for r in runs if r.view["_state"] == name and r.view["status"] == "FAILED"), None)
    if run is None or not execution.get("_redrives"):
        return None
    run.view["redriveCount"] += 1
    run.view.update(status="RUNNING", redriveDate=engine.now_iso())
    for index, child in run.children.items():
        if index not in run.results:
            run.count(index, {"FAILED": "failed", "ABORTED": "aborted"}[child["status"]], "pending")
    return run


def _run_children(run: MapRun, processor: State, execution: Execution) -> None:
    demand(Need("states:StartExecution", execution["stateMachineArn"], "States.Permissions"))
    jobs = [
        _child_job(run, index, *chosen, processor, execution)
        for index, chosen in enumerate(run.inputs)
        if index not in run.results
    ]
    around = scope.current() or Scope(execution)
    previous = around.previous
    side_by_side(jobs, run.view["maxConcurrency"] or _DEFAULT_CONCURRENCY, around)
    around.previous = previous  # the children's events are not the parent's


def _child_job(
    run: MapRun, index: int, data: Any, ctx: Context, processor: State, parent: Execution
) -> Callable[[], None]:
    def job() -> None:
        child = run.children[index] = _child(run, data, parent)
        run.count(index, "pending", "running")
        with scope.entered(Scope(child, parent=scope.current())):
            outcome = _live(child, processor, data, ctx, lambda result: run.results.__setitem__(index, result))
        run.count(index, "running", outcome)
        demand(Need("states:DescribeExecution", child["executionArn"], "States.Permissions"))
        if outcome == "aborted":
            raise Stopped
        if run.intolerable:
            raise failure(
                "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
            )

    return job


def _child(run: MapRun, data: Any, parent: Execution) -> Execution:
    machine_arn, name = run.view["_stateMachineArn"], engine.new_uuid()
    child: Execution = {
        "executionArn": f"{machine_arn.replace(':stateMachine:', ':execution:')}:{name}",
        "stateMachineArn": machine_arn,
        "mapRunArn": run.view["mapRunArn"],
        "name": name,
        "status": "RUNNING",
        "startDate": engine.now_iso(),
        "stopDate": None,
        "input": payload("input", data)["input"],
        "output": None,
        "events": [],
        "_machine": scope.machine(parent),
    }
    engine._executions[child["executionArn"]] = child
    return child


def _live(child: Execution, processor: State, data: Any, ctx: Context, keep: Callable[[Any], None]) -> str:
    """Run a child to its end; return the name under which it counts."""
    role = scope.machine(child)["roleArn"]
    record(child, "ExecutionStarted", **payload("input", data), roleArn=role)
    about = {"Id": child["executionArn"], "Input": data, "Name": child["name"], "StartTime": child["startDate"]}
    # AWS: a distributed Map's children do not see the variables around them
    # (https://docs.aws.amazon.com/step-functions/latest/dg/workflow-variables.html).
    own = {**ctx, "Execution": about, "variables": {}}
    try:
        result = walk(processor, data, child, own)
        check_size(own["State"]["Name"], result)
    except engine._ExecutionError as error:
        child.update(status="FAILED", error=error.error, cause=error.cause, stopDate=engine.now_iso())
        record(child, "ExecutionFailed", error=error.error, cause=error.cause)
        return "failed"
    except Stopped:
        child.update(status="ABORTED", stopDate=engine.now_iso())
        record(child, "ExecutionAborted")
        return "aborted"
    keep(result)
    child.update(status="SUCCEEDED", output=payload("output", result)["output"], stopDate=engine.now_iso())
    record(child, "ExecutionSucceeded", **payload("output", result))
    return "succeeded"


def apply() -> None:
    """Mend distributed Map states."""
    wrap(engine, "_run_distributed_map")(run_distributed_map)
