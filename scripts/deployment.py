"""Where an environment's resources are: Terraform's outputs plus AWS clients that reach them."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from scripts import terraform
from scripts.aws import Client
from scripts.local_engine import Engine

ROOT = Path(__file__).resolve().parent.parent
LOCAL_ACCOUNT = "000000000000"
LOCAL_REGION = "us-east-1"


class NotDeployedError(Exception):
    """The environment cannot be reached or has no outputs; the message says why, with the command that mends it."""


@dataclass(frozen=True)
class Deployment:
    """One applied environment.

    `outputs` are Terraform's output values by name; `endpoint_url` is None for AWS itself.
    """

    environment: str
    outputs: dict[str, Any]
    region: str
    endpoint_url: str | None = None
    account_id: str | None = None

    def client(self, service: str) -> Client:
        """Return the boto3 client of `service` for this environment."""
        local = {"aws_access_key_id": self.account_id, "aws_secret_access_key": "test"} if self.endpoint_url else {}
        # Path style: a bucket is no host name on 127.0.0.1.
        config = Config(s3={"addressing_style": "path"}) if self.endpoint_url else None
        return boto3.client(service, region_name=self.region, endpoint_url=self.endpoint_url, config=config, **local)


def load(environment: str) -> Deployment:
    """Return the deployment of `environment` (a folder of `environments/`).

    Raises NotDeployedError, EngineError for a wrong ENGINE_PORT, or TerraformError.
    """
    directory = ROOT / "environments" / environment
    if not directory.is_dir():
        known = ", ".join(sorted(path.name for path in directory.parent.iterdir() if path.is_dir()))
        raise NotDeployedError(f"there is no environment {environment!r}; there are: {known}")
    engine = Engine() if environment == "local" else None
    if engine and not engine.answers():
        raise NotDeployedError(f"no engine answers at {engine.url}; run `make demo`")
    outputs = _outputs(directory, engine)
    region = outputs["foundation"]["region"]
    return Deployment(environment, outputs, region, *((engine.url, LOCAL_ACCOUNT) if engine else ()))


def _outputs(directory: Path, engine: Engine | None) -> dict[str, Any]:
    """Return Terraform's output values by name. Raises NotDeployedError when they cannot be read or there are none."""
    environment = directory.name
    settings = {"AWS_ENDPOINT_URL": engine.url} if engine else {}
    result = terraform.run(directory, "output", "-json", "-no-color", env=settings, capture=True)
    if result.returncode:
        mend = "make demo" if engine else f"make plan ENV={environment}"
        reason = terraform.first_error(result.stderr)
        raise NotDeployedError(f"the outputs of environment {environment!r} cannot be read ({reason}); run `{mend}`")
    outputs = {name: output["value"] for name, output in json.loads(result.stdout or "{}").items()}
    if not outputs:
        mend = "make demo" if engine else f"make apply ENV={environment}"
        raise NotDeployedError(f"environment {environment!r} is not deployed; run `{mend}`")
    return outputs
