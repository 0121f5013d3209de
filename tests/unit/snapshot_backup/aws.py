"""EC2 in two regions, as far as backups see it: what is made is pending at first, a copy is of nobody's volume."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from io import BytesIO
from types import SimpleNamespace
from typing import Any

from botocore.exceptions import ClientError

from shared.clients import client

HOME, AWAY = "us-east-1", "eu-west-1"
type Json = dict[str, Any]


class Killed(BaseException):
    """The function's process is gone: nothing in it can catch this."""


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")  # type: ignore[arg-type]  # as botocore builds it


def pairs(tags: dict[str, str]) -> list[Json]:
    return [{"Key": name, "Value": value} for name, value in tags.items()]


@dataclass
class Bucket:
    """S3, as far as plans and reports need it: moto's takes most of a test's time."""

    objects: dict[str, bytes] = field(default_factory=dict)

    @property
    def exceptions(self) -> Any:
        return client("s3").exceptions

    def put_object(self, Bucket: str, Key: str, Body: bytes) -> None:  # noqa: N803  # botocore's names
        assert Bucket
        self.objects[Key] = Body

    def get_object(self, Bucket: str, Key: str) -> Json:  # noqa: N803  # botocore's names
        assert Bucket
        if Key not in self.objects:
            raise self.exceptions.NoSuchKey({"Error": {"Code": "NoSuchKey"}}, "GetObject")
        return {"Body": BytesIO(self.objects[Key])}


@dataclass
class World:
    """All that EC2 knows, in every region; `fails` has the next error of a call, `kills` ends the process after one."""

    now: datetime
    volumes: dict[str, Json] = field(default_factory=dict)
    instances: dict[str, Json] = field(default_factory=dict)
    snapshots: dict[str, Json] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    fails: dict[str, list[Exception]] = field(default_factory=dict)
    kills: set[str] = field(default_factory=set)
    restored_state: str = "available"
    bucket: Bucket = field(default_factory=Bucket)
    counted: int = 0

    def new_id(self, kind: str) -> str:
        self.counted += 1
        return f"{kind}-{self.counted:017}"

    def volume(self, size: int = 8, instances: tuple[str, ...] = (), state: str = "", **tags: str) -> str:
        volume_id = self.new_id("vol")
        self.volumes[volume_id] = {
            "VolumeId": volume_id,
            "State": state or ("in-use" if instances else "available"),
            "Size": size,
            "CreateTime": self.now,
            "Attachments": [{"InstanceId": each} for each in instances],
            "Tags": pairs(tags),
        }
        for each in instances:
            mappings = self.instances[each]["BlockDeviceMappings"]
            mappings.append({"DeviceName": f"/dev/sd{'abcdefgh'[len(mappings)]}", "Ebs": {"VolumeId": volume_id}})
        return volume_id

    def instance(self, **tags: str) -> str:
        instance_id = self.new_id("i")
        found = {"InstanceId": instance_id, "RootDeviceName": "/dev/sda", "BlockDeviceMappings": []}
        self.instances[instance_id] = found | {"Tags": pairs(tags)}
        return instance_id

    def detach(self, volume_id: str) -> None:
        self.volumes[volume_id] |= {"State": "available", "Attachments": []}
        for instance in self.instances.values():
            mappings = instance["BlockDeviceMappings"]
            mappings[:] = [each for each in mappings if each["Ebs"]["VolumeId"] != volume_id]

    def snapshot(self, region: str, volume_id: str, call: Json, copied: Json | None = None) -> Json:
        tags = [tag for each in call["TagSpecifications"] for tag in each["Tags"]]
        assert len({tag["Key"] for tag in tags}) == len(tags) <= 50
        snapshot_id = self.new_id("snap")
        self.snapshots[snapshot_id] = {
            "SnapshotId": snapshot_id,
            "VolumeId": "vol-ffffffff" if copied else volume_id,
            "StartTime": self.now,
            "State": "pending",
            "VolumeSize": copied["VolumeSize"] if copied else self.volumes[volume_id]["Size"],
            "Description": call["Description"],
            "Tags": tags,
            "Region": region,
        }
        return self.snapshots[snapshot_id]

    def complete(self, state: str = "completed") -> None:
        for each in self.snapshots.values():
            each["State"] = state if each["State"] == "pending" else each["State"]

    def of(self, region: str) -> list[Json]:
        return [each for each in self.snapshots.values() if each["Region"] == region]

    def count(self, call: str) -> int:
        return sum(name == call for name, _ in self.calls)


