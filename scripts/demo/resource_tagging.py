"""The owner tags' story: whoever makes something owns it, behind roles too, and what has an owner keeps it."""

import contextlib
import io
import json
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError
from rich.console import Console

from scripts.aws import Client
from scripts.backfill_tags import backfill
from scripts.deployment import Deployment
from scripts.local_account import TRAIL
from scripts.principals import Clients, Principals
from scripts.stage import StoryError

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
SSO_PATH = "/aws-reserved/sso.amazonaws.com/"
ZONE = "us-east-1a"
PATIENCE_SECONDS = 30
POLL_SECONDS = 0.1


def tell(deployment: Deployment, console: Console) -> None:
    """Make things as various people and print whose they became. Raises StoryError when one stays nobody's."""
    console.rule("[bold]Owner tags: CloudTrail → EventBridge → Lambda → EC2")
    with Principals(deployment) as principals:
        things = Things(principals)
        gita = principals.person("gita")
        console.print("\n[bold]An instance[/]: Gita, an IAM user, launches one, and all of it is hers")
        things.show(console, things.launch(gita))
        _behind_roles(console, things, gita)
        console.print("\n[bold]What has an owner keeps it[/]: Gita makes a volume for Dora, and it stays Dora's")
        given = [{"ResourceType": "volume", "Tags": [{"Key": "owner", "Value": "dora"}]}]
        things.show(console, {"volume": things.volume(gita, TagSpecifications=given)})
        _before_the_trail(deployment, console, things, gita)
        _print_coverage(deployment, console)
    console.print("\n[bold]Look further[/]")
    function = deployment.outputs["resource_tagging"]["function_names"]["tag_resources"]
    console.print("  .venv/bin/python -m scripts.backfill_tags --days 1   # a rehearsal; --apply tags", markup=False)
    console.print(f"  log group /aws/lambda/{function}: each call, its owner, and how that was found", markup=False)


class Things:
    """What is made on EC2 in this story; it is removed at the end."""

    def __init__(self, principals: Principals) -> None:
        self.principals = principals
        self.ec2: Client = principals.deployment.client("ec2")
        image = principals.deployment.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
        self._launch: dict[str, Any] = {"ImageId": image, "InstanceType": "t3.micro", "MinCount": 1, "MaxCount": 1}

    def volume(self, by: Clients, **more: object) -> str:
        """Let somebody make a volume."""
        made: str = by("ec2").create_volume(AvailabilityZone=ZONE, Size=1, **more)["VolumeId"]
        self._remove_in_the_end(self.ec2.delete_volume, VolumeId=made)
        return made

    def launch(self, by: Clients) -> dict[str, str]:
        """Let somebody launch an instance; return it with its volume and its interface."""
        [launched] = by("ec2").run_instances(**self._launch)["Instances"]
        self._remove_in_the_end(self.ec2.terminate_instances, InstanceIds=[launched["InstanceId"]])
        return self._parts(launched["InstanceId"])

    def launch_group(self, owner: str) -> dict[str, str]:
        """Make an Auto Scaling group that belongs to somebody; return its instance."""
        groups, name = self.principals.deployment.client("autoscaling"), {"AutoScalingGroupName": "web"}
        data = {key: self._launch[key] for key in ("ImageId", "InstanceType")}
        template = {"LaunchTemplateName": "web"}
        self.ec2.create_launch_template(**template, LaunchTemplateData=data)
        self._remove_in_the_end(self.ec2.delete_launch_template, **template)
        groups.create_auto_scaling_group(
            **name,
            MinSize=0,
            MaxSize=1,
            DesiredCapacity=1,
            LaunchTemplate=template,
            AvailabilityZones=[ZONE],
            Tags=[{"Key": "owner", "Value": owner, "PropagateAtLaunch": False}],
        )
        self._remove_in_the_end(groups.delete_auto_scaling_group, **name, ForceDelete=True)
        [group] = groups.describe_auto_scaling_groups(AutoScalingGroupNames=[*name.values()])["AutoScalingGroups"]
        return {"by a group": group["Instances"][0]["InstanceId"]}

    def _parts(self, instance_id: str) -> dict[str, str]:
        """Return an instance with its volume and its interface, once it runs."""
        self.ec2.get_waiter("instance_running").wait(InstanceIds=[instance_id], WaiterConfig={"Delay": 1})
        [reservation] = self.ec2.describe_instances(InstanceIds=[instance_id])["Reservations"]
        [found] = reservation["Instances"]
        volume = found["BlockDeviceMappings"][0]["Ebs"]["VolumeId"]
        [interface] = found["NetworkInterfaces"]
        return {"instance": instance_id, "its volume": volume, "its interface": interface["NetworkInterfaceId"]}

    def tags(self, resource_id: str) -> dict[str, str]:
        """Return a resource's tags."""
        found = self.ec2.describe_tags(Filters=[{"Name": "resource-id", "Values": [resource_id]}])["Tags"]
        return {tag["Key"]: tag["Value"] for tag in found}

    def show(self, console: Console, made: dict[str, str]) -> None:
        """Print whose things are, by what they are called, as soon as they are somebody's."""
        began = time.monotonic()
        while not all("owner" in self.tags(each) for each in made.values()):
            if time.monotonic() - began > PATIENCE_SECONDS:
                raise StoryError(f"one of {', '.join(made.values())} has no owner: see the log of tag_resources")
            time.sleep(POLL_SECONDS)
        for name, each in made.items():
            tags = self.tags(each)
            how = f"found by {tags['owner-found-by']}" if "owner-found-by" in tags else "as it was"
            console.print(f"  {name:<20} {each:<22} → [bold]{tags['owner']}[/], {how}")

    def _remove_in_the_end(self, remove: Callable[..., Any], **named: object) -> None:
        def removed() -> None:
            with contextlib.suppress(ClientError):  # an instance takes its volume along
                remove(**named)

        self.principals.end.callback(removed)


