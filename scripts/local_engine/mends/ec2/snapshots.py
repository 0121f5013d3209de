"""EBS snapshots: they take time and may fail; of one volume, of an instance's volumes at one moment, or copied."""

import math
import os
from typing import Any

from ministack.core.responses import get_account_id, request_scope
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import volumes, wire
from scripts.local_engine.mends.ec2.settings import as_list, tags_of
from scripts.local_engine.mends.ec2.wire import Refusal
from scripts.local_engine.patching import add_entry, wrap_entry

SECONDS = float(os.environ.get("ENGINE_TIME_SNAPSHOT_SECONDS", "0.5"))  # AWS: minutes to hours
# How many may be pending at once, by the type of their volume.
# https://docs.aws.amazon.com/ebs/latest/userguide/ebs-resource-quotas.html
_MOST_PENDING = {"st1": 1, "sc1": 1}
_OTHERS_PENDING = 5
_COPIED_VOLUME = "vol-ffffffff"
_COMPLETED = {"State": "completed", "Progress": "100%"}
_FAILED = {"State": "error", "StateMessage": "An internal error occurred", "Progress": "37%"}

type Snapshot = dict[str, Any]


def apply() -> None:
    """Apply the mends of this file."""
    for operation, mended in {
        "CopySnapshot": copy,
        "CreateSnapshot": create,
        "DeleteSnapshot": delete,
    }.items():
        wrap_entry(engine._ACTION_MAP, operation)(mended)
    add_entry(engine._ACTION_MAP, "CreateSnapshots")(create_several)


def existing(snapshot_id: str) -> Snapshot:
    """Return a snapshot as it is by now. Raises Refusal when it does not exist."""
    found: Snapshot | None = engine._snapshots.get(snapshot_id)
    if found is None:
        raise Refusal("InvalidSnapshot.NotFound", f"The snapshot '{snapshot_id}' does not exist.")
    return by_now(found)


def by_now(found: Snapshot) -> Snapshot:
    """Return a snapshot as it is by now."""
    if found["State"] == "pending" and engine.time.time() >= found["_ends_at"]:
        found |= _FAILED if found["_fails"] else _COMPLETED | {"CompletionTime": engine._now_ts()}
    return found


def completed(snapshot_id: str) -> Snapshot:
    """Return a snapshot that can be used. Raises Refusal for one that cannot."""
    snapshot = existing(snapshot_id)
    if snapshot["State"] != "completed":
        raise Refusal("IncorrectState", f"Snapshot is in invalid state - {snapshot['State']}")
    return snapshot


def _make(of: dict[str, Any], kept: Snapshot, tags: dict[str, str]) -> Snapshot:
    """Create a snapshot, pending; how it ends is what the hook of `of`, a volume or snapshot, says.

    `of` keeps in mind what was made of it: nobody has to look for it among thousands.
    """
    snapshot_id, end = engine._new_snapshot_id(), of.get("_snapshots", "completed")
    snapshot = {
        "SnapshotId": snapshot_id,
        "State": "pending",
        "Progress": "0%",
        "StartTime": engine._now_ts(),
        "OwnerId": get_account_id(),
        "StorageTier": "standard",
        **kept,
        "_ends_at": math.inf if end == "pending" else engine.time.time() + SECONDS,
        "_fails": end == "error",
    }
    engine._snapshots[snapshot_id] = snapshot
    of.setdefault("_made", []).append(snapshot_id)
    if tags:
        engine._tags[snapshot_id] = as_list(tags)
    return snapshot


def _of_volume(volume: dict[str, Any], description: str, tags: dict[str, str]) -> Snapshot:
    kept = {name: volume[name] for name in ("VolumeId", "Encrypted", "KmsKeyId") if volume.get(name) is not None}
    return _make(volume, kept | {"VolumeSize": volume["Size"], "Description": description}, tags)


def _check(volume_id: str) -> dict[str, Any]:
    """Return a volume of which a snapshot can be made. Raises Refusal."""
    volume: dict[str, Any] | None = engine._volumes.get(volume_id)
    if volume is None:
        raise Refusal("InvalidVolume.NotFound", f"The volume '{volume_id}' does not exist.")
    if volume["State"] == "error":
        raise Refusal("IncorrectState", f"Volume '{volume_id}' is in the 'error' state.")
    made = map(engine._snapshots.get, volume.get("_made", ()))
    pending = sum(by_now(each)["State"] == "pending" for each in made if each)
    if pending >= _MOST_PENDING.get(volume["VolumeType"], _OTHERS_PENDING):
        raise Refusal("ConcurrentSnapshotLimitExceeded", f"Maximum allowed in-progress snapshots for {volume_id}.")
    return volume


