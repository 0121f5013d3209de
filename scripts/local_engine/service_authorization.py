"""On which ARNs, and with which condition keys, AWS decides an action: where the engine has others of its own.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

import re
from collections.abc import Callable

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms, secretsmanager

from scripts.local_engine import task_token
from scripts.local_engine.condition_keys import condition_keys
from scripts.local_engine.mends.autoscaling import permissions as autoscaling_permissions
from scripts.local_engine.mends.ec2 import permissions as ec2_permissions
from scripts.local_engine.request import Need, Request

UNQUALIFIED_PARTS = 7  # arn:aws:SERVICE:REGION:ACCOUNT:KIND:NAME, of a function, machine or log group


def needs(action: str, resource: str, asked: Request) -> list[Need]:
    """Return all that a request is decided on, given the action and resource that the engine found."""
    if action.startswith("ec2:"):
        return ec2_permissions.needs(action, resource, asked.fields())
    if action.startswith("autoscaling:"):
        return autoscaling_permissions.needs(action, resource, asked.fields())
    keys = condition_keys(action, asked.fields()) | machine_qualifier(action, resource)
    tagging = ["ssm:AddTagsToResource"] if action == "ssm:PutParameter" and keys else []  # as tagging by itself does
    found = [Need(each, arn, keys) for arn in resources(action, resource, asked) for each in (action, *tagging)]
    if action == "secretsmanager:RotateSecret" and (function := _rotation_function(asked)):
        found.append(Need("lambda:InvokeFunction", function, {}))
    return found


def _rotation_function(asked: Request) -> str:
    """Return the function that a rotation would call, "" for none: whoever rotates a secret must be allowed to.

    AWS: https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html (required permissions)
    """
    _, secret = secretsmanager._resolve(asked.fields().get("SecretId"))
    return str(asked.fields().get("RotationLambdaARN") or (secret or {}).get("RotationLambdaARN") or "")


def resources(action: str, resource: str, asked: Request) -> list[str]:
    """Return the ARNs that an action of a request is decided on, given the one the engine found."""
    service, operation = action.split(":", 1)
    return _RESOURCES[service](operation, resource, asked) if service in _RESOURCES else [resource]


def machine_qualifier(action: str, resource: str) -> dict[str, str]:
    """Return states:StateMachineQualifier when an alias or version of a machine is started.

    AWS: that is decided on the machine's ARN
    (https://docs.aws.amazon.com/step-functions/latest/dg/auth-version-alias.html).
    """
    qualifier = resource.split(":")[UNQUALIFIED_PARTS:]
    starts = action in {"states:StartExecution", "states:StartSyncExecution"}
    return {"states:StateMachineQualifier": qualifier[0]} if starts and qualifier else {}


def _unqualified(resource: str) -> str:
    return ":".join(resource.split(":")[:UNQUALIFIED_PARTS])


def _scope(service: str) -> str:
    return f"arn:aws:{service}:{get_region()}:{get_account_id()}:"


def _alarm(operation: str, resource: str, asked: Request) -> list[str]:
    """Name the alarms that are described or deleted, or all of them, and the one whose tags are meant."""
    fields = asked.fields()
    if operation not in {"DeleteAlarms", "DescribeAlarms"}:
        return [fields.get("ResourceARN") or resource]
    listed = [value for name, value in fields.items() if name.startswith("AlarmNames.")]
    return [f"{_scope('cloudwatch')}alarm:{name}" for name in fields.get("AlarmNames") or listed or ["*"]]


def _build_project(operation: str, resource: str, asked: Request) -> list[str]:
    """Name the projects, also when builds are meant."""
    fields = asked.fields()
    named = [fields.get("id") or "", *(fields.get("ids") or []), *(fields.get("names") or []), fields.get("name") or ""]
    if operation in {"ListBuilds", "ListProjects"} or not (found := [name for name in named if name]):
        return [resource]
    projects = (name.rpartition("/")[2].partition(":")[0] for name in found)
    return list(dict.fromkeys(f"{_scope('codebuild')}project/{name}" for name in projects))


def _repository(operation: str, resource: str, asked: Request) -> list[str]:
    """Name the repository, also when its tags are meant; those of a list are all."""
    fields = asked.fields()
    if arn := fields.get("resourceArn"):
        return [arn]
    name = fields.get("repositoryName")
    return [f"{_scope('codecommit')}{name}"] if name and operation != "ListRepositories" else [resource]


def _function(operation: str, resource: str, asked: Request) -> list[str]:
    """Name a new function, the alias or version that is invoked, and the version of a layer that is read."""
    if operation == "CreateFunction":
        return [f"{_scope('lambda')}function:{asked.fields().get('FunctionName', '').rpartition(':')[2]}"]
    if operation == "GetLayerVersion" and (found := re.search("/layers/([^/]+)/versions/([^/]+)", asked.path)):
        return [f"{_scope('lambda')}layer:{found[1].rpartition(':')[2]}:{found[2]}"]
    qualifier = asked.parameter("Qualifier") if operation == "InvokeFunction" else ""
    return [f"{_unqualified(resource)}:{qualifier}" if qualifier else resource]


def _key(operation: str, resource: str, asked: Request) -> list[str]:
    """Name the key behind an alias; both when the alias itself is made, moved or deleted."""
    fields = asked.fields()
    if operation in {"CreateAlias", "UpdateAlias", "DeleteAlias"}:
        alias = fields.get("AliasName", "")
        key = kms._resolve_key(fields.get("TargetKeyId") or alias)
        return [f"{_scope('kms')}{alias}", *([str(key["Arn"])] if key else [])]
    key = kms._resolve_key(resource)
    return [str(key["Arn"]) if key else resource]


def _rule(_operation: str, resource: str, _asked: Request) -> list[str]:
    """Leave out the name of the default bus."""
    return [resource.replace(":rule/default/", ":rule/")]


def _table(_operation: str, resource: str, asked: Request) -> list[str]:
    """Name the table whose tags are read or changed."""
    return [asked.fields().get("ResourceArn") or resource]


def _topic(operation: str, resource: str, asked: Request) -> list[str]:
    """Name the topic, also when its tags or one of its subscriptions is meant."""
    fields = asked.fields()
    subscription = fields.get("SubscriptionArn", "") if "Subscription" in operation else ""
    return [fields.get("ResourceArn") or subscription.rpartition(":")[0] or resource]


def _log_group(_operation: str, resource: str, asked: Request) -> list[str]:
    """Name a stream of the group, or "" of it: that is why policies end in `log-group:NAME:*`."""
    whole_group = resource.count(":") == UNQUALIFIED_PARTS - 1
    return [f"{resource}:log-stream:{asked.fields().get('logStreamName', '')}" if whole_group else resource]


def _machine(operation: str, resource: str, asked: Request) -> list[str]:
    """Name the machine, not its alias or version, when it is started, and the one whose task is answered.

    For the latter see `grantTaskResponse` of https://docs.aws.amazon.com/cdk/api/v2/docs/aws-cdk-lib.aws_stepfunctions.StateMachine.html.
    What is no token belongs to no machine: nothing is decided, and it is refused as invalid.
    """
    if operation in {"SendTaskFailure", "SendTaskHeartbeat", "SendTaskSuccess"}:
        machine = task_token.machine_of(asked.fields().get("taskToken", ""))
        return [machine] if machine else []
    return [_unqualified(resource) if operation in {"StartExecution", "StartSyncExecution"} else resource]


def _parameter(operation: str, resource: str, asked: Request) -> list[str]:
    """Name each parameter, or the path, that is read or deleted; public parameters belong to no account."""
    fields = asked.fields()
    one = {"GetParameter": "Name", "GetParametersByPath": "Path"}.get(operation, "")
    several = fields.get("Names") or [] if operation in {"DeleteParameters", "GetParameters"} else []
    return [_parameter_arn(name) for name in (fields.get(one), *several) if name] or [resource]


def _parameter_arn(name: str) -> str:
    if name.startswith("arn:"):
        return name
    scope = f"arn:aws:ssm:{get_region()}::" if name.startswith("/aws/service/") else _scope("ssm")
    return f"{scope}parameter/{name.lstrip('/')}"


_RESOURCES: dict[str, Callable[[str, str, Request], list[str]]] = {
    "cloudwatch": _alarm,
    "codebuild": _build_project,
    "codecommit": _repository,
    "dynamodb": _table,
    "events": _rule,
    "kms": _key,
    "lambda": _function,
    "logs": _log_group,
    "sns": _topic,
    "ssm": _parameter,
    "states": _machine,
}
