"""EC2's operations have dry runs and pages."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

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
    }
    before = hosts.ec2.describe_instances()["Reservations"]
    nobody = as_role()("ec2")
    for name, arguments in calls.items():
        assert error(getattr(hosts.ec2, name), **arguments, DryRun=True) == ("DryRunOperation", 412)
        assert error(getattr(nobody, name), **arguments, DryRun=True) == ("UnauthorizedOperation", 403)
    assert len(hosts.ec2.describe_instances()["Reservations"]) == len(before)
    assert hosts.show(instance)["State"]["Name"] == "running"
    assert hosts.show(instance).get("Tags", []) == []
    assert hosts.ec2.describe_volumes(VolumeIds=[volume])["Volumes"]
    assert hosts.ec2.describe_snapshots(Filters=[{"Name": "volume-id", "Values": [volume]}])["Snapshots"] == []


def test_pages(hosts: Hosts, volume: str) -> None:
    tags = [{"ResourceType": "instance", "Tags": [{"Key": "page", "Value": str(number)} for number in range(1)]}]
    for _ in range(6):
        hosts.run(TagSpecifications=tags)
        hosts.ec2.create_snapshot(VolumeId=volume)
    described = {
        "describe_instances": ("Reservations", {"Filters": [{"Name": "tag-key", "Values": ["page"]}]}),
        "describe_instance_status": ("InstanceStatuses", {}),
        "describe_snapshots": ("Snapshots", {"Filters": [{"Name": "volume-id", "Values": [volume]}]}),
        "describe_tags": ("Tags", {"Filters": [{"Name": "key", "Values": ["page"]}]}),
        "describe_volumes": ("Volumes", {}),
    }
    for operation, (member, arguments) in described.items():
        everything = getattr(hosts.ec2, operation)(**arguments)
        first = getattr(hosts.ec2, operation)(MaxResults=5, **arguments)
        assert len(first[member]) == 5, operation
        pages = hosts.ec2.get_paginator(operation).paginate(PaginationConfig={"PageSize": 5}, **arguments)
        assert [each for page in pages for each in page[member]] == everything[member]
        assert "NextToken" not in everything


def test_wrong_pages(hosts: Hosts) -> None:
    assert error(hosts.ec2.describe_instances, MaxResults=4) == ("InvalidParameterValue", 400)
    instance = hosts.run()["InstanceId"]
    assert error(hosts.ec2.describe_instances, MaxResults=5, InstanceIds=[instance])[0] == "InvalidParameterCombination"
    assert error(hosts.ec2.describe_instances, MaxResults=5, NextToken="no")[0] == "InvalidNextToken"
