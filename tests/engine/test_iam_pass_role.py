"""IAM: giving a service a role needs iam:PassRole, and a role that trusts the service."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.denials import ARN, denied
from tests.engine.functions import zipped

Clients = Callable[[str], Any]
AsRole = Callable[..., Any]
MACHINE = {"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}


def test_giving_a_function_a_role_needs_pass_role(
    as_role: AsRole, make_role: Callable[..., str], client: Clients, name: str
) -> None:
    role = make_role()
    create = {"Action": "lambda:CreateFunction", "Resource": "*"}
    settings = {"Runtime": "python3.13", "Handler": "f.h", "Code": {"ZipFile": zipped({"f.py": ""})}, "Role": role}
    message = denied(as_role(create)("lambda").create_function, FunctionName=name, **settings)
    assert f"iam:PassRole on resource: {role} because" in message
    passing = {
        "Action": "iam:PassRole",
        "Resource": role,
        "Condition": {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}},
    }
    as_role(create, passing)("lambda").create_function(FunctionName=name, **settings)
    untrusting = make_role(trust="states.amazonaws.com")
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        client("lambda").create_function(FunctionName=f"{name}-2", **{**settings, "Role": untrusting})
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        client("lambda").update_function_configuration(FunctionName=name, Role=untrusting)


def test_the_source_account_in_a_trust_policy_is_evaluated(
    make_role: Callable[..., str], client: Clients, name: str
) -> None:
    def role(account: str) -> str:
        condition = {"StringEquals": {"aws:SourceAccount": account}}
        return make_role(trust={"Principal": {"Service": "lambda.amazonaws.com"}, "Condition": condition})

    settings = {"Runtime": "python3.13", "Handler": "f.h", "Code": {"ZipFile": zipped({"f.py": ""})}}
    client("lambda").create_function(FunctionName=name, Role=role("000000000000"), **settings)
    with pytest.raises(ClientError, match="cannot be assumed by Lambda"):
        client("lambda").create_function(FunctionName=f"{name}-2", Role=role("999999999999"), **settings)


@pytest.mark.parametrize("service", ["stepfunctions", "events", "scheduler"])
def test_giving_other_services_a_role_needs_pass_role(
    service: str, as_role: AsRole, make_role: Callable[..., str], client: Clients, name: str
) -> None:
    role = make_role(trust=f"{'states' if service == 'stepfunctions' else service}.amazonaws.com")
    client("events").put_rule(Name=name, EventPattern='{"source": ["x"]}')
    target = {"Arn": ARN.format("sqs", name), "RoleArn": role}
    calls = {
        "stepfunctions": (
            "states:CreateStateMachine",
            "create_state_machine",
            {"name": name, "roleArn": role, "definition": json.dumps(MACHINE)},
        ),
        "events": ("events:PutTargets", "put_targets", {"Rule": name, "Targets": [{"Id": "t", **target}]}),
        "scheduler": (
            "scheduler:CreateSchedule",
            "create_schedule",
            {
                "Name": name,
                "ScheduleExpression": "rate(1 hour)",
                "FlexibleTimeWindow": {"Mode": "OFF"},
                "Target": target,
            },
        ),
    }
    action, method, arguments = calls[service]
    clients = as_role({"Action": action, "Resource": "*"})
    assert f"iam:PassRole on resource: {role}" in denied(getattr(clients(service), method), **arguments)
