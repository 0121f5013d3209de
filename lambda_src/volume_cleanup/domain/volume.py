"""A volume and a snapshot, as far as the clean-up looks at them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


def tags_of(description: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of anything that EC2 describes."""
    return {tag["Key"]: tag["Value"] for tag in description.get("Tags", [])}


@dataclass(frozen=True)
class Volume:
    """A volume; `kind` is its type such as "gp3"; `state` is EC2's word, "available" for one that is free."""

    volume_id: str
    state: str
    attached: bool
    gib: int
    kind: str
    zone: str
    tags: Mapping[str, str]
    iops: int = 0
    throughput: int = 0
    kms_key: str = ""

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> "Volume":
        """Read https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html."""
        return cls(
            volume_id=description["VolumeId"],
            state=description["State"],
            attached=description["State"] == "in-use" or bool(description.get("Attachments")),
            gib=description["Size"],
            kind=description["VolumeType"],
            zone=description["AvailabilityZone"],
            tags=tags_of(description),
            iops=description.get("Iops") or 0,
            throughput=description.get("Throughput") or 0,
            kms_key=description.get("KmsKeyId") or "",
        )


@dataclass(frozen=True)
class Snapshot:
    """A snapshot; `state` is EC2's word: pending, completed, error, and two of archived ones."""

    snapshot_id: str
    volume_id: str
    state: str

    @classmethod
    def from_description(cls, description: Mapping[str, Any]) -> "Snapshot":
        """Read https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html."""
        return cls(description["SnapshotId"], description["VolumeId"], description["State"])
