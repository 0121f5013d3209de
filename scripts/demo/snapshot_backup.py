"""The backups' story: ten nights pass, generations stay, a mistake meets its limits, and a backup is restored."""

import json
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any, Self

import boto3
from rich.console import Console
from rich.table import Table

from scripts.aws import Client
from scripts.deployment import Deployment
from scripts.executions import wait_for_end
from scripts.inbox import Inbox
from scripts.parameters import Parameter
from scripts.signed_http import send
from scripts.stage import StoryError

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
NIGHTS = 10
DAY = timedelta(days=1)
ONE_DAY = {"daily": 1, "weekly": 0, "monthly": 0, "rpo_hours": 26}
RUN_SECONDS, MAIL_SECONDS = 60, 10

type Json = dict[str, Any]


def tell(deployment: Deployment, console: Console) -> None:
    """Let nights pass and print what they leave. Raises StoryError when a run ends as it should not."""
    outputs = deployment.outputs["snapshot_backup"]
    console.rule("[bold]Backups: EventBridge Scheduler → Step Functions → EC2 snapshots, in two regions")
    with Inbox(deployment, outputs["topic_arn"]) as inbox, Scene(deployment) as scene:
        console.print("\n[bold]Three volumes ask for a backup[/] by the tag backup = standard")
        console.print(f"  two are attached to {scene.host}, which has the tag: snapshotted at one moment")
        console.print(f"  {scene.alone} is attached to nothing and has the tag itself")
        console.print(f"  {scene.by_hand} is a snapshot of it that somebody made by hand, 400 days ago")
        report = _pass_nights(scene, console)
        _print_kept(scene, report, console)
        _shorten_the_policy(scene, inbox, console)
        console.print("\n[bold]The monthly restore drill[/]: a backup that nobody restored is none")
        scene.run({"task": "drill"})
        _print_mail(inbox, "Restore drill", console)
        console.print(f"\n  {scene.by_hand}, made by hand, was left alone: {scene.state_of(scene.by_hand)}")
    console.print("\n[bold]Look further[/] (what the story made is removed, but for its reports)")
    console.print(f"  s3://{outputs['bucket']}/reports/, table {outputs['ledger_table']}", markup=False)
    console.print(f"  what is promised: parameter {outputs['settings_parameter']}", markup=False)


class Scene:
    """What the story is played with; all of it is removed at the end."""

    def __init__(self, deployment: Deployment) -> None:
        self._deployment = deployment
        self.outputs: Json = deployment.outputs["snapshot_backup"]
        self.began = datetime.now(UTC)
        self.ec2 = deployment.client("ec2")
        self.settings = Parameter(deployment, self.outputs["settings_parameter"])
        self.far = self._client_of(self.settings.read()["copy_region"])

    def __enter__(self) -> Self:
        """Make an instance, a volume alone, and a snapshot of it by hand."""
        asks = [{"Key": "backup", "Value": "standard"}]
        image = self._deployment.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
        [host] = self.ec2.run_instances(
            ImageId=image,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            BlockDeviceMappings=[{"DeviceName": "/dev/sdf", "Ebs": {"VolumeSize": 20, "DeleteOnTermination": True}}],
            TagSpecifications=[{"ResourceType": "instance", "Tags": asks}],
        )["Instances"]
        self.host: str = host["InstanceId"]
        key = self._deployment.outputs["foundation"]["kms_key_arn"]
        volume = self.ec2.create_volume(
            AvailabilityZone=host["Placement"]["AvailabilityZone"],
            Size=100,
            Encrypted=True,
            KmsKeyId=key,
            TagSpecifications=[{"ResourceType": "volume", "Tags": asks}],
        )
        self.alone: str = volume["VolumeId"]
        self.by_hand: str = self.ec2.create_snapshot(VolumeId=self.alone, Description="by hand")["SnapshotId"]
        self.make_older([self.by_hand], self.began - 400 * DAY)
        return self

    def __exit__(self, *_: object) -> None:
        """Remove all that was made."""
        for ec2 in (self.ec2, self.far):
            for each in self.snapshots(ec2):
                ec2.delete_snapshot(SnapshotId=each["SnapshotId"])
        self.ec2.delete_snapshot(SnapshotId=self.by_hand)
        self.ec2.delete_volume(VolumeId=self.alone)
        self.ec2.terminate_instances(InstanceIds=[self.host])

    def run(self, task: Json, expected: str = "SUCCEEDED") -> Json:
        """Start the machine and return the execution as it ended. Raises StoryError unless that is as expected."""
        states, machine = self._deployment.client("stepfunctions"), self.outputs["state_machine_alias"]
        started = states.start_execution(stateMachineArn=machine, input=json.dumps(task))
        with self._hurried():
            ended = wait_for_end(states, started["executionArn"], RUN_SECONDS)
        if ended["status"] != expected:
            why = f"{ended.get('error', 'no error')}: {ended.get('cause', 'no cause')}"
            raise StoryError(f"{task} should be {expected}, and is {ended['status']} ({why})")
        return ended

    def backup(self, night: int, expected: str = "SUCCEEDED") -> tuple[Json, Json]:
        """Make the backup of a night; return the execution as it ended, and the report."""
        slot = f"{self.began - (NIGHTS + 1 - night) * DAY:%Y-%m-%dT%H:%M:%SZ}"
        ended = self.run({"task": "backup", "slot": slot}, expected)
        key = f"reports/backup-{slot.replace('-', '').replace(':', '')}.json"
        stored = self._deployment.client("s3").get_object(Bucket=self.outputs["bucket"], Key=key)
        return ended, json.load(stored["Body"])

    def pass_a_day(self) -> None:
        """Make every backup a day older, as the engine does when asked; a copy tells its source's age by a tag."""
        taken, copied = defaultdict[datetime, list[str]](list), defaultdict[str, list[str]](list)
        for each in self.snapshots(self.ec2):
            taken[each["StartTime"]].append(each["SnapshotId"])
        for each in self.snapshots(self.far):
            copied[tags_of(each)["backup-taken-at"]].append(each["SnapshotId"])
        for moment, ids in taken.items():
            self.make_older(ids, moment - DAY)
        for text, ids in copied.items():
            older = f"{datetime.fromisoformat(text) - DAY:%Y-%m-%dT%H:%M:%SZ}"
            self.far.create_tags(Resources=ids, Tags=[{"Key": "backup-taken-at", "Value": older}])

    def make_older(self, ids: list[str], since: datetime) -> None:
        """Let snapshots have been taken at a moment in the past."""
        self._control("/_local/ec2/resources", {"ids": ids, "since": since.isoformat(), "state": "completed"})

    def snapshots(self, ec2: Client) -> list[Json]:
        """Return the backups of what was made, in a client's region, oldest first."""
        wanted = [{"Name": "tag:backup-of", "Values": [self.host, self.alone]}]
        pages = ec2.get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=wanted)
        return sorted((each for page in pages for each in page["Snapshots"]), key=lambda each: each["StartTime"])

    def state_of(self, snapshot_id: str) -> str:
        """Return a snapshot's state."""
        return str(self.ec2.describe_snapshots(SnapshotIds=[snapshot_id])["Snapshots"][0]["State"])

    @contextmanager
    def _hurried(self) -> Iterator[None]:
        """Shorten the machine's waits for snapshots, which take half a second here."""
        self._control("/_ministack/config", {"stepfunctions._SFN_WAIT_SCALE": 0.02})
        try:
            yield
        finally:
            self._control("/_ministack/config", {"stepfunctions._SFN_WAIT_SCALE": 1.0})

    def _control(self, path: str, asked: Json) -> None:
        answer = send("POST", f"{self._deployment.endpoint_url}{path}", json.dumps(asked))
        if answer.status != 200:  # noqa: PLR2004 - HTTP
            raise StoryError(f"the engine does not know {path}: {answer.status} {answer.text}")

    def _client_of(self, region: str) -> Client:
        there = {"region_name": region, "endpoint_url": self._deployment.endpoint_url}
        keys = {"aws_access_key_id": self._deployment.account_id, "aws_secret_access_key": "test"}
        return boto3.client("ec2", **there, **keys)


