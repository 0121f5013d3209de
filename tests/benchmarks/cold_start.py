"""Cold start of every handler: process start to first answer, above an empty interpreter, beside two comparisons."""

import json
import os
import sysconfig
import time
from typing import Any

from tests.benchmarks.workbench import ROOT, EtlBench, QueueBench, Workbench, machine, table, workbench

ROUNDS = int(os.environ.get("ROUNDS", "12"))
FILE = "id,name,paid,born\n" + "".join(f"{n},Ada,1.5,10.12.1815\n" for n in range(20))
# Where the tools of the comparisons live; it comes after the layer, so that the layer's own packages win.
TOOLS = (str(ROOT), sysconfig.get_path("purelib"))
LAMBDA = {"LAMBDA_TASK_ROOT": "/var/task", "_X_AMZN_TRACE_ID": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"}


def measure(bench: Workbench, events: dict[str, dict[str, Any]]) -> list[list[str]]:
    """Measure a workflow's handlers and their comparisons in turns; return their rows of the table."""
    rows = []
    for function, event in events.items():
        program = f"{bench.package}.handlers.{function}.handler"
        recorded = bench.call("tests.benchmarks.calls.record", {"program": program, "event": event}, tools=TOOLS)
        calls = recorded["answers"][0]
        again = {"calls": calls}
        times = _in_turns(
            bench,
            {
                "empty": ("operator.is_", None),
                "handler": (program, event),
                "boto3": ("tests.benchmarks.calls.replay", again),
                "full": ("tests.benchmarks.full_powertools.handler", again),
            },
        )
        handler, boto3, full = (1000 * (times[name] - times["empty"]) for name in ("handler", "boto3", "full"))
        clients = ", ".join(sorted({call["service"] for call in calls}))
        rows.append([function, clients, *(f"{ms:.0f}" for ms in (handler, boto3, full)), f"{handler / boto3:.2f}"])
    return rows


def _section(rows: list[list[str]]) -> str:
    return (
        "Milliseconds from process start to first answer, above an empty interpreter; the least disturbed"
        f" of {ROUNDS} rounds in turns. *boto3*: only the bare clients the handler needs, making the same calls,"
        " whose parameters it validates, as is boto3's default; the handlers' clients do not."
        " *full*: those, with Powertools' Logger, Tracer, Metrics, batch and idempotency set up as documented.\n\n"
        + table(["handler", "clients", "handler", "boto3", "full", "handler / boto3"], rows)
    )


def _etl_events(bench: EtlBench) -> dict[str, dict[str, Any]]:
    """Run the workflow once; return the event of every function. All of them may be handled again."""
    pipeline = bench.pipeline
    uploaded = pipeline.upload("incoming/people/people.csv", FILE)
    execution = pipeline.execution(uploaded)
    events: dict[str, dict[str, Any]] = {"parse_metadata": {"execution": execution}}
    run = bench.handle("parse_metadata", events["parse_metadata"])["answers"][0]
    chunk = json.loads(pipeline.read(run["plan_key"]))[0]
    events["transform_chunk"] = {"run": run, "chunk": chunk}
    counts = bench.handle("transform_chunk", events["transform_chunk"])["answers"][0]
    events["load_chunk"] = {"run": run, "counts": counts}
    bench.handle("load_chunk", events["load_chunk"])
    events["reconcile"] = {"execution": execution, "run": run}
    events["record_failure"] = {"execution": execution, "failure": {"Error": "Benchmark", "Cause": ""}}
    return events


def _queue_events(bench: QueueBench) -> dict[str, dict[str, Any]]:
    return {
        "process_messages": {"Records": [bench.workflow.message()]},
        "keep_totals": {"Records": [bench.workflow.change(1)]},
    }


def _in_turns(bench: Workbench, programs: dict[str, tuple[str, Any]]) -> dict[str, float]:
    times: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(ROUNDS):
        for name, (program, event) in programs.items():
            started = time.perf_counter()
            bench.call(program, event, tools=TOOLS, **LAMBDA)
            times[name].append(time.perf_counter() - started)
    return {name: min(values) for name, values in times.items()}


def main() -> str:
    """Run the benchmark; return its section of the document."""
    with workbench(EtlBench, CHUNK_BYTES="65536") as bench:
        rows = measure(bench, _etl_events(bench))
    with workbench(QueueBench) as bench:
        rows += measure(bench, _queue_events(bench))
    return f"## Cold start\n\n{_section(rows)}"


if __name__ == "__main__":
    print(machine(), main(), sep="\n\n")
