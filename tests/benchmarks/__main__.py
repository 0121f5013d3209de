"""Runs the benchmarks, some minutes on a quiet machine, and writes `docs/benchmarks.md`.

`python -m tests.benchmarks volume_cleanup` measures that one alone, and leaves the others' sections as they are.
"""

import re
import sys

from tests.benchmarks import cold_start, etl_throughput, flat_memory, queue_throughput, volume_cleanup
from tests.benchmarks.workbench import ROOT, machine

HEAD = """# Benchmarks

Measured, never asserted. `make benchmarks` writes this page in some minutes; each section is a module of
`tests/benchmarks/` that also runs alone.
"""
PAGE = ROOT / "docs" / "benchmarks.md"
PARTS = {
    "ETL throughput": etl_throughput,
    "Queue throughput": queue_throughput,
    "Volume clean-up": volume_cleanup,
    "Memory": flat_memory,
    "Cold start": cold_start,
}


def main(named: list[str]) -> None:
    """Measure what is named, or everything, and write the page."""
    written = re.split(r"\n\n(?=## )", PAGE.read_text().rstrip("\n"))
    kept = {section.partition("\n")[0].removeprefix("## "): section for section in written}
    chosen = {title for title, part in PARTS.items() if not named or part.__name__.rpartition(".")[2] in named}
    sections = [part.main() if title in chosen else kept[title] for title, part in PARTS.items()]
    PAGE.write_text("\n\n".join([f"{HEAD}\nMachine: {machine()}.", *sections]) + "\n")


if __name__ == "__main__":
    main(sys.argv[1:])
