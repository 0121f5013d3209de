"""The lengths that IAM allows, which the engine does not hold policies to: of every role and policy of an account.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html
"""

import json
from typing import Any

import pytest

from scripts.aws import Client
from tests.support.applied import APPLIED, Applied

TRUST, INLINE, MANAGED = 2048, 10240, 6144  # characters, without white space


@pytest.fixture(params=APPLIED)
def iam(request: pytest.FixtureRequest, applied: dict[str, Applied]) -> Client:
    return applied[request.param].deployment.client("iam")


def length(document: Any) -> int:
    return len(json.dumps(document, separators=(",", ":")))


def test_what_stands_in_a_role_is_not_too_long(iam: Client) -> None:
    roles = iam.list_roles(MaxItems=1000)["Roles"]
    assert roles
    for role in roles:
        name = role["RoleName"]
        names = iam.list_role_policies(RoleName=name)["PolicyNames"]
        inline = [iam.get_role_policy(RoleName=name, PolicyName=each)["PolicyDocument"] for each in names]
        assert sum(map(length, inline)) <= INLINE, name
        assert length(role["AssumeRolePolicyDocument"]) <= TRUST, name


def test_no_policy_of_its_own_is_too_long(iam: Client) -> None:
    for policy in iam.list_policies(Scope="Local")["Policies"]:
        found = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=policy["DefaultVersionId"])
        assert length(found["PolicyVersion"]["Document"]) <= MANAGED, policy["PolicyName"]