def tags_of(resource: Json) -> dict[str, str]:
    """Return a resource's tags."""
    return {tag["Key"]: tag["Value"] for tag in resource["Tags"]}


def _pass_nights(scene: Scene, console: Console) -> Json:
    """Make a backup each night; return the last one's report."""
    console.print(f"\n[bold]{NIGHTS} nights pass[/]: 7 days, 4 weeks and 12 months keep the newest of each")
    table = Table("night", "made", "copied", "deleted", "kept here", "kept in the second region", box=None)
    report: Json = {}
    for night in range(1, NIGHTS + 1):
        with console.status(f"night {night}"):
            scene.pass_a_day()
            _, report = scene.backup(night)
        counts = [report["counts"].get(f"DONE {what}", 0) for what in ("COPY", "DELETE")]
        made = sum(len(each["facts"]["snapshots"]) for each in report["entries"] if each["outcome"] == "DONE SNAPSHOT")
        kept = [len(scene.snapshots(ec2)) for ec2 in (scene.ec2, scene.far)]
        table.add_row(*map(str, (night, made, *counts, *kept)))
    console.print(table)
    return report


def _print_kept(scene: Scene, report: Json, console: Console) -> None:
    console.print(f"\n[bold]Why each snapshot of {scene.alone} is kept[/]: nothing goes by its age alone")
    reasons = {each["resource_id"]: each["reason"] for each in report["entries"]}
    table = Table("taken", "snapshot", "reason", box=None)
    for each in scene.snapshots(scene.ec2):
        if each["VolumeId"] == scene.alone:
            table.add_row(f"{each['StartTime']:%a %d %b}", each["SnapshotId"], reasons[each["SnapshotId"]])
    console.print(table)


def _shorten_the_policy(scene: Scene, inbox: Inbox, console: Console) -> None:
    """Make a mistake that would take most of the backups away."""
    console.print("\n[bold]A mistake[/]: somebody shortens the policy to one day")
    before = len(scene.snapshots(scene.ec2))
    with scene.settings.changed(policies={"standard": ONE_DAY}):
        scene.pass_a_day()
        ended, report = scene.backup(NIGHTS + 1, "FAILED")
    console.print(f"[red]✗ {ended['status']}[/] {ended['error']}: {ended['cause']}")
    _print_mail(inbox, report["problem"], console, lines=1)
    after, spared = len(scene.snapshots(scene.ec2)), report["counts"]["PLANNED DELETE"]
    console.print(
        f"  {before} snapshots before, {after} after: tonight's were made, {spared} were spared here and there"
    )


def _print_mail(inbox: Inbox, about: str, console: Console, lines: int = 5) -> None:
    mail = inbox.wait_for(about, MAIL_SECONDS)
    if mail is None:
        raise StoryError(f"nobody was told of {about}: see the machine's last states and its topic")
    console.print(f"  ✉ [bold]{mail.subject}[/]")
    for line in mail.message.splitlines()[:lines]:
        console.print(f"    {line}", markup=False)
