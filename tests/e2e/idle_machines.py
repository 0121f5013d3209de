"""Makes machines that somebody could have: instances and Auto Scaling groups of any age, as busy as a test says."""

import json
from datetime import UTC, datetime, timedelta
from functools import cache, cached_property
from typing import Any
from uuid import uuid4

from scripts.deployment import Deployment
from scripts.local_engine import Engine
from tests.e2e.approvals import wait
from tests.engine.hooks import hook

SPARE = 10  # instances without tags, and too young to be idle
OFFICE = {"schedule": "office", "owner": "ada"}
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
KIND = "auto-scaling-group"


class Machines:
    """An account's machines; what was made here is remembered until it is ended."""

    def __init__(self, deployment: Deployment, engine: Engine) -> None:
        self.deployment, self.engine = deployment, engine
        self.client = cache(deployment.client)
        self.ec2, self._scaling = self.client("ec2"), self.client("autoscaling")
        self._spare: list[str] = []
        self._instances: list[str] = []
        self._groups: list[str] = []

    def end(self) -> None:
        """End the machines that a test made."""
        for name in self._groups:
            self._scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        if self._instances:
            self.ec2.terminate_instances(InstanceIds=self._instances)
        self._groups, self._instances = [], []

    def close(self) -> None:
        """End also what was kept for further tests."""
        self._instances += self._spare
        self.end()
        if "_template" in vars(self):
            self.ec2.delete_launch_template(LaunchTemplateName=self._template["LaunchTemplateName"])

    # Instances

    @cached_property
    def _image(self) -> str:
        return str(self.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"])

    def _run_instances(self, count: int, **request: Any) -> list[str]:
        asked = {"ImageId": self._image, "InstanceType": "t3.micro", "MinCount": count, "MaxCount": count}
        launched = self.ec2.run_instances(**asked | request)["Instances"]
        return [instance["InstanceId"] for instance in launched]

    def _taken(self, count: int) -> list[str]:
        """Return instances that were launched ahead, as EC2 takes its time; launch others in their place."""
        if len(self._spare) < count + SPARE:
            self._spare += self._run_instances(count + SPARE)
        taken, self._spare = self._spare[:count], self._spare[count:]
        return taken

    def launch(self, *tags: dict[str, str], days: int = 2, **request: Any) -> list[str]:
        """Launch an instance with each of these tags; return their ids once they run, as if for days."""
        ids = self._run_instances(len(tags), **request) if request else self._taken(len(tags))
        self._instances += ids
        for instance_id, each in zip(ids, tags, strict=True):
            self.tag(instance_id, each)
        self.reach("running", *ids)
        if days:
            self.age(*ids, days=days)
        return ids

    def age(self, *ids: str, days: int = 2) -> None:
        """Let instances have been launched days ago."""
        hook(self.engine, "ec2/resources", ids=ids, since=f"{now() - timedelta(days=days):%Y-%m-%dT%H:%M:%SZ}")

    def measure(self, instance_id: str, cpu: float = 1, network: float = 1000) -> None:
        """Let an instance have been as busy as this for more than a day."""
        hour = now().replace(minute=0, second=0, microsecond=0)
        values = {"CPUUtilization": cpu, "NetworkIn": network / 2, "NetworkOut": network / 2}
        data = [
            {
                "MetricName": name,
                "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
                "Timestamp": hour - timedelta(hours=hours),
                "Value": value,
            }
            for name, value in values.items()
            for hours in range(30)
        ]
        self.client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=data)

    def tag(self, instance_id: str, tags: dict[str, str]) -> None:
        """Tag an instance, as its owner could."""
        self.ec2.create_tags(Resources=[instance_id], Tags=pairs(tags))

    def show(self, instance_id: str) -> dict[str, Any]:
        """Describe an instance."""
        [reservation] = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        [found] = reservation["Instances"]
        return dict(found)

    def tags(self, instance_id: str) -> dict[str, str]:
        """Return an instance's tags."""
        return {tag["Key"]: tag["Value"] for tag in self.show(instance_id).get("Tags", [])}

    def state(self, instance_id: str) -> str:
        """Return an instance's state."""
        return str(self.show(instance_id)["State"]["Name"])

    def reach(self, state: str, *ids: str) -> None:
        """Wait until instances are in that state."""
        wait(lambda: {self.state(each) for each in ids} == {state})

    def calls(self, instance_id: str, name: str) -> list[str]:
        """Return what became of calls of that name about an instance: "" or the error, the oldest first."""
        wanted = [{"AttributeKey": "ResourceName", "AttributeValue": instance_id}]
        found = self.client("cloudtrail").lookup_events(LookupAttributes=wanted)["Events"]
        records = [json.loads(each["CloudTrailEvent"]) for each in reversed(found) if each["EventName"] == name]
        return [record.get("errorCode", "") for record in records]

    # Groups

    @cached_property
    def _template(self) -> dict[str, str]:
        data = {"ImageId": self._image, "InstanceType": "t3.micro"}
        name = f"idle-{uuid4().hex[:12]}"
        self.ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=data)
        return {"LaunchTemplateName": name, "Version": "$Latest"}

    def group(self, sizes: tuple[int, int, int], **tags: str) -> str:
        """Make an Auto Scaling group of these sizes (minimum, desired, maximum); return what the ledger calls it."""
        name, (least, desired, most) = f"idle-{uuid4().hex[:12]}", sizes
        self._scaling.create_auto_scaling_group(
            AutoScalingGroupName=name,
            MinSize=least,
            DesiredCapacity=desired,
            MaxSize=most,
            LaunchTemplate=self._template,
            AvailabilityZones=["us-east-1a"],
        )
        self._groups.append(name)
        self.tag_group(f"group/{name}", OFFICE | {key.replace("_", "-"): value for key, value in tags.items()})
        wait(lambda: len(self.show_group(f"group/{name}")["Instances"]) == desired)
        return f"group/{name}"

    def show_group(self, group: str) -> dict[str, Any]:
        """Describe a group."""
        name = group.removeprefix("group/")
        [found] = self._scaling.describe_auto_scaling_groups(AutoScalingGroupNames=[name])["AutoScalingGroups"]
        return dict(found)

    def sizes(self, group: str) -> tuple[int, int, int]:
        """Return a group's minimum, what it desires, and its maximum."""
        found = self.show_group(group)
        return found["MinSize"], found["DesiredCapacity"], found["MaxSize"]

    def group_tags(self, group: str) -> dict[str, str]:
        """Return a group's tags."""
        return {tag["Key"]: tag["Value"] for tag in self.show_group(group)["Tags"]}

    def tag_group(self, group: str, tags: dict[str, str]) -> None:
        """Tag a group, as its owner could."""
        about = {"ResourceId": group.removeprefix("group/"), "ResourceType": KIND, "PropagateAtLaunch": False}
        self._scaling.create_or_update_tags(Tags=[about | pair for pair in pairs(tags)])

    def delete_group(self, group: str) -> None:
        """Delete a group, as its owner could."""
        name = group.removeprefix("group/")
        self._scaling.delete_auto_scaling_group(AutoScalingGroupName=name, ForceDelete=True)
        self._groups.remove(name)


def now() -> datetime:
    """Return the moment in UTC."""
    return datetime.now(UTC)


def iso(**later: float) -> str:
    """Return the moment that is so much later, as tags hold it."""
    return f"{now() + timedelta(**later):%Y-%m-%dT%H:%M:%SZ}"


def pairs(tags: dict[str, str]) -> list[dict[str, str]]:
    """Return tags as EC2 takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
