"""EC2's snapshots as the domain sees them, in both regions, and the calls that make, copy and delete them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import batched
from typing import Any

from shared.clients import client
from shared.faults import TransientFailure
from shared.operations.adapters.ec2 import asked, make
from shared.operations.moments import iso
from snapshot_backup.adapters.volumes import Attached
from snapshot_backup.domain.snapshots import (
    COPY_OF,
    CREATED_BY,
    SLOT,
    Marks,
    Snapshot,
    copy_tags,
    describe,
    may_copy,
)
from snapshot_backup.domain.tags import pairs
from snapshot_backup.domain.volumes import Volume

_PAGE = {"PageSize": 1000}
_FILTER_VALUES = 200  # https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Filter.html


class RegionIsFull(TransientFailure):
    """A region makes as many copies at a time as it may: 20, unless AWS has raised it.

    https://docs.aws.amazon.com/ebs/latest/userguide/ebs-copy-snapshot.html
    """


def home_region() -> str:
    """Return the region in which this function runs."""
    region: str = client("ec2").meta.region_name
    return region


@dataclass(frozen=True)
class Shelf:
    """A workflow's snapshots in one region."""

    workflow: str
    region: str

    def everything(self) -> list[Snapshot]:
        """Return all that carry the workflow's tag; `Snapshot.own` says which of them are really its own."""
        return list(self._listed({}))

    def of_slot(self, slot: str, volume_ids: Iterable[str]) -> list[Snapshot]:
        """Return what was made of some volumes for a slot."""
        return [
            snapshot
            for ids in batched(sorted(volume_ids), _FILTER_VALUES, strict=False)
            for snapshot in self._listed({f"tag:{SLOT}": [slot], "volume-id": list(ids)})
        ]

    def copies_of(self, snapshot_id: str) -> list[Snapshot]:
        """Return the copies of a snapshot that lies in another region."""
        return list(self._listed({f"tag:{COPY_OF}": [snapshot_id]}))

    def get(self, snapshot_id: str) -> Snapshot | None:
        """Return a snapshot as it is now, None if it is gone."""
        return next(self._listed({"snapshot-id": [snapshot_id]}), None)

    def make_together(self, marks: Marks, attached: Attached, volumes: Collection[Volume]) -> dict[str, str]:
        """Snapshot some volumes of an instance, `marks.home`, at one moment; return the snapshots' ids by volume.

        One that was detached in this very moment is not among them.
        """
        chosen = {each.volume_id for each in volumes}
        specification: dict[str, Any] = {"InstanceId": marks.home}
        if attached.root and attached.root not in chosen:
            specification["ExcludeBootVolume"] = True
        if others := attached.volume_ids - chosen - {attached.root}:
            specification["ExcludeDataVolumeIds"] = sorted(others)
        call = self._marked(marks.slot, marks.tags(self.workflow))
        call |= {"CopyTagsFromSource": "volume"} if all(may_copy(each.tags) for each in volumes) else {}
        with asked():
            answer = make("create_snapshots", region=self.region, InstanceSpecification=specification, **call)
        return {each["VolumeId"]: each["SnapshotId"] for each in answer["Snapshots"]}

    def make_alone(self, marks: Marks, volume: Volume) -> str:
        """Snapshot one volume; return the snapshot's id."""
        call = self._marked(marks.slot, marks.beside(volume.tags, self.workflow))
        with asked():
            answer = make("create_snapshot", region=self.region, VolumeId=volume.volume_id, **call)
        snapshot_id: str = answer["SnapshotId"]
        return snapshot_id

    def copy_here(self, source: Snapshot, key: str) -> str:
        """Copy a snapshot of another region into this one, under `key` if given; return the copy's id.

        Raises `RegionIsFull`.
        """
        encrypted = {"Encrypted": True, "KmsKeyId": key} if key else {}
        call = self._marked(source.tags[SLOT], copy_tags(source, iso(source.taken_at)))
        call |= {"SourceRegion": source.region, "SourceSnapshotId": source.snapshot_id, **encrypted}
        try:
            with asked():
                snapshot_id: str = make("copy_snapshot", region=self.region, **call)["SnapshotId"]
        except TransientFailure as busy:
            if str(busy).startswith("ResourceLimitExceeded"):
                raise RegionIsFull(str(busy)) from busy
            raise
        return snapshot_id

    def delete(self, snapshot_id: str) -> None:
        """Delete a snapshot. Raises `Skip` and its kinds if it is gone or an image uses it."""
        with asked():
            self._ec2.delete_snapshot(SnapshotId=snapshot_id)

    @property
    def _ec2(self) -> Any:  # noqa: ANN401  # botocore's clients have no type
        return client("ec2", region=self.region)

    def _marked(self, slot: str, tags: Mapping[str, str]) -> dict[str, Any]:
        specification = {"ResourceType": "snapshot", "Tags": pairs(tags)}
        return {"Description": describe(self.workflow, slot), "TagSpecifications": [specification]}

    def _listed(self, filters: Mapping[str, list[str]]) -> Iterator[Snapshot]:
        wanted = {f"tag:{CREATED_BY}": [self.workflow], **filters}
        pages = self._ec2.get_paginator("describe_snapshots").paginate(
            OwnerIds=["self"],
            Filters=[{"Name": name, "Values": values} for name, values in wanted.items()],
            PaginationConfig=_PAGE,
        )
        return (
            Snapshot.from_description(each, self.region, self.workflow) for page in pages for each in page["Snapshots"]
        )
