"""An account in which people, roles and services make things on EC2, all of which are removed at the end."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cached_property
from typing import Any, Self
from uuid import uuid4

from botocore.exceptions import ClientError

from scripts.deployment import Deployment
from scripts.executions import wait_for_end
from scripts.local_engine import Engine
from scripts.principals import Clients, Principals
from scripts.signed_http import send
from tests.e2e.approvals import HOST, wait

ZONE = "us-east-1a"
IMAGE = HOST["image_parameter"]


class Account(Principals):
    """The account of a deployment, and who makes what in it."""

    def __init__(self, deployment: Deployment, engine: Engine) -> None:
        super().__init__(deployment)
        self.engine = engine
        self.ec2 = deployment.client("ec2")
        self._made: list[str] = []

    def __enter__(self) -> Self:
        self.end.callback(self._remove)
        return self

    def on(self, instance: str) -> Clients:
        """Return the clients of a program on an instance."""
        given = json.loads(send("POST", f"{self.engine.url}/_local/instances/{instance}/credentials").text)
        return self.clients(given["AccessKeyId"], given["SecretAccessKey"], given["Token"])

    def profile(self, role: str) -> str:
        """Return the name of an instance profile with a role."""
        name = role.rpartition("/")[2]
        self.iam.create_instance_profile(InstanceProfileName=name)
        self.end.callback(self.iam.delete_instance_profile, InstanceProfileName=name)
        self.iam.add_role_to_instance_profile(InstanceProfileName=name, RoleName=name)
        self.end.callback(self.iam.remove_role_from_instance_profile, InstanceProfileName=name, RoleName=name)
        return name

    def machine(self, call: str, arguments: dict[str, Any], answer: str) -> str:
        """Let a state machine make a call of EC2; return what the answer says at that name."""
        states = self.deployment.client("stepfunctions")
        task = {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:ec2:{call}", "Arguments": arguments, "End": True}
        made = states.create_state_machine(
            name=f"maker-{uuid4().hex[:8]}",
            roleArn=self.role("maker", {"Service": "states.amazonaws.com"}),
            definition=json.dumps({"QueryLanguage": "JSONata", "StartAt": "Make", "States": {"Make": task}}),
        )["stateMachineArn"]
        self.end.callback(states.delete_state_machine, stateMachineArn=made)
        ended = wait_for_end(states, states.start_execution(stateMachineArn=made)["executionArn"], 20)
        return self.keep(json.loads(ended["output"])[answer])

    def keep(self, resource_id: str) -> str:
        """Remember what has to be removed at the end."""
        self._made.append(resource_id)
        return resource_id

    def volume(self, by: Clients, **asked: Any) -> str:
        """Let somebody make a volume."""
        return self.keep(by("ec2").create_volume(AvailabilityZone=ZONE, Size=1, **asked)["VolumeId"])

    def launch(self, by: Clients, count: int = 1, **asked: Any) -> list[str]:
        """Let somebody launch instances, each with a second volume."""
        launched = by("ec2").run_instances(
            ImageId=self.image,
            InstanceType="t3.micro",
            MinCount=count,
            MaxCount=count,
            BlockDeviceMappings=[{"DeviceName": "/dev/xvdb", "Ebs": {"VolumeSize": 2, "DeleteOnTermination": True}}],
            **asked,
        )["Instances"]
        return [self.keep(each["InstanceId"]) for each in launched]

    @cached_property
    def image(self) -> str:
        """The newest Amazon Linux."""
        return str(self.deployment.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"])

    @cached_property
    def subnet(self) -> str:
        """A subnet of the account."""
        wanted = [{"Name": "availability-zone", "Values": [ZONE]}]
        return str(self.ec2.describe_subnets(Filters=wanted)["Subnets"][0]["SubnetId"])

    def stack(self, name: str, owner: str) -> str:
        """Make a stack that belongs to somebody, with an Auto Scaling group of nothing yet; return the group's name."""
        stacks = self.deployment.client("cloudformation")
        data = {"ImageId": self.image, "InstanceType": "t3.micro"}
        template = {"Type": "AWS::EC2::LaunchTemplate", "Properties": {"LaunchTemplateData": data}}
        launched = {"LaunchTemplateId": {"Ref": "Template"}, "Version": "1"}
        size = {"MinSize": "0", "MaxSize": "1", "DesiredCapacity": "0", "VPCZoneIdentifier": [self.subnet]}
        group = {"Type": "AWS::AutoScaling::AutoScalingGroup", "Properties": {**size, "LaunchTemplate": launched}}
        body = json.dumps({"Resources": {"Template": template, "Group": group}})
        stacks.create_stack(StackName=name, TemplateBody=body, Tags=[{"Key": "owner", "Value": owner}])
        self.end.callback(stacks.delete_stack, StackName=name)
        stacks.get_waiter("stack_create_complete").wait(StackName=name, WaiterConfig={"Delay": 1})
        found = stacks.describe_stack_resource(StackName=name, LogicalResourceId="Group")["StackResourceDetail"]
        return str(found["PhysicalResourceId"])

    def scale(self, group: str, size: int) -> list[str]:
        """Bring an Auto Scaling group to a size; return its instances once they run."""
        groups = self.deployment.client("autoscaling")
        groups.update_auto_scaling_group(AutoScalingGroupName=group, DesiredCapacity=size)

        def members() -> list[str]:
            [found] = groups.describe_auto_scaling_groups(AutoScalingGroupNames=[group])["AutoScalingGroups"]
            return [each["InstanceId"] for each in found["Instances"] if each["LifecycleState"] == "InService"]

        wait(lambda: len(members()) == size)
        return [self.keep(each) for each in members()]

    def _remove(self) -> None:
        """Remove what was made, unless it is gone: an image before its snapshots."""
        end: dict[str, Callable[[str], Any]] = {
            "i": lambda each: self.ec2.terminate_instances(InstanceIds=[each]),
            "ami": lambda each: self.ec2.deregister_image(ImageId=each),
            "snap": lambda each: self.ec2.delete_snapshot(SnapshotId=each),
            "vol": lambda each: self.ec2.delete_volume(VolumeId=each),
            "eni": lambda each: self.ec2.delete_network_interface(NetworkInterfaceId=each),
        }
        for kind, remove in end.items():
            for each in [each for each in self._made if each.startswith(f"{kind}-")]:
                with suppress(ClientError):
                    remove(each)

    def parts(self, instance: str) -> list[str]:
        """Return an instance with its volumes and interfaces, once it runs."""
        self.ec2.get_waiter("instance_running").wait(InstanceIds=[instance], WaiterConfig={"Delay": 1})
        [reservation] = self.ec2.describe_instances(InstanceIds=[instance])["Reservations"]
        [found] = reservation["Instances"]
        volumes = [each["Ebs"]["VolumeId"] for each in found["BlockDeviceMappings"]]
        return [instance, *volumes, *(each["NetworkInterfaceId"] for each in found["NetworkInterfaces"])]

    def tags(self, resource_id: str) -> dict[str, str]:
        """Return a resource's tags."""
        found = self.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource_id]}])["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    @contextmanager
    def trouble(self, resource: str, **fault: Any) -> Iterator[Callable[[], int]]:
        """Let calls of an API meet a fault for a while; what is yielded tells how often they still will."""
        self.hook("faults", resource=resource, **fault)
        url = f"{self.engine.url}/_local/faults"

        def armed() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = json.loads(send("GET", url).text)
            return found

        try:
            yield lambda: sum(each["times"] for each in armed() if each["resource"] == resource)
        finally:
            send("DELETE", url)

    def hook(self, path: str, **asked: Any) -> Any:
        """Ask one of the engine's own controls; return its answer."""
        answer = send("POST", f"{self.engine.url}/_local/{path}", json.dumps(asked))
        assert answer.status == 200, answer.text
        return json.loads(answer.text)
