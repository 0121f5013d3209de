"""EC2's operations have dry runs, pages, and limits to how often they are asked for."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.hosts import Hosts


@pytest.fixture
def volume(hosts: Hosts) -> str:
    return str(hosts.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"])


def error(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


def test_a_dry_run_does_nothing(hosts: Hosts, volume: str, as_role: Any) -> None:
    instance = hosts.run()["InstanceId"]
    this, tags = {"InstanceIds": [instance]}, [{"Key": "k", "Value": "v"}]
    calls: dict[str, dict[str, Any]] = {
        "run_instances": {"ImageId": hosts.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1},
        "stop_instances": this,
        "start_instances": this,
        "terminate_instances": this,
        "create_tags": {"Resources": [instance], "Tags": tags},
        "delete_volume": {"VolumeId": volume},
        "create_snapshot": {"VolumeId": volume},
        "create_snapshots": {"InstanceSpecification": {"InstanceId": instance}},
        "copy_snapshot": {"SourceRegion": "us-east-1", "SourceSnapshotId": "snap-0123456789abcdef0"},
        "create_volume": {"AvailabilityZone": "us-east-1a", "Size": 1},
        "attach_volume": {"VolumeId": volume, "InstanceId": instance, "Device": "/dev/sdf"},
        "delete_tags": {"Resources": [volume], "Tags": tags},
        "modify_instance_attribute": {"InstanceId": instance, "InstanceType": {"Value": "t3.small"}},
        "create_image": {"InstanceId": instance, "Name": "image"},
    }
    before = hosts.ec2.describe_instances()["Reservations"]
    volumes = hosts.ec2.describe_volumes()["Volumes"]
    nobody = as_role()("ec2")
    for name, arguments in calls.items():
        assert error(getattr(hosts.ec2, name), **arguments, DryRun=True) == ("DryRunOperation", 412)
        assert error(getattr(nobody, name), **arguments, DryRun=True) == ("UnauthorizedOperation", 403)
    assert len(hosts.ec2.describe_instances()["Reservations"]) == len(before)
    assert hosts.ec2.describe_volumes()["Volumes"] == volumes
    assert hosts.show(instance)["State"]["Name"] == "running"
    assert hosts.show(instance).get("Tags", []) == []
    [kept] = hosts.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    assert kept["State"] == "available"
    assert hosts.ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [volume]}])["Snapshots"] == []


def test_pages(hosts: Hosts, volume: str) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "page", "Value": str(number)} for number in range(1)]}]
    for _ in range(6):
        hosts.run(TagSpecifications=tags)
        hosts.ec2.create_snapshot(VolumeId=volume)
    described = {
        "describe_instances": ("Reservations", "ReservationId", {"Filters": [{"Name": "tag-key", "Values": ["page"]}]}),
        "describe_instance_status": ("InstanceStatuses", "InstanceId", {}),
        "describe_snapshots": ("Snapshots", "SnapshotId", {"Filters": [{"Name": "volume-id", "Values": [volume]}]}),
        "describe_tags": ("Tags", "ResourceId", {"Filters": [{"Name": "key", "Values": ["page"]}]}),
        "describe_volumes": ("Volumes", "VolumeId", {}),
    }
    for operation, (member, identity, arguments) in described.items():
        everything = getattr(hosts.ec2, operation)(**arguments)
        first = getattr(hosts.ec2, operation)(MaxResults=5, **arguments)
        assert len(first[member]) == 5, operation
        pages = hosts.ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5}, **arguments)
        # By identity: their states go on changing between the requests.
        assert [each[identity] for page in pages for each in page[member]] == [x[identity] for x in everything[member]]
        assert "NextToken" not in everything


def test_wrong_pages(hosts: Hosts) -> None:
    assert error(hosts.ec2.describe_instances, MaxResults=4) == ("InvalidParameterValue", 400)
    instance = hosts.run()["InstanceId"]
    assert error(hosts.ec2.describe_instances, MaxResults=5, InstanceIds=[instance])[0] == "InvalidParameterCombination"
    assert error(hosts.ec2.describe_instances, MaxResults=5, NextToken="no")[0] == "InvalidNextToken"


@pytest.mark.parametrize("operation", ["instances", "instance_status", "snapshots", "tags", "volumes"])
def test_a_filter_that_does_not_exist_is_refused(hosts: Hosts, operation: str) -> None:
    describe = getattr(hosts.ec2, f"describe_{operation}")
    assert error(describe, Filters=[{"Name": "colour", "Values": ["red"]}]) == ("InvalidParameterValue", 400)


def test_only_what_exists_is_tagged(hosts: Hosts, volume: str) -> None:
    tags = [{"Key": "k", "Value": "v"}]
    gone = error(hosts.ec2.create_tags, Resources=[volume, "i-0123456789abcdef0"], Tags=tags)
    assert gone == ("InvalidInstanceID.NotFound", 400)
    own = [{"Key": "aws:mine", "Value": "v"}]
    assert error(hosts.ec2.create_tags, Resources=[volume], Tags=own)[0] == "InvalidParameterValue"
    many = [{"Key": f"k{number}", "Value": "v"} for number in range(51)]
    assert error(hosts.ec2.create_tags, Resources=[volume], Tags=many)[0] == "TagLimitExceeded"
    assert hosts.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [volume]}])["Tags"] == []
    hosts.ec2.create_tags(Resources=[volume], Tags=tags)


def test_requests_come_from_buckets(engine: Engine, hosts: Hosts) -> None:
    zone = {"AvailabilityZone": "us-east-1a", "Size": 1}
    volumes = [hosts.ec2.create_volume(**zone)["VolumeId"] for _ in range(4)]
    assert hook(engine, "ec2/rates", DeleteVolume={"burst": 2, "per_second": 2}) == {}
    for each in volumes[:2]:
        hosts.ec2.delete_volume(VolumeId=each)
    assert error(hosts.ec2.delete_volume, VolumeId=volumes[2]) == ("RequestLimitExceeded", 503)
    hosts.ec2.describe_volumes()
    time.sleep(0.6)
    hosts.ec2.delete_volume(VolumeId=volumes[2])
    assert hook(engine, "ec2/rates") == {"DeleteVolume": 1}
    hosts.ec2.delete_volume(VolumeId=volumes[3])


def test_tags_are_removed_as_named(hosts: Hosts, volume: str) -> None:
    def left() -> list[str]:
        found = hosts.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [volume]}])["Tags"]
        return [tag["Key"] for tag in found]

    hosts.ec2.create_tags(Resources=[volume], Tags=[{"Key": key, "Value": "v"} for key in "abcd"])
    hosts.ec2.delete_tags(Resources=[volume], Tags=[{"Key": "a"}, {"Key": "b", "Value": "other"}])
    assert left() == ["b", "c", "d"]
    hosts.ec2.delete_tags(Resources=[volume], Tags=[{"Key": "b", "Value": "v"}])
    assert left() == ["c", "d"]
    hosts.ec2.delete_tags(Resources=[volume])
    assert left() == []


def test_a_rule_for_every_protocol_has_no_ports(hosts: Hosts, name: str) -> None:
    group = hosts.ec2.create_security_group(GroupName=name, Description="everything goes out at first")["GroupId"]
    everything = {"IpProtocol": "-1", "FromPort": 0, "ToPort": 0, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    hosts.ec2.revoke_security_group_egress(GroupId=group, IpPermissions=[everything])
    [found] = hosts.ec2.describe_security_groups(GroupIds=[group])["SecurityGroups"]
    assert not found["IpPermissionsEgress"]


@pytest.mark.parametrize("name", ["isDefault", "is-default"])
def test_there_is_one_default_network(hosts: Hosts, name: str) -> None:
    other = hosts.ec2.create_vpc(CidrBlock="10.8.0.0/16")["Vpc"]["VpcId"]
    found = hosts.ec2.describe_vpcs(Filters=[{"Name": name, "Values": ["true"]}])["Vpcs"]
    assert [vpc["IsDefault"] for vpc in found] == [True]
    assert other not in {vpc["VpcId"] for vpc in found}
