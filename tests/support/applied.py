"""Applies an environment to the engine exactly as its folder says, each environment in an account of its own."""

import json
import os
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from python_terraform import IsFlagged, Terraform, TerraformCommandError

from scripts import local_account, terraform
from scripts.deployment import LOCAL_REGION, ROOT, Deployment
from scripts.local import apis_at

FIFO = "fifo"  # no environment of the product: a queue processor on a FIFO queue, for the tests
ACCOUNTS = {"local": "000000000000", "dev": "000000000001", "staging": "000000000002", "prod": "000000000003"}
PARALLELISM = 40  # the provider waits for most of the time, so let the waits run side by side
# All that differs from a real deployment: where the state lies and how the provider reaches the engine.
OVERRIDE = """
terraform {
  backend "local" {}
}
provider "aws" {
  s3_use_path_style = true
}
"""


class TerraformFailedError(Exception):
    """A Terraform command failed; the message is the command and Terraform's own words."""


@dataclass(frozen=True)
class Applied:
    """What Terraform planned, made and planned again; the JSON documents are those of `terraform show -json`."""

    deployment: Deployment
    directory: Path
    plan: dict[str, Any]
    state: dict[str, Any]
    second_plan: dict[str, Any]

    def resources(self, *types: str) -> list[dict[str, Any]]:
        """Return every managed resource of `types` (all, when none is named) with the values it got."""

        def walk(module: dict[str, Any]) -> list[dict[str, Any]]:
            children = [found for child in module.get("child_modules", []) for found in walk(child)]
            return module.get("resources", []) + children

        managed = [found for found in walk(self.state["values"]["root_module"]) if found["mode"] == "managed"]
        return [found for found in managed if not types or found["type"] in types]


def link_sources(workspace: Path) -> None:
    """Link all that an environment's folder refers to into `workspace`, so that nothing in the working tree changes."""
    (workspace / "environments").mkdir(parents=True)
    for shared in ("modules", "statemachines", "build"):
        (workspace / shared).symlink_to(ROOT / shared)


def apply(name: str, engine_url: str, workspace: Path) -> Applied:
    """Plan, apply and plan again the environment `name`; runs in a process of its own, whose environment it sets.

    Raises TerraformFailedError when a step fails.
    """
    account = "000000000004" if name == FIFO else ACCOUNTS[name]
    os.environ.update(
        terraform.environment()
        | {"AWS_ENDPOINT_URL": engine_url, "AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test"}
    )
    if name == "local":
        local_account.prepare(Deployment(name, {}, LOCAL_REGION, engine_url, account).client)
    elif name != FIFO:  # these two need no state bucket and no deploy roles
        _bootstrap(name, workspace)
    folder = "tests/e2e/fifo" if name == FIFO else f"environments/{name}"
    directory = workspace / folder
    tool = _initialised(ROOT / folder, directory, OVERRIDE + apis_at(engine_url))
    plan = _plan(tool, "first.tfplan")
    _run(tool, "apply", "first.tfplan", parallelism=PARALLELISM, input=False, no_color=IsFlagged)
    state = _show(tool)
    second = _plan(tool, "second.tfplan")
    outputs = {key: output["value"] for key, output in state["values"]["outputs"].items()}
    deployment = Deployment(name, outputs, outputs["foundation"]["region"], engine_url, account)
    return Applied(deployment, directory, plan, state, second)


def _bootstrap(name: str, workspace: Path) -> None:
    """Do what an administrator does once for the environment's account."""
    tool = _initialised(ROOT / "environments" / "bootstrap", workspace / "environments" / f"bootstrap-{name}", OVERRIDE)
    _run(tool, "workspace select", name, or_create=IsFlagged, no_color=IsFlagged)
    _run(tool, "apply", auto_approve=IsFlagged, parallelism=PARALLELISM, input=False, no_color=IsFlagged)


def _initialised(source: Path, directory: Path, override: str) -> Terraform:
    """Copy an environment's folder to `directory`, with what differs on the engine, and make it ready to plan."""
    leave = shutil.ignore_patterns(".terraform", "*.tfstate*")
    shutil.copytree(source, directory, ignore=leave)
    (directory / "engine_override.tf").write_text(override)
    tool = Terraform(working_dir=str(directory))
    _run(tool, "init", input=False, no_color=IsFlagged)
    return tool


def _run(tool: Terraform, command: str, *arguments: str, **options: object) -> str:
    try:
        _, output, _ = tool.cmd(command, *arguments, raise_on_error=True, **options)
    except TerraformCommandError as error:
        # Its own class does not survive the way back from the process pool, and leaves Terraform's words out.
        raise TerraformFailedError(f"terraform {command} in {tool.working_dir}: {error.err}") from None
    return str(output)


def _plan(tool: Terraform, file: str) -> dict[str, Any]:
    _run(tool, "plan", input=False, no_color=IsFlagged, out=file)
    return _show(tool, file)


def _show(tool: Terraform, *file: str) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(_run(tool, "show", *file, json=IsFlagged))
    return shown
