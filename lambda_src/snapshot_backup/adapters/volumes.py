"""EC2's volumes and instances as the domain sees them, and the one volume that a restore drill makes and removes."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from shared.clients import client
from shared.operations.adapters.ec2 import asked
from snapshot_backup.domain.rules import POLICY_TAG
from snapshot_backup.domain.tags import pairs, tags_of
from snapshot_backup.domain.volumes import Volume

_PAGE = {"PageSize": 500}  # without a size EC2 answers all at once, from a far smaller bucket of requests
_FILTER_VALUES = 200  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html


def everything() -> list[Volume]:
    """Return all the volumes of the function's region."""
    return list(_listed([]))


def some(volume_ids: Iterable[str]) -> list[Volume]:
    """Return those of the volumes that are still there."""
    return [
        volume
        for ids in batched(sorted(volume_ids), _FILTER_VALUES, strict=False)
        for volume in _listed([_filter("volume-id", *ids)])
    ]


def tagged(tags: Mapping[str, str]) -> list[Volume]:
    """Return the volumes that have all these tags."""
    return list(_listed([_filter(f"tag:{name}", value) for name, value in tags.items()]))


def tagged_instances() -> dict[str, dict[str, str]]:
    """Return the tags of the instances that ask for backups, by their id."""
    pages = client("ec2").get_paginator("describe_instances")
    listed = pages.paginate(Filters=[_filter("tag-key", POLICY_TAG)], PaginationConfig=_PAGE)
    return {
        instance["InstanceId"]: tags_of(instance)
        for page in listed
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    }


@dataclass(frozen=True)
class Attached:
    """The volumes of an instance right now; its root volume has a way of its own to be left out."""

    root: str
    volume_ids: frozenset[str]


def attached_to(instance_id: str) -> Attached:
    """Return what is attached to an instance; nothing if it is gone."""
    answer = client("ec2").describe_instances(Filters=[_filter("instance-id", instance_id)])
    found = [instance for reservation in answer["Reservations"] for instance in reservation["Instances"]]
    instance = found[0] if found else {}
    mapped = {each["DeviceName"]: each["Ebs"]["VolumeId"] for each in instance.get("BlockDeviceMappings", [])}
    return Attached(mapped.get(instance.get("RootDeviceName"), ""), frozenset(mapped.values()))


def restore(snapshot_id: str, token: str, tags: Mapping[str, str]) -> str:
    """Make a volume from a snapshot and return its id; the same one for the same `token`."""
    ec2 = client("ec2")
    kinds = [_filter("zone-type", "availability-zone"), _filter("state", "available")]
    zones = ec2.describe_availability_zones(Filters=kinds)["AvailabilityZones"]
    with asked():
        volume_id: str = ec2.create_volume(
            SnapshotId=snapshot_id,
            AvailabilityZone=min(zone["ZoneName"] for zone in zones),
            VolumeType="gp3",
            ClientToken=token,
            TagSpecifications=[{"ResourceType": "volume", "Tags": pairs(tags)}],
        )["VolumeId"]
    return volume_id


def remove(volume_id: str) -> None:
    """Delete a volume. Raises `Skip` and its kinds if it is gone or its state does not allow it."""
    with asked():
        client("ec2").delete_volume(VolumeId=volume_id)


def _listed(filters: list[dict[str, Any]]) -> Iterator[Volume]:
    pages = client("ec2").get_paginator("describe_volumes").paginate(Filters=filters, PaginationConfig=_PAGE)
    return (Volume.from_description(each) for page in pages for each in page["Volumes"])


def _filter(name: str, *values: str) -> dict[str, Any]:
    return {"Name": name, "Values": list(values)}
