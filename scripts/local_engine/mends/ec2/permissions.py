"""What EC2 asks of IAM: each resource an operation touches, with the condition keys AWS has for it.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
Engine: one resource, the first id it found, without any of EC2's condition keys.
"""

import re
from collections.abc import Iterator
from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.condition_keys import requested_tags
from scripts.local_engine.mends.ec2.launch_permissions import launch_needs
from scripts.local_engine.mends.ec2.resource_keys import existing, shared
from scripts.local_engine.mends.ec2.settings import arn, launch
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.request import Need

# What is created, of a kind that did not exist before; tags in the request are asked for on it.
_CREATED = {
    "CopySnapshot": "snapshot",
    "CreateImage": "image",
    "CreateLaunchTemplate": "launch-template",
    "CreateSecurityGroup": "security-group",
    "CreateSnapshot": "snapshot",
    "CreateVolume": "volume",
}
_ID = re.compile(r"[A-Za-z]*Id(\.\d+)?")


def needs(action: str, resource: str, params: dict[str, Any]) -> list[Need]:
    """Return every permission that a request to EC2 needs; `resource` is what the engine would have asked for."""
    operation = action.removeprefix("ec2:")
    if operation == "RunInstances":
        try:
            return list(launch_needs(launch(params)))
        except Refusal:
            return [Need(action, "*", shared())]  # the operation itself will say what is wrong
    if operation.startswith("Describe"):
        return [Need(action, "*", shared())]
    return list(_other_needs(operation, params)) or [Need(action, resource, shared())]


def _other_needs(operation: str, params: dict[str, Any]) -> Iterator[Need]:
    requested = requested_tags(_pairs(params, "Tag"))
    ids = (value for name, value in params.items() if _ID.fullmatch(name))
    for value in ids:
        if (kind := engine._guess_resource_type(value)) != "resource":
            yield Need(f"ec2:{operation}", arn(kind, value), existing(value) | requested)
    if kind := _CREATED.get(operation):
        tags = requested_tags(_pairs(params, "TagSpecification.1.Tag"))
        yield Need(f"ec2:{operation}", arn(kind, "*"), shared() | tags)
        if tags:
            yield Need("ec2:CreateTags", arn(kind, "*"), shared() | tags | {"ec2:CreateAction": operation})


def _pairs(params: dict[str, Any], prefix: str) -> dict[str, str]:
    keys = {name: value for name, value in params.items() if re.fullmatch(rf"{re.escape(prefix)}\.\d+\.Key", name)}
    return {value: params.get(name.removesuffix("Key") + "Value", "") for name, value in keys.items()}
