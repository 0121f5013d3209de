"""Makes a volume again that the clean-up deleted, from the snapshot it left: same type, size, zone, key and tags.

`python -m scripts.restore_volume --env dev vol-0123456789abcdef0` only says what it would do, with `--yes` it does it.
"""

import argparse
import sys
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from scripts.aws import Client
from scripts.deployment import NotDeployedError, load
from scripts.local_engine import EngineError
from scripts.terraform import TerraformError

# How the clean-up tags its snapshots (`lambda_src/volume_cleanup/domain/restoring.py`; a test holds both together).
RESTORE, PRIVATE = "restore-", ("aws:", "cleanup-", "restore-")
RESTORED_FROM = "restored-from"
_WITH_IOPS, _WITH_THROUGHPUT = {"gp3", "io1", "io2"}, {"gp3"}


class RestoreError(Exception):
    """The volume cannot be restored; the message says why."""


def snapshot_of(ec2: Client, volume_id: str) -> dict[str, Any]:
    """Return the newest completed snapshot that the clean-up made of a volume. Raises RestoreError."""
    filters = [
        {"Name": f"tag:{RESTORE}volume-id", "Values": [volume_id]},
        {"Name": "status", "Values": ["completed"]},
    ]
    pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
    found: list[dict[str, Any]] = [snapshot for page in pages for snapshot in page["Snapshots"]]
    if not found:
        raise RestoreError(f"the clean-up has left no completed snapshot of {volume_id}")
    return max(found, key=lambda snapshot: snapshot["StartTime"])


def request(snapshot: dict[str, Any], zone: str | None = None) -> dict[str, Any]:
    """Return the parameters of CreateVolume; `zone` is another one than the volume was in."""
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
    facts = {key.removeprefix(RESTORE): value for key, value in tags.items() if key.startswith(RESTORE)}
    own = {key: value for key, value in tags.items() if not key.startswith(PRIVATE)}
    own[RESTORED_FROM] = snapshot["SnapshotId"]
    kind = facts["type"]
    optional = {
        "Iops": int(facts["iops"]) if kind in _WITH_IOPS and "iops" in facts else None,
        "Throughput": int(facts["throughput"]) if kind in _WITH_THROUGHPUT and "throughput" in facts else None,
        "Encrypted": True if "kms-key" in facts else None,
        "KmsKeyId": facts.get("kms-key"),
    }
    pairs = [{"Key": key, "Value": value} for key, value in own.items()]
    return {
        "SnapshotId": snapshot["SnapshotId"],
        "AvailabilityZone": zone or facts["zone"],
        "VolumeType": kind,
        "Size": int(facts["size"]),
        "TagSpecifications": [{"ResourceType": "volume", "Tags": pairs}],
        **{name: value for name, value in optional.items() if value is not None},
    }


def check_not_restored(ec2: Client, snapshot_id: str) -> None:
    """Raise RestoreError if there is a volume that was restored from the snapshot."""
    filters = [{"Name": f"tag:{RESTORED_FROM}", "Values": [snapshot_id]}]
    pages = ec2.get_paginator("describe_volumes").paginate(Filters=filters)
    if found := [volume["VolumeId"] for page in pages for volume in page["Volumes"]]:
        raise RestoreError(f"{', '.join(found)} is restored from {snapshot_id} already; --again makes another one")


def restore(ec2: Client, volume_id: str, zone: str | None = None, *, again: bool = False, sure: bool = False) -> str:
    """Make the volume again, or only say so unless `sure`; return a sentence about it. Raises RestoreError."""
    snapshot = snapshot_of(ec2, volume_id)
    if not again:
        check_not_restored(ec2, snapshot["SnapshotId"])
    wanted = request(snapshot, zone)
    what = f"{wanted['Size']:,} GiB of {wanted['VolumeType']} in {wanted['AvailabilityZone']}"
    if sure:
        made = ec2.create_volume(**wanted)["VolumeId"]
        return f"{made}: {what}, from {snapshot['SnapshotId']} of {volume_id}."
    return f"{volume_id} would be made again: {what}, from {snapshot['SnapshotId']}; add --yes to do it."


def main() -> int:
    """Do what the command line asks; return 0, or 1 after one sentence on standard error."""
    arguments = _parser().parse_args()
    try:
        ec2 = load(arguments.env).client("ec2")
        print(restore(ec2, arguments.volume_id, arguments.zone, again=arguments.again, sure=arguments.yes))
    except (RestoreError, NotDeployedError, EngineError, TerraformError, ClientError, BotoCoreError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m scripts.restore_volume", description=__doc__)
    parser.add_argument("--env", default="local", help="a folder of environments/ (%(default)s)")
    parser.add_argument("volume_id", help="the volume that was deleted")
    parser.add_argument("--zone", help="make it in another availability zone than it was in")
    parser.add_argument("--again", action="store_true", help="even if it was restored before")
    parser.add_argument("--yes", action="store_true", help="do it; without this, only say what would be done")
    return parser


if __name__ == "__main__":
    sys.exit(main())
