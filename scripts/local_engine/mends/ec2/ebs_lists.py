"""DescribeVolumes and DescribeSnapshots: by id, owner and filters, a page at a time."""

from typing import Any

from ministack.core.responses import get_account_id
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import matching, pages, snapshots, volume_life, volumes, wire
from scripts.local_engine.patching import wrap_entry

# Where a volume or snapshot holds what a filter asks for.
_SNAPSHOT = {
    "description": "Description",
    "encrypted": "Encrypted",
    "owner-id": "OwnerId",
    "progress": "Progress",
    "snapshot-id": "SnapshotId",
    "start-time": "StartTime",
    "status": "State",
    "storage-tier": "StorageTier",
    "volume-id": "VolumeId",
    "volume-size": "VolumeSize",
}
_VOLUME = {
    "attachment.attach-time": "Attachments.AttachTime",
    "attachment.delete-on-termination": "Attachments.DeleteOnTermination",
    "attachment.device": "Attachments.Device",
    "attachment.instance-id": "Attachments.InstanceId",
    "attachment.status": "Attachments.State",
    "availability-zone": "AvailabilityZone",
    "create-time": "CreateTime",
    "encrypted": "Encrypted",
    "multi-attach-enabled": "MultiAttachEnabled",
    "size": "Size",
    "snapshot-id": "SnapshotId",
    "status": "State",
    "volume-id": "VolumeId",
    "volume-type": "VolumeType",
}


def apply() -> None:
    """Apply the mends of this file."""
    wrap_entry(engine._ACTION_MAP, "DescribeSnapshots")(describe_snapshots)
    wrap_entry(engine._ACTION_MAP, "DescribeVolumes")(describe_volumes)


def describe_volumes(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Describe volumes.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html
    Engine: filters took no wildcards and, if they were not known, let everything pass.
    """
    page, filters = pages.asked(params), engine._parse_filters(params)
    matching.check(filters, _VOLUME)
    ids = engine._parse_member_list(params, "VolumeId")
    found = [volume_life.existing(each) for each in ids] if ids else engine._volumes.values()
    passes = matching.matcher(filters, _VOLUME)
    shown, token = page.cut([each for each in found if passes(each, each["VolumeId"])])
    return wire.answer("DescribeVolumes", {"Volumes": list(map(volumes.shown, shown)), "NextToken": token})


def describe_snapshots(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Describe snapshots.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeSnapshots.html
    Engine: as for volumes; of several owners it knew only `self`.
    """
    page, filters = pages.asked(params), engine._parse_filters(params)
    matching.check(filters, _SNAPSHOT)
    ids, owners = (engine._parse_member_list(params, name) for name in ("SnapshotId", "Owner"))
    accounts = {get_account_id() if owner == "self" else owner for owner in owners}
    found = [snapshots.existing(each) for each in ids] if ids else map(snapshots.by_now, engine._snapshots.values())
    passes = matching.matcher(filters, _SNAPSHOT)
    shown, token = page.cut(
        [each for each in found if (not accounts or each["OwnerId"] in accounts) and passes(each, each["SnapshotId"])]
    )
    return wire.answer("DescribeSnapshots", {"Snapshots": list(map(snapshots.shown, shown)), "NextToken": token})