def _behind_roles(console: Console, things: Things, gita: Clients) -> None:
    principals = things.principals
    console.print("\n[bold]Behind roles[/]: a session of single sign-on, one role after another, an Auto Scaling group")
    sso = principals.assume(principals.role("AWSReservedSSO_PowerUser", path=SSO_PATH), "ada@example.com")
    pipeline = principals.assume(principals.role("pipeline"), "build-4711", by=gita)
    deployer = principals.assume(principals.role("deployer"), "botocore-session-1", by=pipeline)
    made = {"by sign-on": things.volume(sso), "by a role by a role": things.volume(deployer)}
    things.show(console, made | things.launch_group("frida"))


def _before_the_trail(deployment: Deployment, console: Console, things: Things, gita: Clients) -> None:
    console.print("\n[bold]What was made before[/], without a trail: CloudTrail remembers it all the same")
    trail, began = deployment.client("cloudtrail"), datetime.now(UTC).replace(microsecond=0)
    trail.stop_logging(Name=TRAIL)
    try:
        volume = things.volume(gita)
    finally:
        trail.start_logging(Name=TRAIL)
    for words, apply in (("shows", False), ("--apply", True), ("--apply again", True)):
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            backfill(deployment, began, datetime.now(UTC), apply=apply, names=["CreateVolume"])
        console.print(f"  {words}: {said.getvalue().splitlines()[-1 if apply else -2]}", markup=False)
    things.show(console, {"volume": volume})


def _print_coverage(deployment: Deployment, console: Console) -> None:
    name = deployment.outputs["resource_tagging"]["function_names"]["measure_coverage"]
    answer = deployment.client("lambda").invoke(FunctionName=name, Qualifier="live", Payload="{}")
    counts = json.load(answer["Payload"])
    share = f"{counts['owned']} of {counts['seen']}, {counts['percent']} %"
    console.print(f"\n[bold]How much has an owner[/]: {share}; an hourly measure, on which there is an alarm")
