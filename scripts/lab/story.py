"""Tells the course of variants to people."""

import time
from collections.abc import Iterable

from rich.console import Console
from rich.markup import escape

from scripts.doctor.findings import Finding
from scripts.doctor.report import TITLES, show
from scripts.lab.bench import Bench
from scripts.lab.course import Step, Variant, run

SIGNS = {
    Step.BROKEN: "[yellow]✂ broken[/]",
    Step.SEEN: "[red]✗ seen[/]",
    Step.CURED: "[cyan]✚ cured[/]",
    Step.HEALTHY: "[green]✓ healthy[/]",
    Step.PUT_BACK: "[green]↺ put back[/]",
}


def tell(variants: Iterable[Variant], bench: Bench, console: Console) -> None:
    """Take the environment through variants and print each step. Raises LabError when one goes as it should not."""
    for variant in variants:
        began = time.monotonic()
        console.rule(f"[bold]Fault {int(variant.fault)}, {TITLES[variant.fault]}: {variant.cause}")
        for step, told in run(variant, bench):
            if isinstance(told, Finding):
                console.print("  the doctor says:")
                show(console, bench.deployment.environment, [told], ())
            else:
                console.print(f"  {SIGNS[step]}: {escape(told)}")
        console.print(f"  {time.monotonic() - began:.0f} s")
