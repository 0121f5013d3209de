"""EBS snapshots take time, may fail, are made together or copied, and are not deleted under an image."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.hosts import Hosts
from tests.engine.waiting import until

ZONE = "us-east-1b"


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def show(ec2: Any, snapshot: str) -> dict[str, Any]:
    [found] = ec2.describe_snapshots(SnapshotIds=[snapshot])["Snapshots"]
    return dict(found)


def ended(ec2: Any, snapshot: str, state: str = "completed") -> dict[str, Any]:
    until(lambda: show(ec2, snapshot)["State"] == state)
    return show(ec2, snapshot)


@pytest.fixture
def volume(hosts: Hosts) -> str:
    secret = {"Encrypted": True, "KmsKeyId": hosts.key}
    return str(hosts.ec2.create_volume(AvailabilityZone=ZONE, Size=3, **secret)["VolumeId"])


def test_a_snapshot_takes_time(hosts: Hosts, volume: str) -> None:
    tags = tagged("snapshot", a="b")
    made = hosts.ec2.create_snapshot(VolumeId=volume, Description="d", TagSpecifications=tags)
    assert (made["State"], made["VolumeSize"], made["KmsKeyId"]) == ("pending", 3, hosts.key)
    early = {"AvailabilityZone": ZONE, "SnapshotId": made["SnapshotId"]}
    assert refusal(hosts.ec2.create_volume, **early) == "IncorrectState"
    found = ended(hosts.ec2, made["SnapshotId"])
    assert (found["Progress"], found["Tags"], found["Description"]) == ("100%", tags[0]["Tags"], "d")
    restored = hosts.ec2.create_volume(**early)
    assert (restored["Size"], restored["KmsKeyId"], restored["SnapshotId"]) == (3, hosts.key, made["SnapshotId"])
    assert refusal(hosts.ec2.create_volume, **early, Size=2) == "InvalidParameterValue"


def test_a_snapshot_may_fail_or_never_end(engine: Engine, hosts: Hosts, volume: str) -> None:
    hook(engine, "ec2/resources", ids=[volume], snapshots="error")
    failed = hosts.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    hook(engine, "ec2/resources", ids=[volume], snapshots="pending")
    endless = [hosts.ec2.create_snapshot(VolumeId=volume)["SnapshotId"] for _ in range(4)]
    assert ended(hosts.ec2, failed, "error")["StateMessage"]
    endless.append(hosts.ec2.create_snapshot(VolumeId=volume)["SnapshotId"])
    assert {show(hosts.ec2, each)["State"] for each in endless} == {"pending"}
    assert refusal(hosts.ec2.create_snapshot, VolumeId=volume) == "ConcurrentSnapshotLimitExceeded"
    hosts.ec2.delete_snapshot(SnapshotId=endless[0])
    hosts.ec2.create_snapshot(VolumeId=volume)


def test_a_volume_made_of_a_snapshot_may_fail_or_never_end(engine: Engine, hosts: Hosts, volume: str) -> None:
    snapshot = hosts.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    ended(hosts.ec2, snapshot)
    for state in ("creating", "error", "available"):
        hook(engine, "ec2/resources", ids=[snapshot], volumes=state)
        made = hosts.ec2.create_volume(AvailabilityZone=ZONE, SnapshotId=snapshot)["VolumeId"]
        [found] = hosts.ec2.describe_volumes(VolumeIds=[made])["Volumes"]
        assert found["State"] == state


def test_the_snapshots_of_an_instance_are_made_together(hosts: Hosts) -> None:
    data = [{"DeviceName": f"/dev/sd{letter}", "Ebs": {"VolumeSize": 1}} for letter in "fg"]
    host = hosts.run(BlockDeviceMappings=data, TagSpecifications=tagged("volume", of="volume", both="volume"))
    volumes = {each["DeviceName"]: each["Ebs"]["VolumeId"] for each in host["BlockDeviceMappings"]}
    made = hosts.ec2.create_snapshots(
        InstanceSpecification={"InstanceId": host["InstanceId"], "ExcludeBootVolume": True},
        CopyTagsFromSource="volume",
        TagSpecifications=tagged("snapshot", both="snapshot"),
    )["Snapshots"]
    assert {each["VolumeId"] for each in made} == {volumes["/dev/sdf"], volumes["/dev/sdg"]}
    for each in made:
        tags = {tag["Key"]: tag["Value"] for tag in show(hosts.ec2, each["SnapshotId"])["Tags"]}
        assert (each["State"], tags) == ("pending", {"of": "volume", "both": "snapshot"})
    excluded = {"InstanceId": host["InstanceId"], "ExcludeDataVolumeIds": [volumes["/dev/sdf"]]}
    assert len(hosts.ec2.create_snapshots(InstanceSpecification=excluded)["Snapshots"]) == 2
    gone = {"InstanceId": "i-0123456789abcdef0"}
    assert refusal(hosts.ec2.create_snapshots, InstanceSpecification=gone) == "InvalidInstanceID.NotFound"


def test_a_copy_is_another_snapshot(engine: Engine, client: Callable[[str], Any], hosts: Hosts, volume: str) -> None:
    there = client.session.client("ec2", region_name="eu-west-1", endpoint_url=engine.url)  # type: ignore[attr-defined]
    source = hosts.ec2.create_snapshot(VolumeId=volume, Description="d")["SnapshotId"]
    asked = {"SourceRegion": "us-east-1", "SourceSnapshotId": source}
    assert refusal(there.copy_snapshot, **asked) == "IncorrectState"
    ended(hosts.ec2, source)
    copy = there.copy_snapshot(**asked, TagSpecifications=tagged("snapshot", a="b"), Description="copy")
    assert copy["Tags"] == [{"Key": "a", "Value": "b"}]
    found = show(there, copy["SnapshotId"])
    assert (found["State"], found["Description"], found["VolumeSize"]) == ("pending", "copy", 3)
    assert found["VolumeId"] != volume
    assert found["KmsKeyId"] != hosts.key  # the region's own
    assert ended(there, copy["SnapshotId"])["Encrypted"]
    assert refusal(hosts.ec2.describe_snapshots, SnapshotIds=[copy["SnapshotId"]]) == "InvalidSnapshot.NotFound"


def test_a_snapshot_of_an_image_stays(hosts: Hosts, volume: str, name: str) -> None:
    snapshot = hosts.ec2.create_snapshot(VolumeId=volume)["SnapshotId"]
    root = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot}}]
    image = hosts.ec2.register_image(Name=name, RootDeviceName="/dev/xvda", BlockDeviceMappings=root)["ImageId"]
    assert refusal(hosts.ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.InUse"
    hosts.ec2.deregister_image(ImageId=image)
    hosts.ec2.delete_snapshot(SnapshotId=snapshot)
    assert refusal(hosts.ec2.delete_snapshot, SnapshotId=snapshot) == "InvalidSnapshot.NotFound"


def test_an_image_of_an_instance(hosts: Hosts, name: str) -> None:
    host, tags = hosts.run(), tagged("image", a="b") + tagged("snapshot", c="d")
    image = hosts.ec2.create_image(InstanceId=host["InstanceId"], Name=name, TagSpecifications=tags)["ImageId"]
    [found] = hosts.ec2.describe_images(Owners=["self"], ImageIds=[image])["Images"]
    assert (found["Name"], found["Tags"]) == (name, [{"Key": "a", "Value": "b"}])
    taken = hosts.ec2.describe_snapshots(Filters=[{"Name": "description", "Values": [f"*{image}"]}])["Snapshots"]
    [snapshot] = taken
    assert snapshot["VolumeId"] == host["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert snapshot["Tags"] == [{"Key": "c", "Value": "d"}]
    assert refusal(hosts.ec2.delete_snapshot, SnapshotId=snapshot["SnapshotId"]) == "InvalidSnapshot.InUse"
    assert refusal(hosts.ec2.create_image, InstanceId=host["InstanceId"], Name=name) == "InvalidAMIName.Duplicate"


def test_an_image_takes_time_and_is_announced(hosts: Hosts, name: str, hear: Callable[..., Any]) -> None:
    heard = hear({"source": ["aws.ec2"], "detail-type": ["EC2 AMI State Change"]})

    def of(image: str) -> list[dict[str, Any]]:
        return [event for event in heard() if event["detail"]["ImageId"] == image]

    image = hosts.ec2.create_image(InstanceId=hosts.run()["InstanceId"], Name=name)["ImageId"]
    [found] = hosts.ec2.describe_images(ImageIds=[image])["Images"]
    assert (found["State"], "SnapshotId" in found["BlockDeviceMappings"][0]["Ebs"]) == ("pending", False)
    [event] = until(lambda: of(image))
    assert event["resources"] == [f"arn:aws:ec2:us-east-1::image/{image}"]
    assert (event["detail"]["State"], event["detail"]["ErrorMessage"]) == ("available", "")
    [found] = hosts.ec2.describe_images(ImageIds=[image])["Images"]
    [root] = found["BlockDeviceMappings"]
    assert (found["State"], root["Ebs"]["SnapshotId"].startswith("snap-")) == ("available", True)
    again = hosts.ec2.register_image(Name=f"{name}-again", RootDeviceName="/dev/xvda", BlockDeviceMappings=[root])
    assert until(lambda: of(again["ImageId"]))


def test_filters_and_owners(engine: Engine, hosts: Hosts, volume: str, name: str) -> None:
    tags = tagged("snapshot", test=name)
    old, new = (hosts.ec2.create_snapshot(VolumeId=volume, TagSpecifications=tags)["SnapshotId"] for _ in range(2))
    hook(engine, "ec2/resources", ids=[old], since="2020-02-29T12:00:00Z")
    assert show(hosts.ec2, old)["StartTime"] == datetime(2020, 2, 29, 12, tzinfo=UTC)
    ended(hosts.ec2, new)

    def found(owner: str = "self", **filters: str) -> set[str]:
        wanted = [{"Name": key.replace("_", "-"), "Values": [value]} for key, value in filters.items()]
        this = {"Name": "tag:test", "Values": [name]}
        shown = hosts.ec2.describe_snapshots(OwnerIds=[owner], Filters=[this, *wanted])["Snapshots"]
        return {each["SnapshotId"] for each in shown}

    assert found(volume_id=volume) == {old, new}
    assert found("amazon") == set()
    assert found("000000000000", start_time="2020-*") == {old}
    assert found(status="pending") == set()
    assert found(status="completed") == {old, new}


def test_instances_can_be_old(engine: Engine, hosts: Hosts) -> None:
    instance = hosts.run()["InstanceId"]
    hook(engine, "ec2/resources", ids=[instance], since="2020-02-29T12:00:00Z")
    assert hosts.show(instance)["LaunchTime"] == datetime(2020, 2, 29, 12, tzinfo=UTC)
