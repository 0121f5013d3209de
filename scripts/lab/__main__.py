"""`make lab`: break the local environment on purpose, have the doctor say why, apply its cure, put everything back.

`python -m scripts.lab 3` takes all variants of fault 3, `python -m scripts.lab 3 endless_cycle` one of them.
"""

import argparse
import sys

from rich.console import Console

from scripts.deployment import Deployment
from scripts.doctor.findings import Fault
from scripts.lab import story
from scripts.lab.bench import Bench
from scripts.lab.catalogue import VARIANTS
from scripts.stage import perform


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m scripts.lab", description=__doc__)
    parser.add_argument("fault", nargs="?", type=int, choices=[int(fault) for fault in Fault], help="default: all five")
    parser.add_argument("variant", nargs="?", help="the cause that the doctor is to name; default: all of the fault's")
    asked = parser.parse_args(arguments)
    of_fault = [variant for variant in VARIANTS if asked.fault in (None, variant.fault)]
    chosen = [variant for variant in of_fault if asked.variant in (None, variant.cause)]
    if not chosen:
        parser.error(f"fault {asked.fault} has {', '.join(variant.cause for variant in of_fault)}")

    def tell(deployment: Deployment, console: Console) -> None:
        story.tell(chosen, Bench(deployment), console)

    return perform(tell)


if __name__ == "__main__":
    sys.exit(main())
