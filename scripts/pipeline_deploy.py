"""Plans an environment for the GitOps pipeline, or applies a plan: exactly the artifacts and the plan it was told of.

`python -m scripts.pipeline_deploy plan` prints PLAN_KEY, PLAN_VERSION, PLAN_SHA256 and PLAN_SUMMARY as a shell reads
them; `python -m scripts.pipeline_deploy apply` is told the first three in its environment. There, too, both are told
BUCKET, RUN_ID, ENVIRONMENT, DEPLOYER_ROLE_ARN and ARTIFACTS, a JSON object with each artifact's SHA-256 by its name.
"""

import argparse
import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from scripts import terraform
from scripts.aws import Client

ROOT = Path(__file__).resolve().parent.parent
PLAN = "deploy.tfplan"
_ARTIFACT = re.compile(r"\w[\w.-]*\.zip")
_ENVIRONMENT = re.compile(r"[a-z][a-z0-9-]*")
# What Terraform counts for each change in a plan; a resource that is replaced is destroyed and added.
_COUNTED = {"create": "add", "update": "change", "delete": "destroy"}


class DeployError(Exception):
    """Nothing is planned or applied; the message is one sentence that says why."""


@dataclass(frozen=True)
class Deploy:
    """What to deploy with which role: the artifacts of one run, to one environment."""

    bucket: str
    deployer_role_arn: str
    run_id: str
    environment: str
    artifacts: dict[str, str]

    @classmethod
    def read(cls, env: Mapping[str, str]) -> "Deploy":
        """Read a build's environment. Raises DeployError."""
        try:
            artifacts = json.loads(env["ARTIFACTS"])
            names = ("BUCKET", "DEPLOYER_ROLE_ARN", "RUN_ID", "ENVIRONMENT")
            deploy = cls(**{name.lower(): env[name] for name in names}, artifacts=artifacts)
        except KeyError as missing:
            raise DeployError(f"the build was not told {missing.args[0]}") from missing
        except ValueError as problem:
            raise DeployError(f"ARTIFACTS is no JSON: {problem}") from problem
        deploy.check()
        return deploy

    def check(self) -> None:
        """Raise DeployError for what names no artifact of a run, or no environment of this repository."""
        if not isinstance(self.artifacts, dict) or not self.artifacts:
            raise DeployError("ARTIFACTS names no artifact: there is nothing to deploy")
        if strange := [name for name in self.artifacts if not _ARTIFACT.fullmatch(name)]:
            raise DeployError(f"{strange[0]!r} is no artifact's name")
        if not _ENVIRONMENT.fullmatch(self.environment) or not self.directory.is_dir():
            raise DeployError(f"the repository has no environment {self.environment!r}")

    @property
    def directory(self) -> Path:
        """The environment's folder."""
        return ROOT / "environments" / self.environment

    @property
    def plan_key(self) -> str:
        """Where the plan is kept."""
        return f"runs/{self.run_id}/plan.tfplan"

    @property
    def text_key(self) -> str:
        """Where people read the plan."""
        return f"runs/{self.run_id}/plan.txt"

    def artifact_key(self, name: str) -> str:
        """Return where a build put an artifact (`scripts/pipeline_manifest.py`; a test holds both together)."""
        return f"artifacts/{self.run_id}/{name}"


def plan(deploy: Deploy, s3: Client, sts: Client) -> dict[str, str]:
    """Plan, keep the plan, and return what an apply has to be told. Raises DeployError, ClientError, BotoCoreError."""
    fetch_artifacts(deploy, s3)
    run = _terraform(deploy, assume(sts, deploy))
    run("init", "-lockfile=readonly")
    text = run("plan", f"-out={PLAN}")
    found = summary(json.loads(run("show", "-json", PLAN)))
    body = (deploy.directory / PLAN).read_bytes()
    s3.put_object(Bucket=deploy.bucket, Key=deploy.text_key, Body=text.encode())
    kept = s3.put_object(Bucket=deploy.bucket, Key=deploy.plan_key, Body=body)
    return {
        "PLAN_KEY": deploy.plan_key,
        "PLAN_VERSION": kept["VersionId"],
        "PLAN_SHA256": hashlib.sha256(body).hexdigest(),
        "PLAN_SUMMARY": found,
    }


def apply(deploy: Deploy, s3: Client, sts: Client, env: Mapping[str, str]) -> None:
    """Apply the plan that `env` names. Raises DeployError, ClientError and BotoCoreError."""
    body = fetch_plan(deploy, s3, env)
    fetch_artifacts(deploy, s3)
    (deploy.directory / PLAN).write_bytes(body)
    run = _terraform(deploy, assume(sts, deploy))
    run("init", "-lockfile=readonly")
    run("apply", PLAN)


