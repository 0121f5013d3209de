"""Fakes of the services whose semantics matter here and which moto does not have, or plays slowly."""

from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

from botocore.exceptions import ClientError

from shared.clients import client


def refusal(code: str, status: int = 400) -> ClientError:
    answer = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(answer, "Operation")  # type: ignore[arg-type]  # as botocore builds it


@dataclass
class States:
    """Step Functions: executions by name, and the answers that tokens got."""

    executions: dict[str, str] = field(default_factory=dict)
    started: int = 0
    answers: list[tuple[str, str]] = field(default_factory=list)
    fails: list[Exception] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    @property
    def exceptions(self) -> Any:
        return client("stepfunctions").exceptions

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803  # botocore's names
        if self.fails:
            raise self.fails.pop()
        assert stateMachineArn.endswith(":live")
        with self._lock:
            if name in self.executions:
                answer = {"Error": {"Code": "ExecutionAlreadyExists"}}
                raise self.exceptions.ExecutionAlreadyExists(answer, "StartExecution")
            self.executions[name] = input
            self.started += 1

    def send_task_success(self, taskToken: str, output: str) -> None:  # noqa: N803  # botocore's names
        if self.fails:
            raise self.fails.pop()
        self.answers.append((taskToken, output))


@dataclass
class Topic:
    """SNS: what was published."""

    messages: list[dict[str, Any]] = field(default_factory=list)

    def publish(self, **message: Any) -> None:
        assert len(message["Subject"]) <= 100
        assert message["Subject"].isascii()
        self.messages.append(message)


@dataclass
class Ec2:
    """EC2: one instance for a client token, and only ever with the same parameters."""

    instances: dict[str, dict[str, Any]] = field(default_factory=dict)
    tokens: dict[str, dict[str, Any]] = field(default_factory=dict)
    no_room: set[str] = field(default_factory=set)
    fails: list[Exception] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    stops_slowly: bool = False

    def run_instances(self, **call: Any) -> dict[str, Any]:
        if self.fails:
            raise self.fails.pop()
        if call["InstanceType"] in self.no_room:
            raise refusal("InsufficientInstanceCapacity", 500)
        token = call["ClientToken"]
        if self.tokens.setdefault(token, call) != call:
            raise refusal("IdempotentParameterMismatch")
        instance_id = f"i-{list(self.tokens).index(token):017}"
        tags = {tag["Key"]: tag["Value"] for tag in call["TagSpecifications"][0]["Tags"]}
        self.instances.setdefault(instance_id, {"state": "running", "tags": tags})
        return {"Instances": [{"InstanceId": instance_id}]}

    def get_paginator(self, operation: str) -> "Ec2":
        assert operation == "describe_instances"
        return self

    def paginate(self, Filters: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:  # noqa: N803  # botocore's name
        wanted = {each["Name"].removeprefix("tag:"): each["Values"][0] for each in Filters}
        for instance_id, instance in self.instances.items():
            if wanted.items() <= instance["tags"].items():
                described = {"InstanceId": instance_id, "State": {"Name": instance["state"]}}
                yield {"Reservations": [{"Instances": [described]}]}

    def create_tags(self, Resources: list[str], Tags: list[dict[str, str]]) -> None:  # noqa: N803  # botocore's names
        for each in Resources:
            self.instances[each]["tags"] |= {tag["Key"]: tag["Value"] for tag in Tags}

    def stop_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803  # botocore's name
        self._become("stopping" if self.stops_slowly else "stopped", InstanceIds, "stop")

    def terminate_instances(self, InstanceIds: list[str]) -> None:  # noqa: N803  # botocore's name
        if self.fails:
            raise self.fails.pop()
        self._become("terminated", InstanceIds, "terminate")

    def _become(self, state: str, instance_ids: list[str], call: str) -> None:
        self.calls.append(call)
        for each in instance_ids:
            self.instances[each]["state"] = state


class Locked:
    """A client of moto's DynamoDB, whose transactions are as isolated as AWS's are."""

    def __init__(self, dynamodb: Any) -> None:
        self._dynamodb = dynamodb
        self._lock = Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._dynamodb, name)

    def transact_write_items(self, **call: Any) -> Any:
        with self._lock:
            return self._dynamodb.transact_write_items(**call)


type Key = tuple[str, ...]


class Tables:
    """DynamoDB, as far as the workflow uses it: whole items, and transactions that are written together or not at all.

    `test_deciding` and `test_submitting` run on moto's, so that the expressions are seen by somebody who parses them.
    """

    def __init__(self) -> None:
        self._keys: dict[str, list[str]] = {}
        self._items: dict[str, dict[Key, dict[str, Any]]] = {}
        self._lock = Lock()

    @property
    def exceptions(self) -> Any:
        return client("dynamodb").exceptions

    def create_table(self, TableName: str, KeySchema: list[dict[str, str]], **_: Any) -> None:  # noqa: N803  # botocore's
        self._keys[TableName] = [each["AttributeName"] for each in KeySchema]
        self._items[TableName] = {}

    def get_item(self, TableName: str, Key: dict[str, Any], *, ConsistentRead: bool) -> dict[str, Any]:  # noqa: N803
        assert ConsistentRead
        found = self._items[TableName].get(self._key(TableName, Key))
        return {"Item": deepcopy(found)} if found else {}

    def put_item(self, **put: Any) -> None:
        with self._lock:
            if not self._holds(put):
                answer = {"Error": {"Code": "ConditionalCheckFailedException"}}
                raise self.exceptions.ConditionalCheckFailedException(answer, "PutItem")
            self._put(put)

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> None:  # noqa: N803  # botocore's name
        with self._lock:
            held = [self._holds(action["Put"]) for action in TransactItems]
            if not all(held):
                reasons = [{"Code": "None" if each else "ConditionalCheckFailed"} for each in held]
                answer: Any = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
                raise self.exceptions.TransactionCanceledException(answer, "TransactWriteItems")
            for action in TransactItems:
                self._put(action["Put"])

    def scan(self, TableName: str) -> dict[str, Any]:  # noqa: N803  # botocore's name
        return {"Items": [deepcopy(item) for _, item in sorted(self._items[TableName].items())]}

    def _key(self, table: str, item: dict[str, Any]) -> Key:
        return tuple(item[name]["S"] for name in self._keys[table])

    def _put(self, put: dict[str, Any]) -> None:
        self._items[put["TableName"]][self._key(put["TableName"], put["Item"])] = deepcopy(put["Item"])

    def _holds(self, put: dict[str, Any]) -> bool:
        found = self._items[put["TableName"]].get(self._key(put["TableName"], put["Item"]))
        match put["ConditionExpression"]:
            case "version = :read":
                return found is not None and found["version"] == put["ExpressionAttributeValues"][":read"]
            case (
                "attribute_not_exists(request_id)" | "attribute_not_exists(entry_id)" | "attribute_not_exists(link_id)"
            ):
                return found is None
            case other:
                raise AssertionError(other)
