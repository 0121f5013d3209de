"""Failed executions: seen with their reasons, redriven once where that helps, and left alone otherwise."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, NoReturn

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from scripts.deployment import Deployment
from scripts.failed_executions import __main__ as command
from scripts.failed_executions.failures import Failures, RedriveError
from scripts.held_queue import HeldQueue

ARN = "arn:aws:states:us-east-1:123456789012:execution:machine"


@dataclass
class States:
    """Step Functions, as far as the command asks it."""

    executions: dict[str, dict[str, Any]] = field(default_factory=dict)
    redriven: list[tuple[str, str]] = field(default_factory=list)
    refuse: bool = False

    exceptions = SimpleNamespace(ExecutionDoesNotExist=KeyError)

    def describe_execution(self, **asked: str) -> dict[str, Any]:
        return self.executions[asked["executionArn"]]

    def get_execution_history(self, **asked: Any) -> dict[str, Any]:
        kind = self.executions[asked["executionArn"]].get("kind", "TaskStateEntered")
        entered = {"type": kind, "stateEnteredEventDetails": {"name": "LoadChunk"}}
        return {"events": [{"type": "ExecutionFailed"}, entered]}

    def redrive_execution(self, **asked: str) -> None:
        if self.refuse:
            raise ClientError({"Error": {"Code": "ExecutionLimitExceeded", "Message": "too many"}}, "RedriveExecution")
        self.redriven.append((asked["executionArn"], asked["clientToken"]))
        execution = self.executions[asked["executionArn"]]
        execution.update(status="RUNNING", redriveStatus="NOT_REDRIVABLE", redriveCount=execution["redriveCount"] + 1)


@dataclass
class World:
    states: States
    queue: HeldQueue
    failures: Failures

    def fails(self, name: str, *, redrives: int = 0, tell: bool = True, **about: Any) -> str:
        """Let an execution end badly, and tell the queue; return the message's id."""
        execution = {"status": "FAILED", "error": "E", "cause": "why", "redriveStatus": "REDRIVABLE"}
        self.states.executions[f"{ARN}:{name}"] = execution | {"redriveCount": redrives} | about
        if not tell:
            return ""
        detail = {"executionArn": f"{ARN}:{name}", "redriveCount": redrives, "error": "E", "cause": "why"}
        sent = self.queue.sqs.send_message(QueueUrl=self.queue.url, MessageBody=json.dumps({"detail": detail}))
        return str(sent["MessageId"])

    def names(self) -> list[str]:
        with self.failures.held() as found:
            return [one.name for one in found]

    def reason(self, name: str) -> str:
        with self.failures.held() as found:
            return next(one.reason for one in found if one.name == name)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> Iterator[World]:
    monkeypatch.setattr(HeldQueue, "_wait_seconds", 0)
    with mock_aws():
        sqs = boto3.client("sqs", "us-east-1")
        queue = HeldQueue(sqs, sqs.create_queue(QueueName="machine-failures")["QueueUrl"])
        states = States()
        made = World(states, queue, Failures("etl", states, queue, None))
        monkeypatch.setattr(command, "load", lambda _: None)
        monkeypatch.setattr(Failures, "on", lambda *_: [made.failures])
        yield made


