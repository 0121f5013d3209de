"""Rows per CPU-second of the functions' processes, transform and load together, beside the plain way to load a file."""

import json
from typing import Any

from tests.benchmarks.workbench import ROOT, EtlBench, machine, table, workbench

ROWS = 40_000
CHUNK_BYTES = "1048576"
CONTRACT: dict[str, Any] = {
    "key": ["tailnum"],
    "columns": {
        "tailnum": {"type": "string", "required": True},
        "year": {"type": "integer", "required": True},
        "type": {"type": "string"},
        "manufacturer": {"type": "string"},
        "model": {"type": "string"},
        "engines": {"type": "integer"},
        "seats": {"type": "integer"},
        "speed": {"type": "integer"},
        "engine": {"type": "string"},
    },
    "missing": ["", "NA"],
    "max_rejected_percent": 5,
}


def planes(rows: int) -> str:
    """Return a file like that of the demo: some 75 bytes a row, one row in fifty without its year."""
    body = (
        f"N{n:06},{1960 + n % 60 if n % 50 else 'NA'},Fixed wing multi engine,MAKER {n % 97},M-{n % 997},"
        f"{1 + n % 4},{n % 400},NA,Turbo-fan\n"
        for n in range(rows)
    )
    return ",".join(CONTRACT["columns"]) + "\n" + "".join(body)


def measure(bench: EtlBench) -> str:
    """Load the same file both ways and return the comparison as Markdown."""
    pipeline = bench.pipeline
    pipeline.agree("planes", CONTRACT)
    event = pipeline.upload("incoming/planes/planes.csv", planes(ROWS))
    plain = {
        "bucket": event["detail"]["bucket"]["name"],
        "key": event["detail"]["object"]["key"],
        "version_id": event["detail"]["object"]["version-id"],
        "table": bench.environment["RECORDS_TABLE"],
        "dataset": "planes",
        "contract": CONTRACT,
    }
    baseline = bench.call("tests.benchmarks.baseline.load", plain, tools=(str(ROOT),))
    execution = pipeline.execution(event)
    functions = {"ParseMetadata": bench.handle("parse_metadata", {"execution": execution})}
    run = functions["ParseMetadata"]["answers"][0]
    chunks = [{"run": run, "chunk": chunk} for chunk in json.loads(pipeline.read(run["plan_key"]))]
    functions["TransformChunk"] = bench.handle("transform_chunk", *chunks)
    staged = [{"run": run, "counts": counts} for counts in functions["TransformChunk"]["answers"]]
    functions["LoadChunk"] = bench.handle("load_chunk", *staged)
    functions["Reconcile"] = bench.handle("reconcile", {"execution": execution, "run": run})
    rows = functions["Reconcile"]["answers"][0]["rows"]
    if rows["loaded"] != baseline["answers"][0]["loaded"]:
        raise AssertionError(f"both ways must load the same rows: {rows}, {baseline['answers']}")
    return _compared(baseline, functions)


def _sum(measured: list[dict[str, Any]]) -> dict[str, float]:
    total = {name: sum(one[name] for one in measured) for name in ("cpu", "wall")}
    return total | {"peak_mib": max(one["peak_mib"] for one in measured)}


def _compared(baseline: dict[str, Any], functions: dict[str, dict[str, Any]]) -> str:
    both = _sum([functions["TransformChunk"], functions["LoadChunk"]])
    measured = {"plain": baseline, **functions, "transform + load": both, "all four": _sum(list(functions.values()))}
    rows = [
        [name, f"{ROWS / one['cpu']:,.0f}", f"{one['cpu']:.2f}", f"{one['wall']:.2f}", f"{one['peak_mib']:.0f}"]
        for name, one in measured.items()
    ]
    return (
        f"{ROWS:,} rows of nine columns into DynamoDB on the embedded engine: transform and load together do"
        f" **{baseline['cpu'] / both['cpu']:.1f} times** the rows per CPU-second of `csv.DictReader`, the same checks"
        " and `Table.batch_writer()`, which find no duplicates between chunks and write no reports. CPU is that of"
        " the functions' processes, imports not counted; wall time waits for the engine.\n\n"
        + table(["", "rows per CPU-second", "CPU s", "wall s", "peak MiB"], rows)
    )


def main() -> str:
    """Run the benchmark; return its section of the document."""
    with workbench(EtlBench, CHUNK_BYTES=CHUNK_BYTES, MAX_OBJECT_BYTES=str(1 << 30)) as bench:
        return f"## ETL throughput\n\n{measure(bench)}"


if __name__ == "__main__":
    print(machine(), main(), sep="\n\n")
