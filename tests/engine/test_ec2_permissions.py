"""EC2 and IAM: each resource that an operation touches is decided on, with AWS's condition keys."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hosts import Hosts

AsRole = Callable[..., Any]
EC2 = "arn:aws:ec2:us-east-1:000000000000:"
KINDS = ("instance/*", "volume/*", "network-interface/*")


def launching(hosts: Hosts, **conditions: Any) -> dict[str, dict[str, Any]]:
    """Return all that a launch from the tests' template needs, by what it is for, as AWS's policies write it."""
    template = f"{EC2}launch-template/{hosts.template['id']}"
    image = f"arn:aws:ec2:us-east-1::image/{hosts.image()}"
    by_template = {"ArnEquals": {"ec2:LaunchTemplate": template}}
    from_template = {**by_template, "Bool": {"ec2:IsLaunchTemplateResource": "true"}}
    run = {"Action": "ec2:RunInstances"}
    named = [image, template, f"{EC2}subnet/{hosts.subnet}", f"{EC2}network-interface/*"]
    types = {"StringEquals": {"ec2:InstanceType": ["t3.micro", "t3.nano"], "ec2:MetadataHttpTokens": "required"}}
    interface = {"StringEquals": {"ec2:Subnet": f"{EC2}subnet/{hosts.subnet}"}, **by_template}
    tagging = {"StringEquals": {"ec2:CreateAction": "RunInstances", "aws:RequestTag/owner": "ada"}}
    grant = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    via = {"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}}
    uses = ["Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncrypt*"]
    passed = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    found = {
        "named": {**run, "Resource": named[:3], "Condition": by_template},
        "interface": {**run, "Resource": named[3], "Condition": interface},
        "group": {**run, "Resource": f"{EC2}security-group/{hosts.group}", "Condition": from_template},
        "instance": {**run, "Resource": f"{EC2}instance/*", "Condition": {**types, **by_template}},
        "volume": {**run, "Resource": f"{EC2}volume/*", "Condition": {**from_template}},
        "tags": {"Action": "ec2:CreateTags", "Resource": [EC2 + kind for kind in KINDS], "Condition": tagging},
        "role": {"Action": "iam:PassRole", "Resource": hosts.role, "Condition": passed},
        "grant": {"Action": "kms:CreateGrant", "Resource": hosts.key, "Condition": grant},
        "key": {"Action": [f"kms:{use}" for use in uses], "Resource": hosts.key, "Condition": via},
    }
    return {**found, **conditions}


def request(hosts: Hosts, **changes: Any) -> dict[str, Any]:
    tags = [{"ResourceType": kind, "Tags": [{"Key": "owner", "Value": "ada"}]} for kind in ("instance", "volume")]
    found = {
        "ImageId": hosts.image(),
        "InstanceType": "t3.micro",
        "LaunchTemplate": {"LaunchTemplateId": hosts.template["id"]},
        "SubnetId": hosts.subnet,
        "TagSpecifications": tags,
        "MinCount": 1,
        "MaxCount": 1,
    }
    return {**found, **changes}


def unauthorized(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refusal:
        call(**arguments)
    answer = refusal.value.response
    assert (answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]) == ("UnauthorizedOperation", 403)
    return str(answer["Error"]["Message"])


def test_least_privilege_launches(as_role: AsRole, hosts: Hosts, engine: Engine) -> None:
    launcher = as_role(*launching(hosts).values())
    launcher("ec2").run_instances(**request(hosts))
    mine = [entry for entry in engine.decisions() if entry["principal"] == launcher.role_arn]
    asked = {(entry["action"], entry["resource"].partition(":000000000000:")[2]) for entry in mine}
    assert asked >= {("ec2:RunInstances", kind) for kind in KINDS}
    assert asked >= {("ec2:CreateTags", kind) for kind in KINDS[:2]}
    keys = ("CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncryptFrom", "ReEncryptTo")
    assert [entry["action"] for entry in mine if entry["resource"] == hosts.key] == [f"kms:{key}" for key in keys]
    assert {entry["decision"] for entry in mine} == {"Allow"}


@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("named", "ec2:RunInstances on resource: arn:aws:ec2:us-east-1::image/"),
        ("instance", f"ec2:RunInstances on resource: {EC2}instance/*"),
        ("interface", f"ec2:RunInstances on resource: {EC2}network-interface/*"),
        ("group", f"ec2:RunInstances on resource: {EC2}security-group/"),
        ("volume", f"ec2:RunInstances on resource: {EC2}volume/*"),
        ("tags", f"ec2:CreateTags on resource: {EC2}instance/*"),
        ("role", "iam:PassRole on resource: arn:aws:iam::000000000000:role/"),
        ("grant", "kms:CreateGrant on resource: arn:aws:kms:"),
        ("key", "kms:Decrypt on resource: arn:aws:kms:"),
    ],
)
def test_a_launch_needs_every_permission(as_role: AsRole, hosts: Hosts, missing: str, message: str) -> None:
    statements = launching(hosts)
    del statements[missing]
    assert message in unauthorized(as_role(*statements.values())("ec2").run_instances, **request(hosts))


@pytest.mark.parametrize(
    ("changes", "kind"),
    [
        ({"InstanceType": "t3.large"}, "instance"),
        ({"MetadataOptions": {"HttpTokens": "optional"}}, "instance"),
        ({"SecurityGroupIds": ["sg-00000001"]}, "security-group"),
        ({"BlockDeviceMappings": [{"DeviceName": "/dev/xvda", "Ebs": {"VolumeSize": 99}}]}, "volume"),
        ({"TagSpecifications": []}, "instance"),
    ],
)
def test_conditions_bound_a_launch(as_role: AsRole, hosts: Hosts, changes: dict[str, Any], kind: str) -> None:
    ec2 = as_role(*launching(hosts).values())("ec2")
    assert f"on resource: {EC2}{kind}/" in unauthorized(ec2.run_instances, **request(hosts, **changes))


def test_without_the_template_nothing_is_launched(as_role: AsRole, hosts: Hosts) -> None:
    ec2 = as_role(*launching(hosts).values())("ec2")
    bare = request(hosts)
    del bare["LaunchTemplate"]
    unauthorized(ec2.run_instances, **bare)


def test_stop_and_terminate_ask_for_each_instance_and_its_tags(as_role: AsRole, hosts: Hosts) -> None:
    def tagged(value: str) -> str:
        tags = [{"Key": "workflow", "Value": value}]
        return str(hosts.run(TagSpecifications=[{"ResourceType": "instance", "Tags": tags}])["InstanceId"])

    mine, other = tagged("mine"), tagged("other")
    for prefix in ("aws", "ec2"):
        condition = {"StringEquals": {f"{prefix}:ResourceTag/workflow": "mine"}}
        actions = ["ec2:StopInstances", "ec2:TerminateInstances"]
        ec2 = as_role({"Action": actions, "Resource": f"{EC2}instance/*", "Condition": condition})("ec2")
        for operation in (ec2.stop_instances, ec2.terminate_instances):
            message = unauthorized(operation, InstanceIds=[mine, other])
            assert f"on resource: {EC2}instance/{other}" in message
        ec2.stop_instances(InstanceIds=[mine])
        hosts.reach(mine, "stopped")
    hosts.reach(other, "running")


def test_tagging_asks_for_the_resource_and_the_tags(as_role: AsRole, hosts: Hosts) -> None:
    instance = hosts.run()["InstanceId"]
    condition = {
        "StringEquals": {"aws:RequestTag/ends-at": "tomorrow"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["ends-at"]},
    }
    ec2 = as_role({"Action": "ec2:CreateTags", "Resource": f"{EC2}instance/*", "Condition": condition})("ec2")
    ends = {"Key": "ends-at", "Value": "tomorrow"}
    ec2.create_tags(Resources=[instance], Tags=[ends])
    unauthorized(ec2.create_tags, Resources=[instance], Tags=[ends, {"Key": "owner", "Value": "me"}])
    unauthorized(ec2.create_tags, Resources=[instance], Tags=[{**ends, "Value": "never"}])


def test_creating_with_tags_asks_for_both(as_role: AsRole, hosts: Hosts) -> None:
    volume = hosts.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)["VolumeId"]
    snapshots = "arn:aws:ec2:us-east-1::snapshot/*"
    create = {"Action": "ec2:CreateSnapshot", "Resource": [snapshots, f"{EC2}volume/{volume}"]}
    tag = {
        "Action": "ec2:CreateTags",
        "Resource": snapshots,
        "Condition": {"StringEquals": {"ec2:CreateAction": "CreateSnapshot"}},
    }
    wanted = {
        "VolumeId": volume,
        "TagSpecifications": [{"ResourceType": "snapshot", "Tags": [{"Key": "a", "Value": "b"}]}],
    }
    assert "ec2:CreateTags" in unauthorized(as_role(create)("ec2").create_snapshot, **wanted)
    unauthorized(as_role({**create, "Resource": snapshots}, tag)("ec2").create_snapshot, **wanted)
    as_role(create, tag)("ec2").create_snapshot(**wanted)


def test_describing_knows_no_resources(as_role: AsRole, hosts: Hosts) -> None:
    instance = hosts.run()["InstanceId"]
    narrow = as_role({"Action": "ec2:DescribeInstances", "Resource": f"{EC2}instance/{instance}"})("ec2")
    unauthorized(narrow.describe_instances, InstanceIds=[instance])
    as_role({"Action": "ec2:DescribeInstances", "Resource": "*"})("ec2").describe_instances(InstanceIds=[instance])
