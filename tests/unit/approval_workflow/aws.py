"""The services that moto plays without the semantics that matter here: tokens that are answered or run out, one instance a token."""

from collections.abc import Iterator
from dataclasses import dataclass, field
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

    @property
    def exceptions(self) -> Any:
        return client("stepfunctions").exceptions

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> None:  # noqa: A002, N803  # botocore's names
        if self.fails:
            raise self.fails.pop()
        assert stateMachineArn.endswith(":live")
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
