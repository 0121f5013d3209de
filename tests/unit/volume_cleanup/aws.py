"""Fakes of EC2, whose volumes change hands at any moment, of CloudTrail, SNS and a DynamoDB in memory."""

from collections.abc import Callable, Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

from botocore.exceptions import ClientError

from shared.clients import client


class Killed(BaseException):
    """Lambda ended the function: nothing in it gets to run any more."""


def refusal(code: str, status: int = 400, *, gave_up: bool = False) -> ClientError:
    """`gave_up`: the client has tried as often as it may."""
    answer = {
        "Error": {"Code": code, "Message": "no"},
        "ResponseMetadata": {"HTTPStatusCode": status, "MaxAttemptsReached": gave_up},
    }
    return ClientError(answer, "Operation")  # type: ignore[arg-type]  # as botocore builds it


@dataclass
class Ec2:
    """Volumes and snapshots as EC2 describes them; `calls` are all the requests that came.

    `throttled` is the share of requests that are refused; `kill_after` the numbers of changes after which the caller
    dies; `before` is called with each operation and its resource, to change the world at that moment.
    """

    volumes: dict[str, dict[str, Any]] = field(default_factory=dict)
    snapshots: dict[str, dict[str, Any]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    throttled: float = 0
    kill_after: list[int] = field(default_factory=list)
    before: Callable[[str, str], None] = lambda _operation, _resource: None
    snapshots_end_as: dict[str, str] = field(default_factory=dict)
    page_size: int = 0
    changes: int = 0
    chance: Random = field(default_factory=lambda: Random(5))  # noqa: S311  # no secret

    def add(self, volume_id: str, gib: int = 10, **changes: Any) -> str:
        tags = [{"Key": key, "Value": value} for key, value in changes.pop("tags", {}).items()]
        volume = {"VolumeId": volume_id, "State": "available", "Size": gib, "VolumeType": "gp3", "Tags": tags}
        volume |= {"AvailabilityZone": "us-east-1a", "Attachments": [], "Iops": 3000, "Throughput": 125}
        self.volumes[volume_id] = volume | changes
        return volume_id

    def attach(self, volume_id: str) -> None:
        self.volumes[volume_id] |= {"State": "in-use", "Attachments": [{"InstanceId": "i-1"}]}

    def detach(self, volume_id: str) -> None:
        self.volumes[volume_id] |= {"State": "available", "Attachments": []}

    def tags(self, resource_id: str) -> dict[str, str]:
        found = self.volumes.get(resource_id) or self.snapshots[resource_id]
        return {tag["Key"]: tag["Value"] for tag in found["Tags"]}

    def complete(self) -> None:
        """Let the pending snapshots end."""
        for snapshot in self.snapshots.values():
            if snapshot["State"] == "pending":
                snapshot["State"] = self.snapshots_end_as.get(snapshot["VolumeId"], "completed")

    def changed(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if not call[0].startswith("describe")]

    # What botocore's client offers

    def get_paginator(self, operation: str) -> "Paginator":
        return Paginator(self, operation)

    def describe_volumes(self, VolumeIds: list[str]) -> dict[str, Any]:  # noqa: N803  # botocore's names, here and below
        self.called("describe_volumes", VolumeIds[0])
        return {"Volumes": [deepcopy(self._volume(each)) for each in VolumeIds]}

    def create_tags(self, Resources: list[str], Tags: list[dict[str, str]]) -> None:  # noqa: N803
        for each in Resources:
            self.called("create_tags", each)
            keys = {tag["Key"] for tag in Tags}
            kept = [tag for tag in self._volume(each)["Tags"] if tag["Key"] not in keys]
            self._volume(each)["Tags"] = kept + Tags
        self._change()

    def delete_tags(self, Resources: list[str], Tags: list[dict[str, str]]) -> None:  # noqa: N803
        for each in Resources:
            self.called("delete_tags", each)
            keys = {tag["Key"] for tag in Tags}
            self._volume(each)["Tags"] = [tag for tag in self._volume(each)["Tags"] if tag["Key"] not in keys]
        self._change()

    def create_snapshot(self, VolumeId: str, Description: str, TagSpecifications: list[Any]) -> dict[str, Any]:  # noqa: N803
        self.called("create_snapshot", VolumeId)
        self._volume(VolumeId)
        assert Description
        snapshot_id = f"snap-{len(self.snapshots):017}"
        made = {
            "SnapshotId": snapshot_id,
            "VolumeId": VolumeId,
            "State": "pending",
            "Tags": TagSpecifications[0]["Tags"],
        }
        self.snapshots[snapshot_id] = made
        self._change()
        return made

    def delete_volume(self, VolumeId: str) -> None:  # noqa: N803
        self.called("delete_volume", VolumeId)
        if self._volume(VolumeId)["Attachments"]:
            raise refusal("VolumeInUse")
        del self.volumes[VolumeId]
        self._change()

    def _volume(self, volume_id: str) -> dict[str, Any]:
        if volume_id not in self.volumes:
            raise refusal("InvalidVolume.NotFound")
        return self.volumes[volume_id]

    def called(self, operation: str, resource: str) -> None:
        self.before(operation, resource)
        if self.chance.random() < self.throttled:
            raise refusal("RequestLimitExceeded", 503, gave_up=True)
        self.calls.append((operation, resource))

    def _change(self) -> None:
        self.changes += 1
        if self.changes in self.kill_after:
            raise Killed


@dataclass
class Paginator:
    """A listing with filters, a few resources a page."""

    ec2: Ec2
    operation: str

    def paginate(self, Filters: list[dict[str, Any]], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        self.ec2.called(self.operation, "*")
        name, found = (
            ("Volumes", self.ec2.volumes) if self.operation == "describe_volumes" else ("Snapshots", self.ec2.snapshots)
        )
        assert all(0 < len(each["Values"]) <= 200 for each in Filters)
        listed = [each for each in found.values() if all(_fits(each, one) for one in Filters)]
        size = self.ec2.page_size or max(len(listed), 1)
        for start in range(0, len(listed) or 1, size):
            yield {name: deepcopy(listed[start : start + size])}


def _fits(resource: dict[str, Any], one: dict[str, Any]) -> bool:
    tags = {f"tag:{tag['Key']}": tag["Value"] for tag in resource["Tags"]}
    values = {"status": resource["State"], "volume-id": resource["VolumeId"]} | tags
    return values.get(one["Name"]) in one["Values"]


@dataclass
class CloudTrail:
    """CloudTrail's history: events and how often it was asked."""

    events: list[dict[str, Any]] = field(default_factory=list)
    asked_from: list[datetime] = field(default_factory=list)

    def get_paginator(self, operation: str) -> "CloudTrail":
        assert operation == "lookup_events"
        return self

    def paginate(self, LookupAttributes: list[Any], StartTime: datetime) -> Iterator[dict[str, Any]]:  # noqa: N803
        assert LookupAttributes == [{"AttributeKey": "EventName", "AttributeValue": "DetachVolume"}]
        self.asked_from.append(StartTime)
        yield {"Events": [event for event in self.events if event["EventTime"] >= StartTime]}


@dataclass
class Topic:
    """SNS: what was published."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **message: Any) -> None:
        assert len(message["Subject"]) <= 100
        assert message["Subject"].isascii()
        self.messages.append(message)


@dataclass
class States:
    """Step Functions: the executions that run."""

    running: set[str] = field(default_factory=set)

    @property
    def exceptions(self) -> Any:
        return client("stepfunctions").exceptions

    def describe_execution(self, executionArn: str, includedData: str) -> dict[str, str]:  # noqa: N803  # botocore's names
        assert includedData == "METADATA_ONLY", "or its caller needs a right to the key"
        return {"status": "RUNNING" if executionArn in self.running else "SUCCEEDED"}


class Table:
    """DynamoDB, as far as the operations' core uses it; the core's own tests run on moto's, which reads expressions."""

    def __init__(self) -> None:
        self.items: dict[tuple[str, str], dict[str, Any]] = {}

    @property
    def exceptions(self) -> Any:
        return client("dynamodb").exceptions

    def put_item(self, **put: Any) -> dict[str, Any]:
        found = self.items.get(_key(put["Item"]))
        if found and not self._holds(put, found):
            answer: Any = {"Error": {"Code": "ConditionalCheckFailedException"}, "Item": deepcopy(found)}
            raise self.exceptions.ConditionalCheckFailedException(answer, "PutItem")
        self.items[_key(put["Item"])] = deepcopy(put["Item"])
        return {"Attributes": found} if found else {}

    def get_item(self, Key: dict[str, Any], **_: Any) -> dict[str, Any]:  # noqa: N803  # botocore's name
        found = self.items.get(_key(Key))
        return {"Item": deepcopy(found)} if found else {}

    def get_paginator(self, operation: str) -> "Table":
        assert operation == "query"
        return self

    def paginate(self, ExpressionAttributeValues: dict[str, Any], **_: Any) -> Iterator[dict[str, Any]]:  # noqa: N803
        partition = ExpressionAttributeValues[":partition"]["S"]
        yield {"Items": [deepcopy(item) for key, item in self.items.items() if key[0] == partition]}

    def batch_write_item(self, RequestItems: dict[str, Any]) -> dict[str, Any]:  # noqa: N803
        for request in next(iter(RequestItems.values())):
            if "PutRequest" in request:
                self.put_item(**request["PutRequest"])
            else:
                self.items.pop(_key(request["DeleteRequest"]["Key"]), None)
        return {"UnprocessedItems": {}}

    @staticmethod
    def _holds(put: dict[str, Any], found: dict[str, Any]) -> bool:
        values, condition = put.get("ExpressionAttributeValues", {}), put.get("ConditionExpression", "")
        if "execution_arn" in condition:
            return bool(found["execution_arn"] == values[":holder"])
        if "held_until" in condition:
            acting = found["status"]["S"] == "ACTING" and int(found["held_until"]["N"]) <= int(values[":now"]["N"])
            return acting or found["status"]["S"] == "PLANNED"
        return True


def _key(item: dict[str, Any]) -> tuple[str, str]:
    return item["run_id"]["S"], item["resource_id"]["S"]