def test_executions_are_listed_with_where_and_why_and_stay(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.fails("one")
    assert command.main(["list", "--json"]) == 0
    [told] = json.loads(capsys.readouterr().out)
    assert told == {
        "workflow": "etl", "arn": f"{ARN}:one", "status": "FAILED", "state": "LoadChunk", "error": "E", "cause": "why",
        "reason": "",
    }  # fmt: skip
    assert command.main(["list"]) == 0
    assert "LoadChunk" in capsys.readouterr().out
    assert world.names() == ["one"]


def test_nothing_is_done_without_yes(world: World, capsys: pytest.CaptureFixture[str]) -> None:
    world.fails("one")
    assert command.main(["redrive", "--all"]) == 0
    assert command.main(["discard", "one"]) == 0
    assert capsys.readouterr().out.count("1 of 1 executions would be") == 2
    assert world.names() == ["one"]
    assert not world.states.redriven


def test_a_redriven_execution_s_message_is_removed_and_the_others_stay(world: World) -> None:
    message = world.fails("one")
    world.fails("other")
    assert command.main(["redrive", "one", "--yes"]) == 0
    assert world.states.redriven == [(f"{ARN}:one", message)], "the message's id makes it happen once"
    assert world.names() == ["other"]


@pytest.mark.parametrize(
    ("about", "reason"),
    [
        ({"redriveStatus": "NOT_REDRIVABLE", "redriveStatusReason": "older than 14 days"}, "older than 14 days"),
        ({"redriveStatus": "REDRIVABLE_BY_MAP_RUN"}, "it is REDRIVABLE_BY_MAP_RUN"),
        ({"kind": "FailStateEntered"}, "it ended in LoadChunk, a Fail state"),
    ],
)
def test_what_cannot_be_redriven_is_not_and_its_message_stays(
    world: World, about: dict[str, Any], reason: str, capsys: pytest.CaptureFixture[str]
) -> None:
    world.fails("one", **about)
    world.fails("two")
    assert reason in world.reason("one")
    assert command.main(["redrive", "one"]) == 1, "the rehearsal tells as well"
    assert command.main(["redrive", "one", "--yes"]) == 1
    assert reason in capsys.readouterr().err
    assert command.main(["redrive", "--all", "--yes"]) == 0
    assert [arn for arn, _ in world.states.redriven] == [f"{ARN}:two"]
    assert world.names() == ["one"]


def test_what_something_cleaned_up_after_is_run_again_in_the_workflow_s_own_way(world: World) -> None:
    world.failures.run_again = "Upload the file again."
    world.fails("one")
    assert world.reason("one") == "something has cleaned up after it. Upload the file again."


def test_what_step_functions_has_forgotten_can_be_discarded(world: World) -> None:
    world.fails("one")
    world.states.executions.clear()
    assert world.reason("one") == "Step Functions has forgotten it"
    assert command.main(["discard", "one", "--yes"]) == 0
    assert world.names() == []


def test_a_message_that_was_left_behind_is_removed_without_another_redrive(world: World) -> None:
    world.fails("one")
    world.fails("one", tell=False, redrives=1, status="RUNNING", redriveStatus="NOT_REDRIVABLE")
    assert command.main(["redrive", "one", "--yes"]) == 0
    assert not world.states.redriven
    assert world.names() == []


def test_an_execution_that_failed_again_is_redriven_for_its_last_end(world: World) -> None:
    world.fails("one")
    last = world.fails("one", redrives=1)
    assert world.names() == ["one"]
    assert command.main(["redrive", "--all", "--yes"]) == 0
    assert world.states.redriven == [(f"{ARN}:one", last)]
    assert world.names() == []


def test_what_step_functions_refuses_stays_and_the_rest_goes_on(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    world.fails("one")
    world.states.refuse = True
    assert command.main(["redrive", "--all", "--yes"]) == 1
    assert "ExecutionLimitExceeded" in capsys.readouterr().err
    assert world.names() == ["one"]


@pytest.mark.usefixtures("world")
def test_an_unknown_execution_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["redrive", "one", "--yes"]) == 1
    assert capsys.readouterr().err == "no execution 'one' waits; `list` shows those that do\n"
    assert command.main(["list"]) == 0
    assert "No execution waits." in capsys.readouterr().out


def test_the_workflows_are_those_with_a_machine() -> None:
    outputs = {"etl": {"failures": {"queue_url": "https://queue", "run_again": None}}, "queue": {}, "overview": "name"}
    deployment = Deployment("test", outputs, "us-east-1")
    assert [each.workflow for each in Failures.on(deployment, None)] == ["etl"]
    with pytest.raises(RedriveError, match=r"'queue' is no workflow of test .* there are: etl"):
        Failures.on(deployment, "queue")


def test_an_error_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail(_: str) -> NoReturn:
        raise RedriveError("nothing there")

    monkeypatch.setattr(command, "load", fail)
    assert command.main(["list"]) == 1
    assert capsys.readouterr().err == "nothing there\n"
