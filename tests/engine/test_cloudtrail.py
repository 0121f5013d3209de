"""CloudTrail records who changed what in EC2 and STS: in its event history, and on EventBridge when a trail logs."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.hosts import Hosts
from tests.engine.waiting import until
from tests.support.machines import Machines

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}


def make(ec2: Any, **asked: Any) -> str:
    return str(ec2.create_volume(**{"AvailabilityZone": "us-east-1a", "Size": 1, **asked})["VolumeId"])


def look(client: Clients, **asked: Any) -> dict[str, Any]:
    """Look up events, at the pace that CloudTrail allows."""
    time.sleep(0.55)
    return dict(client("cloudtrail").lookup_events(**asked))


def by(name: str, value: str) -> dict[str, Any]:
    return {"LookupAttributes": [{"AttributeKey": name, "AttributeValue": value}]}


def records(client: Clients, resource: str) -> list[dict[str, Any]]:
    """Return what is recorded about a resource, newest first."""
    return [json.loads(event["CloudTrailEvent"]) for event in look(client, **by("ResourceName", resource))["Events"]]


def user(engine: Engine, client: Clients, name: str) -> Any:
    """Return a client of EC2 as an IAM user who may do everything."""
    policy = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", **EVERYTHING}]})
    client("iam").create_user(UserName=name, Path="/people/")
    client("iam").put_user_policy(UserName=name, PolicyName="all", PolicyDocument=policy)
    key = client("iam").create_access_key(UserName=name)["AccessKey"]
    return client.session.__class__(key["AccessKeyId"], key["SecretAccessKey"], None, "us-east-1").client(  # type: ignore[attr-defined]
        "ec2", endpoint_url=engine.url
    )


def test_a_record_of_root(client: Clients, hosts: Hosts) -> None:
    tags = [{"ResourceType": "volume", "Tags": [{"Key": "a", "Value": "b"}]}]
    volume = make(hosts.ec2, Size=3, VolumeType="gp3", TagSpecifications=tags)
    [found] = records(client, volume)
    assert found["userIdentity"] == {
        "type": "Root",
        "principalId": "000000000000",
        "arn": "arn:aws:iam::000000000000:root",
        "accountId": "000000000000",
        "accessKeyId": "000000000000",
    }
    specification = {"resourceType": "volume", "tags": [{"key": "a", "value": "b"}]}
    asked = {"size": "3", "zone": "us-east-1a", "volumeType": "gp3"}
    assert found["requestParameters"].items() >= asked.items()
    assert found["requestParameters"]["tagSpecificationSet"] == {"items": [specification]}
    answered = {"volumeId": volume, "size": "3", "iops": 3000, "encrypted": False}
    assert found["responseElements"].items() >= answered.items()
    assert abs(found["responseElements"]["createTime"] / 1000 - time.time()) < 60
    about = {"eventSource": "ec2.amazonaws.com", "eventName": "CreateVolume", "readOnly": False}
    assert found.items() >= {**about, "eventType": "AwsApiCall", "eventCategory": "Management"}.items()


def test_a_record_of_a_user(engine: Engine, client: Clients, name: str) -> None:
    ec2 = user(engine, client, name)
    volume = make(ec2)
    ec2.delete_volume(VolumeId=volume)
    deleted, created = records(client, volume)
    assert (deleted["eventName"], created["eventName"]) == ("DeleteVolume", "CreateVolume")
    who = deleted["userIdentity"]
    assert (who["type"], who["userName"]) == ("IAMUser", name)
    assert who["arn"] == f"arn:aws:iam::000000000000:user/people/{name}"
    assert who["principalId"].startswith("AIDA")
    assert len(look(client, **by("Username", name))["Events"]) == 2


def test_a_record_of_a_role(client: Clients, as_role: Callable[..., Any], hosts: Hosts) -> None:
    role = as_role({"Action": "ec2:CreateTags", "Resource": "*"})
    volume = make(hosts.ec2)
    role("ec2").create_tags(Resources=[volume], Tags=[{"Key": "a", "Value": "b"}])
    with pytest.raises(ClientError):
        role("ec2").delete_volume(VolumeId=volume)
    denied, tagged, _ = records(client, volume)
    who, name = tagged["userIdentity"], role.role_arn.rpartition("/")[2]
    issuer = who["sessionContext"]["sessionIssuer"]
    assert (who["type"], who["arn"]) == ("AssumedRole", f"arn:aws:sts::000000000000:assumed-role/{name}/test")
    assert (issuer["type"], issuer["arn"], issuer["userName"]) == ("Role", role.role_arn, name)
    assert who["principalId"] == f"{issuer['principalId']}:test"
    assert tagged["requestParameters"] == {
        "resourcesSet": {"items": [{"resourceId": volume}]},
        "tagSet": {"items": [{"key": "a", "value": "b"}]},
    }
    assert denied["errorCode"] == "Client.UnauthorizedOperation"
    assert denied["responseElements"] is None
    [assumed] = records(client, who["accessKeyId"])
    assert assumed["responseElements"]["credentials"]["accessKeyId"] == who["accessKeyId"]
    assert "secretAccessKey" not in assumed["responseElements"]["credentials"]
    assert assumed["requestParameters"] == {"roleArn": role.role_arn, "roleSessionName": "test"}


def test_a_source_identity_outlives_a_chain_of_roles(
    engine: Engine, client: Clients, make_role: Callable[..., str]
) -> None:
    first, second = (make_role(EVERYTHING, trust="arn:aws:iam::000000000000:root") for _ in range(2))

    def assume(sts: Any, role: str, **asked: str) -> Callable[[str], Any]:
        got = sts.assume_role(RoleArn=role, RoleSessionName="session", **asked)["Credentials"]
        session = client.session.__class__(  # type: ignore[attr-defined]
            got["AccessKeyId"], got["SecretAccessKey"], got["SessionToken"], "us-east-1"
        )
        return lambda service: session.client(service, endpoint_url=engine.url)

    chained = assume(assume(client("sts"), first, SourceIdentity="ada")("sts"), second)
    [found] = records(client, make(chained("ec2")))
    assert found["userIdentity"]["sessionContext"]["sourceIdentity"] == "ada"


def test_launches_and_their_likes(client: Clients, hosts: Hosts) -> None:
    instance = hosts.run(UserData="secret")["InstanceId"]
    snapshots = hosts.ec2.create_snapshots(InstanceSpecification={"InstanceId": instance}, Description="d")["Snapshots"]
    hosts.ec2.stop_instances(InstanceIds=[instance])
    stopped, taken, launched = records(client, instance)
    assert launched["requestParameters"]["instancesSet"]["items"][0].items() >= {"minCount": 1, "maxCount": 1}.items()
    assert launched["requestParameters"]["userData"] == "<sensitiveDataRemoved>"
    [made] = launched["responseElements"]["instancesSet"]["items"]
    assert (made["instanceId"], made["instanceState"]["name"]) == (instance, "pending")
    assert made["networkInterfaceSet"]["items"][0]["networkInterfaceId"].startswith("eni-")
    assert taken["requestParameters"]["CreateSnapshotsRequest"]["InstanceSpecification"] == {"InstanceId": instance}
    shown = taken["responseElements"]["CreateSnapshotsResponse"]["snapshotSet"]["item"]
    assert [each["snapshotId"] for each in shown] == [each["SnapshotId"] for each in snapshots]
    assert stopped["requestParameters"] == {"instancesSet": {"items": [{"instanceId": instance}]}}


def test_a_record_of_a_state_machine(client: Clients, machines: Machines) -> None:
    arguments = {"AvailabilityZone": "us-east-1a", "Size": 1}
    resource = "arn:aws:states:::aws-sdk:ec2:createVolume"
    task = {"Type": "Task", "Resource": resource, "Arguments": arguments}
    ended = machines.once([task], {"Action": "ec2:CreateVolume", "Resource": "*"})
    [found] = records(client, json.loads(ended["output"])["VolumeId"])
    who = found["userIdentity"]
    assert (who["type"], who["invokedBy"]) == ("AssumedRole", "states.amazonaws.com")
    assert who["sessionContext"]["sessionIssuer"]["userName"].startswith("role-")


def test_pages_times_and_mistakes(engine: Engine, client: Clients, name: str) -> None:
    ec2 = user(engine, client, name)
    volumes = [make(ec2) for _ in range(5)]
    mine = by("Username", name)
    first = look(client, **mine, MaxResults=2)
    make(ec2)  # does not move the pages that follow
    second = look(client, **mine, MaxResults=2, NextToken=first["NextToken"])
    third = look(client, **mine, MaxResults=2, NextToken=second["NextToken"])
    touched = [event["Resources"][0] for page in (first, second, third) for event in page["Events"]]
    assert touched == [{"ResourceName": each, "ResourceType": "AWS::EC2::Volume"} for each in reversed(volumes)]
    assert "NextToken" not in third
    old = datetime(2026, 1, 1, tzinfo=UTC)
    hook(engine, "cloudtrail/events", resources=volumes[3:], event="CreateVolume", time=old.isoformat())
    assert len(look(client, **mine, StartTime=datetime(2026, 2, 1, tzinfo=UTC))["Events"]) == 4
    *_, oldest = look(client, **mine)["Events"]
    assert oldest["EventTime"] == old
    assert json.loads(oldest["CloudTrailEvent"])["eventTime"] == "2026-01-01T00:00:00Z"
    wrong: dict[str, dict[str, Any]] = {
        "InvalidNextTokenException": {"NextToken": first["NextToken"]},
        "InvalidLookupAttributesException": {"LookupAttributes": mine["LookupAttributes"] * 2},
        "InvalidTimeRangeException": {"StartTime": 2, "EndTime": 1},
    }
    for code, asked in wrong.items():
        with pytest.raises(ClientError, match=code):
            look(client, **asked)


def test_two_requests_a_second(client: Clients) -> None:
    time.sleep(1)
    events = client("cloudtrail")
    events.lookup_events(MaxResults=1)
    events.lookup_events(MaxResults=1)
    with pytest.raises(ClientError, match="ThrottlingException"):
        events.lookup_events(MaxResults=1)
    time.sleep(1)
    events.lookup_events(MaxResults=1)


def test_a_trail_tells_eventbridge(client: Clients, hosts: Hosts, name: str, hear: Callable[..., Any]) -> None:
    told = hear({"source": ["aws.ec2"], "detail-type": ["AWS API Call via CloudTrail"]})
    client("s3").create_bucket(Bucket=name)
    client("cloudtrail").create_trail(Name=name, S3BucketName=name)
    make(hosts.ec2)
    client("cloudtrail").start_logging(Name=name)
    hosts.ec2.describe_volumes()
    volume = make(hosts.ec2)
    [event] = until(told)
    about = {"source": "aws.ec2", "detail-type": "AWS API Call via CloudTrail", "account": "000000000000"}
    assert event.items() >= about.items()
    assert event["detail"]["responseElements"]["volumeId"] == volume
    with pytest.raises(ClientError):
        hosts.ec2.delete_volume(VolumeId="vol-0123456789abcdef0")
    [failed] = until(told)
    assert failed["detail"]["errorCode"] == "Client.InvalidVolume.NotFound"
    client("cloudtrail").stop_logging(Name=name)
    make(hosts.ec2)
    assert told() == []
    client("cloudtrail").delete_trail(Name=name)
