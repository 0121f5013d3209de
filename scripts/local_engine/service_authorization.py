"""On which ARNs, and with which condition keys, AWS decides an action: where the engine has others of its own.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable
from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import kms

from scripts.local_engine.leading_keys import leading_keys
from scripts.local_engine.request import Request

UNQUALIFIED_PARTS = 7  # arn:aws:SERVICE:REGION:ACCOUNT:KIND:NAME, of a function, machine or log group


def resources(action: str, resource: str, asked: Request) -> list[str]:
    """Return the ARNs that an action of a request is decided on, given the one the engine found."""
    service, operation = action.split(":", 1)
    return _RESOURCES[service](operation, resource, asked) if service in _RESOURCES else [resource]


def context(action: str, resource: str, asked: Request) -> dict[str, Any]:
    """Return the condition keys of a request that the engine does not know."""
    if action == "cloudwatch:PutMetricData":
        return {"cloudwatch:namespace": asked.fields().get("Namespace")}
    if action.startswith("kms:"):
        encryption_context = asked.fields().get("EncryptionContext") or {}
        return {f"kms:EncryptionContext:{name}": value for name, value in encryption_context.items()}
    if action.startswith("dynamodb:"):
        return {"dynamodb:LeadingKeys": leading_keys(asked.fields()) or None}
    return machine_qualifier(action, resource)


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


def _function(operation: str, resource: str, asked: Request) -> list[str]:
    """Name the alias or version that is invoked, however it was given."""
    qualifier = asked.parameter("Qualifier") if operation == "InvokeFunction" else ""
    return [f"{_unqualified(resource)}:{qualifier}" if qualifier else resource]


def _key(_operation: str, resource: str, _asked: Request) -> list[str]:
    """Name the key behind an alias."""
    key = kms._resolve_key(resource)
    return [str(key["Arn"]) if key else resource]


def _log_group(_operation: str, resource: str, asked: Request) -> list[str]:
    """Name a stream of the group, or "" of it: that is why policies end in `log-group:NAME:*`."""
    whole_group = resource.count(":") == UNQUALIFIED_PARTS - 1
    return [f"{resource}:log-stream:{asked.fields().get('logStreamName', '')}" if whole_group else resource]


def _machine(operation: str, resource: str, _asked: Request) -> list[str]:
    """Name the machine, not its alias or version, when it is started."""
    return [_unqualified(resource) if operation in {"StartExecution", "StartSyncExecution"} else resource]


def _parameter(operation: str, resource: str, asked: Request) -> list[str]:
    """Name each parameter, or the path, that is read."""
    fields, prefix = asked.fields(), f"arn:aws:ssm:{get_region()}:{get_account_id()}:parameter"
    if operation == "GetParameters":
        return [f"{prefix}/{name.lstrip('/')}" for name in fields.get("Names", [])]
    return [f"{prefix}/{fields.get('Path', '').strip('/')}" if operation == "GetParametersByPath" else resource]


_RESOURCES: dict[str, Callable[[str, str, Request], list[str]]] = {
    "kms": _key,
    "lambda": _function,
    "logs": _log_group,
    "ssm": _parameter,
    "states": _machine,
}
