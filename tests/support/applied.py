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
from scripts.local import PARALLELISM, apis_at

# No environments of the product, but for the tests: a queue processor on a FIFO queue, and one in a private network.
FIFO = "fifo"
NETWORK = "network"
OF_TESTS = {FIFO: "000000000004", NETWORK: "000000000005"}
ACCOUNTS = {"local": "000000000000", "dev": "000000000001", "staging": "000000000002", "prod": "000000000003"}
# Environments differ in values only (`test_conventions.py`): the two that differ most are applied, the others planned.
APPLIED = ("local", "prod")
PLANNED = ("dev", "staging")
# All that differs from a real deployment, for the provider and for the state: a bucket is no host name on 127.0.0.1.
PATH_STYLE = """
provider "aws" {
  s3_use_path_style = true
}
"""
STATES = {"use_path_style": "true"}
# Where nobody has made the bucket for states.
NO_BUCKET = """
terraform {
  backend "local" {}
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


def plan(name: str, engine_url: str, workspace: Path) -> dict[str, Any]:
    """Return the plan of the environment `name`; runs in a process of its own, whose environment it sets.

    Raises TerraformFailedError when a step fails.
    """
    _enter(ACCOUNTS[name], engine_url)
    folder = f"environments/{name}"
    override = PATH_STYLE + NO_BUCKET + apis_at(engine_url)
    return _plan(_initialised(ROOT / folder, workspace / folder, override), "first.tfplan")


def apply(name: str, engine_url: str, workspace: Path) -> Applied:
    """Plan, apply and plan again the environment `name`; runs in a process of its own, whose environment it sets.

    Raises TerraformFailedError when a step fails.
    """
    account = (ACCOUNTS | OF_TESTS)[name]
    _enter(account, engine_url)
    own_state = NO_BUCKET if name in OF_TESTS else ""
    if name == "local":
        local_account.prepare(Deployment(name, {}, LOCAL_REGION, engine_url, account).client)
    elif name not in OF_TESTS:  # these need no state bucket and no deploy roles
        _bootstrap(name, workspace)
    folder = f"tests/e2e/{name}" if name in OF_TESTS else f"environments/{name}"
    directory = workspace / folder
    tool = _initialised(ROOT / folder, directory, PATH_STYLE + own_state + apis_at(engine_url))
    first = _plan(tool, "first.tfplan")
    _run(tool, "apply", "first.tfplan", parallelism=PARALLELISM, input=False, no_color=IsFlagged)
    state = _show(tool)
    second = _plan(tool, "second.tfplan")
    outputs = {key: output["value"] for key, output in state["values"]["outputs"].items()}
    deployment = Deployment(name, outputs, outputs["foundation"]["region"], engine_url, account)
    return Applied(deployment, directory, first, state, second)


def _enter(account: str, engine_url: str) -> None:
    """Let what this process starts find the providers, the engine and the account."""
    credentials = {"AWS_ACCESS_KEY_ID": account, "AWS_SECRET_ACCESS_KEY": "test"}
    os.environ.update(terraform.environment() | {"AWS_ENDPOINT_URL": engine_url} | credentials)


def _bootstrap(name: str, workspace: Path) -> None:
    """Do what an administrator does once for the environment's account."""
    source, directory = ROOT / "environments" / "bootstrap", workspace / "environments" / f"bootstrap-{name}"
    tool = _initialised(source, directory, PATH_STYLE + NO_BUCKET)
    _run(tool, "workspace select", name, or_create=IsFlagged, no_color=IsFlagged)
    _run(tool, "apply", auto_approve=IsFlagged, parallelism=PARALLELISM, input=False, no_color=IsFlagged)


def _initialised(source: Path, directory: Path, override: str) -> Terraform:
    """Copy an environment's folder to `directory`, with what differs on the engine, and make it ready to plan."""
    leave = shutil.ignore_patterns(".terraform", "*.tfstate*")
    shutil.copytree(source, directory, ignore=leave)
    (directory / "engine_override.tf").write_text(override)
    tool = Terraform(working_dir=str(directory))
    _run(tool, "init", input=False, no_color=IsFlagged, backend_config={} if NO_BUCKET in override else STATES)
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
