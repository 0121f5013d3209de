"""Rules for every IAM document, asserted on the applied environments, where no document is unknown any more."""

import pytest

from scripts.policies import Statement
from tests.support.applied import APPLIED, Applied
from tests.support.documents import IDENTITY, RESOURCE, TRUST, of_workflows, statements

# Actions for which IAM knows no resource: https://docs.aws.amazon.com/service-authorization/latest/reference/
WITHOUT_RESOURCE_LEVEL = {
    "autoscaling:DescribeAutoScalingGroups",
    "cloudtrail:LookupEvents",
    "cloudwatch:GetMetricData",
    "ec2:DescribeAvailabilityZones",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSnapshots",
    "ec2:DescribeSubnets",
    "ec2:DescribeTags",
    "ec2:DescribeVolumes",
    "lambda:ListFunctions",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "ec2:DescribeInstances",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
    "states:SendTaskSuccess",
}
# EC2 documents no source account; a role can be handed to instances of its own account only.
WITHOUT_SOURCE_ACCOUNT = ["ec2.amazonaws.com"]
# CloudWatch Logs and its delivery send no source account to a key; the encryption context, which holds the account,
# stands for it. https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html,
# https://docs.aws.amazon.com/step-functions/latest/dg/encryption-at-rest.html
CONTEXTS_OF_LOGS = {"kms:encryptioncontext:aws:logs:arn", "kms:encryptioncontext:sourcearn"}
CONFUSED_DEPUTY_KEYS = {"aws:sourceaccount", "aws:sourcearn"} | CONTEXTS_OF_LOGS


@pytest.fixture(params=APPLIED)
def environment(request: pytest.FixtureRequest, applied: dict[str, Applied]) -> Applied:
    return applied[request.param]


def broken(found: list[Statement]) -> str:
    return "\n".join(str(statement) for statement in found)


def test_no_identity_policy_grants_an_action_by_wildcard(environment: Applied) -> None:
    loose = [s for s in of_workflows(environment, IDENTITY) if s.allows and any("*" in action for action in s.actions)]
    assert not loose, broken(loose)


def test_a_wildcard_resource_stands_only_where_iam_knows_no_resource(environment: Applied) -> None:
    loose = [
        s
        for s in of_workflows(environment, IDENTITY)
        if s.allows and "*" in s.resources and not set(s.actions) <= WITHOUT_RESOURCE_LEVEL
    ]
    assert not loose, broken(loose)


def test_no_statement_is_written_the_inverted_way(environment: Applied) -> None:
    inverted = {"NotAction", "NotResource", "NotPrincipal"}
    loose = [s for s in statements(environment, IDENTITY | RESOURCE) if s.allows and inverted & s.body.keys()]
    assert not loose, broken(loose)


def test_every_trust_policy_is_closed_to_other_accounts(environment: Applied) -> None:
    trusts = list(of_workflows(environment, TRUST))
    assert trusts
    served = [s for s in trusts if s.services and s.services != WITHOUT_SOURCE_ACCOUNT]
    open_ones = [s for s in served if "aws:sourceaccount" not in s.condition_keys]
    assert not open_ones, broken(open_ones)


def test_a_role_is_trusted_by_one_service_only(environment: Applied) -> None:
    shared = [s for s in of_workflows(environment, TRUST) if len(s.services) != 1 or s.principals]
    assert not shared, broken(shared)


def test_whoever_trusts_the_account_means_one_role(environment: Applied) -> None:
    trusting = [s for s in statements(environment, TRUST) if s.principals]
    open_ones = [s for s in trusting if "aws:principalarn" not in s.condition_keys]
    assert not open_ones, broken(open_ones)


def test_no_resource_policy_allows_everybody(environment: Applied) -> None:
    open_ones = [s for s in statements(environment, RESOURCE) if s.allows and "*" in s.principals]
    assert not open_ones, broken(open_ones)


def test_services_reach_a_resource_only_on_behalf_of_this_account(environment: Applied) -> None:
    served = [s for s in statements(environment, RESOURCE) if s.allows and s.services]
    assert served
    confused = [s for s in served if not CONFUSED_DEPUTY_KEYS & s.condition_keys]
    assert not confused, broken(confused)
