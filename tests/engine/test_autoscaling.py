"""Auto Scaling groups launch and end real instances, keep to their sizes, and are decided on by their tags."""

import json
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.hosts import Hosts
from tests.engine.waiting import until

type Clients = Callable[[str], Any]
GROUPS = "arn:aws:autoscaling:us-east-1:000000000000:autoScalingGroup:*:autoScalingGroupName/*"


class Groups:
    """Makes groups that launch Amazon Linux."""

    def __init__(self, client: Clients, hosts: Hosts) -> None:
        self.client = client("autoscaling")
        self._hosts = hosts
        data = {"ImageId": hosts.image(), "InstanceType": "t3.micro"}
        made = hosts.ec2.create_launch_template(LaunchTemplateName="groups", LaunchTemplateData=data)["LaunchTemplate"]
        self.template = {"LaunchTemplateId": made["LaunchTemplateId"], "Version": "$Latest"}

    def make(self, desired: int, **settings: Any) -> dict[str, str]:
        name = {"AutoScalingGroupName": f"group-{uuid4().hex[:12]}"}
        sizes = {"MinSize": 0, "MaxSize": 4, "DesiredCapacity": desired, "VPCZoneIdentifier": self._hosts.subnet}
        tags = settings.pop("tags", {})
        given = [{"Key": key, "Value": value, "PropagateAtLaunch": True} for key, value in tags.items()]
        self.client.create_auto_scaling_group(**name, **{**sizes, **settings}, LaunchTemplate=self.template, Tags=given)
        return name

    def show(self, name: dict[str, str]) -> dict[str, Any]:
        [found] = self.client.describe_auto_scaling_groups(AutoScalingGroupNames=[*name.values()])["AutoScalingGroups"]
        return dict(found)

    def in_service(self, name: dict[str, str], count: int) -> list[str]:
        """Wait until that many instances, and no others, are in service; return their ids."""

        def ids() -> list[str]:
            members = self.show(name)["Instances"]
            return [each["InstanceId"] for each in members if each["LifecycleState"] == "InService"]

        until(lambda: len(ids()) == count == len(self.show(name)["Instances"]))
        return ids()


@pytest.fixture(scope="module")
def groups(client: Clients, hosts: Hosts) -> Groups:
    return Groups(client, hosts)


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_a_group_has_real_instances(groups: Groups, hosts: Hosts, client: Clients) -> None:
    name = groups.make(2, tags={"owner": "ada & co"})
    members = groups.in_service(name, 2)
    [group_name] = name.values()
    for each in members:
        found = hosts.show(each)
        tags = {tag["Key"]: tag["Value"] for tag in found["Tags"]}
        assert tags.items() >= {"aws:autoscaling:groupName": group_name, "owner": "ada & co"}.items()
        assert found["SubnetId"] == hosts.subnet
    shown = groups.show(name)
    assert {each["InstanceType"] for each in shown["Instances"]} == {"t3.micro"}
    assert shown["LaunchTemplate"]["LaunchTemplateName"] == "groups"
    time.sleep(0.55)
    by_resource = [{"AttributeKey": "ResourceName", "AttributeValue": members[0]}]
    [event] = client("cloudtrail").lookup_events(LookupAttributes=by_resource)["Events"]
    who = json.loads(event["CloudTrailEvent"])["userIdentity"]
    assert (who["type"], who["invokedBy"]) == ("AssumedRole", "autoscaling.amazonaws.com")
    assert ":role/aws-service-role/" in who["sessionContext"]["sessionIssuer"]["arn"]


def test_a_group_is_scaled_to_nothing_and_back(groups: Groups, hosts: Hosts) -> None:
    name = groups.make(1, MinSize=1)
    [before] = groups.in_service(name, 1)
    groups.client.update_auto_scaling_group(**name, MinSize=0, DesiredCapacity=0)
    groups.in_service(name, 0)
    hosts.reach(before, "terminated")
    groups.client.update_auto_scaling_group(**name, MinSize=2)  # which moves the desired capacity
    assert groups.show(name)["DesiredCapacity"] == 2
    groups.in_service(name, 2)
    for wrong in ({"DesiredCapacity": 5}, {"MinSize": 5}, {"DesiredCapacity": 1}):
        assert refusal(groups.client.update_auto_scaling_group, **name, **wrong) == "ValidationError"
    assert refusal(groups.client.delete_auto_scaling_group, **name) == "ResourceInUse"
    groups.client.delete_auto_scaling_group(**name, ForceDelete=True)


