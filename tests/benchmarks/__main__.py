"""Runs all the benchmarks, some minutes on a quiet machine, and writes `docs/benchmarks.md`."""

from tests.benchmarks import cold_start, etl_throughput, flat_memory, queue_throughput
from tests.benchmarks.workbench import ROOT, machine

HEAD = """# Benchmarks

Measured, never asserted. `make benchmarks` writes this page in some minutes; each section is a module of
`tests/benchmarks/` that also runs alone.
"""

if __name__ == "__main__":
    sections = [part.main() for part in (etl_throughput, queue_throughput, flat_memory, cold_start)]
    (ROOT / "docs" / "benchmarks.md").write_text("\n\n".join([f"{HEAD}\nMachine: {machine()}.", *sections]) + "\n")
