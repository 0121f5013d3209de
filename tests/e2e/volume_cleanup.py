"""Drives the volume clean-up: makes volumes, lets days pass at once, and gathers all that a run leaves behind."""

import json
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import batched
from typing import Any
from uuid import uuid4

from scripts.aws import Client
from scripts.deployment import Deployment
from scripts.executions import ENDED, entered, history
from scripts.inbox import Inbox, Notification
from scripts.local_engine import Engine
from scripts.parameters import Parameter
from scripts.signed_http import send
from tests.e2e.approvals import wait
from tests.e2e.disturbances import alias_arn
from tests.e2e.ended import Ended
from tests.engine.hooks import hook

AT_ONCE = {"burst": 100_000, "per_second": 100_000}
# What a run keeps to here: AWS's own request rates would take minutes.
SETTINGS: dict[str, Any] = {
    "dry_run": False,
    "limits": {"max_count": 5000, "max_gib": 1_000_000, "max_percent": 100},
    "rates": dict.fromkeys(("CreateTags", "CreateSnapshot", "DeleteVolume", "Publish"), AT_ONCE),
    "looks": 100,
    "look_seconds": 200,
}
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
ZONE = "us-east-1a"
MARK = ("cleanup-marked-at", "cleanup-delete-after")
MOMENT = "%Y-%m-%dT%H:%M:%SZ"
RUN_SECONDS = 240
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.2
AT_A_TIME = 4  # more do not make the engine faster

type Row = dict[str, str]


@dataclass(frozen=True)
class Run(Ended):
    """A finished run."""

    cleanup: "VolumeCleanup"
    execution: dict[str, Any]

    @property
    def run_id(self) -> str:
        return self.name

    @cached_property
    def events(self) -> list[dict[str, Any]]:
        """The execution's history, without its pages', which have their own."""
        return list(history(self.cleanup.states, self.arn))

    @property
    def states(self) -> list[str]:
        """The names of the states it entered, in order, without its pages'."""
        return entered(self.events)

    @cached_property
    def report(self) -> dict[str, Any]:
        document: dict[str, Any] = self.cleanup.read(f"reports/{self.run_id}.json")
        return document

    def outcomes(self, volume_ids: Collection[str]) -> dict[str, tuple[str, str]]:
        """Return the outcome and the reason of each of these volumes that the report has; each is in it once."""
        found = [each for each in self.report["entries"] if each["resource_id"] in volume_ids]
        by_id = {each["resource_id"]: (each["outcome"], each["reason"]) for each in found}
        assert len(by_id) == len(found), "no volume is in a report twice"
        return by_id

    def outcome(self, volume_id: str) -> tuple[str, str]:
        """Return a volume's outcome and its reason."""
        return self.outcomes([volume_id])[volume_id]

    @cached_property
    def snapshots(self) -> list[dict[str, Any]]:
        """The snapshots that the run made."""
        return self.cleanup.snapshots(**{"cleanup-run": self.run_id})

    @cached_property
    def pages(self) -> list[list[dict[str, Any]]]:
        """The histories of its pages' executions."""
        states = self.cleanup.states
        runs = states.list_map_runs(executionArn=self.execution["executionArn"])["mapRuns"]
        lists = [states.get_paginator("list_executions").paginate(mapRunArn=run["mapRunArn"]) for run in runs]
        children = [child["executionArn"] for pages in lists for page in pages for child in page["executions"]]
        return [list(history(states, child)) for child in children]

    def told(self, kind: str = "report", recipient: str = "operators") -> Notification:
        """Return what people were told of this run."""
        marker = self.run_id if recipient == "operators" else ""
        found = self.cleanup.inbox.wait_for(marker, PATIENCE_SECONDS, kind=kind, recipient=recipient)
        assert found, f"{recipient} got no {kind}"
        return found


