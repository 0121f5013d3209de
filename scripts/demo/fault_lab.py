"""The fault lab's story: each of the five classic faults once, in the variant that shows it soonest."""

from rich.console import Console

from scripts.deployment import Deployment
from scripts.lab import story
from scripts.lab.bench import Bench
from scripts.lab.catalogue import VARIANTS

SHOWN = ("hangs", "missing_statement", "permanent_error_retried", "filter_broken", "permission_missing")


def tell(deployment: Deployment, console: Console) -> None:
    """Break, diagnose and cure one variant of each fault. Raises LabError when one goes as it should not."""
    console.print("\n[bold]The fault lab[/]: five classic faults, broken on purpose, diagnosed, cured, put back")
    story.tell((variant for variant in VARIANTS if variant.cause in SHOWN), Bench(deployment), console)
    console.print("\n[bold]Look further[/]")
    for command in ("make lab FAULT=4   # every link of a trigger's chain", "make doctor ENV=local   # read only"):
        console.print(f"  {command}", markup=False)
