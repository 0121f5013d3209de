"""The volume clean-up's story: unused volumes are marked, their owners told, most are deleted, one is restored."""

import json
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts import restore_volume
from scripts.deployment import Deployment
from scripts.executions import follow
from scripts.inbox import Inbox, Notification
from scripts.parameters import Parameter
from scripts.stage import StoryError

# Owner, type and GiB of each.
VOLUMES = (
    ("ada", "gp3", 500), ("ada", "gp3", 200), ("ada", "io2", 100), ("ada", "gp2", 50), ("ada", "gp3", 8),
    ("bert", "st1", 1000), ("bert", "gp3", 300), ("bert", "gp2", 120), ("bert", "gp3", 16),
    ("cleo", "gp3", 400), ("cleo", "gp2", 80), ("cleo", "standard", 20),
)  # fmt: skip
KEPT, USED = 6, 0  # what their owners do to two of them in time
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
MARK = ("cleanup-marked-at", "cleanup-delete-after")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
ZONE = "us-east-1a"
# Snapshots take no minutes here, and these volumes may be all there are.
SETTINGS = {"look_seconds": 1, "limits": {"max_count": 100, "max_gib": 10_000, "max_percent": 100}}
RUN_SECONDS = 60
HOST_SECONDS = 20
POLL_SECONDS = 0.2
LINES = 6  # of a mail


@dataclass(frozen=True)
class Account:
    """The local account with the story's volumes in it."""

    deployment: Deployment
    volume_ids: list[str]
    host: str

    @property
    def outputs(self) -> dict[str, Any]:
        """Names and ARNs of the workflow's parts."""
        outputs: dict[str, Any] = self.deployment.outputs["volume_cleanup"]
        return outputs


def tell(deployment: Deployment, console: Console) -> None:
    """Let three weeks pass for a dozen volumes and print what became of them.

    Raises StoryError when a run ends as it should not or nobody is told, ExecutionTimeoutError when one does not end.
    """
    console.rule("[bold]Volume clean-up: Scheduler → Step Functions → Lambda → EC2")
    topic = deployment.outputs["volume_cleanup"]["topic_arn"]
    with _account(deployment) as account, Inbox(deployment, topic) as inbox:
        console.print(f"\n[bold]{len(VOLUMES)} volumes that nobody has attached[/], and a first run that sees them")
        _print_counts(console, _run(account, console), account)
        _pass_days(account, 15)
        console.print("\n[bold]15 days later, a dry run[/]: the whole plan, and nothing is touched")
        with _settings(deployment).changed(dry_run=True):
            _print_plan(console, _run(account, console), account)
        console.print("\n[bold]The same in earnest[/]: marked, and the owners have a week")
        _print_counts(console, _run(account, console), account)
        for owner, lines in (("ada", LINES), ("bert", 0), ("cleo", 0)):
            _print_mail(console, inbox.wait_for("", recipient=owner, kind="warning"), lines)
        _intervene(account, console)
        _pass_days(account, 8)
        console.print("\n[bold]8 days later[/]: looked at again, snapshot, deleted")
        report = _run(account, console, show=True)
        _print_counts(console, report, account)
        _print_mail(console, inbox.wait_for(report["run_id"], kind="report"), LINES)
        _check(account, report)
        gone = account.volume_ids[1]
        _restore(account, console, gone)
    _print_further(console, account, report, gone)


@contextmanager
def _account(deployment: Deployment) -> Iterator[Account]:
    """Make the volumes and a host, and remove all that is left of them at the end; snapshots of deleted ones stay."""
    ec2 = deployment.client("ec2")
    image = deployment.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
    made = ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
    host: str = made["Instances"][0]["InstanceId"]
    volume_ids = [_create(deployment, *volume) for volume in VOLUMES]
    try:
        with _settings(deployment).changed(**SETTINGS):
            yield Account(deployment, volume_ids, host)
    finally:
        ec2.terminate_instances(InstanceIds=[host])
        _wait_for(deployment, host, "terminated")
        for volume_id in _there(deployment):
            ec2.delete_volume(VolumeId=volume_id)


def _create(deployment: Deployment, owner: str, kind: str, gib: int) -> str:
    tags = [{"Key": "owner", "Value": owner}, {"Key": "story", "Value": "volume_cleanup"}]
    iops = {"Iops": 3000} if kind == "io2" else {}
    specification = [{"ResourceType": "volume", "Tags": tags}]
    asked = {"AvailabilityZone": ZONE, "VolumeType": kind, "Size": gib, **iops}
    volume_id: str = deployment.client("ec2").create_volume(**asked, TagSpecifications=specification)["VolumeId"]
    return volume_id


def _there(deployment: Deployment) -> dict[str, dict[str, str]]:
    """Return the tags of the story's volumes that there are, by id."""
    wanted = [{"Name": "tag:story", "Values": ["volume_cleanup"]}]
    found = deployment.client("ec2").describe_volumes(Filters=wanted)["Volumes"]
    return {each["VolumeId"]: {tag["Key"]: tag["Value"] for tag in each["Tags"]} for each in found}


def _wait_for(deployment: Deployment, host: str, state: str) -> None:
    ec2, deadline = deployment.client("ec2"), time.monotonic() + HOST_SECONDS
    while ec2.describe_instances(InstanceIds=[host])["Reservations"][0]["Instances"][0]["State"]["Name"] != state:
        if time.monotonic() > deadline:
            raise StoryError(f"the host {host} is not {state} after {HOST_SECONDS} s")
        time.sleep(POLL_SECONDS)


