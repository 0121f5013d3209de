"""EC2's lists, of every kind of resource that has an owner."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from shared.clients import client

_MOST_FILTER_VALUES = 200  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Filtering.html


@dataclass(frozen=True)
class Kind:
    """How a kind is listed: the operation, the member of its answer and that with the id, the filter by id.

    `own` leaves out what belongs to other accounts.
    """

    operation: str
    listed: str
    id: str
    by_id: str
    own: Mapping[str, Any] = field(default_factory=dict)


# By what their ids begin with.
KINDS = {
    "ami": Kind("describe_images", "Images", "ImageId", "image-id", {"Owners": ["self"]}),
    "eni": Kind("describe_network_interfaces", "NetworkInterfaces", "NetworkInterfaceId", "network-interface-id"),
    "i": Kind("describe_instances", "Reservations", "InstanceId", "instance-id"),
    "snap": Kind("describe_snapshots", "Snapshots", "SnapshotId", "snapshot-id", {"OwnerIds": ["self"]}),
    "vol": Kind("describe_volumes", "Volumes", "VolumeId", "volume-id"),
}


def every(kind: Kind, **wanted: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the resources of a kind that filters let through; hyphens are underscores in `wanted`."""
    filters = [{"Name": name.replace("_", "-"), "Values": values} for name, values in wanted.items()]
    for page in client("ec2").get_paginator(kind.operation).paginate(Filters=filters, **kind.own):
        for each in page[kind.listed]:
            yield from each["Instances"] if kind.listed == "Reservations" else [each]


def by_id(resource_ids: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return resources by their ids: those that EC2 shows, for an id that it does not know is no error to a filter."""
    found: dict[str, dict[str, Any]] = {}
    wanted = list(resource_ids)
    for prefix, kind in KINDS.items():
        mine = [each for each in wanted if each.startswith(f"{prefix}-")]
        for batch in batched(mine, _MOST_FILTER_VALUES, strict=False):
            found |= {each[kind.id]: each for each in every(kind, **{kind.by_id: list(batch)})}
    return found
