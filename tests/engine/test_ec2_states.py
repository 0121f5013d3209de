"""EC2 instance states take time, bound what can be done, and are told to EventBridge."""

import json
import time
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.hosts import Hosts
from tests.engine.waiting import until


def refusal(call: Any, **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def change(answer: dict[str, Any]) -> tuple[str, str]:
    """Return the previous and the current state in the answer to start, stop or terminate."""
    [[only]] = [value for name, value in answer.items() if name.endswith("Instances")]
    return only["PreviousState"]["Name"], only["CurrentState"]["Name"]


def test_an_instance_lives_through_all_states(hosts: Hosts) -> None:
    ec2 = hosts.ec2
    instance = hosts.run()["InstanceId"]
    this = {"InstanceIds": [instance]}
    assert change(ec2.stop_instances(**this)) == ("running", "stopping")
    assert change(ec2.stop_instances(**this)) == ("stopping", "stopping")
    assert refusal(ec2.start_instances, **this) == "IncorrectInstanceState"
    hosts.reach(instance, "stopped")
    assert change(ec2.stop_instances(**this)) == ("stopped", "stopped")
    assert change(ec2.start_instances(**this)) == ("stopped", "pending")
    hosts.reach(instance, "running")
    assert change(ec2.terminate_instances(**this)) == ("running", "shutting-down")
    assert refusal(ec2.stop_instances, **this) == "IncorrectInstanceState"
    hosts.reach(instance, "terminated")
    assert change(ec2.terminate_instances(**this)) == ("terminated", "terminated")
    assert refusal(ec2.start_instances, **this) == "IncorrectInstanceState"


def test_what_is_wrong_with_one_instance_stops_all(hosts: Hosts) -> None:
    running, other = hosts.run()["InstanceId"], "i-0123456789abcdef0"
    assert refusal(hosts.ec2.stop_instances, InstanceIds=[running, other]) == "InvalidInstanceID.NotFound"
    assert hosts.show(running)["State"]["Name"] == "running"


def test_terminating_early_wins(hosts: Hosts) -> None:
    request = {"ImageId": hosts.image(), "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}
    [launched] = hosts.ec2.run_instances(**request)["Instances"]
    this = {"InstanceIds": [launched["InstanceId"]]}
    assert refusal(hosts.ec2.stop_instances, **this) == "IncorrectInstanceState"  # pending
    assert change(hosts.ec2.terminate_instances(**this)) == ("pending", "shutting-down")
    hosts.reach(launched["InstanceId"], "terminated")
    time.sleep(0.3)
    assert hosts.show(launched["InstanceId"])["State"]["Name"] == "terminated"


def test_volumes_go_with_their_instance_unless_they_are_kept(hosts: Hosts) -> None:
    kept = {"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 1, "DeleteOnTermination": False}}
    instance = hosts.run(BlockDeviceMappings=[kept])
    volumes = {each["DeviceName"]: each["Ebs"]["VolumeId"] for each in instance["BlockDeviceMappings"]}
    interface = instance["NetworkInterfaces"][0]["NetworkInterfaceId"]
    hosts.ec2.terminate_instances(InstanceIds=[instance["InstanceId"]])
    hosts.reach(instance["InstanceId"], "terminated")
    assert refusal(hosts.ec2.describe_volumes, VolumeIds=[volumes["/dev/xvda"]]) == "InvalidVolume.NotFound"
    [left] = hosts.ec2.describe_volumes(VolumeIds=[volumes["/dev/sdf"]])["Volumes"]
    assert (left["State"], left["Attachments"]) == ("available", [])
    hosts.ec2.delete_volume(VolumeId=left["VolumeId"])
    assert hosts.ec2.describe_network_interfaces(NetworkInterfaceIds=[interface])["NetworkInterfaces"] == []


def test_eventbridge_is_told(hosts: Hosts, client: Any, name: str) -> None:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    policy = {"Statement": [{"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": queue}]}
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": json.dumps(policy)})
    pattern = {"source": ["aws.ec2"], "detail-type": ["EC2 Instance State-change Notification"]}
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    instance = hosts.run()["InstanceId"]
    hosts.ec2.terminate_instances(InstanceIds=[instance])
    hosts.reach(instance, "terminated")
    told: list[str] = []

    def all_told() -> bool:
        for message in client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
            event = json.loads(message["Body"])
            if event["detail"]["instance-id"] == instance:
                assert event["resources"] == [f"arn:aws:ec2:us-east-1:000000000000:instance/{instance}"]
                told.append(event["detail"]["state"])
        return len(told) == 4

    until(all_told)
    assert sorted(told) == ["pending", "running", "shutting-down", "terminated"]
    client("events").remove_targets(Rule=name, Ids=["queue"])
    client("events").delete_rule(Name=name)
