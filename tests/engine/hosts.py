"""Launches EC2 instances for the engine's tests, with a network, a key, a profile and a template of their own."""

import json
import urllib.request
from collections.abc import Callable
from functools import cached_property
from typing import Any
from uuid import uuid4

from tests.engine.waiting import until

LATEST = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-"


class Hosts:
    """What a test of EC2 launches with."""

    def __init__(self, client: Callable[[str], Any], make_role: Callable[..., str]) -> None:
        self.ec2 = client("ec2")
        self._client = client
        self._make_role = make_role

    def image(self, architecture: str = "x86_64") -> str:
        """Return Amazon Linux 2023's newest image."""
        return str(self._client("ssm").get_parameter(Name=f"{LATEST}{architecture}")["Parameter"]["Value"])

    @cached_property
    def key(self) -> str:
        """A customer's key."""
        return str(self._client("kms").create_key()["KeyMetadata"]["Arn"])

    @cached_property
    def _vpc(self) -> str:
        return str(self.ec2.create_vpc(CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"])

    @cached_property
    def subnet(self) -> str:
        """A private subnet, 10.7.1.0/24 in us-east-1b."""
        made = self.ec2.create_subnet(VpcId=self._vpc, CidrBlock="10.7.1.0/24", AvailabilityZone="us-east-1b")
        return str(made["Subnet"]["SubnetId"])

    @cached_property
    def group(self) -> str:
        """A security group."""
        made = self.ec2.create_security_group(GroupName="hosts", Description="hosts", VpcId=self._vpc)
        return str(made["GroupId"])

    @cached_property
    def role(self) -> str:
        """The ARN of the role in the instance profile."""
        return self._make_role(trust="ec2.amazonaws.com")

    @cached_property
    def profile(self) -> str:
        """An instance profile's ARN."""
        name, iam = self.role.rpartition("/")[2], self._client("iam")
        made = iam.create_instance_profile(InstanceProfileName=name)["InstanceProfile"]
        iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        return str(made["Arn"])

    def volume(self, size: int) -> dict[str, Any]:
        """Return an encrypted root volume."""
        ebs = {"VolumeSize": size, "VolumeType": "gp3", "Encrypted": True, "KmsKeyId": self.key}
        return {"DeviceName": "/dev/xvda", "Ebs": ebs}

    @cached_property
    def template(self) -> dict[str, str]:
        """A hardened template without an image; the newest of its two versions asks for 12 GiB instead of 9."""
        tags = [{"Key": "from", "Value": "template"}, {"Key": "by", "Value": "template"}]
        data = {
            "InstanceType": "t3.small",
            "IamInstanceProfile": {"Arn": self.profile},
            "MetadataOptions": {"HttpTokens": "required", "HttpPutResponseHopLimit": 1},
            "Monitoring": {"Enabled": True},
            "SecurityGroupIds": [self.group],
            "TagSpecifications": [{"ResourceType": kind, "Tags": tags} for kind in ("instance", "volume")],
        }
        name = f"template-{uuid4().hex[:12]}"
        made = self.ec2.create_launch_template(
            LaunchTemplateName=name, LaunchTemplateData={**data, "BlockDeviceMappings": [self.volume(9)]}
        )["LaunchTemplate"]
        self.ec2.create_launch_template_version(
            LaunchTemplateName=name, LaunchTemplateData={**data, "BlockDeviceMappings": [self.volume(12)]}
        )
        return {"name": name, "id": str(made["LaunchTemplateId"])}

    def run(self, **request: Any) -> dict[str, Any]:
        """Launch one instance of the newest image; describe it once it runs."""
        request = {"ImageId": self.image(), "MinCount": 1, "MaxCount": 1, **request}
        [launched] = self.ec2.run_instances(**request)["Instances"]
        return self.reach(launched["InstanceId"], "running")

    def reach(self, instance: str, state: str) -> dict[str, Any]:
        """Describe an instance once it is in the given state."""
        until(lambda: self.show(instance)["State"]["Name"] == state)
        return self.show(instance)

    def show(self, instance: str) -> dict[str, Any]:
        """Describe an instance."""
        [reservation] = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        [found] = reservation["Instances"]
        return dict(found)

    def credentials(self, instance: str) -> dict[str, Any]:
        """Return what the metadata service of a running instance hands out."""
        url = f"{self.ec2.meta.endpoint_url}/_local/instances/{instance}/credentials"
        with urllib.request.urlopen(url, b"", timeout=5) as answer:  # noqa: S310 our own URL
            return dict(json.load(answer))
