"""What may be stopped: an instance, or a whole Auto Scaling group, as AWS describes them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

GROUP_PREFIX = "group/"
_GROUP_TAG = "aws:autoscaling:groupName"
# Why EC2 itself stops an instance that was just started. Nobody's stop has one of these reasons.
# https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StateReason.html
_START_FAILED = {
    "Client.InternalError",
    "Client.InvalidSnapshot.NotFound",
    "Client.VolumeLimitExceeded",
    "Server.InsufficientInstanceCapacity",
    "Server.InternalError",
}


@dataclass(frozen=True)
class Instance:
    """An instance; `untouchable` says why it is never stopped, and is "" of all others.

    `start_failed` says why EC2 stopped it again when it was last started, if it did.
    """

    resource_id: str
    kind: str
    state: str
    launched_at: datetime
    tags: Mapping[str, str]
    untouchable: str = ""
    start_failed: str = ""

    @classmethod
    def from_description(cls, description: Mapping[str, Any], with_disks: frozenset[str] = frozenset()) -> "Instance":
        """Read an element of DescribeInstances; `with_disks` are types with disks of their own: a stop empties them."""
        tags = _tags(description)
        return cls(
            resource_id=description["InstanceId"],
            kind=description["InstanceType"],
            state=description["State"]["Name"],
            launched_at=description["LaunchTime"].astimezone(UTC),
            tags=tags,
            untouchable=_untouchable(description, tags, with_disks),
            start_failed=_start_failed(description),
        )


@dataclass(frozen=True)
class Group:
    """An Auto Scaling group; `kinds` are the types of its instances."""

    name: str
    min_size: int
    desired: int
    max_size: int
    kinds: tuple[str, ...]
    tags: Mapping[str, str]

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> "Group":
        """Read an element of DescribeAutoScalingGroups."""
        return cls(
            name=description["AutoScalingGroupName"],
            min_size=description["MinSize"],
            desired=description["DesiredCapacity"],
            max_size=description["MaxSize"],
            kinds=tuple(each.get("InstanceType", "unknown") for each in description.get("Instances", [])),
            tags=_tags(description),
        )

    @property
    def resource_id(self) -> str:
        """What plans and the ledger call it."""
        return GROUP_PREFIX + self.name

    @property
    def size(self) -> str:
        """Its size as the tag remembers it."""
        return f"{self.min_size}/{self.desired}"


def _tags(description: Mapping[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in description.get("Tags", [])}


def _start_failed(description: Mapping[str, Any]) -> str:
    reason = description.get("StateReason") or {}
    failed = description["State"]["Name"] in {"stopping", "stopped"} and reason.get("Code") in _START_FAILED
    return str(reason.get("Message") or reason["Code"]) if failed else ""


def _untouchable(description: Mapping[str, Any], tags: Mapping[str, str], with_disks: frozenset[str]) -> str:
    operator = description.get("Operator", {})
    reasons = {
        f"a {description.get('InstanceLifecycle')} instance": bool(description.get("InstanceLifecycle")),
        "its root is an instance store": description.get("RootDeviceType") == "instance-store",
        f"a {description['InstanceType']} has disks that a stop empties": description["InstanceType"] in with_disks,
        f"part of the Auto Scaling group {tags.get(_GROUP_TAG)}": _GROUP_TAG in tags,
        f"managed by {operator.get('Principal', 'a service')}": bool(operator.get("Managed")),
    }
    return next((reason for reason, holds in reasons.items() if holds), "")
