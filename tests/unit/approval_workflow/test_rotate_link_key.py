"""The key that signs links: made once, replaced by Secrets Manager's four steps, and every step twice without harm."""

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from approval_workflow.handlers.rotate_link_key import handler
from shared.clients import client

VERSION = "11111111-2222-3333-4444-555555555555"
CONTEXT: Any = SimpleNamespace(
    function_name="rotate_link_key",
    memory_limit_in_mb=256,
    invoked_function_arn="arn:aws:lambda:us-east-1:000000000000:function:rotate_link_key:live",
    aws_request_id="request",
)


@pytest.fixture
def secret(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A secret without any value, as Terraform makes it."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client.cache_clear()
    with mock_aws():
        yield client("secretsmanager").create_secret(Name="link-key")["ARN"]
    client.cache_clear()


def value(secret: str, stage: str = "AWSCURRENT") -> str:
    text: str = client("secretsmanager").get_secret_value(SecretId=secret, VersionStage=stage)["SecretString"]
    return text


def rotate(secret: str, *steps: str) -> None:
    for step in steps:
        handler({"SecretId": secret, "ClientRequestToken": VERSION, "Step": step}, CONTEXT)


def test_the_first_key_is_made_once(secret: str) -> None:
    handler({"SecretId": secret}, CONTEXT)
    first = value(secret)
    handler({"SecretId": secret}, CONTEXT)
    assert value(secret) == first
    assert len(first) >= 43  # 32 bytes, as base64 writes them


def test_a_rotation_keeps_the_key_before(secret: str) -> None:
    handler({"SecretId": secret}, CONTEXT)
    before = value(secret)
    rotate(secret, "createSecret", "setSecret", "testSecret")
    assert value(secret) == before
    rotate(secret, "finishSecret")
    assert value(secret) != before
    assert value(secret, "AWSPREVIOUS") == before


def test_every_step_may_be_repeated(secret: str) -> None:
    handler({"SecretId": secret}, CONTEXT)
    rotate(secret, "createSecret")
    pending = value(secret, "AWSPENDING")
    rotate(secret, "createSecret", "testSecret", "finishSecret", "finishSecret")
    assert value(secret) == pending


def test_a_key_that_was_not_made_is_noticed(secret: str) -> None:
    handler({"SecretId": secret}, CONTEXT)
    with pytest.raises(ClientError):
        rotate(secret, "testSecret")


def test_an_unknown_step_is_refused(secret: str) -> None:
    with pytest.raises(ValueError, match="sellSecret"):
        rotate(secret, "sellSecret")
