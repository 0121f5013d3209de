"""The idle resources' story: an evening, a veto, a night and a morning without room, on machines of its own."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from rich.console import Console
from rich.table import Table

from scripts.deployment import Deployment
from scripts.executions import history, visits, wait_for_end
from scripts.inbox import Inbox
from scripts.parameters import Parameter
from scripts.signed_http import send
from scripts.stage import StoryError

IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
INSTANCES = {
    "web": {"schedule": "office", "owner": "ada"},
    "batch": {"owner": "bob"},
    "report": {"owner": "bob"},
    "render": {"owner": "bob"},
}
CPU = {"batch": 1, "report": 2, "render": 80}  # percent, in each of the hours before
SHOP = "shop"  # an Auto Scaling group of two
CALENDARS = {
    "evening": {"office": {"time_zone": "Europe/Berlin", "working": {}}},
    "morning": {"office": {"time_zone": "Europe/Berlin", "working": {"mon-sun": "00:00-24:00"}}},
}
NIGHT = timedelta(hours=12)
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.2


def tell(deployment: Deployment, console: Console) -> None:
    """Let two days pass for some machines and print what became of them. Raises StoryError when a run fails."""
    console.rule("[bold]Idle resources: EventBridge Scheduler → Step Functions → CloudWatch → EC2, Auto Scaling")
    topic = deployment.outputs["idle_resources"]["topic_arn"]
    with Inbox(deployment, topic) as inbox, _machines(deployment) as names, _settings(deployment) as agree:
        ids = {name: resource_id for resource_id, name in names.items()}
        console.print(
            "\n[bold]Five machines[/]: web and shop keep office hours, batch and report do nothing, render works"
        )
        console.print("\n[bold]A dry run[/], as in every new environment: all is planned, nothing is touched")
        agree(calendars=CALENDARS["evening"], dry_run=True)
        _print(console, _run(deployment), names)
        console.print("\n[bold]In the evening[/]: owners are warned, and have an hour for a veto")
        agree(calendars=CALENDARS["evening"])
        _print(console, _run(deployment), names)
        for owner, name in (("ada", "web"), ("bob", "batch")):
            _print_warning(console, inbox, owner, ids[name], names)
        until = _iso(datetime.now(UTC) + NIGHT)
        console.print(f"\n[bold]Bob needs report[/]: he tags it keep-running-until = {until}")
        _tag(deployment, ids["report"], {"keep-running-until": until})
        console.print("\n[bold]An hour later[/]: what was warned is stopped, never terminated")
        _an_hour_passes(deployment, ids)
        _print(console, _run(deployment), names)
        _reach(deployment, "stopped", [ids["web"], ids["batch"]])
        console.print("\n[bold]In the morning[/]: EC2 has no room for t3.micro, so web starts as the next type allowed")
        agree(calendars=CALENDARS["morning"])
        _a_night_passes(deployment, names)
        with console.status("waiting for web to run"), _without_room(deployment, "t3.micro"):
            report = _run(deployment)
        _print(console, report, names)
        saved = sum(float(entry["facts"].get("saved_usd", 0)) for entry in report["entries"])
        console.print(f"  saved in twelve hours: [green]{saved:.4f} USD[/], in the ledger and in the metric SavedUsd")
    outputs = deployment.outputs["idle_resources"]
    console.print("\nAll that the story made is gone again. [bold]Look further[/]")
    console.print(f"  table {outputs['ledger_table']}, s3://{outputs['bucket']}/reports/", markup=False)


# Machines


@contextmanager
def _machines(deployment: Deployment) -> Iterator[dict[str, str]]:
    """Launch the story's machines and yield their names, by what the ledger calls them; end them afterwards."""
    ec2 = deployment.client("ec2")
    image = deployment.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
    what = {"ImageId": image, "InstanceType": "t3.micro"}
    with ExitStack() as gone:
        launched = ec2.run_instances(**what, MinCount=len(INSTANCES), MaxCount=len(INSTANCES))["Instances"]
        ids = [each["InstanceId"] for each in launched]
        gone.callback(ec2.terminate_instances, InstanceIds=ids)
        for instance_id, (name, tags) in zip(ids, INSTANCES.items(), strict=True):
            _tag(deployment, instance_id, tags | {"Name": f"demo-{name}"})
            _measure(deployment, instance_id, CPU.get(name, 0))
        group = _group(deployment, what, gone)
        _reach(deployment, "running", ids)
        _engine(deployment, "ec2/resources", ids=ids, since=_iso(datetime.now(UTC) - timedelta(days=2)))
        yield dict(zip(ids, INSTANCES, strict=True)) | {f"group/{group}": SHOP}


def _group(deployment: Deployment, what: dict[str, str], gone: ExitStack) -> str:
    """Make an Auto Scaling group, to be removed with all else; return its name."""
    ec2, scaling, name = deployment.client("ec2"), deployment.client("autoscaling"), f"{SHOP}-{uuid.uuid4().hex[:8]}"
    ec2.create_launch_template(LaunchTemplateName=name, LaunchTemplateData=what)
    gone.callback(ec2.delete_launch_template, LaunchTemplateName=name)
    scaling.create_auto_scaling_group(
        AutoScalingGroupName=name,
        MinSize=1,
        DesiredCapacity=2,
        MaxSize=4,
        LaunchTemplate={"LaunchTemplateName": name},
        AvailabilityZones=[f"{deployment.region}a"],
    )
    gone.callback(scaling.delete_auto_scaling_group, AutoScalingGroupName=name, ForceDelete=True)
    _tag(deployment, f"group/{name}", INSTANCES["web"])
    return name


