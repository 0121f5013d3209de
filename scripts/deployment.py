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


class NotDeployedError(Exception):
    """The environment has no outputs: it was never applied, or it was destroyed."""


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

    Raises NotDeployedError when it has no outputs, with the command that mends it.
    """
    local = environment == "local"
    directory = ROOT / "environments" / environment
    if not directory.is_dir():
        known = ", ".join(sorted(path.name for path in directory.parent.iterdir() if path.is_dir()))
        raise NotDeployedError(f"there is no environment {environment!r}; there are: {known}")
    extra = {"AWS_ENDPOINT_URL": Engine().url} if local else {}
    result = terraform.run(directory, "output", "-json", env=extra, capture=True)
    outputs = {name: output["value"] for name, output in json.loads(result.stdout or "{}").items()}
    if not outputs:
        mend = "make demo" if local else f"make apply ENV={environment}"
        raise NotDeployedError(f"environment {environment!r} is not deployed; run `{mend}`")
    region = outputs["foundation"]["region"]
    return Deployment(
        environment,
        outputs,
        region,
        Engine().url if local else None,
        LOCAL_ACCOUNT if local else None,
    )
