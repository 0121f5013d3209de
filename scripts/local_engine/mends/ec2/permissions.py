"""What EC2 asks of IAM: each resource an operation touches, with the condition keys AWS has for it.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
Engine: one resource, the first id it found, without any of EC2's condition keys.
"""

import re
from collections.abc import Iterator
from typing import Any

from ministack.services import ec2 as engine

from scripts.local_engine.condition_keys import requested_tags
from scripts.local_engine.mends.ec2 import ebs_permissions, wire
from scripts.local_engine.mends.ec2.launch_permissions import launch_needs
from scripts.local_engine.mends.ec2.resource_keys import existing, shared
from scripts.local_engine.mends.ec2.settings import arn, launch, tags_of
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.request import Need

# What is created, of kinds that did not exist before; tags in the request are asked for on them.
_CREATED = {
    "CopySnapshot": ("snapshot",),
    "CreateImage": ("image", "snapshot"),
    "CreateLaunchTemplate": ("launch-template",),
    "CreateNetworkInterface": ("network-interface",),
    "CreateSecurityGroup": ("security-group",),
    "CreateSnapshot": ("snapshot",),
    "CreateSnapshots": ("snapshot",),
    "CreateVolume": ("volume",),
}
_ID = re.compile(r"[A-Za-z]*Id(\.\d+)?")


def needs(action: str, resource: str, params: dict[str, Any]) -> list[Need]:
    """Return every permission that a request to EC2 needs; `resource` is what the engine would have asked for."""
    operation = action.removeprefix("ec2:")
    if operation.startswith("Describe"):
        return [Need(action, "*", shared())]
    try:
        found = launch_needs(launch(params)) if operation == "RunInstances" else _other_needs(operation, params)
        return list(found) or [Need(action, resource, shared())]
    except Refusal:
        return [Need(action, "*", shared())]  # the operation itself will say what is wrong


def _other_needs(operation: str, params: dict[str, Any]) -> Iterator[Need]:
    action, asked = f"ec2:{operation}", wire.request(operation, params)
    if operation in ebs_permissions.USED:
        yield from ebs_permissions.USED[operation](action, asked)
    else:
        yield from _used(action, params, requested_tags(_pairs(params)) | _attribute(operation, params))
    about = ebs_permissions.about(operation, asked)
    for kind in _CREATED.get(operation, ()):
        context = shared() | about | requested_tags(tags_of(kind, asked.get("TagSpecifications", [])))
        yield Need(action, arn(kind, "*"), context)
        if "aws:TagKeys" in context:
            yield Need("ec2:CreateTags", arn(kind, "*"), context | {"ec2:CreateAction": operation})
    yield from ebs_permissions.keys(operation, asked)


def _used(action: str, params: dict[str, Any], context: dict[str, Any]) -> Iterator[Need]:
    """Yield a need for each resource that the request names."""
    for value in (value for name, value in params.items() if _ID.fullmatch(name)):
        if (kind := engine._guess_resource_type(value)) != "resource":
            yield Need(action, arn(kind, value), existing(value) | context)


def _attribute(operation: str, params: dict[str, Any]) -> dict[str, Any]:
    """Return which attribute of an instance is changed."""
    given = params.get("Attribute") or next((name.partition(".")[0] for name in params if name.endswith(".Value")), "")
    return {"ec2:Attribute": given} if operation == "ModifyInstanceAttribute" else {}


def _pairs(params: dict[str, Any]) -> dict[str, str]:
    keys = {name: value for name, value in params.items() if re.fullmatch(r"Tag\.\d+\.Key", name)}
    return {value: params.get(name.removesuffix("Key") + "Value", "") for name, value in keys.items()}
