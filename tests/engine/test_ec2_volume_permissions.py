"""EC2 and IAM: volumes, snapshots, their copies and their tags, each decided on with AWS's condition keys."""

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hosts import Hosts
from tests.engine.waiting import until

AsRole = Callable[..., Any]
EC2 = "arn:aws:ec2:us-east-1:000000000000:"
SNAPSHOTS = "arn:aws:ec2:us-east-1::snapshot/*"
ZONE = "us-east-1b"


def unauthorized(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    assert refused.value.response["Error"]["Code"] == "UnauthorizedOperation", refused.value
    return str(refused.value)


def tagged(kind: str, **tags: str) -> list[dict[str, Any]]:
    return [{"ResourceType": kind, "Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}]


def volume(hosts: Hosts, **tags: str) -> str:
    given = {"TagSpecifications": tagged("volume", **tags)} if tags else {}
    return str(hosts.ec2.create_volume(AvailabilityZone=ZONE, Size=1, **given)["VolumeId"])


def snapshot(hosts: Hosts, **tags: str) -> str:
    found = hosts.ec2.create_snapshot(VolumeId=volume(hosts), TagSpecifications=tagged("snapshot", **tags))
    this = {"SnapshotIds": [found["SnapshotId"]]}
    until(lambda: hosts.ec2.describe_snapshots(**this)["Snapshots"][0]["State"] == "completed")
    return str(found["SnapshotId"])


def test_only_what_is_marked_is_snapshotted_and_deleted(as_role: AsRole, hosts: Hosts) -> None:
    marked = {"Null": {"aws:ResourceTag/marked-at": "false"}}
    run = {"Null": {"aws:RequestTag/run": "false"}, "StringEquals": {"aws:ResourceAccount": "000000000000"}}
    tagging = {"StringEquals": {"ec2:CreateAction": "CreateSnapshot"}}
    actions = ["ec2:CreateSnapshot", "ec2:DeleteVolume"]
    ec2 = as_role(
        {"Action": actions, "Resource": f"{EC2}volume/*", "Condition": marked},
        {"Action": "ec2:CreateSnapshot", "Resource": SNAPSHOTS, "Condition": run},
        {"Action": "ec2:CreateTags", "Resource": SNAPSHOTS, "Condition": tagging},
    )("ec2")
    mine, other = volume(hosts, **{"marked-at": "now"}), volume(hosts)
    tags = {"TagSpecifications": tagged("snapshot", run="r", note="")}
    assert "volume/" in unauthorized(ec2.create_snapshot, VolumeId=other, **tags)
    assert "snapshot/" in unauthorized(ec2.create_snapshot, VolumeId=mine)
    made = ec2.create_snapshot(VolumeId=mine, **tags)["SnapshotId"]
    unauthorized(ec2.create_tags, Resources=[made], Tags=[{"Key": "run", "Value": "other"}])
    unauthorized(ec2.delete_volume, VolumeId=other)
    unauthorized(ec2.delete_volume, VolumeId=other, DryRun=True)
    ec2.delete_volume(VolumeId=mine)


def test_an_owner_is_never_overwritten(as_role: AsRole, hosts: Hosts) -> None:
    condition = {
        "Null": {"aws:ResourceTag/owner": "true"},
        "ForAllValues:StringEquals": {"aws:TagKeys": ["owner", "owner-since"]},
        "StringEquals": {"aws:ResourceAccount": "000000000000"},
    }
    kinds = [f"{EC2}volume/*", SNAPSHOTS, f"{EC2}network-interface/*"]
    ec2 = as_role({"Action": "ec2:CreateTags", "Resource": kinds, "Condition": condition})("ec2")
    owner = {"Key": "owner", "Value": "ada"}
    free, taken = volume(hosts), volume(hosts, owner="bert")
    unauthorized(ec2.create_tags, Resources=[free, taken], Tags=[owner])
    unauthorized(ec2.create_tags, Resources=[free], Tags=[owner, {"Key": "more", "Value": ""}])
    ec2.create_tags(Resources=[free, snapshot(hosts, a="b")], Tags=[owner])
    unauthorized(ec2.create_tags, Resources=[free], Tags=[owner])


def test_removing_tags_asks_for_their_keys(as_role: AsRole, hosts: Hosts) -> None:
    keys = {"ForAllValues:StringEquals": {"aws:TagKeys": ["mine"]}, "Null": {"aws:TagKeys": "false"}}
    ec2 = as_role({"Action": "ec2:DeleteTags", "Resource": f"{EC2}volume/*", "Condition": keys})("ec2")
    this = {"Resources": [volume(hosts, mine="1", other="2")]}
    unauthorized(ec2.delete_tags, **this, Tags=[{"Key": "mine"}, {"Key": "other"}])
    unauthorized(ec2.delete_tags, **this)
    ec2.delete_tags(**this, Tags=[{"Key": "mine"}])
    [found] = hosts.ec2.describe_volumes(VolumeIds=this["Resources"])["Volumes"]
    assert found["Tags"] == [{"Key": "other", "Value": "2"}]


def test_snapshots_of_an_instance_ask_for_each_volume(as_role: AsRole, hosts: Hosts) -> None:
    host = hosts.run()
    by = {"StringEquals": {"aws:RequestTag/by": "me"}}
    create = {"Action": "ec2:CreateSnapshots"}
    needed = [
        {**create, "Resource": SNAPSHOTS, "Condition": by},
        {**create, "Resource": f"{EC2}instance/{host['InstanceId']}"},
        {**create, "Resource": f"{EC2}volume/{host['BlockDeviceMappings'][0]['Ebs']['VolumeId']}"},
        {
            "Action": "ec2:CreateTags",
            "Resource": SNAPSHOTS,
            "Condition": {"StringEquals": {"ec2:CreateAction": "CreateSnapshots"}},
        },
    ]
    asked = {"InstanceSpecification": {"InstanceId": host["InstanceId"]}}
    tags = {"TagSpecifications": tagged("snapshot", by="me")}
    for left_out in needed:
        some = [each for each in needed if each is not left_out]
        unauthorized(as_role(*some)("ec2").create_snapshots, **asked, **tags)
    unauthorized(as_role(*needed)("ec2").create_snapshots, **asked)
    as_role(*needed)("ec2").create_snapshots(**asked, **tags)


def test_a_copy_asks_for_source_and_target(engine: Engine, as_role: AsRole, hosts: Hosts) -> None:
    def there(role: Any) -> Any:
        return role.session.client("ec2", region_name="eu-west-1", endpoint_url=engine.url)

    target = "arn:aws:ec2:eu-west-1::snapshot/*"
    needed = [
        {
            "Action": "ec2:CopySnapshot",
            "Resource": SNAPSHOTS,
            "Condition": {"StringEquals": {"aws:ResourceTag/by": "me"}},
        },
        {"Action": "ec2:CopySnapshot", "Resource": target, "Condition": {"StringEquals": {"aws:RequestTag/by": "me"}}},
        {
            "Action": "ec2:CreateTags",
            "Resource": target,
            "Condition": {"StringEquals": {"ec2:CreateAction": "CopySnapshot"}},
        },
    ]
    mine, other = snapshot(hosts, by="me"), snapshot(hosts, by="other")
    asked = {"SourceRegion": "us-east-1", "TagSpecifications": tagged("snapshot", by="me")}
    for left_out in needed:
        some = [each for each in needed if each is not left_out]
        unauthorized(there(as_role(*some)).copy_snapshot, SourceSnapshotId=mine, **asked)
    ec2 = there(as_role(*needed))
    unauthorized(ec2.copy_snapshot, SourceSnapshotId=other, **asked)
    ec2.copy_snapshot(SourceSnapshotId=mine, **asked)


def test_a_volume_of_a_snapshot_asks_for_both_and_for_the_key(as_role: AsRole, hosts: Hosts) -> None:
    secret = hosts.ec2.create_volume(AvailabilityZone=ZONE, Size=1, Encrypted=True, KmsKeyId=hosts.key)["VolumeId"]
    source = hosts.ec2.create_snapshot(VolumeId=secret, TagSpecifications=tagged("snapshot", by="me"))["SnapshotId"]
    until(lambda: hosts.ec2.describe_snapshots(SnapshotIds=[source])["Snapshots"][0]["State"] == "completed")
    of_me = {"StringEquals": {"aws:ResourceTag/by": "me"}}
    drill = {"StringEquals": {"aws:RequestTag/purpose": "drill", "ec2:Encrypted": "true", "ec2:VolumeType": "gp3"}}
    via = {"StringEquals": {"kms:ViaService": "ec2.us-east-1.amazonaws.com"}}
    uses = ["CreateGrant", "Decrypt", "DescribeKey", "GenerateDataKeyWithoutPlaintext", "ReEncrypt*"]
    needed = [
        {"Action": "ec2:CreateVolume", "Resource": SNAPSHOTS, "Condition": of_me},
        {"Action": "ec2:CreateVolume", "Resource": f"{EC2}volume/*", "Condition": drill},
        {
            "Action": "ec2:CreateTags",
            "Resource": f"{EC2}volume/*",
            "Condition": {"StringEquals": {"ec2:CreateAction": "CreateVolume"}},
        },
        {"Action": [f"kms:{use}" for use in uses], "Resource": hosts.key, "Condition": via},
    ]
    tags = tagged("volume", purpose="drill")
    asked = {"AvailabilityZone": ZONE, "SnapshotId": source, "VolumeType": "gp3", "TagSpecifications": tags}
    for left_out in needed:
        some = [each for each in needed if each is not left_out]
        unauthorized(as_role(*some)("ec2").create_volume, **asked)
    as_role(*needed)("ec2").create_volume(**asked)


def test_deleting_a_snapshot_asks_for_its_tags(as_role: AsRole, hosts: Hosts) -> None:
    of_me = {"StringEquals": {"aws:ResourceTag/by": "me"}}
    ec2 = as_role({"Action": "ec2:DeleteSnapshot", "Resource": SNAPSHOTS, "Condition": of_me})("ec2")
    unauthorized(ec2.delete_snapshot, SnapshotId=snapshot(hosts, by="other"))
    ec2.delete_snapshot(SnapshotId=snapshot(hosts, by="me"))


def test_an_instance_starts_with_the_keys_of_its_volumes(as_role: AsRole, hosts: Hosts) -> None:
    this = hosts.run(BlockDeviceMappings=[hosts.volume(9)])["InstanceId"]
    hosts.ec2.stop_instances(InstanceIds=[this])
    hosts.reach(this, "stopped")
    start = {"Action": "ec2:StartInstances", "Resource": f"{EC2}instance/*"}
    for_ec2 = {"Bool": {"kms:GrantIsForAWSResource": "true"}}
    lend = {"Action": "kms:CreateGrant", "Resource": hosts.key, "Condition": for_ec2}
    as_role(start)("ec2").start_instances(InstanceIds=[this])
    until(lambda: hosts.show(this)["State"]["Name"] == "stopped")
    assert hosts.show(this)["StateReason"]["Code"] == "Client.InternalError"
    as_role(start, lend)("ec2").start_instances(InstanceIds=[this])
    assert "StateReason" not in hosts.reach(this, "running")
