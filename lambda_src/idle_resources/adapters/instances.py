"""EC2: lists and looks at instances, tags them, stops them, and starts them as a type that AWS has room for."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache
from itertools import batched

from botocore.exceptions import ClientError

from idle_resources.domain.errors import NoCapacity
from idle_resources.domain.machines import Instance
from idle_resources.domain.marks import OWN_TYPE
from shared.clients import client
from shared.operations.acting import Vanished
from shared.operations.adapters.ec2 import asked, make

_LIVING = [{"Name": "instance-state-name", "Values": ["pending", "running", "stopping", "stopped"]}]
_PAGE = 500
_MOST_TYPES = 100  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeInstanceTypes.html
_MOST_VALUES = 200  # of a filter
# https://docs.aws.amazon.com/ec2/latest/devguide/ec2-api-error-codes.html
_NO_ROOM = {
    "InsufficientCapacity", "InsufficientHostCapacity", "InsufficientInstanceCapacity",
    "InsufficientReservedInstanceCapacity", "Unsupported",
}  # fmt: skip


def listed() -> list[Instance]:
    """Return all of the account's instances that are not ended, a page of them at a time."""
    pages = client("ec2").get_paginator("describe_instances")
    found = [
        instance
        for page in pages.paginate(Filters=_LIVING, PaginationConfig={"PageSize": _PAGE})
        for reservation in page["Reservations"]
        for instance in reservation["Instances"]
    ]
    with_disks = _with_disks(frozenset(instance["InstanceType"] for instance in found))
    return [Instance.from_description(instance, with_disks) for instance in found]


def look(instance_id: str) -> Instance:
    """Return an instance as it is now. Raises `Vanished`."""
    with asked():
        answer = client("ec2").describe_instances(InstanceIds=[instance_id])
    for reservation in answer["Reservations"]:
        for instance in reservation["Instances"]:
            return Instance.from_description(instance, _with_disks(frozenset([instance["InstanceType"]])))
    raise Vanished


def pending(instance_ids: Iterable[str]) -> bool:
    """Tell whether any of these instances is still on its way to run."""
    pages = client("ec2").get_paginator("describe_instances")
    wanted = {"Name": "instance-state-name", "Values": ["pending"]}
    return any(
        page["Reservations"]
        for batch in batched(instance_ids, _MOST_VALUES, strict=False)
        for page in pages.paginate(Filters=[wanted, {"Name": "instance-id", "Values": list(batch)}])
    )


def mark(instance_id: str, tags: Mapping[str, str]) -> None:
    """Tag an instance."""
    with asked():
        client("ec2").create_tags(
            Resources=[instance_id], Tags=[{"Key": key, "Value": value} for key, value in tags.items()]
        )


def unmark(instance_id: str, tags: Iterable[str]) -> None:
    """Remove tags of an instance, whatever they say."""
    with asked():
        client("ec2").delete_tags(Resources=[instance_id], Tags=[{"Key": key} for key in tags])


def stop(instance_id: str) -> None:
    """Stop an instance; one that is stopping already is none the worse for it."""
    with asked():
        client("ec2").stop_instances(InstanceIds=[instance_id])


def start(instance: Instance, types: Sequence[str], pace: Callable[[], None]) -> str:
    """Start a stopped instance as the first of `types` that AWS has room for, and return that; its own comes first.

    An instance that runs as another type is tagged with its own, to which the next start comes back. `pace` is called
    before each further request to start it. Raises `NoCapacity`: the instance has its own type again.
    """
    own, kind = types[0], instance.kind
    for number, wanted in enumerate(types):
        if number:
            pace()
        if wanted != own:
            mark(instance.resource_id, {OWN_TYPE: own})
        kind = _become(instance.resource_id, kind, wanted)
        if _start(instance.resource_id):
            return kind
    _become(instance.resource_id, kind, own)
    raise NoCapacity(f"no room for {', '.join(types)}")


def _become(instance_id: str, kind: str, wanted: str) -> str:
    if kind != wanted:
        with asked():
            client("ec2").modify_instance_attribute(InstanceId=instance_id, InstanceType={"Value": wanted})
    return wanted


def _start(instance_id: str) -> bool:
    """Start an instance; return False if there is no room: EC2 answers that like a server's fault, which it is not.

    botocore would take it for one and send the request again, several times for each type and beyond the pace.
    """
    try:
        with asked():
            make("start_instances", InstanceIds=[instance_id])
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in _NO_ROOM:
            return False
        raise
    return True


@cache  # a type never changes
def _with_disks(kinds: frozenset[str]) -> frozenset[str]:
    """Return which of these types have disks of their own."""
    pages = client("ec2").get_paginator("describe_instance_types")
    return frozenset(
        each["InstanceType"]
        for batch in batched(sorted(kinds), _MOST_TYPES, strict=False)
        for page in pages.paginate(InstanceTypes=list(batch))
        for each in page["InstanceTypes"]
        if each.get("InstanceStorageSupported")
    )
