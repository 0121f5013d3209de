"""EC2 instances: other types while they are stopped, types without room, status checks, types with disks."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.hosts import Hosts

INSTANCES = "arn:aws:ec2:us-east-1:000000000000:instance/*"


def refusal(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    answer = refused.value.response
    return answer["Error"]["Code"], answer["ResponseMetadata"]["HTTPStatusCode"]


@pytest.fixture
def full(engine: Engine) -> Iterator[Callable[..., None]]:
    yield lambda *types: hook(engine, "ec2/capacity", without=types)
    hook(engine, "ec2/capacity", without=[])


def stopped(hosts: Hosts, **settings: Any) -> dict[str, Any]:
    this = {"InstanceId": hosts.run(**settings)["InstanceId"]}
    hosts.ec2.stop_instances(InstanceIds=[this["InstanceId"]])
    hosts.reach(this["InstanceId"], "stopped")
    return this


def test_the_type_changes_while_an_instance_is_stopped(hosts: Hosts) -> None:
    running = {"InstanceId": hosts.run(InstanceType="t3.micro")["InstanceId"]}
    change = {"InstanceType": {"Value": "t3.small"}}
    assert refusal(hosts.ec2.modify_instance_attribute, **running, **change) == ("IncorrectInstanceState", 400)
    hosts.ec2.modify_instance_attribute(**running, DisableApiStop={"Value": True})
    this = stopped(hosts, InstanceType="t3.micro")
    hosts.ec2.modify_instance_attribute(**this, **change)
    assert hosts.show(this["InstanceId"])["InstanceType"] == "t3.small"
    hosts.ec2.modify_instance_attribute(**this, Attribute="instanceType", Value="t3.nano")
    assert hosts.show(this["InstanceId"])["InstanceType"] == "t3.nano"
    both = {**change, "EbsOptimized": {"Value": True}}
    assert refusal(hosts.ec2.modify_instance_attribute, **this, **both)[0] == "InvalidParameterCombination"
    gone = {"InstanceId": "i-0123456789abcdef0"}
    assert refusal(hosts.ec2.modify_instance_attribute, **gone, **change)[0] == "InvalidInstanceID.NotFound"


def test_changing_a_type_asks_for_the_attribute(as_role: Callable[..., Any], hosts: Hosts) -> None:
    mine = {"StringEquals": {"aws:ResourceTag/stopped-by": "me", "ec2:Attribute": "InstanceType"}}
    role = as_role({"Action": "ec2:ModifyInstanceAttribute", "Resource": INSTANCES, "Condition": mine})("ec2")
    change = {"InstanceType": {"Value": "t3.small"}}
    this = stopped(hosts)
    assert refusal(role.modify_instance_attribute, **this, **change) == ("UnauthorizedOperation", 403)
    hosts.ec2.create_tags(Resources=[this["InstanceId"]], Tags=[{"Key": "stopped-by", "Value": "me"}])
    other = {"EbsOptimized": {"Value": True}}
    assert refusal(role.modify_instance_attribute, **this, **other) == ("UnauthorizedOperation", 403)
    role.modify_instance_attribute(**this, **change)


def test_there_is_no_room_for_a_type(hosts: Hosts, full: Callable[..., None]) -> None:
    this = stopped(hosts, InstanceType="t3.micro")
    start = {"InstanceIds": [this["InstanceId"]]}
    full("t3.micro", "t3.small")
    assert refusal(hosts.ec2.start_instances, **start) == ("InsufficientInstanceCapacity", 500)
    assert refusal(hosts.run, InstanceType="t3.small") == ("InsufficientInstanceCapacity", 500)
    hosts.ec2.modify_instance_attribute(**this, InstanceType={"Value": "t3.medium"})
    hosts.ec2.start_instances(**start)
    assert hosts.reach(this["InstanceId"], "running")["InstanceType"] == "t3.medium"


def test_a_start_is_a_launch_anew(engine: Engine, hosts: Hosts) -> None:
    this = stopped(hosts)["InstanceId"]
    assert hosts.show(this)["StateTransitionReason"].startswith("User initiated (")
    hook(engine, "ec2/resources", ids=[this], since="2020-01-01T00:00:00Z")
    hosts.ec2.start_instances(InstanceIds=[this])
    found = hosts.reach(this, "running")
    assert datetime.now(UTC) - found["LaunchTime"] < timedelta(minutes=1)
    assert not found.get("StateTransitionReason")


def test_status_checks(hosts: Hosts) -> None:
    running, resting = hosts.run()["InstanceId"], stopped(hosts)["InstanceId"]
    both = {"InstanceIds": [running, resting]}

    def statuses(**asked: Any) -> dict[str, str]:
        found = hosts.ec2.describe_instance_status(**asked)["InstanceStatuses"]
        return {each["InstanceId"]: each["InstanceStatus"]["Status"] for each in found}

    assert statuses(**both) == {running: "ok"}
    assert statuses(**both, IncludeAllInstances=True) == {running: "ok", resting: "not-applicable"}
    state = [{"Name": "instance-state-name", "Values": ["stopped"]}]
    assert statuses(**both, IncludeAllInstances=True, Filters=state) == {resting: "not-applicable"}
    gone = {"InstanceIds": ["i-0123456789abcdef0"]}
    assert refusal(hosts.ec2.describe_instance_status, **gone) == ("InvalidInstanceID.NotFound", 400)


def test_types_with_disks(hosts: Hosts) -> None:
    kinds = ["t3.micro", "m5d.large", "m6i.large", "c6gd.xlarge", "i3.large"]
    found = hosts.ec2.describe_instance_types(InstanceTypes=kinds)["InstanceTypes"]
    disks = {each["InstanceType"]: each["InstanceStorageSupported"] for each in found}
    assert disks == {kind: kind in {"m5d.large", "c6gd.xlarge", "i3.large"} for kind in kinds}
    assert refusal(hosts.ec2.describe_instance_types, InstanceTypes=["large"]) == ("InvalidInstanceType", 400)