def create(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Begin a snapshot of a volume.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshot.html,
    https://repost.aws/knowledge-center/ebs-snapshot-stuck (how many may be pending)
    Engine: completed at once, always.
    """
    asked = wire.request("CreateSnapshot", params)
    tags = tags_of("snapshot", asked.get("TagSpecifications", []))
    made = _of_volume(_check(asked["VolumeId"]), asked.get("Description", ""), tags)
    return wire.answer("CreateSnapshot", shown(made))


def create_several(params: dict[str, Any]) -> wire.Answer:
    """Begin snapshots of the volumes of an instance, of all or of none.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateSnapshots.html
    Engine: did not know the operation.
    """
    asked = wire.request("CreateSnapshots", params)
    of, copies = asked["InstanceSpecification"], asked.get("CopyTagsFromSource") == "volume"
    made = of_instance(of, asked.get("Description", ""), asked.get("TagSpecifications", []), copies=copies)
    return wire.answer("CreateSnapshots", {"Snapshots": list(map(shown, made))})


def of_instance(
    specification: dict[str, Any], description: str, given: list[dict[str, Any]], *, copies: bool = False
) -> list[Snapshot]:
    """Begin snapshots of the volumes that are meant, with the tags given, and with the volumes' own if they are copied.

    Raises Refusal, and then there are none.
    """
    own = tags_of("snapshot", given)
    volumes_meant = [_check(volume_id) for volume_id in chosen(specification)]
    return [_of_volume(each, description, (_tags(each["VolumeId"]) if copies else {}) | own) for each in volumes_meant]


def chosen(specification: dict[str, Any]) -> list[str]:
    """Return the ids of the volumes of an instance that an InstanceSpecification means. Raises Refusal."""
    instance = engine._instances.get(specification["InstanceId"])
    if instance is None:
        sentence = f"The instance ID '{specification['InstanceId']}' does not exist"
        raise Refusal("InvalidInstanceID.NotFound", sentence)
    root = instance["RootDeviceName"] if specification.get("ExcludeBootVolume") else None
    attached = [each["Ebs"]["VolumeId"] for each in instance["BlockDeviceMappings"] if each["DeviceName"] != root]
    return [each for each in attached if each not in specification.get("ExcludeDataVolumeIds", [])]


def _tags(volume_id: str) -> dict[str, str]:
    given = {tag["Key"]: tag.get("Value", "") for tag in engine._tags.get(volume_id, [])}
    return {key: value for key, value in given.items() if not key.startswith("aws:")}


def copy(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Begin a copy of a completed snapshot in the region that is asked.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CopySnapshot.html,
    https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Snapshot.html - a copy has an arbitrary volume id.
    Engine: no tags, the source's volume id and key, completed at once, of pending ones too.
    """
    asked = wire.request("CopySnapshot", params)
    source_id = asked["SourceSnapshotId"]
    with request_scope(get_account_id(), asked["SourceRegion"]):
        source = completed(source_id)
    kept = {"VolumeId": _COPIED_VOLUME, "VolumeSize": source["VolumeSize"], **volumes.encryption(asked, source)}
    tags = tags_of("snapshot", asked.get("TagSpecifications", []))
    made = _make(source, kept | {"Description": asked.get("Description", source["Description"])}, tags)
    return wire.answer("CopySnapshot", {"SnapshotId": made["SnapshotId"], "Tags": as_list(tags)})


def delete(_original: Any, params: dict[str, Any]) -> wire.Answer:
    """Delete a snapshot that no image uses, and its tags.

    AWS: https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteSnapshot.html
    Engine: deleted those in use too, and left the tags behind.
    """
    snapshot_id = existing(engine._p(params, "SnapshotId"))["SnapshotId"]
    for image in engine._images.values():
        if any(each.get("Ebs", {}).get("SnapshotId") == snapshot_id for each in image["BlockDeviceMappings"]):
            sentence = f"The snapshot {snapshot_id} is currently in use by {image['ImageId']}"
            raise Refusal("InvalidSnapshot.InUse", sentence)
    del engine._snapshots[snapshot_id]
    engine._tags.pop(snapshot_id, None)
    return wire.done("DeleteSnapshot")


def shown(snapshot: Snapshot) -> Snapshot:
    """Return a snapshot under the API's names."""
    return {**snapshot, "Tags": engine._tags.get(snapshot["SnapshotId"], [])}
