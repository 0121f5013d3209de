"""EC2 launches: what the launch template and the request say together, once per client token."""

from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.engine.hosts import Hosts
from tests.engine.waiting import until

ONE = {"MinCount": 1, "MaxCount": 1}


def tags(of: dict[str, Any]) -> dict[str, str]:
    """Return tags, without those of AWS."""
    return {tag["Key"]: tag["Value"] for tag in of["Tags"] if not tag["Key"].startswith("aws:")}


def refused(hosts: Hosts, **request: Any) -> dict[str, Any]:
    with pytest.raises(ClientError) as refusal:
        hosts.ec2.run_instances(**ONE, **request)
    return dict(refusal.value.response["Error"])


def test_an_instance_is_what_template_and_request_say(hosts: Hosts) -> None:
    own = [{"Key": "by", "Value": "request"}, {"Key": "owner", "Value": "ada"}]
    instance = hosts.run(
        LaunchTemplate={"LaunchTemplateId": hosts.template["id"]},
        InstanceType="t3.micro",
        SubnetId=hosts.subnet,
        TagSpecifications=[{"ResourceType": "instance", "Tags": own}],
    )
    assert (instance["ImageId"], instance["InstanceType"]) == (hosts.image(), "t3.micro")
    assert tags(instance) == {"from": "template", "by": "request", "owner": "ada"}
    options = instance["MetadataOptions"]
    assert (options["HttpTokens"], options["HttpPutResponseHopLimit"]) == ("required", 1)
    assert instance["Monitoring"]["State"] == "enabled"
    assert instance["IamInstanceProfile"]["Arn"] == hosts.profile
    assert {"Key": "aws:ec2launchtemplate:id", "Value": hosts.template["id"]} in instance["Tags"]
    assert {"Key": "aws:ec2launchtemplate:version", "Value": "1"} in instance["Tags"]


def test_an_instance_is_where_template_and_request_say(hosts: Hosts) -> None:
    instance = hosts.run(LaunchTemplate={"LaunchTemplateId": hosts.template["id"]}, SubnetId=hosts.subnet)
    assert instance["SubnetId"] == hosts.subnet
    assert instance["Placement"]["AvailabilityZone"] == "us-east-1b"
    assert instance["PrivateIpAddress"].startswith("10.7.1.")
    assert "PublicIpAddress" not in instance
    assert [group["GroupId"] for group in instance["SecurityGroups"]] == [hosts.group]
    [interface] = instance["NetworkInterfaces"]
    assert interface["SubnetId"] == hosts.subnet


def test_volumes_are_those_of_the_template(hosts: Hosts) -> None:
    latest = {"LaunchTemplateId": hosts.template["id"], "Version": "$Latest"}
    instance = hosts.run(LaunchTemplate=latest, SubnetId=hosts.subnet)
    [mapping] = instance["BlockDeviceMappings"]
    [volume] = hosts.ec2.describe_volumes(VolumeIds=[mapping["Ebs"]["VolumeId"]])["Volumes"]
    assert (volume["Size"], volume["VolumeType"], volume["Throughput"]) == (12, "gp3", 125)
    assert (volume["Encrypted"], volume["KmsKeyId"]) == (True, hosts.key)
    assert tags(volume) == {"from": "template", "by": "template"}
    assert volume["Attachments"][0]["InstanceId"] == instance["InstanceId"]


