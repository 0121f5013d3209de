"""Auto Scaling: lists and looks at groups, tags them and changes their size."""

from collections.abc import Iterable, Mapping

from botocore.exceptions import ClientError

from idle_resources.domain.machines import Group
from shared.clients import client
from shared.operations.acting import Skip, Vanished

_KIND = "auto-scaling-group"
# https://docs.aws.amazon.com/autoscaling/ec2/APIReference/CommonErrors.html
_BUSY = {"ScalingActivityInProgress"}


def listed() -> list[Group]:
    """Return all of the account's groups."""
    pages = client("autoscaling").get_paginator("describe_auto_scaling_groups").paginate()
    return [Group.from_description(each) for page in pages for each in page["AutoScalingGroups"]]


def look(name: str) -> Group:
    """Return a group as it is now. Raises `Vanished`."""
    found = client("autoscaling").describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
    if not found:
        raise Vanished
    return Group.from_description(found[0])


def mark(name: str, tags: Mapping[str, str]) -> None:
    """Tag a group, and none of its instances."""
    client("autoscaling").create_or_update_tags(
        Tags=[_tag(name, key) | {"Value": value, "PropagateAtLaunch": False} for key, value in tags.items()]
    )


def unmark(name: str, tags: Iterable[str]) -> None:
    """Remove tags of a group, whatever they say."""
    client("autoscaling").delete_tags(Tags=[_tag(name, key) for key in tags])


def resize(name: str, min_size: int, desired: int) -> None:
    """Set a group's minimum and how many instances it desires. Raises `Skip` while it is busy."""
    try:
        client("autoscaling").update_auto_scaling_group(
            AutoScalingGroupName=name, MinSize=min_size, DesiredCapacity=desired
        )
    except ClientError as refusal:
        if refusal.response["Error"]["Code"] in _BUSY:
            raise Skip(f"busy: {refusal.response['Error'].get('Message', '')}") from refusal
        raise


def _tag(name: str, key: str) -> dict[str, object]:
    return {"ResourceId": name, "ResourceType": _KIND, "Key": key}
