"""EBS volumes: made once and as asked, attached where they can be, deleted with their tags."""

from typing import Any

from ministack.core.responses import get_region
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import snapshots, tokens, volumes, wire
from scripts.local_engine.mends.ec2.settings import as_list, tags_of
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import wrap_entry

_PROVISIONED = ("io1", "io2")

type Volume = dict[str, Any]


def apply() -> None:
    """Apply the mends of this file."""
    for operation, mended in {
        "AttachVolume": attach,
        "CreateVolume": create,
        "DeleteVolume": delete,
        "DetachVolume": detach,
    }.items():
        wrap_entry(engine._ACTION_MAP, operation)(mended)


def existing(volume_id: str) -> Volume:
    """Return a volume. Raises Refusal when it does not exist."""
    found: Volume | None = engine._volumes.get(volume_id)
    if found is None:
        raise Refusal("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.")
    return found


def create(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Create a volume, of a snapshot or empty; a token that was used gets its own volume again.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateVolume.html
    Engine: ignored the token, the key, the throughput and whether the snapshot exists; one of its size unless told.
    """
    asked = wire.request("CreateVolume", params)
    made = tokens.once("CreateVolume", asked, lambda: _new(asked))
    return wire.answer("CreateVolume", volumes.shown(existing(made)))


def _new(asked: dict[str, Any]) -> str:
    zone = asked.get("AvailabilityZone") or engine._zone_name_for_az_id(asked.get("AvailabilityZoneId"))
    if zone not in [f"{get_region()}{letter}" for letter in "abc"]:
        raise Refusal("InvalidZone.NotFound", f"The zone '{zone}' does not exist.")
    source = snapshots.completed(asked["SnapshotId"]) if asked.get("SnapshotId") else {}
    size = asked.get("Size", source.get("VolumeSize"))
    if size is None:
        raise Refusal("MissingParameter", "The request must contain the parameter size/snapshot")
    if size < source.get("VolumeSize", 0):
        raise Refusal("InvalidParameterValue", f"Value ({size}) for parameter size is invalid. Smaller than snapshot")
    kind, volume_id = asked.get("VolumeType", "gp2"), engine._new_volume_id()
    if kind in _PROVISIONED and "Iops" not in asked:
        raise Refusal("MissingParameter", f"The parameter iops must be specified for {kind} volumes.")
    engine._volumes[volume_id] = {
        "VolumeId": volume_id,
        "Size": size,
        "AvailabilityZone": zone,
        "State": source.get("_volumes", "available"),
        "VolumeType": kind,
        "SnapshotId": asked.get("SnapshotId", ""),
        "Iops": asked.get("Iops", volumes.iops(kind, size)),
        "Throughput": asked.get("Throughput", volumes.THROUGHPUT.get(kind)),
        **volumes.encryption(asked, source, source.get("KmsKeyId")),
        "CreateTime": engine._now_ts(),
        "Attachments": [],
        "MultiAttachEnabled": asked.get("MultiAttachEnabled", False),
    }
    if tags := tags_of("volume", asked.get("TagSpecifications", [])):
        engine._tags[volume_id] = as_list(tags)
    return str(volume_id)


def delete(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Delete an unattached volume, in whatever state, and its tags.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVolume.html
    Engine: left the tags behind.
    """
    volume = existing(engine._p(params, "VolumeId"))
    if volume["Attachments"]:
        instance = volume["Attachments"][0]["InstanceId"]
        raise Refusal("VolumeInUse", f"Volume {volume['VolumeId']} is currently attached to {instance}")
    del engine._volumes[volume["VolumeId"]]
    engine._tags.pop(volume["VolumeId"], None)
    return wire.done("DeleteVolume")


def attach(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Attach a volume to an instance that runs or is stopped, in the same zone, at a free device.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_AttachVolume.html,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html
    Engine: attached whatever it was told to, a second time too, and the instance did not know of it.
    """
    asked = wire.request("AttachVolume", params)
    volume, instance = existing(asked["VolumeId"]), engine._instances.get(asked["InstanceId"])
    if instance is None:
        raise Refusal("InvalidInstanceID.NotFound", f"The instance ID '{asked['InstanceId']}' does not exist")
    _check_attachable(volume, instance, asked["Device"])
    kept = {"VolumeId": volume["VolumeId"], "AttachTime": engine._now_ts(), "DeleteOnTermination": False}
    attachment = {**kept, "InstanceId": instance["InstanceId"], "Device": asked["Device"], "State": "attached"}
    volume |= {"Attachments": [attachment], "State": "in-use"}
    instance["BlockDeviceMappings"].append({"DeviceName": asked["Device"], "Ebs": {**kept, "Status": "attached"}})
    return wire.answer("AttachVolume", {**attachment, "State": "attaching"})


def _check_attachable(volume: Volume, instance: dict[str, Any], device: str) -> None:
    if volume["Attachments"]:
        raise Refusal("VolumeInUse", f"{volume['VolumeId']} is already attached to an instance")
    if volume["State"] != "available":
        raise Refusal("IncorrectState", f"{volume['VolumeId']} is not 'available'.")
    if instance["State"]["Name"] not in {"running", "stopped"}:
        raise Refusal("IncorrectState", f"Instance '{instance['InstanceId']}' is not 'running'.")
    if volume["AvailabilityZone"] != instance["Placement"]["AvailabilityZone"]:
        sentence = f"The volume '{volume['VolumeId']}' is not in the same availability zone as instance"
        raise Refusal("InvalidVolume.ZoneMismatch", f"{sentence} '{instance['InstanceId']}'")
    if any(each["DeviceName"] == device for each in instance["BlockDeviceMappings"]):
        sentence = f"Invalid value '{device}' for unixDevice. Attachment point {device} is already in use"
        raise Refusal("InvalidParameterValue", sentence)


def detach(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Detach a volume that is attached, but no root volume of a running instance.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DetachVolume.html. Engine: detached any.
    """
    asked = wire.request("DetachVolume", params)
    volume = existing(asked["VolumeId"])
    attachment = next(iter(volume["Attachments"]), None)
    if attachment is None:
        raise Refusal("IncorrectState", f"Volume '{volume['VolumeId']}' is in the 'available' state.")
    if asked.get("InstanceId", attachment["InstanceId"]) != attachment["InstanceId"]:
        sentence = f"The volume '{volume['VolumeId']}' is not attached to instance '{asked['InstanceId']}'"
        raise Refusal("InvalidAttachment.NotFound", sentence)
    instance = engine._instances[attachment["InstanceId"]]
    if attachment["Device"] == instance["RootDeviceName"] and instance["State"]["Name"] == "running":
        sentence = f"Unable to detach root volume '{volume['VolumeId']}' from instance '{instance['InstanceId']}'"
        raise Refusal("OperationNotPermitted", sentence)
    kept = [each for each in instance["BlockDeviceMappings"] if each["Ebs"]["VolumeId"] != volume["VolumeId"]]
    instance["BlockDeviceMappings"] = kept
    volume |= {"Attachments": [], "State": "available"}
    return wire.answer("DetachVolume", {**attachment, "State": "detaching"})