def _measure(deployment: Deployment, instance_id: str, cpu: float) -> None:
    """Let an instance have been as busy as this since yesterday."""
    hour = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    data = [
        {
            "MetricName": metric,
            "Dimensions": [{"Name": "InstanceId", "Value": instance_id}],
            "Timestamp": hour - timedelta(hours=hours),
            "Value": value,
        }
        for metric, value in (("CPUUtilization", cpu), ("NetworkIn", 1000), ("NetworkOut", 1000))
        for hours in range(1, 25)
    ]
    deployment.client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=data)


def _reach(deployment: Deployment, state: str, ids: list[str]) -> None:
    """Wait until instances are in that state. Raises StoryError."""
    ec2, deadline = deployment.client("ec2"), time.monotonic() + PATIENCE_SECONDS
    while True:
        found = ec2.describe_instances(InstanceIds=ids)["Reservations"]
        if {each["State"]["Name"] for reservation in found for each in reservation["Instances"]} == {state}:
            return
        if time.monotonic() > deadline:
            raise StoryError(f"the instances {', '.join(ids)} should be {state}, and are not")
        time.sleep(POLL_SECONDS)


def _tag(deployment: Deployment, resource_id: str, tags: dict[str, str]) -> None:
    pairs = [{"Key": key, "Value": value} for key, value in tags.items()]
    if name := resource_id.partition("group/")[2]:
        about = {"ResourceId": name, "ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
        deployment.client("autoscaling").create_or_update_tags(Tags=[about | pair for pair in pairs])
    else:
        deployment.client("ec2").create_tags(Resources=[resource_id], Tags=pairs)


# Time and luck


def _an_hour_passes(deployment: Deployment, ids: dict[str, str]) -> None:
    """Move the warnings to the past: nobody wants to wait for an hour."""
    for name in ("web", "batch", SHOP):
        _tag(deployment, ids[name], {"stop-after": _iso(datetime.now(UTC) - timedelta(seconds=1))})


def _a_night_passes(deployment: Deployment, names: dict[str, str]) -> None:
    """Move the beginning of what is being saved to the evening before."""
    dynamodb, table = deployment.client("dynamodb"), deployment.outputs["idle_resources"]["ledger_table"]
    for resource_id in names:
        key = {"run_id": {"S": "#savings"}, "resource_id": {"S": resource_id}}
        if found := dynamodb.get_item(TableName=table, Key=key).get("Item"):
            price, since = found["memory"]["S"].split()
            evening = _iso(datetime.fromisoformat(since) - NIGHT)
            dynamodb.put_item(TableName=table, Item=key | {"memory": {"S": f"{price} {evening}"}})


@contextmanager
def _without_room(deployment: Deployment, kind: str) -> Iterator[None]:
    _engine(deployment, "ec2/capacity", without=[kind])
    try:
        yield
    finally:
        _engine(deployment, "ec2/capacity", without=[])


def _engine(deployment: Deployment, path: str, **asked: object) -> None:
    """Let something be as it is on AWS by time and luck alone."""
    send("POST", f"{deployment.endpoint_url}/_local/{path}", json.dumps(asked))


# Runs


@contextmanager
def _settings(deployment: Deployment) -> Iterator[Callable[..., None]]:
    """Yield what changes the settings for the runs that follow; they are the environment's again afterwards."""
    settings = Parameter(deployment, deployment.outputs["idle_resources"]["settings_parameter"])
    few = {"max_count": 100, "max_gib": 0, "max_percent": 100}  # a story's account has few machines
    with settings.changed(limits=few):
        story = settings.read()

        def agree(**changes: object) -> None:
            settings.write(story | changes)

        yield agree


def _run(deployment: Deployment) -> dict[str, Any]:
    """Run the workflow, after the one that the schedule may just have started; return its report."""
    outputs, states = deployment.outputs["idle_resources"], deployment.client("stepfunctions")
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        started = states.start_execution(stateMachineArn=outputs["state_machine_alias"])["executionArn"]
        ended = wait_for_end(states, started, PATIENCE_SECONDS)
        if "LeftToAnotherRun" not in {visit.state for visit in visits(list(history(states, started)))}:
            break
        if time.monotonic() > deadline:
            raise StoryError("another run of idle_resources does not end: see the executions of its state machine")
        time.sleep(POLL_SECONDS)
    if ended["status"] != "SUCCEEDED":
        why = f"{ended.get('error')}: {ended.get('cause')}"
        raise StoryError(f"the run {ended['name']} of idle_resources is {ended['status']} ({why})")
    key = f"reports/{ended['name']}.json"
    stored = deployment.client("s3").get_object(Bucket=outputs["bucket"], Key=key)["Body"]
    report: dict[str, Any] = json.load(stored)
    return report


def _iso(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


# What is shown


def _print(console: Console, report: dict[str, Any], names: dict[str, str]) -> None:
    table = Table(show_header=False, box=None, padding=(0, 2))
    for entry in report["entries"]:
        if name := names.get(entry["resource_id"]):
            kind = entry["facts"].get("started_as", "")
            table.add_row(name, entry["outcome"].replace("NOT_PLANNED", "left alone"), kind, entry["reason"])
    console.print(table)


def _print_warning(console: Console, inbox: Inbox, owner: str, instance_id: str, names: dict[str, str]) -> None:
    mail = inbox.wait_for(instance_id, PATIENCE_SECONDS, recipient=owner, kind="warning")
    if mail is None:
        raise StoryError(f"{owner} was not warned of {instance_id}: see the log of the function warn_owners")
    console.print(f"  ✉ {owner}: [bold]{mail.subject}[/]")
    for line in mail.message.splitlines()[-2:]:
        resource_id, _, rest = line.partition("  ")
        console.print(f"    {names.get(resource_id, resource_id)}  {rest}", markup=False)