@pytest.mark.parametrize(("version", "size"), [({}, 9), ({"Version": "$Default"}, 9), ({"Version": "2"}, 12)])
def test_a_template_by_name_and_version(hosts: Hosts, version: dict[str, str], size: int) -> None:
    named = {"LaunchTemplateName": hosts.template["name"], **version}
    instance = hosts.run(LaunchTemplate=named, SubnetId=hosts.subnet)
    volume = instance["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
    assert hosts.ec2.describe_volumes(VolumeIds=[volume])["Volumes"][0]["Size"] == size
    assert instance["InstanceType"] == "t3.small"


def test_an_interface_takes_the_place_of_subnet_and_groups(hosts: Hosts) -> None:
    interface = {"DeviceIndex": 0, "SubnetId": hosts.subnet, "Groups": [hosts.group], "AssociatePublicIpAddress": True}
    instance = hosts.run(NetworkInterfaces=[interface])
    assert instance["SubnetId"] == hosts.subnet
    assert instance["PublicIpAddress"]
    error = refused(hosts, ImageId=hosts.image(), NetworkInterfaces=[interface], SubnetId=hosts.subnet)
    assert error["Code"] == "InvalidParameterCombination"
    assert "an instance-level subnet ID may not be specified on the same request" in error["Message"]


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        ({"ImageId": "ami-0123456789abcdef9"}, "InvalidAMIID.NotFound"),
        ({"IamInstanceProfile": {"Name": "nobody"}}, "InvalidParameterValue"),
        ({"IamInstanceProfile": {"Arn": "arn:aws:iam::000000000000:instance-profile/no"}}, "InvalidParameterValue"),
        ({"SubnetId": "subnet-0123456789abcdef0"}, "InvalidSubnetID.NotFound"),
        ({"SecurityGroupIds": ["sg-0123456789abcdef0"]}, "InvalidGroup.NotFound"),
        ({"InstanceType": "t4g.micro"}, "InvalidParameterValue"),
        ({"LaunchTemplate": {"LaunchTemplateId": "lt-0"}}, "InvalidLaunchTemplateId.NotFound"),
        ({"LaunchTemplate": {"LaunchTemplateName": "no"}}, "InvalidLaunchTemplateName.NotFoundException"),
    ],
)
def test_what_does_not_exist_cannot_be_launched(hosts: Hosts, wrong: dict[str, Any], code: str) -> None:
    before = len(hosts.ec2.describe_instances()["Reservations"])
    error = refused(hosts, **{"ImageId": hosts.image(), "InstanceType": "t3.micro", **wrong})
    assert error["Code"] == code, error
    assert len(hosts.ec2.describe_instances()["Reservations"]) == before


def test_a_template_version_that_does_not_exist(hosts: Hosts) -> None:
    named = {"LaunchTemplateId": hosts.template["id"], "Version": "7"}
    assert refused(hosts, LaunchTemplate=named)["Code"] == "InvalidLaunchTemplateId.VersionNotFound"
    assert refused(hosts, LaunchTemplate={**named, "Version": "1"})["Code"] == "MissingParameter"


def test_a_template_that_is_gone(hosts: Hosts) -> None:
    with pytest.raises(ClientError, match=r"\(InvalidLaunchTemplateId\.NotFound\)"):
        hosts.ec2.delete_launch_template(LaunchTemplateId="lt-0123456789abcdef0")


def test_arm_images_launch_arm_instances(hosts: Hosts) -> None:
    assert hosts.run(ImageId=hosts.image("arm64"), InstanceType="t4g.micro")["Architecture"] == "arm64"


def test_a_client_token_launches_once(hosts: Hosts, name: str) -> None:
    ec2 = hosts.ec2
    request = {"ImageId": hosts.image(), "InstanceType": "t3.micro", "ClientToken": name, **ONE}
    first, second = ec2.run_instances(**request), ec2.run_instances(**request)
    assert first["ReservationId"] == second["ReservationId"]
    assert first["Instances"][0]["InstanceId"] == second["Instances"][0]["InstanceId"]
    with pytest.raises(ClientError, match="IdempotentParameterMismatch"):
        ec2.run_instances(**{**request, "InstanceType": "t3.small"})
    found = ec2.describe_instances(Filters=[{"Name": "client-token", "Values": [name]}])["Reservations"]
    assert [each["ReservationId"] for each in found] == [first["ReservationId"]]
    until(lambda: ec2.run_instances(**request)["Instances"][0]["State"]["Name"] == "running")
    ec2.run_instances(**{**request, "ClientToken": f"{name}-2", "InstanceType": "t3.small"})


def test_several_instances_share_a_reservation(hosts: Hosts) -> None:
    made = hosts.ec2.run_instances(ImageId=hosts.image(), InstanceType="t3.micro", MinCount=1, MaxCount=3)
    assert [instance["AmiLaunchIndex"] for instance in made["Instances"]] == [0, 1, 2]
    reservations = [{"Name": "reservation-id", "Values": [made["ReservationId"]]}]
    [found] = hosts.ec2.describe_instances(Filters=reservations)["Reservations"]
    assert len(found["Instances"]) == 3
    with pytest.raises(ClientError, match="The filter 'colour' is invalid"):
        hosts.ec2.describe_instances(Filters=[{"Name": "colour", "Values": ["red"]}])
