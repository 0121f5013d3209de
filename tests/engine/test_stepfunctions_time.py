"""Step Functions: every limit on time and size holds."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from scripts.local_engine.mends.stepfunctions.retry import delay
from tests.support.machines import Machines, chain

type Clients = Callable[[str], Any]
CALLBACK = "arn:aws:states:::sqs:sendMessage.waitForTaskToken"


@pytest.fixture
def queue(client: Clients, name: str) -> str:
    url: str = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return url


def callback(queue: str, **limits: Any) -> dict[str, Any]:
    arguments = {"QueueUrl": queue, "MessageBody": {"token": "{% $states.context.Task.Token %}"}}
    return {"Type": "Task", "Resource": CALLBACK, "Arguments": arguments, **limits}


EVERYTHING = {"Action": "*", "Resource": "*"}


def test_the_machine_has_a_time_limit(machines: Machines) -> None:
    started = time.monotonic()
    ended = machines.once([{"Type": "Wait", "Seconds": 30}], top={"TimeoutSeconds": 1})
    assert (ended["status"], ended["error"]) == ("TIMED_OUT", "States.Timeout")
    assert 1 <= time.monotonic() - started < 5
    assert [event["type"] for event in machines.events(ended)] == [
        "ExecutionStarted",
        "WaitStateEntered",
        "ExecutionTimedOut",
    ]


def test_a_task_has_a_time_limit_that_may_be_an_expression(machines: Machines, queue: str) -> None:
    limited = callback(queue, TimeoutSeconds="{% $states.input.limit %}")
    ended = machines.once([limited], EVERYTHING, data={"limit": 1})
    assert (ended["status"], ended["error"]) == ("FAILED", "States.Timeout")
    timed_out = machines.events(ended)[-2]
    assert timed_out["type"] == "TaskTimedOut"
    assert timed_out["taskTimedOutEventDetails"]["error"] == "States.Timeout"


def test_a_missing_heartbeat_ends_the_wait(machines: Machines, queue: str) -> None:
    started = time.monotonic()
    state = callback(queue, TimeoutSeconds=60, HeartbeatSeconds=1)
    caught = {**state, "Catch": [{"ErrorEquals": ["States.HeartbeatTimeout"], "Next": "B"}]}
    ended = machines.once([caught, {"Type": "Pass", "Output": "{% $states.input.Error %}"}], EVERYTHING)
    assert (ended["status"], ended["output"]) == ("SUCCEEDED", '"States.HeartbeatTimeout"')
    assert time.monotonic() - started < 6


def test_heartbeats_keep_the_wait_alive(machines: Machines, queue: str, client: Clients) -> None:
    def work() -> None:
        message = client("sqs").receive_message(QueueUrl=queue, WaitTimeSeconds=10)["Messages"][0]
        token = message["Body"].split('"token": "')[1].split('"')[0]
        for _ in range(4):
            time.sleep(0.5)
            machines.sfn.send_task_heartbeat(taskToken=token)
        machines.sfn.send_task_success(taskToken=token, output='"done"')

    worker = threading.Thread(target=work)
    worker.start()
    ended = machines.once([callback(queue, TimeoutSeconds=60, HeartbeatSeconds=1)], EVERYTHING)
    worker.join()
    assert ended["output"] == '"done"', ended


def test_stopping_ends_a_wait_at_once(machines: Machines) -> None:
    machine = machines.make([{"Type": "Wait", "Seconds": 60}, {"Type": "Pass"}])
    arn = machines.sfn.start_execution(stateMachineArn=machine)["executionArn"]
    machines.sfn.stop_execution(executionArn=arn, error="Enough", cause="test")
    time.sleep(0.3)
    described = machines.sfn.describe_execution(executionArn=arn)
    assert (described["status"], described["error"]) == ("ABORTED", "Enough")
    assert machines.events(described)[-1]["type"] == "ExecutionAborted"


def test_delays_grow_up_to_their_maximum() -> None:
    retrier = {"IntervalSeconds": 40, "BackoffRate": 2, "MaxDelaySeconds": 100}
    assert [delay(retrier, count) for count in range(3)] == [40, 80, 100]


def test_full_jitter_stays_below_the_delay() -> None:
    retrier = {"IntervalSeconds": 10, "BackoffRate": 2, "MaxDelaySeconds": 15, "JitterStrategy": "FULL"}
    delays = {delay(retrier, 5) for _ in range(50)}
    assert len(delays) > 1
    assert all(0 <= seconds <= 15 for seconds in delays)


def test_a_maximum_delay_is_kept(machines: Machines) -> None:
    started = time.monotonic()
    retry = {"ErrorEquals": ["States.ALL"], "IntervalSeconds": 1, "BackoffRate": 20, "MaxDelaySeconds": 1}
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::sns:publish",
        "Arguments": {"TopicArn": "arn:aws:sns:us-east-1:000000000000:x", "Message": "m"},
        "Retry": [{**retry, "MaxAttempts": 2}],
    }
    ended = machines.once([task])
    assert ended["error"] == "SNS.AuthorizationErrorException"
    assert 2 <= time.monotonic() - started < 6


def test_a_state_passes_on_at_most_256_kib(machines: Machines) -> None:
    big = {"Type": "Pass", "Output": "{% $pad('', 1024 * $states.input.kib, 'x') %}"}
    machine = machines.make([big])
    assert machines.run(machine, {"kib": 255})["status"] == "SUCCEEDED"
    assert machines.run(machine, {"kib": 257})["error"] == "States.DataLimitExceeded"


def test_a_result_is_at_most_256_kib_even_if_little_of_it_is_passed_on(machines: Machines) -> None:
    inner = chain([{"Type": "Pass", "Output": "{% $pad('', 1024 * 100, 'x') %}"}])
    many = {"Type": "Map", "Items": [1, 2, 3], "ItemProcessor": inner, "Output": {}}
    assert machines.once([many])["error"] == "States.DataLimitExceeded"


def test_a_runtime_error_is_not_caught_by_all(machines: Machines) -> None:
    task = {"Type": "Task", "Resource": "arn:aws:states:::nothing:known", "Arguments": {}}
    task["Catch"] = [{"ErrorEquals": ["States.ALL"], "Next": "B"}]
    assert machines.once([task, {"Type": "Succeed"}])["error"] == "States.Runtime"
