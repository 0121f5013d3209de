"""A Map Run: the record of a distributed Map's items and of the child executions made for them."""

from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import dataset
from scripts.local_engine.mends.stepfunctions.branches import number, selected
from scripts.local_engine.mends.stepfunctions.scope import Context, Execution, State

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


def begin(state_def: State, data: Any, execution: Execution, ctx: Context) -> MapRun:
    """Return a new run over the state's items, or batches of items."""
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


def forget(run: MapRun) -> None:
    """Let go of a run that will not be redriven; the engine keeps what describes it."""
    _runs.pop(run.view["mapRunArn"], None)


def redriven(execution: Execution, name: str) -> MapRun | None:
    """Return the failed or aborted Map Run that a redriven execution takes up again."""
    runs = [r for r in _runs.values() if r.view["executionArn"] == execution["executionArn"]]
    run = next((r for r in runs if r.view["_state"] == name and r.view["status"] in ("FAILED", "ABORTED")), None)
    if run is None or not execution.get("_redrives"):
        return None
    run.view["redriveCount"] += 1
    run.view.update(status="RUNNING", redriveDate=engine.now_iso())
    for index, child in run.children.items():
        if index not in run.results:
            run.count(index, {"FAILED": "failed", "ABORTED": "aborted"}[child["status"]], "pending")
    return run
