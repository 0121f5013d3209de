"""EC2: lists and looks at volumes, tags them, makes their snapshots and deletes them."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from shared.clients import client
from shared.operations.acting import Vanished
from shared.operations.adapters.ec2 import asked, make
from volume_cleanup.domain.marks import KEYS
from volume_cleanup.domain.restoring import RUN, VOLUME_ID
from volume_cleanup.domain.volume import Snapshot, Volume

_PAGE = 500  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DescribeVolumes.html


def listed(*states: str) -> Iterator[Volume]:
    """Yield the account's volumes in these states; EC2 filters, and gives them a page at a time."""
    yield from _volumes({"status": states}, PaginationConfig={"PageSize": _PAGE})


def found(volume_ids: Collection[str]) -> dict[str, Volume]:
    """Return the volumes that there are, of 200 at most, by id: a filter bears that some have vanished."""
    return {volume.volume_id: volume for volume in _volumes({"volume-id": volume_ids})} if volume_ids else {}


def look(volume_id: str) -> Volume:
    """Return a volume as it is now. Raises `Vanished`."""
    with asked():
        answer = client("ec2").describe_volumes(VolumeIds=[volume_id])
    if not answer["Volumes"]:
        raise Vanished
    return Volume.from_description(answer["Volumes"][0])


def mark(volume_id: str, tags: Mapping[str, str]) -> None:
    """Tag a volume."""
    with asked():
        client("ec2").create_tags(Resources=[volume_id], Tags=_pairs(tags))


def unmark(volume_id: str) -> None:
    """Remove the mark of a volume, whatever it says."""
    with asked():
        client("ec2").delete_tags(Resources=[volume_id], Tags=[{"Key": key} for key in KEYS])


def snapshots(run_id: str, volume_ids: Collection[str]) -> dict[str, Snapshot]:
    """Return the snapshots that a run has made of 200 volumes at most, by the volume's id."""
    if not volume_ids:
        return {}
    filters = _filters({f"tag:{RUN}": [run_id], f"tag:{VOLUME_ID}": volume_ids})
    pages = client("ec2").get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=filters)
    made = (Snapshot.from_description(each) for page in pages for each in page["Snapshots"])
    return {snapshot.volume_id: snapshot for snapshot in made}


def make_snapshot(volume_id: str, tags: Mapping[str, str]) -> str:
    """Begin a snapshot; return its id."""
    with asked():
        answer = make(
            "create_snapshot",
            VolumeId=volume_id,
            Description=f"What {volume_id} held when the clean-up deleted it",
            TagSpecifications=[{"ResourceType": "snapshot", "Tags": _pairs(tags)}],
        )
    snapshot_id: str = answer["SnapshotId"]
    return snapshot_id


def delete(volume_id: str) -> None:
    """Delete a volume."""
    with asked():
        client("ec2").delete_volume(VolumeId=volume_id)


def _volumes(filters: Mapping[str, Collection[str]], **paging: Any) -> Iterator[Volume]:  # noqa: ANN401  # botocore's
    pages = client("ec2").get_paginator("describe_volumes").paginate(Filters=_filters(filters), **paging)
    return (Volume.from_description(each) for page in pages for each in page["Volumes"])


def _filters(wanted: Mapping[str, Collection[str]]) -> list[dict[str, Any]]:
    return [{"Name": name, "Values": list(values)} for name, values in wanted.items()]


def _pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Key": key, "Value": value} for key, value in tags.items()]
