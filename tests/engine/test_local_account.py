"""The local account is made ready as an administrator would: API Gateway may write logs, and a trail does."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from scripts import local_account


@pytest.fixture
def prepared(client: Callable[[str], Any]) -> Iterator[Callable[[str], Any]]:
    """An account that was made ready twice; other tests are about accounts that were not."""
    for _ in range(2):
        local_account.prepare(client)
    yield client
    client("apigateway").update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])
    client("cloudtrail").delete_trail(Name=local_account.TRAIL)


def test_api_gateway_gets_the_role_to_log_with(prepared: Callable[[str], Any]) -> None:
    assert prepared("apigateway").get_account()["cloudwatchRoleArn"].endswith(f":role/{local_account.ROLE}")
    [policy] = prepared("iam").list_attached_role_policies(RoleName=local_account.ROLE)["AttachedPolicies"]
    assert policy["PolicyArn"] == local_account.POLICY


def test_the_role_that_api_gateway_has_already_stays(prepared: Callable[[str], Any], name: str) -> None:
    iam, gateway = prepared("iam"), prepared("apigateway")
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(local_account.TRUST))["Role"]["Arn"]
    iam.attach_role_policy(RoleName=name, PolicyArn=local_account.POLICY)
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": role}])
    local_account.prepare(prepared)
    assert gateway.get_account()["cloudwatchRoleArn"] == role


def test_a_trail_logs(prepared: Callable[[str], Any]) -> None:
    assert prepared("cloudtrail").get_trail_status(Name=local_account.TRAIL)["IsLogging"]
