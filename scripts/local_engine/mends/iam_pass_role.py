"""IAM: whoever gives a service a role needs iam:PassRole, and the role must trust the service."""

from collections.abc import Iterator
from typing import Any

from ministack.core import iam_evaluator
from ministack.services import lambda_svc

from scripts.local_engine import request
from scripts.local_engine.authorization import service_may_assume
from scripts.local_engine.patching import Function, wrap

# The action that takes a role, where the role is in its request, and the service it is passed to.
PASSING = {
    "lambda:CreateFunction": ("Role", "lambda.amazonaws.com"),
    "lambda:UpdateFunctionConfiguration": ("Role", "lambda.amazonaws.com"),
    "states:CreateStateMachine": ("roleArn", "states.amazonaws.com"),
    "states:UpdateStateMachine": ("roleArn", "states.amazonaws.com"),
    "events:PutRule": ("RoleArn", "events.amazonaws.com"),
    "events:PutTargets": ("Targets.RoleArn", "events.amazonaws.com"),
    "scheduler:CreateSchedule": ("Target.RoleArn", "scheduler.amazonaws.com"),
    "scheduler:UpdateSchedule": ("Target.RoleArn", "scheduler.amazonaws.com"),
    "pipes:CreatePipe": ("RoleArn", "pipes.amazonaws.com"),
    "pipes:UpdatePipe": ("RoleArn", "pipes.amazonaws.com"),
    "codebuild:CreateProject": ("serviceRole", "codebuild.amazonaws.com"),
    "codebuild:StartBuild": ("serviceRoleOverride", "codebuild.amazonaws.com"),
    "codebuild:UpdateProject": ("serviceRole", "codebuild.amazonaws.com"),
    "logs:PutSubscriptionFilter": ("roleArn", "logs.amazonaws.com"),
}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(iam_evaluator, "enforce")(_enforce)
    wrap(lambda_svc, "_create_function")(_create_function)
    wrap(lambda_svc, "_update_config")(_update_function)


def _enforce(
    original: Function,
    access_key_id: str,
    iam_action: str,
    service: str,
    region: str,
    resource_arn: str = "*",
    service_context: dict[str, Any] | None = None,
) -> Any:
    """Require iam:PassRole on every role that a request hands to a service.

    AWS: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html
    Engine: nobody needed it.
    """
    outcome = original(access_key_id, iam_action, service, region, resource_arn, service_context)
    if outcome or iam_action not in PASSING:
        return outcome
    path, receiver = PASSING[iam_action]
    passed_to = {"iam:PassedToService": receiver}
    roles = _values(request.current.get().fields(), path.split("."))
    outcomes = (original(access_key_id, "iam:PassRole", "iam", region, role, passed_to) for role in roles)
    return next((found for found in outcomes if found), None)


def _values(value: Any, path: list[str]) -> Iterator[str]:
    """Yield the strings at `path`, through lists."""
    if isinstance(value, list):
        for item in value:
            yield from _values(item, path)
    elif isinstance(value, dict) and path:
        yield from _values(value.get(path[0]), path[1:])
    elif isinstance(value, str) and value:
        yield value


def _create_function(original: Function, data: dict[str, Any]) -> Any:
    """Refuse a function whose role does not trust Lambda, for this account.

    AWS: InvalidParameterValueException
    (https://docs.aws.amazon.com/lambda/latest/dg/lambda-intro-execution-role.html#permissions-executionrole-api).
    Engine: any role was accepted.
    """
    return _untrusting(data) or original(data)


def _update_function(original: Function, name: str, data: dict[str, Any]) -> Any:
    """Refuse a new role that does not trust Lambda, as for a new function."""
    return _untrusting(data) or original(name, data)


def _untrusting(data: dict[str, Any]) -> Any:
    role = data.get("Role")
    if not role or service_may_assume(role, "lambda.amazonaws.com"):
        return None
    return lambda_svc._invalid_parameter_value("The role defined for the function cannot be assumed by Lambda.")
