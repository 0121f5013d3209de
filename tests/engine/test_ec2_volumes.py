"""EBS volumes are made once, attached where they can be, found by their filters, and deleted with their tags."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.hosts import Hosts

ZONE = "us-east-1b"


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def make(hosts: Hosts, **asked: Any) -> dict[str, Any]:
    return dict(hosts.ec2.create_volume(**{"AvailabilityZone": ZONE, "Size": 1, **asked}))


def show(hosts: Hosts, volume: dict[str, Any]) -> dict[str, Any]:
    [found] = hosts.ec2.describe_volumes(VolumeIds=[volume["VolumeId"]])["Volumes"]
    return dict(found)


@pytest.fixture
def host(hosts: Hosts) -> Iterator[str]:
    instance = str(hosts.run(SubnetId=hosts.subnet)["InstanceId"])
    yield instance
    hosts.ec2.terminate_instances(InstanceIds=[instance])


def test_a_volume_is_what_was_asked_for(hosts: Hosts) -> None:
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": ""}]}]
    secret = make(hosts, VolumeType="gp3", Throughput=300, Encrypted=True, KmsKeyId=hosts.key, TagSpecifications=tags)
    found = show(hosts, secret)
    assert (found["Throughput"], found["Iops"], found["KmsKeyId"]) == (300, 3000, hosts.key)
    assert (found["Tags"], found["State"], found["Attachments"]) == ([{"Key": "a", "Value": ""}], "available", [])
    assert make(hosts, Size=100)["Iops"] == 300  # gp2


def test_a_token_makes_one_volume(hosts: Hosts) -> None:
    token = str(uuid4())
    once, again = make(hosts, ClientToken=token), make(hosts, ClientToken=token)
    assert once["VolumeId"] == again["VolumeId"]
    assert refusal(make, hosts=hosts, ClientToken=token, Size=2) == "IdempotentParameterMismatch"


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"AvailabilityZone": "us-east-1z"}, "InvalidZone.NotFound"),
        ({"KmsKeyId": "alias/aws/ebs"}, "InvalidParameterDependency"),
        ({"SnapshotId": "snap-0123456789abcdef0"}, "InvalidSnapshot.NotFound"),
        ({"VolumeType": "io2"}, "MissingParameter"),
    ],
)
def test_what_cannot_be_is_not_made(hosts: Hosts, asked: dict[str, Any], code: str) -> None:
    assert refusal(make, hosts=hosts, **asked) == code


def test_attaching_and_detaching(hosts: Hosts, host: str) -> None:
    ec2, volume = hosts.ec2, make(hosts)
    this, device = {"VolumeId": volume["VolumeId"]}, {"Device": "/dev/sdf"}
    assert ec2.attach_volume(**this, **device, InstanceId=host)["State"] == "attaching"
    assert (found := show(hosts, volume))["State"] == "in-use"
    assert [(each["InstanceId"], each["State"]) for each in found["Attachments"]] == [(host, "attached")]
    assert "/dev/sdf" in [each["DeviceName"] for each in hosts.show(host)["BlockDeviceMappings"]]
    assert refusal(ec2.attach_volume, **this, Device="/dev/sdg", InstanceId=host) == "VolumeInUse"
    assert refusal(ec2.delete_volume, **this) == "VolumeInUse"
    other = make(hosts)["VolumeId"]
    assert refusal(ec2.attach_volume, VolumeId=other, **device, InstanceId=host) == "InvalidParameterValue"
    assert ec2.detach_volume(**this)["State"] == "detaching"
    assert (show(hosts, volume)["State"], show(hosts, volume)["Attachments"]) == ("available", [])
    assert "/dev/sdf" not in [each["DeviceName"] for each in hosts.show(host)["BlockDeviceMappings"]]
    assert refusal(ec2.detach_volume, **this) == "IncorrectState"


def test_a_volume_is_not_attached_everywhere(engine: Engine, hosts: Hosts, host: str) -> None:
    ec2, failed = hosts.ec2, make(hosts)["VolumeId"]
    there, device = make(hosts, AvailabilityZone="us-east-1a")["VolumeId"], {"Device": "/dev/sdf"}
    assert refusal(ec2.attach_volume, VolumeId=there, **device, InstanceId=host) == "InvalidVolume.ZoneMismatch"
    hook(engine, "ec2/resources", ids=[failed], state="error")
    assert refusal(ec2.attach_volume, VolumeId=failed, **device, InstanceId=host) == "IncorrectState"
    assert refusal(ec2.create_snapshot, VolumeId=failed) == "IncorrectState"
    root = hosts.show(host)["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert refusal(ec2.detach_volume, VolumeId=root) == "OperationNotPermitted"
    ec2.delete_volume(VolumeId=failed)


def test_a_deleted_volume_leaves_no_tags(hosts: Hosts) -> None:
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
    this = {"VolumeId": make(hosts, TagSpecifications=tags)["VolumeId"]}
    hosts.ec2.delete_volume(**this)
    assert hosts.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [this["VolumeId"]]}])["Tags"] == []
    assert refusal(hosts.ec2.delete_volume, **this) == "InvalidVolume.NotFound"


def test_filters(engine: Engine, hosts: Hosts, host: str, name: str) -> None:
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "test", "Value": name}]}]
    old, new, attached = (make(hosts, TagSpecifications=tags)["VolumeId"] for _ in range(3))
    hosts.ec2.attach_volume(VolumeId=attached, InstanceId=host, Device="/dev/sdf")
    hook(engine, "ec2/resources", ids=[old], since="2020-02-29T12:00:00Z")

    def found(**filters: str) -> set[str]:
        wanted = [{"Name": key.replace("_", "-"), "Values": value.split()} for key, value in filters.items()]
        pages = hosts.ec2.get_paginator("describe_volumes").paginate(
            Filters=[{"Name": "tag:test", "Values": [name]}, *wanted], PaginationConfig={"PageSize": 5}
        )
        return {volume["VolumeId"] for page in pages for volume in page["Volumes"]}

    assert found(status="available") == {old, new}
    assert found(create_time="2020-02-*") == {old}
    assert found(volume_id=f"{old} {attached}") == {old, attached}
    assert found(**{"attachment.instance-id": host}) == {attached}
    assert found(encrypted="true") == set()
    assert found(**{"tag-key": "te?t"}) == {old, new, attached}
    created = hosts.ec2.describe_volumes(VolumeIds=[old])["Volumes"][0]["CreateTime"]
    assert created == datetime(2020, 2, 29, 12, tzinfo=UTC)
    many = [{"Name": "volume-id", "Values": [f"vol-{number}" for number in range(201)]}]
    assert refusal(hosts.ec2.describe_volumes, Filters=many) == "FilterLimitExceeded"
