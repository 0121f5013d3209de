"""EBS volumes: those a launch makes are real, encrypted as asked, and go with their instance when they should."""

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2 as engine
from ministack.services import kms

from scripts.local_engine.mends.ec2 import wire
from scripts.local_engine.mends.ec2.settings import Launch, as_list
from scripts.local_engine.patching import Function, wrap

_IOPS = {"gp3": 3000, "gp2": 100}
_THROUGHPUT = {"gp3": 125}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(engine, "_volume_inner_xml")(_show)


def make(launch: Launch, instance_id: str, now: str) -> list[dict[str, Any]]:
    """Create the volumes of a new instance; return its block device mappings.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_EbsBlockDevice.html
    Engine: one unencrypted volume of 8 GiB without tags, whatever was asked for.
    """
    return [_attached(mapping, launch, instance_id, now) for mapping in launch.mappings]


def _attached(mapping: dict[str, Any], launch: Launch, instance_id: str, now: str) -> dict[str, Any]:
    volume_id, device, ebs = engine._new_volume_id(), mapping["DeviceName"], mapping["Ebs"]
    kept = {"VolumeId": volume_id, "AttachTime": now, "DeleteOnTermination": ebs["DeleteOnTermination"]}
    engine._volumes[volume_id] = {
        "VolumeId": volume_id,
        "Size": ebs["VolumeSize"],
        "AvailabilityZone": launch.subnet["AvailabilityZone"],
        "State": "in-use",
        "VolumeType": ebs["VolumeType"],
        "SnapshotId": ebs.get("SnapshotId", ""),
        "Iops": ebs.get("Iops", _IOPS.get(ebs["VolumeType"], 0)),
        "Throughput": ebs.get("Throughput", _THROUGHPUT.get(ebs["VolumeType"])),
        "Encrypted": ebs["Encrypted"],
        "KmsKeyId": key_arn(ebs) if ebs["Encrypted"] else None,
        "CreateTime": now,
        "Attachments": [{**kept, "InstanceId": instance_id, "Device": device, "State": "attached"}],
        "MultiAttachEnabled": False,
    }
    if tags := launch.tags("volume"):
        engine._tags[volume_id] = as_list(tags)
    return {"DeviceName": device, "Ebs": {**kept, "Status": "attached"}}


def key_arn(ebs: dict[str, Any]) -> str:
    """Return the key of an encrypted volume: the one given, or the account's `aws/ebs`."""
    key = kms._resolve_key(ebs["KmsKeyId"]) if ebs.get("KmsKeyId") else None
    managed = f"arn:aws:kms:{get_region()}:{get_account_id()}:alias/aws/ebs"
    return str(key["Arn"]) if key else str(ebs.get("KmsKeyId", managed))


def release(instance: dict[str, Any]) -> None:
    """Delete a terminated instance's volumes, and detach those that are to outlive it.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/preserving-volumes-on-termination.html
    Engine: left them all attached to an instance that was gone.
    """
    for mapping in instance.pop("BlockDeviceMappings", []):
        volume = engine._volumes.get(mapping["Ebs"]["VolumeId"])
        if volume and mapping["Ebs"]["DeleteOnTermination"]:
            del engine._volumes[volume["VolumeId"]]
            engine._tags.pop(volume["VolumeId"], None)
        elif volume:
            volume |= {"Attachments": [], "State": "available"}
    instance["BlockDeviceMappings"] = []


def _show(_original: Function, vol: dict[str, Any]) -> str:
    """Show a volume with its key and throughput.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Volume.html. Engine: left them out.
    """
    tags = engine._tags.get(vol["VolumeId"], [])
    return wire.fragment("Volume", {**vol, "Tags": tags, "Iops": vol.get("Iops") or None})
