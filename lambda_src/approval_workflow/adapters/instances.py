"""EC2: launches an instance once, finds what carries a request's tags, moves its end and ends it."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from zlib import crc32

from botocore.exceptions import ClientError

from approval_workflow.domain.errors import InsufficientInstanceCapacity, LaunchRefused
from shared.clients import client
from shared.faults import is_transient

# The type has no room in the subnet's zone, or is not offered there; another one may have.
# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html
_NO_ROOM = {
    "InsufficientCapacity", "InsufficientHostCapacity", "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity", "Unsupported",
}  # fmt: skip
_GONE = {"shutting-down", "terminated"}
_LOOK_SECONDS = 1.0
_MAX_CAUSE = 300


@dataclass(frozen=True)
class Template:
    """What every launch has in common; `subnet_ids` are separated by commas."""

    launch_template_id: str
    subnet_ids: str
    security_group_id: str


def launch(template: Template, token: str, image_id: str, instance_type: str, tags: Mapping[str, str]) -> str:
    """Launch an instance and return its id; the same for the same `token`, with which nothing else may be launched.

    Raises `InsufficientInstanceCapacity`, `LaunchRefused`, and faults of AWS that pass by themselves.
    """
    pairs = _pairs(tags)
    try:
        answer = client("ec2").run_instances(
            LaunchTemplate={"LaunchTemplateId": template.launch_template_id, "Version": "$Default"},
            ClientToken=token,
            ImageId=image_id,
            InstanceType=instance_type,
            MinCount=1,
            MaxCount=1,
            NetworkInterfaces=[_interface(template, token)],
            TagSpecifications=[{"ResourceType": kind, "Tags": pairs} for kind in ("instance", "volume")],
        )
    except ClientError as refusal:
        raise _in_our_words(refusal) from refusal.__cause__
    instance_id: str = answer["Instances"][0]["InstanceId"]
    return instance_id


def find(request_id: str, workflow: str) -> dict[str, str]:
    """Return the state of every instance that carries a request's tags, by its id; those that are gone for an hour."""
    filters = {"tag:request-id": request_id, "tag:workflow": workflow}
    pages = (
        client("ec2")
        .get_paginator("describe_instances")
        .paginate(Filters=[{"Name": name, "Values": [value]} for name, value in filters.items()])
    )
    return {
        instance["InstanceId"]: instance["State"]["Name"]
        for page in pages
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    }


def move_end(instance_id: str, ends_at: str) -> None:
    """Change the tag that says when an instance ends."""
    client("ec2").create_tags(Resources=[instance_id], Tags=_pairs({"ends-at": ends_at}))


def end(look: Callable[[], dict[str, str]], has_time: Callable[[], bool]) -> int:
    """Stop what `look` finds, so that it can shut down in order, then terminate it; return how many there were."""
    found = look()
    if running := [each for each, state in found.items() if state == "running"]:
        client("ec2").stop_instances(InstanceIds=running)
        while has_time() and {look().get(each) for each in running} & {"running", "stopping"}:
            time.sleep(_LOOK_SECONDS)
    if left := [each for each, state in found.items() if state not in _GONE]:
        client("ec2").terminate_instances(InstanceIds=left)
    return len(found)


def _interface(template: Template, token: str) -> dict[str, Any]:
    """Return the network interface: without a public address, in a subnet that a retry chooses again."""
    subnets = template.subnet_ids.split(",")
    return {
        "DeviceIndex": 0,
        "SubnetId": subnets[crc32(token.encode()) % len(subnets)],
        "Groups": [template.security_group_id],
        "AssociatePublicIpAddress": False,
        "DeleteOnTermination": True,
    }


def _in_our_words(refusal: ClientError) -> Exception:
    """Name a refusal; EC2 answers a lack of room with a server's error, so that is looked for first."""
    error = refusal.response["Error"]
    cause = f"{error['Code']}: {error.get('Message', '')}"[:_MAX_CAUSE]
    if error["Code"] in _NO_ROOM:
        return InsufficientInstanceCapacity(cause)
    return refusal if is_transient(refusal) else LaunchRefused(cause)


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
