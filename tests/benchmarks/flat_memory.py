"""Peak memory of every function's process for a file of one GiB: functions of 256 MB must do."""

import json
import os
from collections.abc import Iterator
from typing import Any

from etl_pipeline.adapters.objects import ObjectWriter
from etl_pipeline.domain.places import RunPlaces
from tests.benchmarks.workbench import EtlBench, machine, table, workbench
from tests.unit.etl_pipeline.pipeline import BUCKET

MIB = int(os.environ.get("MIB", "1024"))
LOADED_CHUNKS = 4  # loading all of them would measure the engine for minutes; what is in memory is one chunk at a time
KEY = "incoming/wide/wide.csv"
CONTRACT = {"key": ["id"], "columns": {"id": {"type": "integer"}, "note": {"type": "string"}}}
NOTE = '"' + "a quoted, note " * 68 + '"'


def measure(bench: EtlBench) -> str:
    """Take the file through all the functions; return a section of the document."""
    event, size = _upload(bench)
    execution = bench.pipeline.execution(event)
    peaks = {"ParseMetadata": bench.handle("parse_metadata", {"execution": execution})}
    run = peaks["ParseMetadata"]["answers"][0]
    plan = json.loads(bench.pipeline.read(run["plan_key"]))
    peaks["TransformChunk"] = bench.handle("transform_chunk", *({"run": run, "chunk": chunk} for chunk in plan))
    counts = peaks["TransformChunk"]["answers"]
    loads = [{"run": run, "counts": chunk} for chunk in counts[:LOADED_CHUNKS]]
    peaks["LoadChunk"] = bench.handle("load_chunk", *loads)
    for chunk in counts[LOADED_CHUNKS:]:
        result = json.dumps(chunk | {"loaded": chunk["staged"]}).encode()
        with ObjectWriter(BUCKET, RunPlaces(run["run_id"]).result(chunk["number"])) as writer:
            writer.write(result)
    peaks["Reconcile"] = bench.handle("reconcile", {"execution": execution, "run": run})
    rows = [
        [name, str(len(one["answers"])), f"{one['cpu']:.1f}", f"{one['peak_mib']:.0f}"] for name, one in peaks.items()
    ]
    return (
        f"A CSV file of {size / 2**20:,.0f} MiB, {peaks['Reconcile']['answers'][0]['rows']['read']:,} rows,"
        f" {len(plan):,} chunks; each function in one process, that handled one chunk after the other. LoadChunk had"
        f" {LOADED_CHUNKS} of the chunks.\n\n" + table(["function", "calls", "CPU s", "peak MiB"], rows)
    )


def _upload(bench: EtlBench) -> tuple[dict[str, Any], int]:
    """Write the file in parts and return its event and its size in bytes."""
    bench.pipeline.agree("wide", CONTRACT)
    event = bench.pipeline.upload(KEY, "replaced below")
    with ObjectWriter(BUCKET, KEY) as writer:
        size = sum(len(part) for part in writer.copying(_parts()))
    version = bench.pipeline.latest_version(KEY)
    event["detail"]["object"] |= {"size": size, "version-id": version}
    return event, size


def _parts() -> Iterator[bytes]:
    yield b"id,note\n"
    for part in range(MIB):
        yield "".join(f"{part * 1024 + row},{NOTE}\n" for row in range(1024)).encode()


def main() -> str:
    """Run the check; return its section of the document."""
    with workbench(EtlBench, CHUNK_BYTES=str(1 << 20), MAX_OBJECT_BYTES=str(2 << 30)) as bench:
        return f"## Memory\n\n{measure(bench)}"


if __name__ == "__main__":
    print(machine(), main(), sep="\n\n")