@dataclass
class Ec2:
    """The client of one region."""

    world: World
    region: str

    @property
    def meta(self) -> Any:
        return SimpleNamespace(region_name=self.region)

    def __getattr__(self, name: str) -> Any:
        """Note every call, fail as told, and end the process after it as told."""
        method = getattr(type(self), f"call_{name}")

        def call(**parameters: Any) -> Any:
            self.world.calls.append((name, self.region))
            if waiting := self.world.fails.get(name):
                raise waiting.pop(0)
            answer = method(self, **parameters)
            if name in self.world.kills:
                self.world.kills.remove(name)
                raise Killed
            return answer

        return call

    def call_describe_instances(self, Filters: list[Json], **_: Any) -> Json:  # noqa: N803  # botocore's name
        found = [each for each in self.world.instances.values() if self._matches(each, Filters)]
        return {"Reservations": [{"Instances": found}]}

    def call_describe_availability_zones(self, **_: Any) -> Json:
        return {"AvailabilityZones": [{"ZoneName": f"{self.region}{letter}"} for letter in "ba"]}

    def get_paginator(self, operation: str) -> Any:
        kinds = {"describe_volumes": "Volumes", "describe_snapshots": "Snapshots", "describe_instances": "Instances"}
        kind = kinds[operation]

        def paginate(Filters: list[Json], PaginationConfig: Json, **owners: Any) -> Iterator[Json]:  # noqa: N803
            self.world.calls.append((operation, self.region))
            assert PaginationConfig["PageSize"] >= 500
            assert owners == ({"OwnerIds": ["self"]} if kind == "Snapshots" else {})
            listed: dict[str, list[Json]] = {
                "Volumes": list(self.world.volumes.values()),
                "Snapshots": self.world.of(self.region),
                "Instances": list(self.world.instances.values()),
            }
            for each in [each for each in listed[kind] if self._matches(each, Filters)]:  # a page holds one
                yield {"Reservations": [{"Instances": [each]}]} if kind == "Instances" else {kind: [dict(each)]}

        return SimpleNamespace(paginate=paginate)

    def call_create_snapshots(self, InstanceSpecification: Json, **call: Any) -> Json:  # noqa: N803  # botocore's name
        instance = self.world.instances[InstanceSpecification["InstanceId"]]
        attached = {each["DeviceName"]: each["Ebs"]["VolumeId"] for each in instance["BlockDeviceMappings"]}
        root, excluded = attached.get("/dev/sda", ""), set(InstanceSpecification.get("ExcludeDataVolumeIds", []))
        assert root not in excluded
        excluded |= {root} if InstanceSpecification.get("ExcludeBootVolume") else set()
        made = [self.world.snapshot(self.region, each, call) for each in attached.values() if each not in excluded]
        for each in made if call.get("CopyTagsFromSource") == "volume" else []:
            each["Tags"] = each["Tags"] + self.world.volumes[each["VolumeId"]]["Tags"]
            assert len({tag["Key"] for tag in each["Tags"]}) == len(each["Tags"])
        return {"Snapshots": made}

    def call_create_snapshot(self, VolumeId: str, **call: Any) -> Json:  # noqa: N803  # botocore's name
        if VolumeId not in self.world.volumes:
            raise refusal("InvalidVolume.NotFound")
        return self.world.snapshot(self.region, VolumeId, call)

    def call_copy_snapshot(self, SourceRegion: str, SourceSnapshotId: str, **call: Any) -> Json:  # noqa: N803
        source = self.world.snapshots[SourceSnapshotId]
        assert (source["Region"], source["State"]) == (SourceRegion, "completed")
        assert SourceRegion != self.region
        return self.world.snapshot(self.region, "", call, source)

    def call_delete_snapshot(self, SnapshotId: str) -> None:  # noqa: N803  # botocore's name
        if self.world.snapshots.get(SnapshotId, {}).get("Region") != self.region:
            raise refusal("InvalidSnapshot.NotFound")
        del self.world.snapshots[SnapshotId]

    def call_create_volume(self, ClientToken: str, SnapshotId: str, **call: Any) -> Json:  # noqa: N803
        assert call["AvailabilityZone"] == f"{self.region}a"
        if ClientToken not in self.world.tokens:
            tags = {tag["Key"]: tag["Value"] for tag in call["TagSpecifications"][0]["Tags"]}
            size = self.world.snapshots[SnapshotId]["VolumeSize"]
            self.world.tokens[ClientToken] = self.world.volume(size, (), "creating", **tags)
        return {"VolumeId": self.world.tokens[ClientToken]}

    def call_delete_volume(self, VolumeId: str) -> None:  # noqa: N803  # botocore's name
        if VolumeId not in self.world.volumes:
            raise refusal("InvalidVolume.NotFound")
        if self.world.volumes[VolumeId]["State"] == "creating":
            raise refusal("IncorrectState")
        del self.world.volumes[VolumeId]

    @staticmethod
    def _matches(resource: Json, filters: list[Json]) -> bool:
        tags = {tag["Key"]: tag["Value"] for tag in resource["Tags"]}
        ids = {"volume-id": "VolumeId", "snapshot-id": "SnapshotId", "instance-id": "InstanceId"}
        for each in filters:
            name, values = each["Name"], each["Values"]
            assert len(values) <= 200
            if name == "tag-key":
                fits = bool(set(values) & set(tags))
            elif name.startswith("tag:"):
                fits = tags.get(name.removeprefix("tag:")) in values
            else:
                fits = resource[ids[name]] in values
            if not fits:
                return False
        return True
