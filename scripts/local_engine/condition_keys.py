"""The condition keys that a request's own fields give, service by service, where the engine does not know them.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
"""

from collections.abc import Callable
from typing import Any

from ministack.services import iam

from scripts.local_engine.leading_keys import leading_keys

type Fields = dict[str, Any]


def condition_keys(action: str, fields: Fields) -> dict[str, Any]:
    """Return the condition keys of an action whose request has the given fields."""
    service, operation = action.split(":", 1)
    return _SERVICES[service](operation, fields) if service in _SERVICES else {}


def requested_tags(tags: dict[str, str]) -> dict[str, Any]:
    """Return aws:RequestTag/… and aws:TagKeys; neither is there when no tag is."""
    named = {f"aws:RequestTag/{key}": value for key, value in tags.items()}
    return {**named, "aws:TagKeys": list(tags)} if tags else {}


def _cloudwatch(operation: str, fields: Fields) -> dict[str, Any]:
    return {"cloudwatch:namespace": fields.get("Namespace")} if operation == "PutMetricData" else {}


def _dynamodb(_operation: str, fields: Fields) -> dict[str, Any]:
    return {"dynamodb:LeadingKeys": leading_keys(fields) or None}


def _iam(_operation: str, fields: Fields) -> dict[str, Any]:
    """Return the boundary a role is given, or has."""
    role = iam._roles.get(fields.get("RoleName", "")) or {}
    return {"iam:PermissionsBoundary": fields.get("PermissionsBoundary") or role.get("PermissionsBoundary")}


def _kms(_operation: str, fields: Fields) -> dict[str, Any]:
    return {f"kms:EncryptionContext:{name}": value for name, value in (fields.get("EncryptionContext") or {}).items()}


def _secretsmanager(_operation: str, fields: Fields) -> dict[str, Any]:
    known = ("SecretId", "VersionId", "VersionStage")
    return {f"secretsmanager:{name}": fields[name] for name in known if name in fields}


def _ssm(operation: str, fields: Fields) -> dict[str, Any]:
    tags = fields.get("Tags") or [] if operation == "PutParameter" else []
    return requested_tags({tag["Key"]: tag["Value"] for tag in tags})


_SERVICES: dict[str, Callable[[str, Fields], dict[str, Any]]] = {
    "cloudwatch": _cloudwatch,
    "dynamodb": _dynamodb,
    "iam": _iam,
    "kms": _kms,
    "secretsmanager": _secretsmanager,
    "ssm": _ssm,
}