def fetch_artifacts(deploy: Deploy, s3: Client) -> None:
    """Put exactly the artifacts of the run into `build`. Raises DeployError, ClientError and BotoCoreError."""
    folder = ROOT / "build"
    folder.mkdir(exist_ok=True)
    for name, sha256 in sorted(deploy.artifacts.items()):
        body = _read(s3, f"the artifact {name}", Bucket=deploy.bucket, Key=deploy.artifact_key(name))
        if (found := hashlib.sha256(body).hexdigest()) != sha256:
            raise DeployError(f"the artifact {name} has the digest {found}, and not the signed {sha256}")
        (folder / name).write_bytes(body)


def fetch_plan(deploy: Deploy, s3: Client, env: Mapping[str, str]) -> bytes:
    """Return the plan of this run, in the version and with the digest that `env` names. Raises as `apply` does."""
    try:
        key, version, sha256 = (env[name] for name in ("PLAN_KEY", "PLAN_VERSION", "PLAN_SHA256"))
    except KeyError as missing:
        raise DeployError(f"the build was not told {missing.args[0]}") from missing
    if key != deploy.plan_key:
        raise DeployError(f"{key} is not the plan of this run, which is {deploy.plan_key}")
    body = _read(s3, "the plan", Bucket=deploy.bucket, Key=key, VersionId=version)
    if (found := hashlib.sha256(body).hexdigest()) != sha256:
        raise DeployError(f"the plan has the digest {found}, and not {sha256}, which was decided about")
    return body


def assume(sts: Client, deploy: Deploy) -> dict[str, str]:
    """Become the role that deploys, in a session named after the run; return its credentials. Raises DeployError.

    The variables count more than the build's own credentials:
    https://developer.hashicorp.com/terraform/language/backend/s3#credentials-and-shared-configuration
    """
    try:
        got = sts.assume_role(RoleArn=deploy.deployer_role_arn, RoleSessionName=deploy.run_id)["Credentials"]
    except (ClientError, BotoCoreError) as error:
        raise DeployError(f"the role {deploy.deployer_role_arn} was not to be had: {error}") from error
    return {
        "AWS_ACCESS_KEY_ID": got["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": got["SecretAccessKey"],
        "AWS_SESSION_TOKEN": got["SessionToken"],
    }


def summary(document: dict[str, Any]) -> str:
    """Return how much a plan changes, from what `terraform show -json` says of it.

    https://developer.hashicorp.com/terraform/internals/json-format#change-representation
    """
    changes = document.get("resource_changes", [])
    actions = Counter(action for each in changes for action in each["change"]["actions"])
    return ", ".join(f"{actions[action]} to {verb}" for action, verb in _COUNTED.items())


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    parser = argparse.ArgumentParser(prog="python -m scripts.pipeline_deploy", description=__doc__)
    parser.add_argument("command", choices=["plan", "apply"])
    command = parser.parse_args().command
    try:
        deploy, s3, sts = Deploy.read(os.environ), boto3.client("s3"), boto3.client("sts")
        if command == "plan":
            print("\n".join(f"{name}={shlex.quote(value)}" for name, value in plan(deploy, s3, sts).items()))
        else:
            apply(deploy, s3, sts, os.environ)
    except (DeployError, terraform.TerraformError, ClientError, BotoCoreError, OSError) as error:
        print(f"{command} of {os.environ.get('ENVIRONMENT', 'no environment')}: {error}", file=sys.stderr)
        return 1
    return 0


def _read(s3: Client, what: str, **place: str) -> bytes:
    """Return an object's content. Raises DeployError where there is none, ClientError and BotoCoreError otherwise."""
    try:
        body: bytes = s3.get_object(**place)["Body"].read()
    except ClientError as error:
        raise DeployError(f"{what} is not to be had from {place['Key']}: {error}") from error
    return body


def _terraform(deploy: Deploy, credentials: dict[str, str]) -> Callable[..., str]:
    """Return what runs Terraform in the environment's folder, as the role; that raises DeployError.

    It returns what `plan` and `show` write. The build's log has what Terraform says, but for the JSON of `show`, which
    does not hide secrets.
    """
    settings = terraform.environment() | credentials | {"TF_IN_AUTOMATION": "1", "TF_INPUT": "0"}
    log = sys.stderr.fileno()

    def run(command: str, *arguments: str) -> str:
        to = subprocess.PIPE if command in {"plan", "show"} else log
        program = [terraform.program(), command, "-no-color", *arguments]
        done = subprocess.run(program, cwd=deploy.directory, env=settings, stdout=to, text=True, check=False)
        if command == "plan":
            print(done.stdout, file=sys.stderr)
        if done.returncode:
            raise DeployError(f"terraform {command} failed, and the log says why")
        return done.stdout or ""

    return run


if __name__ == "__main__":
    sys.exit(main())
