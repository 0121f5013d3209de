"""Secrets Manager: versions carry stages, and whoever repeats a request changes nothing."""

import string
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from tests.engine.denials import denied

Clients = Callable[[str], Any]


@pytest.fixture
def secrets(client: Clients) -> Any:
    return client("secretsmanager")


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_new_value_moves_the_stages(secrets: Any, name: str) -> None:
    first = secrets.create_secret(Name=name, SecretString="one")["VersionId"]
    second = secrets.put_secret_value(SecretId=name, SecretString="two")
    assert second["VersionStages"] == ["AWSCURRENT"]

    def value(**version: str) -> tuple[str, str]:
        got = secrets.get_secret_value(SecretId=name, **version)
        return got["SecretString"], got["VersionId"]

    assert value() == value(VersionStage="AWSCURRENT") == ("two", second["VersionId"])
    assert value(VersionId=second["VersionId"]) == value()
    assert value(VersionId=first, VersionStage="AWSPREVIOUS") == value(VersionId=first) == ("one", first)
    assert value(VersionStage="AWSPREVIOUS") == ("one", first)
    secrets.put_secret_value(SecretId=name, SecretString="three")
    assert value()[0] == "three"
    assert value(VersionStage="AWSPREVIOUS")[0] == "two"
    stages = secrets.describe_secret(SecretId=name)["VersionIdsToStages"]
    assert sorted(stages.values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]


def test_a_stage_that_is_not_there(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name, SecretString="one")
    for version in ({"VersionStage": "AWSPREVIOUS"}, {"VersionId": str(uuid4())}):
        assert refusal(secrets.get_secret_value, SecretId=name, **version) == "ResourceNotFoundException"
    current = secrets.get_secret_value(SecretId=name)["VersionId"]
    both = {"VersionId": current, "VersionStage": "AWSPENDING"}
    assert refusal(secrets.get_secret_value, SecretId=name, **both) == "InvalidRequestException"


def test_a_secret_without_a_value_has_no_version(secrets: Any, name: str) -> None:
    assert "VersionId" not in secrets.create_secret(Name=name)
    assert not secrets.describe_secret(SecretId=name).get("VersionIdsToStages")
    assert refusal(secrets.get_secret_value, SecretId=name) == "ResourceNotFoundException"
    secrets.put_secret_value(SecretId=name, SecretString="one")
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"


def test_a_pending_value_is_promoted(secrets: Any, name: str) -> None:
    first = secrets.create_secret(Name=name, SecretString="one")["VersionId"]
    pending = secrets.put_secret_value(SecretId=name, SecretString="two", VersionStages=["AWSPENDING"])["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "one"
    secrets.update_secret_version_stage(
        SecretId=name, VersionStage="AWSCURRENT", MoveToVersionId=pending, RemoveFromVersionId=first
    )
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "two"
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"


def test_one_version_at_a_time_is_pending(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name, SecretString="one")
    for value in ("two", "three"):
        secrets.put_secret_value(SecretId=name, SecretString=value, VersionStages=["AWSPENDING"])
    stages = list(secrets.describe_secret(SecretId=name)["VersionIdsToStages"].values())
    assert sorted(stages) == [["AWSCURRENT"], ["AWSPENDING"]]
    assert secrets.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["SecretString"] == "three"


def test_a_version_is_put_once(secrets: Any, name: str) -> None:
    secrets.create_secret(Name=name, SecretString="one")
    request = {"SecretId": name, "SecretString": "two", "ClientRequestToken": str(uuid4())}
    first = secrets.put_secret_value(**request)
    secrets.put_secret_value(SecretId=name, SecretString="three")
    assert secrets.put_secret_value(**request)["VersionId"] == first["VersionId"]
    assert secrets.get_secret_value(SecretId=name)["SecretString"] == "three"
    assert refusal(secrets.put_secret_value, **{**request, "SecretString": "other"}) == "ResourceExistsException"


def test_a_random_password(secrets: Any) -> None:
    made = secrets.get_random_password(PasswordLength=64, ExcludePunctuation=True)["RandomPassword"]
    assert len(made) == 64
    assert set(made) <= set(string.ascii_letters + string.digits)
    assert made != secrets.get_random_password(PasswordLength=64, ExcludePunctuation=True)["RandomPassword"]
    assert len(secrets.get_random_password()["RandomPassword"]) == 32


def test_permission_is_by_arn_stage_and_tag(secrets: Any, name: str, as_role: Any) -> None:
    tags = [{"Key": "owner", "Value": "ada"}]
    arn = secrets.create_secret(Name=name, SecretString="one", Tags=tags)["ARN"]
    secrets.put_secret_value(SecretId=name, SecretString="two")
    read = {"Action": "secretsmanager:GetSecretValue", "Resource": f"{arn[:-7]}-??????"}
    reader = as_role(read)("secretsmanager")
    assert reader.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "one"
    assert reader.get_secret_value(SecretId=arn)["SecretString"] == "two"
    current = {"StringEquals": {"secretsmanager:VersionStage": "AWSCURRENT"}}
    narrow = as_role({**read, "Condition": current})("secretsmanager")
    narrow.get_secret_value(SecretId=name, VersionStage="AWSCURRENT")
    denied(narrow.get_secret_value, SecretId=name, VersionStage="AWSPREVIOUS")
    by_tag = {"StringEquals": {"aws:ResourceTag/owner": "bert"}}
    denied(as_role({**read, "Condition": by_tag})("secretsmanager").get_secret_value, SecretId=name)
    denied(as_role()("secretsmanager").get_random_password)
    as_role({"Action": "secretsmanager:GetRandomPassword", "Resource": "*"})("secretsmanager").get_random_password()
