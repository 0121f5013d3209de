"""Drives the backups: volumes that ask for them, a history of nights, runs and drills, and all that these leave."""

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property
from itertools import count
from typing import Any

from scripts.deployment import Deployment
from scripts.executions import ENDED, entered, history, inside_maps
from scripts.inbox import Inbox, Notification
from scripts.local_engine import Engine
from scripts.parameters import Parameter
from scripts.signed_http import send
from snapshot_backup.domain.snapshots import COPY_OF, CREATED_BY, TAKEN_AT, Marks, Snapshot, describe
from snapshot_backup.domain.tags import pairs, tags_of
from tests.e2e.alarms import hearing
from tests.e2e.disturbances import kill_functions
from tests.e2e.ended import Ended
from tests.engine.hooks import hook

ZONE = "us-east-1a"  # where the default network puts instances
IMAGE = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64"
PATIENCE_SECONDS = 60
POLL_SECONDS = 0.05
ATTEMPTS = 5  # of a step: the first, and four more
TELLINGS = 4
CALL_SECONDS = 0.5
INVOKE, TELL = "arn:aws:states:::lambda:invoke", "arn:aws:states:::sns:publish"
NO_LIMITS = {"max_count": 10_000, "max_gib": 1_000_000, "max_percent": 100}
AT_ONCE = {call: {"burst": 1000, "per_second": 1000} for call in ("CopySnapshot", "CreateSnapshots", "DeleteSnapshot")}
SLOTS = (datetime(2026, 1, 1, 3, tzinfo=UTC) + timedelta(days=night) for night in count())  # each only once

type Json = dict[str, Any]


@dataclass(frozen=True)
class Run(Ended):
    """An execution that has ended: of the backup of `slot`, or of a drill."""

    backups: "Backups"
    slot: str
    execution: Json

    @cached_property
    def states(self) -> list[str]:
        """The states it entered, in order; those inside of maps are executions of their own."""
        return self.backups.entered(self.arn)

    @cached_property
    def report(self) -> Json:
        """What was written for those who want to know everything."""
        key = f"reports/backup-{self.slot.replace('-', '').replace(':', '')}.json"
        found: Json = json.load(self.backups.s3.get_object(Bucket=self.backups.outputs["bucket"], Key=key)["Body"])
        return found

    def told(self, what: str, kind: str) -> Notification:
        """Return what the operators were told with `what` in it."""
        told = self.backups.inbox.wait_for(what, PATIENCE_SECONDS, recipient="operators", kind=kind)
        assert told, f"nobody was told of {what}, {kind}"
        return told

    def outcomes(self, action: str) -> dict[str, str]:
        """Return the status of each item of an action, by the resource's id."""
        split = ((entry["resource_id"], entry["outcome"].partition(" ")) for entry in self.report["entries"])
        return {resource_id: status for resource_id, (status, _, named) in split if named == action}

    def reason(self, resource_id: str, action: str = "") -> str:
        """Return why that became of a resource."""
        found = [each for each in self.report["entries"] if each["resource_id"] == resource_id]
        [reason] = [each["reason"] for each in found if each["outcome"].endswith(action)]
        return str(reason)


