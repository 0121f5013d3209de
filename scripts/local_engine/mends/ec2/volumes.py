"""EBS volumes: those a launch makes are real, encrypted as asked, and go with their instance when they should."""

from typing import Any

from ministack.core.responses import get_account_id, get_region
from ministack.services import ec2 as engine
from ministack.services import kms

from scripts.local_engine.mends.ec2.settings import Launch, as_list
from scripts.local_engine.mends.ec2.wire import Refusal

_IOPS = {"gp3": 3000}
THROUGHPUT = {"gp3": 125}


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
        "Iops": ebs.get("Iops", iops(ebs["VolumeType"], ebs["VolumeSize"])),
        "Throughput": ebs.get("Throughput", THROUGHPUT.get(ebs["VolumeType"])),
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


def encryption(asked: dict[str, Any], source: dict[str, Any], inherited: str | None = None) -> dict[str, Any]:
    """Return whether what is made of a snapshot (or of nothing) is encrypted, and with which key.

    Raises Refusal for a key without encryption.
    AWS: https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html
    """
    encrypted = asked.get("Encrypted", False) or source.get("Encrypted", False)
    if asked.get("KmsKeyId") and not encrypted:
        sentence = "The parameter KmsKeyId requires the parameter Encrypted to be set."
        raise Refusal("InvalidParameterDependency", sentence)
    given = {"KmsKeyId": inherited, **asked} if inherited else asked
    return {"Encrypted": encrypted, "KmsKeyId": key_arn(given) if encrypted else None}


def iops(kind: str, size: int) -> int:
    """Return the operations a second that a type has when none are asked for; gp2's grow with its size in GiB.

    AWS: https://docs.aws.amazon.com/ebs/latest/userguide/general-purpose.html
    """
    return min(max(100, 3 * size), 16_000) if kind == "gp2" else _IOPS.get(kind, 0)


def shown(volume: dict[str, Any]) -> dict[str, Any]:
    """Return a volume under the API's names, with its tags."""
    return {**volume, "Tags": engine._tags.get(volume["VolumeId"], []), "Iops": volume.get("Iops") or None}
