"""Say what a plan would break, before it is applied.

`python -m scripts.check_plan --env dev` plans the environment; `python -m scripts.check_plan plan.json` reads what
`terraform show -json` wrote, `-` standard input. It exits with 0 when nothing is wrong, with 1 when something is, and
with 2 when there is no plan to look at.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console

from scripts import terraform
from scripts.asl.model import definitions
from scripts.check_plan.rules import problems
from scripts.deployment import ROOT
from scripts.doctor.report import as_json, show
from scripts.local_engine import Engine, EngineError
from scripts.terraform import TerraformError

SOUND, WRONG, BLIND = 0, 1, 2
ENVIRONMENTS = ROOT / "environments"


class PlanError(Exception):
    """There is no plan to look at; the message says why."""


def main(arguments: list[str] | None = None) -> int:
    """Do what the command line asks; return the exit code, 2 after one sentence on standard error."""
    asked = _parser().parse_args(arguments)
    name = asked.file or f"the plan of {asked.env}"
    try:
        document = read(asked.file) if asked.file else planned(asked.env)
    except (PlanError, EngineError, TerraformError) as error:
        print(error, file=sys.stderr)
        return BLIND
    found = problems(document, definitions(ROOT / "statemachines"))
    if asked.json:
        print(as_json(name, found, ()))
    else:
        show(Console(soft_wrap=True, highlight=False), name, found, ())
    return WRONG if found else SOUND


def read(file: str) -> dict[str, Any]:
    """Return the plan in a file, or on standard input for `-`. Raises PlanError."""
    try:
        document = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text())
    except (OSError, ValueError) as error:
        raise PlanError(f"{file} cannot be read: {error}") from error
    if not isinstance(document, dict) or "planned_values" not in document:
        raise PlanError(f"{file} is no plan: write it with `terraform show -json FILE.tfplan`")
    return document


def planned(environment: str) -> dict[str, Any]:
    """Return a fresh plan of an environment. Raises PlanError, TerraformError or EngineError."""
    directory = ENVIRONMENTS / environment
    if not directory.is_dir():
        raise PlanError(f"there is no environment {environment!r}")
    settings = {"AWS_ENDPOINT_URL": Engine().url} if environment == "local" else {}
    with tempfile.TemporaryDirectory() as folder:
        file = str(Path(folder, "checked.tfplan"))
        shown = ""
        for step in (
            ("init", "-input=false", "-no-color"),
            ("plan", "-input=false", "-no-color", "-lock=false", f"-out={file}"),
            ("show", "-json", file),
        ):
            done = terraform.run(directory, *step, env=settings, capture=True)
            if done.returncode:
                reason = terraform.first_error(done.stderr)
                raise PlanError(f"terraform {step[0]} of environment {environment!r} failed: {reason}")
            shown = done.stdout
    document: dict[str, Any] = json.loads(shown)
    return document


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.check_plan", description=__doc__)
    parser.add_argument("file", nargs="?", help="what `terraform show -json` wrote; without it, --env is planned")
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    parser.add_argument("--json", action="store_true", help="for machines")
    return parser


if __name__ == "__main__":
    sys.exit(main())
