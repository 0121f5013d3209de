"""Moto's Secrets Manager, for functions that rotate secrets."""

from collections.abc import Iterator
from contextlib import contextmanager

from moto import mock_aws
from moto.secretsmanager.models import secretsmanager_backends

from shared.clients import client

TOKEN = "11111111-2222-3333-4444-555555555555"
STEPS = ("createSecret", "setSecret", "testSecret", "finishSecret")


@contextmanager
def new_secret(name: str) -> Iterator[str]:
    """Make a secret without any value, as Terraform does; yield its ARN."""
    client.cache_clear()
    with mock_aws():
        yield client("secretsmanager").create_secret(Name=name)["ARN"]
    client.cache_clear()


def list_next(secret: str, token: str = TOKEN) -> None:
    """List a version before it has a value, as Secrets Manager does when a rotation starts."""
    backend = secretsmanager_backends[secret.split(":")[4]]["us-east-1"]
    backend.secrets[secret].versions[token] = {
        "createdate": 1_795_420_800,
        "version_id": token,
        "version_stages": ["AWSPENDING"],
    }


def value(secret: str, stage: str = "AWSCURRENT") -> str:
    text: str = client("secretsmanager").get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"]
    return text


def stages(secret: str) -> list[list[str]]:
    """Return the stages of all versions."""
    return list(client("secretsmanager").describe_secret(SecretId=secret)["VersionIdsToStages"].values())
