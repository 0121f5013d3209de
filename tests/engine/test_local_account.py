"""The local account is made ready as an administrator would: API Gateway may write logs."""

from collections.abc import Callable
from typing import Any

from scripts import local_account


def test_api_gateway_gets_the_role_to_log_with_however_often(client: Callable[[str], Any]) -> None:
    for _ in range(2):
        local_account.prepare(client)
    gateway, iam = client("apigateway"), client("iam")
    assert gateway.get_account()["cloudwatchRoleArn"].endswith(f":role/{local_account.ROLE}")
    [policy] = iam.list_attached_role_policies(RoleName=local_account.ROLE)["AttachedPolicies"]
    assert policy["PolicyArn"] == local_account.POLICY
    # Other tests are about an account without that role.
    gateway.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": ""}])