def test_suspended_processes(groups: Groups) -> None:
    name = groups.make(1)
    [member] = groups.in_service(name, 1)
    groups.client.suspend_processes(**name, ScalingProcesses=["Launch", "Terminate"])
    assert [each["ProcessName"] for each in groups.show(name)["SuspendedProcesses"]] == ["Launch", "Terminate"]
    groups.client.update_auto_scaling_group(**name, DesiredCapacity=0)
    assert groups.in_service(name, 1) == [member]
    groups.client.update_auto_scaling_group(**name, DesiredCapacity=2)
    assert groups.in_service(name, 1) == [member]
    groups.client.resume_processes(**name)
    assert member in groups.in_service(name, 2)
    assert groups.show(name)["SuspendedProcesses"] == []


def test_a_stopped_instance_is_replaced(groups: Groups, hosts: Hosts) -> None:
    name = groups.make(1)
    [member] = groups.in_service(name, 1)
    hosts.ec2.stop_instances(InstanceIds=[member])
    assert groups.in_service(name, 1) != [member]
    hosts.reach(member, "terminated")


def test_a_group_waits_for_room(engine: Engine, groups: Groups) -> None:
    hook(engine, "ec2/capacity", without=["t3.micro"])
    name = groups.make(1)
    assert groups.show(name)["Instances"] == []
    hook(engine, "ec2/capacity", without=[])
    groups.in_service(name, 1)


def test_pages_and_filters(groups: Groups, name: str) -> None:
    made = [groups.make(0, tags={"test": name, "number": str(number)}) for number in range(3)]

    def found(key: str, value: str) -> list[str]:
        asked = {"Filters": [{"Name": key, "Values": [value]}], "PaginationConfig": {"PageSize": 2}}
        pages = groups.client.get_paginator("describe_auto_scaling_groups").paginate(**asked)
        return [each["AutoScalingGroupName"] for page in pages for each in page["AutoScalingGroups"]]

    assert found("tag:test", name) == [each["AutoScalingGroupName"] for each in made]
    assert found("tag-value", name) == found("tag:test", name)
    first = groups.client.describe_auto_scaling_groups(MaxRecords=1)
    assert (len(first["AutoScalingGroups"]), "NextToken" in first) == (1, True)


def test_permissions_by_tag(groups: Groups, as_role: Callable[..., Any]) -> None:
    mine = {"Null": {"aws:ResourceTag/schedule": "false"}}
    keys = {"ForAllValues:StringEquals": {"aws:TagKeys": ["own-size"]}}
    tagging = ["autoscaling:CreateOrUpdateTags", "autoscaling:DeleteTags"]
    role = as_role(
        {"Action": "autoscaling:UpdateAutoScalingGroup", "Resource": GROUPS, "Condition": mine},
        {"Action": tagging, "Resource": GROUPS, "Condition": {**mine, **keys}},
    )("autoscaling")
    scheduled, other = groups.make(0, tags={"schedule": "office"}), groups.make(0)
    assert refusal(role.update_auto_scaling_group, **other, MinSize=0) == "AccessDenied"
    role.update_auto_scaling_group(**scheduled, MinSize=0, DesiredCapacity=0)

    def tag(name: dict[str, str], key: str) -> dict[str, Any]:
        [resource] = name.values()
        about = {"ResourceId": resource, "ResourceType": "auto-scaling-group", "Key": key}
        return {"Tags": [{**about, "Value": "0/1", "PropagateAtLaunch": False}]}

    assert refusal(role.create_or_update_tags, **tag(other, "own-size")) == "AccessDenied"
    assert refusal(role.create_or_update_tags, **tag(scheduled, "schedule")) == "AccessDenied"
    role.create_or_update_tags(**tag(scheduled, "own-size"))
    tags = {each["Key"]: each["Value"] for each in groups.show(scheduled)["Tags"]}
    assert tags == {"schedule": "office", "own-size": "0/1"}
    role.delete_tags(**tag(scheduled, "own-size"))
    assert [each["Key"] for each in groups.show(scheduled)["Tags"]] == ["schedule"]
