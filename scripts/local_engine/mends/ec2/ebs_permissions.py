"""What volumes and snapshots ask of IAM: the sources of what is made, what is told about it, and the customers' keys.

AWS: https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html
Engine: one resource, the first id it found.
"""

from collections.abc import Callable, Iterator
from typing import Any

from ministack.core.responses import get_account_id, request_scope
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import snapshots
from scripts.local_engine.mends.ec2.launch_permissions import key_needs
from scripts.local_engine.mends.ec2.resource_keys import existing
from scripts.local_engine.mends.ec2.settings import arn
from scripts.local_engine.request import Need

type Asked = dict[str, Any]


def _copied(action: str, asked: Asked) -> Iterator[Need]:
    """Ask for the source of a copy, in its own region.

    AWS: https://aws.amazon.com/blogs/storage/enhancing-resource-level-permissions-for-copying-amazon-ebs-snapshots/
    """
    with request_scope(get_account_id(), asked["SourceRegion"]):
        need = Need(action, arn("snapshot", asked["SourceSnapshotId"]), existing(asked["SourceSnapshotId"]))
    yield need


def _taken_together(action: str, asked: Asked) -> Iterator[Need]:
    """Ask for the instance and each of its volumes that a snapshot is made of."""
    instance = asked["InstanceSpecification"]["InstanceId"]
    yield Need(action, arn("instance", instance), existing(instance))
    for volume in snapshots.chosen(asked["InstanceSpecification"]):
        yield Need(action, arn("volume", volume), existing(volume))


# What is used in other ways than by an id among the request's own parameters.
USED: dict[str, Callable[[str, Asked], Iterator[Need]]] = {
    "CopySnapshot": _copied,
    "CreateSnapshots": _taken_together,
}


def about(operation: str, asked: Asked) -> dict[str, Any]:
    """Return the condition keys of the volume or snapshot that a request makes."""
    if operation == "CreateSnapshot":
        return {"ec2:ParentVolume": arn("volume", asked["VolumeId"])}
    if operation != "CreateVolume":
        return {}
    source = engine._snapshots.get(asked.get("SnapshotId")) or {}
    encrypted = asked.get("Encrypted", False) or source.get("Encrypted", False)
    found = {
        "ec2:AvailabilityZone": asked.get("AvailabilityZone"),
        "ec2:Encrypted": str(encrypted).lower(),
        "ec2:ParentSnapshot": arn("snapshot", source["SnapshotId"]) if source else None,
        "ec2:VolumeSize": asked.get("Size", source.get("VolumeSize")),
        "ec2:VolumeType": asked.get("VolumeType", "gp2"),
    }
    return {key: str(value) for key, value in found.items() if value is not None}


def keys(operation: str, asked: Asked) -> Iterator[Need]:
    """Ask for the use of the customer's keys that a new volume or a copy entails, of its source and its own.

    AWS: https://docs.aws.amazon.com/ebs/latest/userguide/ebs-encryption-requirements.html#ebs-encryption-permissions
    """
    if operation == "CreateVolume":
        source = engine._snapshots.get(asked.get("SnapshotId")) or {}
        yield from key_needs({**source, **asked})
    if operation == "CopySnapshot":
        with request_scope(get_account_id(), asked["SourceRegion"]):
            of_source = list(key_needs(engine._snapshots.get(asked["SourceSnapshotId"]) or {}))
        yield from of_source
        yield from key_needs(asked)
