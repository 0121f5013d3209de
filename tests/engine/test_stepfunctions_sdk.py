"""Step Functions: `aws-sdk` integrations have the SDK's arguments, results, error names and permissions."""

import json
from typing import Any

from tests.engine.hosts import Hosts
from tests.support.machines import Machines

EC2 = "arn:aws:ec2:us-east-1:000000000000:"


def task(action: str, **arguments: Any) -> list[dict[str, Any]]:
    return [{"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:{action}", "Arguments": arguments}]


def allow(action: str, resource: str = "*") -> dict[str, Any]:
    return {"Action": action, "Resource": resource}


def test_instances_are_described_as_the_api_says(machines: Machines, hosts: Hosts) -> None:
    own = [{"ResourceType": "instance", "Tags": [{"Key": "owner", "Value": "ada"}]}]
    instance = hosts.run(InstanceType="t3.micro", TagSpecifications=own)["InstanceId"]
    states = task("ec2:describeInstances", InstanceIds=[instance])
    denied = machines.once(states)
    assert denied["error"] == "Ec2.Ec2Exception"
    assert "ec2:DescribeInstances" in denied["cause"]
    ended = machines.once(states, allow("ec2:DescribeInstances"))
    [reservation] = json.loads(ended["output"])["Reservations"]
    [found] = reservation["Instances"]
    assert found["InstanceId"] == instance
    assert found["State"] == {"Code": 16, "Name": "running"}
    assert found["Tags"] == [{"Key": "owner", "Value": "ada"}]
    assert found["MetadataOptions"]["HttpPutResponseHopLimit"] == 1
    assert found["BlockDeviceMappings"][0]["Ebs"]["DeleteOnTermination"] is True


def test_filters_and_pages(machines: Machines, hosts: Hosts) -> None:
    filters = [{"Name": "instance-state-name", "Values": ["no-such-state"]}]
    states = task("ec2:describeInstances", Filters=filters, MaxResults=5)
    assert json.loads(machines.once(states, allow("ec2:DescribeInstances"))["output"]) == {"Reservations": []}
    hosts.ec2.create_volume(AvailabilityZone="us-east-1a", Size=1)
    states = task("ec2:describeVolumes", MaxResults=1, Filters=[{"Name": "size", "Values": ["1"]}])
    [volume] = json.loads(machines.once(states, allow("ec2:DescribeVolumes"))["output"])["Volumes"]
    assert volume["Size"] == 1


def test_every_error_of_ec2_is_an_ec2_exception(machines: Machines) -> None:
    states = task("ec2:describeInstances", InstanceIds=["i-0123456789abcdef0"])
    failed = machines.once(states, allow("ec2:DescribeInstances"))
    assert (failed["error"], "does not exist" in failed["cause"]) == ("Ec2.Ec2Exception", True)


def test_changes_ask_for_the_instance_and_its_tags(machines: Machines, hosts: Hosts) -> None:
    own = [{"ResourceType": "instance", "Tags": [{"Key": "workflow", "Value": "mine"}]}]
    instance = hosts.run(TagSpecifications=own)["InstanceId"]
    states = task("ec2:terminateInstances", InstanceIds=[instance])

    def by_tag(value: str) -> dict[str, Any]:
        condition = {"StringEquals": {"aws:ResourceTag/workflow": value}}
        return {**allow("ec2:TerminateInstances", f"{EC2}instance/*"), "Condition": condition}

    assert f"on resource: {EC2}instance/{instance}" in machines.once(states, by_tag("other"))["cause"]
    ended = machines.once(states, by_tag("mine"))
    [change] = json.loads(ended["output"])["TerminatingInstances"]
    assert (change["PreviousState"]["Name"], change["CurrentState"]["Name"]) == ("running", "shutting-down")


def test_a_launch_asks_for_all_that_a_launch_needs(machines: Machines, hosts: Hosts) -> None:
    states = task("ec2:runInstances", ImageId=hosts.image(), InstanceType="t3.micro", MinCount=1, MaxCount=1)
    profile = {**states[0]["Arguments"], "IamInstanceProfile": {"Arn": hosts.profile}}
    with_profile = [{**states[0], "Arguments": profile}]
    assert machines.once(states, allow("ec2:RunInstances"))["status"] == "SUCCEEDED"
    assert "iam:PassRole" in machines.once(with_profile, allow("ec2:RunInstances"))["cause"]
    passing = allow("iam:PassRole", hosts.role)
    assert machines.once(with_profile, allow("ec2:RunInstances"), passing)["status"] == "SUCCEEDED"


def test_parameters(machines: Machines, hosts: Hosts, client: Any, name: str) -> None:
    arn = f"arn:aws:ssm:us-east-1:000000000000:parameter/{name}"
    client("ssm").put_parameter(Name=f"/{name}", Value="v", Type="SecureString", KeyId=hosts.key)
    read = allow("ssm:GetParameter", arn)
    states = task("ssm:getParameter", Name=f"/{name}", WithDecryption=True)
    denied = machines.once(states, read)
    assert denied["error"] == "Ssm.SsmException"
    assert f"kms:Decrypt on resource: {hosts.key}" in denied["cause"]
    ended = machines.once(states, read, allow("kms:Decrypt", hosts.key))
    assert json.loads(ended["output"])["Parameter"]["Value"] == "v"
    missing = machines.once(task("ssm:getParameter", Name=f"/{name}/no"), allow("ssm:GetParameter"))
    assert missing["error"] == "Ssm.ParameterNotFoundException"
    many = machines.once(task("ssm:getParameters", Names=[f"/{name}", "no"]), allow("ssm:GetParameters"))
    output = json.loads(many["output"])
    assert (output["Parameters"][0]["Name"], output["InvalidParameters"]) == (f"/{name}", ["no"])


def test_an_item_by_the_optimized_integration(machines: Machines, client: Any, name: str) -> None:
    table = client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
    )["TableDescription"]["TableArn"]
    client("dynamodb").put_item(TableName=name, Item={"id": {"S": "1"}, "ends_at": {"S": "now"}})
    states = [
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::dynamodb:getItem",
            "Arguments": {"TableName": name, "Key": {"id": {"S": "1"}}, "ConsistentRead": True},
            "Output": "{% $states.result.Item.ends_at.S %}",
        }
    ]
    assert machines.once(states)["error"] == "DynamoDB.AmazonDynamoDBException"
    assert machines.once(states, allow("dynamodb:GetItem", table))["output"] == '"now"'