class Backups:
    """The applied backups; `inbox` listens to their topic. What it makes is gone after `clear`."""

    def __init__(self, deployment: Deployment, engine: Engine, inbox: Inbox) -> None:
        self.deployment, self.engine, self.inbox = deployment, engine, inbox
        self.outputs: Json = deployment.outputs["snapshot_backup"]
        self.settings = Parameter(deployment, self.outputs["settings_parameter"])
        self.workflow = str(self.outputs["workflow"])
        self.ec2 = deployment.client("ec2")
        self.states = deployment.client("stepfunctions")
        self.s3 = deployment.client("s3")
        self.region, self.away = deployment.region, str(self.settings.read()["copy_region"])
        self.far = replace(deployment, region=self.away).client("ec2")
        self._volumes: list[str] = []
        self._hosts: list[str] = []
        self._images: list[str] = []
        self._others: list[str] = []

    # What asks for a backup, and what does not.

    def volume(self, *, size: int = 1, **tags: str) -> str:
        """Return a new unattached volume under the environment's key."""
        key = self.deployment.outputs["foundation"]["kms_key_arn"]
        made = self.ec2.create_volume(
            AvailabilityZone=ZONE, Size=size, Encrypted=True, KmsKeyId=key, TagSpecifications=_tagged("volume", tags)
        )
        self._volumes.append(made["VolumeId"])
        return self._volumes[-1]

    def host(self, **tags: str) -> tuple[str, list[str]]:
        """Return a running instance and its volumes, the root and two of data."""
        image = self.deployment.client("ssm").get_parameter(Name=IMAGE)["Parameter"]["Value"]
        ebs = {"VolumeSize": 1, "DeleteOnTermination": True}
        mappings = [{"DeviceName": f"/dev/sd{letter}", "Ebs": ebs} for letter in "fg"]
        [host] = self.ec2.run_instances(
            ImageId=image,
            InstanceType="t3.micro",
            MinCount=1,
            MaxCount=1,
            BlockDeviceMappings=mappings,
            TagSpecifications=_tagged("instance", tags),
        )["Instances"]
        self._hosts.append(host["InstanceId"])
        self._reach("running")
        return self._hosts[-1], [each["Ebs"]["VolumeId"] for each in self._shown()[-1]["BlockDeviceMappings"]]

    def attach(self, volume_id: str, host: str, device: str = "/dev/sdh") -> None:
        """Attach a volume to an instance."""
        self.ec2.attach_volume(VolumeId=volume_id, InstanceId=host, Device=device)

    def image_of(self, snapshot_id: str) -> None:
        """Make an image that needs a snapshot."""
        root = [{"DeviceName": "/dev/xvda", "Ebs": {"SnapshotId": snapshot_id}}]
        made = self.ec2.register_image(Name=snapshot_id, RootDeviceName="/dev/xvda", BlockDeviceMappings=root)
        self._images.append(made["ImageId"])

    def snapshot_by_people(self, volume_id: str, since: datetime, tags: Mapping[str, str]) -> str:
        """Return a snapshot that somebody made of a volume, with those tags."""
        made = self.ec2.create_snapshot(
            VolumeId=volume_id, Description="before the release", TagSpecifications=_tagged("snapshot", tags)
        )
        self._others.append(made["SnapshotId"])
        self.change(self._others[-1:], since=since, state="completed")
        return self._others[-1]

    # Time that passes.

    def nights(self, volume_id: str, moments: Iterable[datetime], state: str = "completed") -> list[str]:
        """Return snapshots as this workflow makes them, one of each of the moments, all in that state."""
        self.change([volume_id], snapshots=state)
        made = []
        for moment in moments:
            made.append(self._as_made(volume_id, f"{moment:%Y-%m-%dT%H:%M:%SZ}"))
            self.change(made[-1:], since=moment, state=state)
        self.change([volume_id], snapshots="completed")
        return made

    def _as_made(self, volume_id: str, slot: str) -> str:
        tags = Marks(volume_id, slot, "standard").tags(self.workflow)
        made = self.ec2.create_snapshot(
            VolumeId=volume_id,
            Description=describe(self.workflow, slot),
            TagSpecifications=_tagged("snapshot", tags),
        )
        return str(made["SnapshotId"])

    def pass_days(self, days: float = 1) -> None:
        """Make every own snapshot, and what copies say of theirs, so much older."""
        back = timedelta(days=days)
        for each in self.mine():
            self.change([each["SnapshotId"]], since=each["StartTime"] - back)
        for each in self.mine(self.far):
            self.change([each["SnapshotId"]], since=each["StartTime"] - back)
            taken = datetime.fromisoformat(tags_of(each)[TAKEN_AT]) - back
            tags = pairs({TAKEN_AT: f"{taken:%Y-%m-%dT%H:%M:%SZ}"})
            self.far.create_tags(Resources=[each["SnapshotId"]], Tags=tags)

    def change(self, ids: Iterable[str], since: datetime | None = None, **changes: str) -> None:
        """Change what only time and bad luck change on AWS."""
        old = {"since": since.isoformat()} if since else {}
        hook(self.engine, "ec2/resources", ids=list(ids), **old, **changes)

    def free_claims(self) -> None:
        """Let the time pass for which the ledger keeps an item for a function that was cut off."""
        table, dynamodb = self.outputs["ledger_table"], self.deployment.client("dynamodb")
        pages = dynamodb.get_paginator("scan").paginate(
            TableName=table,
            FilterExpression="#status = :acting AND held_until > :zero",
            ExpressionAttributeNames={"#status": "status"},
            ExpressionAttributeValues={":acting": {"S": "ACTING"}, ":zero": {"N": "0"}},
        )
        for row in [row for page in pages for row in page["Items"]]:
            self._free({"run_id": row["run_id"], "resource_id": row["resource_id"]})

    def _free(self, key: Json) -> None:
        dynamodb = self.deployment.client("dynamodb")
        with suppress(dynamodb.exceptions.ConditionalCheckFailedException):  # it is settled meanwhile
            dynamodb.update_item(
                TableName=self.outputs["ledger_table"],
                Key=key,
                UpdateExpression="SET held_until = :zero",
                ConditionExpression="#status = :acting",
                ExpressionAttributeNames={"#status": "status"},
                ExpressionAttributeValues={":acting": {"S": "ACTING"}, ":zero": {"N": "0"}},
            )

    # Runs.

    def slot(self) -> str:
        """Return the next night's slot."""
        return f"{next(SLOTS):%Y-%m-%dT%H:%M:%SZ}"

    def start(self, slot: str) -> str:
        """Start the backup of a slot; return the execution's ARN."""
        return self._start({"task": "backup", "slot": slot})

    def run(self, slot: str = "") -> Run:
        """Make the backup of a slot, or of the next night."""
        slot = slot or self.slot()
        return self.ended(self.start(slot), slot)

    def drill(self) -> Run:
        """Hold a restore drill."""
        return self.ended(self._start({"task": "drill"}))

    def _start(self, task: dict[str, str]) -> str:
        machine = self.outputs["state_machine_alias"]
        return str(self.states.start_execution(stateMachineArn=machine, input=json.dumps(task))["executionArn"])

    def ended(self, execution_arn: str, slot: str = "") -> Run:
        """Wait for an execution's end."""
        wait(lambda: not self.is_running(execution_arn))
        return Run(self, slot, self.states.describe_execution(executionArn=execution_arn))

    def entered(self, execution_arn: str) -> list[str]:
        """Return the states that an execution entered so far, in order."""
        return entered(history(self.states, execution_arn))

    def is_running(self, execution_arn: str) -> bool:
        """Tell whether an execution has not ended."""
        return self.states.describe_execution(executionArn=execution_arn)["status"] not in ENDED

    def delivered(self, task: str, moment: str) -> str:
        """Let a schedule's moment come; return the execution that it starts."""
        before, name = self._newest(), self.outputs["schedules"][task]
        hook(self.engine, "schedules", name=name, group=name, time=moment)
        wait(lambda: self._newest() - before)
        [started] = self._newest() - before
        return started

    def _newest(self) -> set[str]:
        machine = self.outputs["state_machine_arn"]
        found = self.states.list_executions(stateMachineArn=machine, maxResults=10)["executions"]
        return {each["executionArn"] for each in found}

    # Trouble.

    def fails(self, step: str, times: int = 1) -> None:
        """Let the machine's calls of a function fail."""
        region, account = self.outputs["state_machine_arn"].split(":")[3:5]
        alias = f"arn:aws:lambda:{region}:{account}:function:{self.outputs['function_names'][step]}:live"
        self.arm(INVOKE, "Lambda.ServiceException", times, FunctionName=alias)

    def nobody_hears(self, times: int = 1) -> None:
        """Let the machine's notifications fail."""
        self.arm(TELL, "SNS.InternalErrorException", times, TopicArn=self.outputs["topic_arn"])

    def arm(self, resource: str, error: str, times: int = 1, **when: str) -> None:
        """Let calls fail."""
        hook(self.engine, "faults", resource=resource, error=error, times=times, when=when)

    def slow(self, resource: str, **when: str) -> None:
        """Let the next call of that kind take long enough to kill who made it; it is done all the same."""
        hook(self.engine, "faults", resource=resource, seconds=CALL_SECONDS, times=1, when=when)

    def kill_during(self, resource: str) -> None:
        """Kill all functions as soon as one of them waits for the call that was made slow."""
        wait(lambda: resource not in send("GET", f"{self.engine.url}/_local/faults").text)
        assert kill_functions(self.engine)

    def pass_through(self, execution_arn: str, state: str) -> None:
        """Wait until an execution has been in a state inside of a map."""
        wait(lambda: state in inside_maps(self.states, execution_arn))

    def cut_off(self, execution_arn: str, state: str) -> None:
        """Wait until an execution waits in that state for what was cut off, and let the time for it pass."""
        self.pass_through(execution_arn, state)
        self.free_claims()

    # What there is.

    def mine(self, ec2: Any = None) -> list[Json]:
        """Return what EC2 says of the snapshots with the workflow's tag, in the region of a client."""
        wanted = [{"Name": f"tag:{CREATED_BY}", "Values": [self.workflow]}]
        pages = (ec2 or self.ec2).get_paginator("describe_snapshots").paginate(OwnerIds=["self"], Filters=wanted)
        return [each for page in pages for each in page["Snapshots"]]

    def seen(self) -> list[Snapshot]:
        """Return them as the workflow itself sees them."""
        return [Snapshot.from_description(each, self.region, self.workflow) for each in self.mine()]

    def of(self, volume_id: str) -> list[str]:
        """Return the own snapshots of a volume, oldest first."""
        found = [each for each in self.mine() if each["VolumeId"] == volume_id]
        return [each["SnapshotId"] for each in sorted(found, key=lambda each: each["StartTime"])]

    def copies(self) -> dict[str, str]:
        """Return the copies in the second region, each with what it is a copy of."""
        return {each["SnapshotId"]: tags_of(each)[COPY_OF] for each in self.mine(self.far)}

    def volumes_of_drills(self) -> list[str]:
        """Return the volumes that drills have made and not removed."""
        wanted = [{"Name": "tag:purpose", "Values": ["restore-drill"]}]
        return [each["VolumeId"] for each in self.ec2.describe_volumes(Filters=wanted)["Volumes"]]

    def alarm(self, name: str) -> str:
        """Return the state of one of the workflow's alarms."""
        found = self.deployment.client("cloudwatch").describe_alarms(AlarmNames=[f"{self.workflow}-{name}"])
        return str(found["MetricAlarms"][0]["StateValue"])

    @contextmanager
    def alarming(self, name: str) -> Iterator[None]:
        """Expect that somebody is told of an alarm that was not there before."""
        with hearing(self.deployment, f"{self.workflow}-{name}") as told:
            yield
            told("ALARM")

    def calls_about(self, resource_id: str) -> list[str]:
        """Return the operations that CloudTrail saw called about a resource."""
        about = [{"AttributeKey": "ResourceName", "AttributeValue": resource_id}]
        looked = self.deployment.client("cloudtrail").lookup_events(LookupAttributes=about)
        return [event["EventName"] for event in looked["Events"]]

    def clear(self) -> None:
        """Remove everything that was made, by whomever."""
        for image in self._images:
            self.ec2.deregister_image(ImageId=image)
        for ec2, others in ((self.ec2, self._others), (self.far, [])):
            for snapshot_id in {*others, *(each["SnapshotId"] for each in self.mine(ec2))}:
                ec2.delete_snapshot(SnapshotId=snapshot_id)
        self._end_hosts()
        there = {each["VolumeId"] for page in self._all_volumes() for each in page["Volumes"]}
        for volume_id in there & {*self._volumes, *self.volumes_of_drills()}:
            self.ec2.delete_volume(VolumeId=volume_id)
        for made in (self._images, self._others, self._hosts, self._volumes):
            made.clear()

    def _end_hosts(self) -> None:
        if self._hosts:
            self.ec2.terminate_instances(InstanceIds=self._hosts)
            self._reach("terminated")

    def _reach(self, state: str) -> None:
        wait(lambda: {each["State"]["Name"] for each in self._shown()} == {state})

    def _shown(self) -> list[Json]:
        reservations = self.ec2.describe_instances(InstanceIds=self._hosts)["Reservations"]
        return [each for reservation in reservations for each in reservation["Instances"]]

    def _all_volumes(self) -> Iterator[Json]:
        yield from self.ec2.get_paginator("describe_volumes").paginate()


def _tagged(kind: str, tags: Mapping[str, str]) -> list[Json]:
    return [{"ResourceType": kind, "Tags": pairs(tags)}] if tags else []


def wait(condition: Callable[[], Any], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until `condition` holds; fails after `seconds`."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(POLL_SECONDS)
