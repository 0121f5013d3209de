"""Step Functions: a task token is answered once and in time, by whoever may answer for its machine."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.executions import wait_for_end
from tests.support.machines import Machines

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}


class Waiting:
    """An execution that waits for a token which it has sent to a queue."""

    def __init__(self, machines: Machines, client: Clients, name: str, **limits: Any) -> None:
        self.sfn, self._sqs = machines.sfn, client("sqs")
        self._url = self._sqs.create_queue(QueueName=name)["QueueUrl"]
        message = {"QueueUrl": self._url, "MessageBody": {"token": "{% $states.context.Task.Token %}"}}
        resource = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"
        self.machine = machines.make(
            [{"Type": "Task", "Resource": resource, "Arguments": message, **limits}], EVERYTHING
        )
        self.execution = self.sfn.start_execution(stateMachineArn=self.machine)["executionArn"]
        [sent] = self._sqs.receive_message(QueueUrl=self._url, WaitTimeSeconds=10)["Messages"]
        self.token = json.loads(sent["Body"])["token"]

    def end(self) -> dict[str, Any]:
        return wait_for_end(self.sfn, self.execution, 20)


def refusal(call: Callable[..., Any], **arguments: Any) -> str:
    with pytest.raises(ClientError) as refused:
        call(**arguments)
    return str(refused.value.response["Error"]["Code"])


def test_the_first_answer_counts(machines: Machines, client: Clients, name: str) -> None:
    task = Waiting(machines, client, name, TimeoutSeconds=20)
    outcomes: list[str] = []

    def click() -> None:
        try:
            machines.sfn.send_task_success(taskToken=task.token, output='{"decision": "APPROVED"}')
            outcomes.append("taken")
        except ClientError as error:
            outcomes.append(error.response["Error"]["Code"])

    clicks = [threading.Thread(target=click) for _ in range(10)]
    for each in clicks:
        each.start()
    for each in clicks:
        each.join()
    assert sorted(outcomes) == ["TaskTimedOut"] * 9 + ["taken"]
    assert json.loads(task.end()["output"]) == {"decision": "APPROVED"}
    assert refusal(machines.sfn.send_task_failure, taskToken=task.token) == "TaskTimedOut"
    assert refusal(machines.sfn.send_task_heartbeat, taskToken=task.token) == "TaskTimedOut"


def test_a_late_answer_is_told_so(machines: Machines, client: Clients, name: str) -> None:
    task = Waiting(machines, client, name, TimeoutSeconds="{% 1 %}")
    assert task.end()["error"] == "States.Timeout"
    with pytest.raises(ClientError, match="Provided task does not exist anymore") as late:
        machines.sfn.send_task_success(taskToken=task.token, output="{}")
    assert late.value.response["Error"]["Code"] == "TaskTimedOut"


def test_an_execution_that_was_stopped_takes_no_answer(machines: Machines, client: Clients, name: str) -> None:
    task = Waiting(machines, client, name, TimeoutSeconds=20)
    machines.sfn.stop_execution(executionArn=task.execution)
    time.sleep(0.3)
    assert refusal(machines.sfn.send_task_success, taskToken=task.token, output="{}") == "TaskTimedOut"


def test_what_is_no_token_or_no_output(machines: Machines, client: Clients, name: str) -> None:
    assert refusal(machines.sfn.send_task_success, taskToken="no-token", output="{}") == "InvalidToken"
    assert refusal(machines.sfn.send_task_heartbeat, taskToken="bm8gdG9rZW4=") == "InvalidToken"
    task = Waiting(machines, client, name, TimeoutSeconds=20)
    assert refusal(machines.sfn.send_task_success, taskToken=task.token, output="{") == "InvalidOutput"
    machines.sfn.send_task_failure(taskToken=task.token, error="Denied", cause="no")
    ended = task.end()
    assert (ended["status"], ended["error"], ended["cause"]) == ("FAILED", "Denied", "no")


def test_the_time_between_heartbeats_is_bounded(machines: Machines, client: Clients, name: str) -> None:
    task = Waiting(machines, client, name, TimeoutSeconds=20, HeartbeatSeconds="{% 1 %}")
    time.sleep(0.7)
    machines.sfn.send_task_heartbeat(taskToken=task.token)
    beat = time.monotonic()
    ended = task.end()
    assert ended["error"] == "States.HeartbeatTimeout"
    assert 0.8 < time.monotonic() - beat < 1.6  # from the heartbeat on


def test_answering_is_permitted_by_machine(machines: Machines, client: Clients, name: str, as_role: Any) -> None:
    task = Waiting(machines, client, name, TimeoutSeconds=20)
    actions = [f"states:SendTask{kind}" for kind in ("Success", "Failure", "Heartbeat")]
    other = as_role({"Action": actions, "Resource": f"{task.machine}-other"})("stepfunctions")
    with pytest.raises(ClientError, match=f"states:SendTaskSuccess on resource: {task.machine}"):
        other.send_task_success(taskToken=task.token, output="{}")
    mine = as_role({"Action": actions, "Resource": task.machine})("stepfunctions")
    assert refusal(mine.send_task_success, taskToken="no-token", output="{}") == "InvalidToken"
    mine.send_task_heartbeat(taskToken=task.token)
    mine.send_task_success(taskToken=task.token, output="{}")
    assert task.end()["status"] == "SUCCEEDED"
    assert refusal(mine.send_task_failure, taskToken=task.token) == "TaskTimedOut"