class VolumeCleanup:
    """The applied volume clean-up; `inbox` listens to its topic."""

    def __init__(self, deployment: Deployment, engine: Engine, inbox: Inbox) -> None:
        self.deployment = deployment
        self.engine = engine
        self.inbox = inbox
        self.outputs: dict[str, Any] = deployment.outputs["volume_cleanup"]
        self.settings = Parameter(deployment, self.outputs["settings_parameter"])
        self.dynamodb: Client = deployment.client("dynamodb")
        self.ec2: Client = deployment.client("ec2")
        self.s3: Client = deployment.client("s3")
        self.ssm: Client = deployment.client("ssm")
        self.states: Client = deployment.client("stepfunctions")
        self._test = uuid4().hex[:12]
        self._hosts: list[str] = []

    # The account

    def make(self, count: int = 1, asked: Mapping[str, Any] | None = None, **tags: str) -> list[str]:
        """Create volumes of 10 GiB with these tags and a name each; return their ids in order."""
        common = {"AvailabilityZone": ZONE, "Size": 10, "VolumeType": "gp3", **(asked or {})}

        def create(number: int) -> str:
            pairs = pairs_of({"test": self._test, "Name": f"data-{number}"} | tags)
            specification = [{"ResourceType": "volume", "Tags": pairs}]
            return str(self.ec2.create_volume(**common, TagSpecifications=specification)["VolumeId"])

        return at_once(create, range(count))

    def old(self, count: int = 1, asked: Mapping[str, Any] | None = None, **tags: str) -> list[str]:
        """Return volumes that an earlier run saw unattached a month ago."""
        made = self.make(count, asked, **tags)
        self._remember(dict.fromkeys(made, days_ago(30)))
        return made

    def due(self, count: int = 1, asked: Mapping[str, Any] | None = None, **tags: str) -> list[str]:
        """Return volumes that were marked ten days ago, too, with a week's grace."""
        return self.old(count, asked, **tags, **dict(zip(MARK, (days_ago(10), days_ago(3)), strict=True)))

    def volumes(self) -> dict[str, dict[str, Any]]:
        """Return the volumes that were made here and are still there, by id."""
        return {each["VolumeId"]: each for each in self.listed("volumes", {"test": self._test})}

    def tags(self, volume_id: str) -> dict[str, str]:
        """Return a volume's tags."""
        return tags_of(self.ec2.describe_volumes(VolumeIds=[volume_id])["Volumes"][0])

    def tag(self, volume_ids: Collection[str], **tags: str) -> None:
        """Tag volumes."""
        for some in batched(volume_ids, 500, strict=False):
            self.ec2.create_tags(Resources=list(some), Tags=pairs_of(tags))

    def untag(self, volume_ids: Collection[str], *keys: str) -> None:
        """Remove tags."""
        self.ec2.delete_tags(Resources=list(volume_ids), Tags=[{"Key": key} for key in keys])

    def attach(self, *volume_ids: str) -> None:
        """Attach volumes to a host."""
        host = self._host()
        at_once(lambda each: self.ec2.attach_volume(VolumeId=each, InstanceId=host, Device=f"/dev/{each}"), volume_ids)

    def detach(self, *volume_ids: str) -> None:
        """Detach volumes from their host."""
        at_once(lambda each: self.ec2.detach_volume(VolumeId=each), volume_ids)

    def delete(self, *volume_ids: str) -> None:
        """Delete volumes, as people do."""
        at_once(lambda each: self.ec2.delete_volume(VolumeId=each), volume_ids)

    def change(self, volume_ids: Collection[str], **changes: str) -> None:
        """Let volumes be in another `state`, or let `snapshots` of them end as that."""
        hook(self.engine, "ec2/resources", ids=list(volume_ids), **changes)

    def snapshots(self, **tags: str) -> list[dict[str, Any]]:
        """Return the snapshots with these tags."""
        return self.listed("snapshots", tags, OwnerIds=["self"])

    def forget(self, *snapshot_ids: str) -> None:
        """Delete snapshots."""
        at_once(lambda each: self.ec2.delete_snapshot(SnapshotId=each), snapshot_ids)

    def listed(self, kind: str, tags: Mapping[str, str], **more: Any) -> list[dict[str, Any]]:
        """Return the volumes or snapshots with these tags."""
        filters = [{"Name": f"tag:{key}", "Values": [value]} for key, value in tags.items()]
        paging = {"PageSize": 500}
        pages = self.ec2.get_paginator(f"describe_{kind}").paginate(Filters=filters, PaginationConfig=paging, **more)
        return [each for page in pages for each in page[kind.capitalize()]]

    def _host(self) -> str:
        if not self._hosts:
            image = self.ssm.get_parameter(Name=IMAGE)["Parameter"]["Value"]
            made = self.ec2.run_instances(ImageId=image, InstanceType="t3.micro", MinCount=1, MaxCount=1)
            self._hosts = [made["Instances"][0]["InstanceId"]]
            wait(lambda: self._hosts_are("running"))
        return self._hosts[0]

    def _hosts_are(self, state: str) -> bool:
        [reservation] = self.ec2.describe_instances(InstanceIds=self._hosts)["Reservations"]
        return bool(reservation["Instances"][0]["State"]["Name"] == state)

    def clean_up(self) -> None:
        """Remove the volumes, their snapshots and the host that were made here, and faults that nobody met."""
        send("DELETE", f"{self.engine.url}/_local/faults")
        if self._hosts:
            self.ec2.terminate_instances(InstanceIds=self._hosts)
            wait(lambda: self._hosts_are("terminated"))
            self._hosts = []
        self.forget(*(each["SnapshotId"] for each in self.snapshots(test=self._test)))
        self.delete(*self.volumes())

    # Time

    def pass_days(self, days: float, volume_ids: Collection[str]) -> None:
        """Let days pass for volumes: all that was remembered of them, or marked on them, is that much older."""
        remembered = {row["resource_id"]: row["memory"] for row in self.rows("#seen")}
        moved = {each: earlier(remembered[each], days) for each in volume_ids}
        self._remember(moved)
        marks: dict[tuple[str, ...], list[str]] = defaultdict(list)
        for volume_id, volume in self.volumes().items():
            tags = tags_of(volume)
            if volume_id in moved and MARK[0] in tags:
                marks[tuple(tags[key] for key in MARK)].append(volume_id)
        for mark, marked in marks.items():
            self.tag(marked, **{key: earlier(text, days) for key, text in zip(MARK, mark, strict=True)})

    def detached(self, days: float, volume_ids: Collection[str]) -> None:
        """Let CloudTrail's DetachVolume events of volumes be that old, and the last run still older."""
        self._write([{"run_id": "#detachments", "resource_id": "looked-until", "memory": days_ago(days + 1)}])
        hook(self.engine, "cloudtrail/events", resources=list(volume_ids), event="DetachVolume", time=days_ago(days))

    def _remember(self, moments: Mapping[str, str]) -> None:
        self._write([{"run_id": "#seen", "resource_id": each, "memory": moment} for each, moment in moments.items()])

    def _write(self, rows: Iterable[Row]) -> None:
        requests = [{"PutRequest": {"Item": {name: {"S": text} for name, text in row.items()}}} for row in rows]
        table = self.outputs["ledger_table"]
        at_once(
            lambda some: self.dynamodb.batch_write_item(RequestItems={table: list(some)}),
            batched(requests, 25, strict=False),
        )

    def pass_deadlines(self, run_id: str, killed_at: float) -> bool:
        """Let the moment come by which Lambda has ended the functions that were killed then: their claims are over.

        Return whether there were any that nobody has taken over yet.
        """
        last = datetime.fromtimestamp(killed_at, UTC).strftime(MOMENT)
        found = [row for row in self.claims(run_id) if row["at"] <= last]
        for row in found:
            self._end_claim({name: {"S": row[name]} for name in ("run_id", "resource_id")})
        return bool(found)

    def _end_claim(self, key: Mapping[str, Any]) -> None:
        with suppress(self.dynamodb.exceptions.ConditionalCheckFailedException):  # settled meanwhile
            self.dynamodb.update_item(
                TableName=self.outputs["ledger_table"],
                Key=key,
                UpdateExpression="SET held_until = :now",
                ConditionExpression="#status = :acting",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":now": {"N": "0"}, ":acting": {"S": "ACTING"}},
            )

    def hold(self, partition: str, resource_id: str) -> None:
        """Let something be claimed for longer than a run has patience, by nobody."""
        texts = {"run_id": partition, "resource_id": resource_id, "status": "ACTING", "reason": "held", "facts": "{}"}
        item = {name: {"S": text} for name, text in texts.items()} | {"held_until": {"N": str(int(time.time()) + 600)}}
        self.dynamodb.put_item(TableName=self.outputs["ledger_table"], Item=item)

    def claims(self, run_id: str) -> list[Row]:
        """Return what a run is at, or was when it was cut off."""
        return [row for part in ("", "/snapshots") for row in self.rows(run_id + part) if row["status"] == "ACTING"]

    # Runs

    def start(self, run_id: str | None = None) -> str:
        """Start a run; return its execution's ARN."""
        named = {"name": run_id} if run_id else {}
        started = self.states.start_execution(stateMachineArn=self.outputs["state_machine_alias"], input="{}", **named)
        return str(started["executionArn"])

    def finished(self, execution_arn: str, killed_at: float = 0) -> Run:
        """Wait for a run's end; `killed_at` is when its functions were killed."""
        self.until(execution_arn, lambda: not self.is_running(execution_arn), killed_at)
        return Run(self, self.states.describe_execution(executionArn=execution_arn))

    def until(self, execution_arn: str, condition: Callable[[], Any], killed_at: float = 0) -> None:
        """Wait until a condition holds, while the deadlines of those that were killed pass."""
        began, held = time.monotonic(), bool(killed_at)
        while not condition():
            assert time.monotonic() < began + RUN_SECONDS, f"{execution_arn} does not get there"
            if held:
                held = self.pass_deadlines(execution_arn.rpartition(":")[2], killed_at)
            time.sleep(POLL_SECONDS)

    def executions(self) -> set[str]:
        """Return the ARNs of all runs."""
        pages = self.states.get_paginator("list_executions").paginate(stateMachineArn=self.outputs["state_machine_arn"])
        return {execution["executionArn"] for page in pages for execution in page["executions"]}

    def run(self, run_id: str | None = None) -> Run:
        """Do a whole run."""
        return self.finished(self.start(run_id))

    def is_running(self, execution_arn: str) -> bool:
        """Tell whether a run is at work."""
        return str(self.states.describe_execution(executionArn=execution_arn)["status"]) not in ENDED

    def wait_for_event(self, execution_arn: str, kind: str) -> None:
        """Wait for an event of the execution's own history, such as MapRunStarted."""
        wait(lambda: any(event["type"] == kind for event in history(self.states, execution_arn)))

    # Trouble

    def arm(self, resource: str, error: str, times: int = 1, **when: str) -> None:
        """Let calls fail."""
        hook(self.engine, "faults", resource=resource, error=error, times=times, when=when)

    def fail(self, function: str, times: int = 1) -> None:
        """Let the machine's calls of a function fail."""
        arn = alias_arn(self, function)
        self.arm("arn:aws:states:::lambda:invoke", "Lambda.ServiceException", times, FunctionName=arn)

    def fail_telling(self, times: int = 1) -> None:
        """Let the machine's own messages fail."""
        topic = self.outputs["topic_arn"]
        self.arm("arn:aws:states:::sns:publish", "SNS.InternalErrorException", times, TopicArn=topic)

    @contextmanager
    def hidden_plans(self) -> Iterator[None]:
        """Let the bucket's policy keep plans from the machine for a while."""
        bucket = self.outputs["bucket"]
        before = self.s3.get_bucket_policy(Bucket=bucket)["Policy"]
        policy = json.loads(before)
        role = self.states.describe_state_machine(stateMachineArn=self.outputs["state_machine_arn"])["roleArn"]
        hiding = {"Effect": "Deny", "Principal": {"AWS": role}, "Action": "s3:GetObject"}
        policy["Statement"].append(hiding | {"Resource": f"arn:aws:s3:::{bucket}/plans/*"})
        self.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
        try:
            yield
        finally:
            self.s3.put_bucket_policy(Bucket=bucket, Policy=before)

    @contextmanager
    def at_rest(self) -> Iterator[None]:
        """Keep the schedule from starting runs for a while."""
        scheduler, found = self.deployment.client("scheduler"), self.schedule()
        kept = ("Description", "FlexibleTimeWindow", "GroupName", "Name", "ScheduleExpression")
        before = {key: found[key] for key in (*kept, "ScheduleExpressionTimezone", "State", "Target")}
        scheduler.update_schedule(**before | {"State": "DISABLED"})
        try:
            yield
        finally:
            scheduler.update_schedule(**before)

    def schedule(self) -> dict[str, Any]:
        """Return the schedule that starts runs."""
        name = self.outputs["schedule"]
        found: dict[str, Any] = self.deployment.client("scheduler").get_schedule(Name=name, GroupName=name)
        return found

    # What a run leaves behind

    def rows(self, partition: str) -> list[Row]:
        """Return a part of the ledger, attributes as text."""
        pages = self.dynamodb.get_paginator("query").paginate(
            TableName=self.outputs["ledger_table"],
            KeyConditionExpression="run_id = :partition",
            ExpressionAttributeValues={":partition": {"S": partition}},
        )
        return [
            {name: next(iter(value.values())) for name, value in row.items()} for page in pages for row in page["Items"]
        ]

    def row(self, partition: str, resource_id: str) -> Row:
        """Return one row of the ledger, attributes as text; empty when there is none."""
        key = {"run_id": {"S": partition}, "resource_id": {"S": resource_id}}
        found = self.dynamodb.get_item(TableName=self.outputs["ledger_table"], Key=key, ConsistentRead=True)
        return {name: next(iter(value.values())) for name, value in found.get("Item", {}).items()}

    def read(self, key: str) -> Any:
        """Return a JSON document of the workflow's bucket."""
        return json.load(self.s3.get_object(Bucket=self.outputs["bucket"], Key=key)["Body"])


def at_once[T, R](call: Callable[[T], R], things: Iterable[T]) -> list[R]:
    """Return what a call returns for each of many things, several at a time."""
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        return list(pool.map(call, things))


def pairs_of(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as EC2 takes them."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


def tags_of(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return the tags of anything that EC2 describes."""
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags", [])}


def days_ago(days: float) -> str:
    """Return a moment as the ledger and tags have them."""
    return (datetime.now(UTC) - timedelta(days=days)).strftime(MOMENT)


def earlier(text: str, days: float) -> str:
    """Return a moment that many days before another one."""
    return (datetime.strptime(text, MOMENT).replace(tzinfo=UTC) - timedelta(days=days)).strftime(MOMENT)