def _settings(deployment: Deployment) -> Parameter:
    return Parameter(deployment, deployment.outputs["volume_cleanup"]["settings_parameter"])


def _run(account: Account, console: Console, *, show: bool = False) -> dict[str, Any]:
    """Start a run as the schedule does, and return its report. Raises StoryError unless it succeeds."""
    states = account.deployment.client("stepfunctions")
    started = states.start_execution(stateMachineArn=account.outputs["state_machine_alias"], input="{}")
    with console.status("running"):
        for visit in follow(states, started["executionArn"], RUN_SECONDS):
            if show and visit.seconds is not None:
                console.print(f"  [green]•[/] {visit.state:<17} {visit.seconds:6.2f} s")
    ended = states.describe_execution(executionArn=started["executionArn"])
    if ended["status"] != "SUCCEEDED":
        raise StoryError(f"the run {ended['name']} is {ended['status']}: {ended.get('error')}, {ended.get('cause')}")
    key = f"reports/{ended['name']}.json"
    report = account.deployment.client("s3").get_object(Bucket=account.outputs["bucket"], Key=key)["Body"]
    document: dict[str, Any] = json.load(report)
    return document


def _pass_days(account: Account, days: int) -> None:
    """Let days pass for the volumes: what the ledger remembers of them and what is marked on them gets older."""
    ec2, dynamodb = (account.deployment.client(service) for service in ("ec2", "dynamodb"))
    for volume_id, tags in _there(account.deployment).items():
        this = {
            "TableName": account.outputs["ledger_table"],
            "Key": {"run_id": {"S": "#seen"}, "resource_id": {"S": volume_id}},
        }
        seen = dynamodb.get_item(**this).get("Item")
        if seen:
            older = {":older": {"S": _earlier(seen["memory"]["S"], days)}}
            dynamodb.update_item(**this, UpdateExpression="SET memory = :older", ExpressionAttributeValues=older)
        if marks := [{"Key": key, "Value": _earlier(tags[key], days)} for key in MARK if key in tags]:
            ec2.create_tags(Resources=[volume_id], Tags=marks)


def _earlier(text: str, days: int) -> str:
    moment = datetime.strptime(text, MOMENT).replace(tzinfo=UTC)
    return (moment - timedelta(days=days)).strftime(MOMENT)


def _intervene(account: Account, console: Console) -> None:
    """Let one owner use a volume again, and another one keep theirs."""
    ec2, used, kept = account.deployment.client("ec2"), account.volume_ids[USED], account.volume_ids[KEPT]
    _wait_for(account.deployment, account.host, "running")
    ec2.attach_volume(VolumeId=used, InstanceId=account.host, Device="/dev/sdf")
    console.print(f"  ada attaches {used} again")
    ec2.create_tags(Resources=[kept], Tags=[{"Key": "keep-until", "Value": "forever"}])
    console.print(f"  bert tags {kept}: keep-until=forever")


def _own(report: dict[str, Any], account: Account) -> list[dict[str, Any]]:
    """Return what a report says of the story's volumes."""
    return [entry for entry in report["entries"] if entry["resource_id"] in account.volume_ids]


def _print_counts(console: Console, report: dict[str, Any], account: Account) -> None:
    counts = Counter((entry["outcome"], entry["reason"].partition(";")[0]) for entry in _own(report, account))
    for (outcome, reason), count in counts.most_common():
        console.print(f"  {count:>3} {outcome:<12} {reason}", markup=False)


def _print_plan(console: Console, report: dict[str, Any], account: Account) -> None:
    table = Table("volume", "owner", "type", "GiB", "USD a month", "outcome", box=None)
    for entry in _own(report, account):
        facts = entry["facts"]
        usd = f"{Decimal(entry['usd_per_month']):.2f}"
        row = (entry["resource_id"], facts["owner"], facts["type"], f"{entry['gib']:,}", usd, entry["outcome"])
        table.add_row(*row)
    console.print(table)


def _print_mail(console: Console, mail: Notification | None, lines: int) -> None:
    if mail is None:
        raise StoryError("somebody was not told: see the machine's last states, the log of notify_owners and the topic")
    console.print(f"  ✉ {mail.attributes['recipient']}: [bold]{mail.subject}[/]")
    for line in mail.message.splitlines()[:lines]:
        console.print(f"    {line}", markup=False)


def _check(account: Account, report: dict[str, Any]) -> None:
    """Raise StoryError unless exactly what its owners kept or used is left."""
    left, expected = set(_there(account.deployment)), {account.volume_ids[KEPT], account.volume_ids[USED]}
    if left != expected:
        raise StoryError(
            f"of the volumes {expected} should be left and {left} are: see reports/{report['run_id']}.json"
        )


def _restore(account: Account, console: Console, volume_id: str) -> None:
    console.print("\n[bold]One was needed after all[/]: made again from its snapshot, with its tags")
    restored = restore_volume.restore(account.deployment.client("ec2"), volume_id, sure=True)
    console.print(f"  {restored}", markup=False)


def _print_further(console: Console, account: Account, report: dict[str, Any], gone: str) -> None:
    console.print("\n[bold]Look further[/]: the volumes are removed again, their snapshots are not")
    for command in (
        f".venv/bin/python -m scripts.restore_volume {gone}   # a rehearsal; --yes does it",
        "make demo WORKFLOW=volume_cleanup   # once more, in seconds",
    ):
        console.print(f"  {command}", markup=False)
    where = f"s3://{account.outputs['bucket']}/reports/{report['run_id']}.json"
    console.print(f"  report {where}, table {account.outputs['ledger_table']}", markup=False)
