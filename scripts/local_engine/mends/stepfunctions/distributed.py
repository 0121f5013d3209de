"""Distributed Map states: a Map Run whose children are executions one can list, read, log and redrive."""

from collections.abc import Callable
from typing import Any

from ministack.services import stepfunctions as engine

from scripts.local_engine.mends.stepfunctions import dataset, scope
from scripts.local_engine.mends.stepfunctions.branches import conclude, side_by_side
from scripts.local_engine.mends.stepfunctions.history import payload, record
from scripts.local_engine.mends.stepfunctions.map_run import MapRun, begin, forget, redriven
from scripts.local_engine.mends.stepfunctions.redrive import begin as begin_attempt
from scripts.local_engine.mends.stepfunctions.redrive import take_up
from scripts.local_engine.mends.stepfunctions.role import Need, demand
from scripts.local_engine.mends.stepfunctions.scope import Context, Execution, Scope, State, Stopped, failure
from scripts.local_engine.mends.stepfunctions.walk import check_size, walk
from scripts.local_engine.patching import wrap

_DEFAULT_CONCURRENCY = 64  # AWS: 10,000; each child is a thread here


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
    try:
        run = redriven(execution, name) or begin(state_def, data, execution, ctx)
    except engine._ExecutionError:
        record(execution, "MapStateFailed")
        raise
    record(execution, "MapStateStarted", length=run.view["itemCounts"]["total"])
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
    forget(run)
    return conclude(state_def, raw_input, written or [run.results.get(i) for i in range(len(run.inputs))], ctx)


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
        child = run.children.get(index)
        if child:
            demand(Need("states:RedriveExecution", child["executionArn"], "States.Permissions"))
            take_up(child)
        else:
            child = run.children[index] = _child(run, data, parent)
        run.count(index, "pending", "running")
        with scope.entered(begin_attempt(child, around=scope.current())):
            outcome = _live(child, processor, data, ctx, lambda result: run.results.__setitem__(index, result))
        run.count(index, "running", outcome)
        action = "states:StopExecution" if outcome == "aborted" else "states:DescribeExecution"
        demand(Need(action, _authorized_as(child["executionArn"]), "States.Permissions"))
        if outcome == "aborted":
            raise Stopped
        if run.intolerable:
            raise failure(
                "States.ExceedToleratedFailureThreshold", "The specified tolerated failure threshold was exceeded"
            )

    return job


def _authorized_as(child_arn: str) -> str:
    """Return a child execution's ARN as the role's policy names it: as one of the machine's, without the map's label.

    AWS: https://docs.aws.amazon.com/step-functions/latest/dg/iam-policies-eg-dist-map.html
    """
    *head, machine, child = child_arn.split(":")
    return ":".join((*head, machine.split("/")[0], child))


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
        "encryptionConfiguration": parent.get("encryptionConfiguration"),
        "events": [],
        "_machine": scope.machine(parent),
    }
    engine._executions[child["executionArn"]] = child
    return child


def _live(child: Execution, processor: State, data: Any, ctx: Context, keep: Callable[[Any], None]) -> str:
    """Run a child to its end; return the name under which it counts."""
    if not child["events"]:
        record(child, "ExecutionStarted", **payload("input", data), roleArn=scope.machine(child)["roleArn"])
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
