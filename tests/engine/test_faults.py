"""Injected faults: a retry that fails twice and then succeeds can be shown."""

import json
import time
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.executions import history, wait_for_end
from scripts.local_engine import Engine
from scripts.signed_http import send
from tests.engine.hooks import hook
from tests.engine.hosts import Hosts

RESOURCE = "arn:aws:states:::sns:publish"
RETRY = {"ErrorEquals": ["SNS.InternalErrorException"], "IntervalSeconds": 1, "BackoffRate": 1.0, "MaxAttempts": 3}


def test_an_integration_fails_as_often_as_asked(
    engine: Engine, client: Callable[[str], Any], make_role: Callable[..., str], name: str
) -> None:
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    role = make_role({"Action": "sns:Publish", "Resource": topic}, trust="states.amazonaws.com")
    parameters = {"TopicArn": topic, "Message": "hello"}
    publish = {"Type": "Task", "Resource": RESOURCE, "Parameters": parameters, "Retry": [RETRY], "End": True}
    definition = json.dumps({"StartAt": "Publish", "States": {"Publish": publish}})
    states = client("stepfunctions")
    machine = states.create_state_machine(name=name, roleArn=role, definition=definition)["stateMachineArn"]
    fault = {"resource": RESOURCE, "error": "SNS.InternalErrorException", "times": 2}
    urllib.request.urlopen(f"{engine.url}/_local/faults", json.dumps(fault).encode(), timeout=5)  # noqa: S310 our own URL

    execution = states.start_execution(stateMachineArn=machine)["executionArn"]

    assert wait_for_end(states, execution, 20)["status"] == "SUCCEEDED"
    failures = [event for event in history(states, execution) if event["type"] == "TaskFailed"]
    assert len(failures) == 2


def test_an_integration_answers_what_it_is_told(
    engine: Engine, client: Callable[[str], Any], make_role: Callable[..., str], name: str
) -> None:
    role = make_role({"Action": "sns:Publish", "Resource": "*"}, trust="states.amazonaws.com")
    publish = {"Type": "Task", "Resource": RESOURCE, "Parameters": {"TopicArn": name, "Message": "hello"}, "End": True}
    definition = json.dumps({"StartAt": "Publish", "States": {"Publish": publish}})
    states = client("stepfunctions")
    machine = states.create_state_machine(name=name, roleArn=role, definition=definition)["stateMachineArn"]
    hook(engine, "faults", resource=RESOURCE, result={"MessageId": "1"}, times=1, when={"TopicArn": name})

    def run() -> dict[str, Any]:
        return wait_for_end(states, states.start_execution(stateMachineArn=machine)["executionArn"], 20)

    assert json.loads(run()["output"]) == {"MessageId": "1"}
    assert run()["status"] == "FAILED", "there is no such topic"


def test_an_api_fails_as_often_as_asked(engine: Engine, client: Callable[[str], Any]) -> None:
    fault = {"resource": "sqs:ListQueues", "error": "ThrottlingException", "times": 1}
    urllib.request.urlopen(f"{engine.url}/_local/faults", json.dumps(fault).encode(), timeout=5)  # noqa: S310 our own URL
    with pytest.raises(ClientError, match="ThrottlingException"):
        client("sqs").list_queues()
    client("sqs").list_queues()


def test_an_api_takes_its_time(engine: Engine, client: Callable[[str], Any]) -> None:
    hook(engine, "faults", resource="sqs:ListQueues", seconds=0.5, times=1)
    began = time.monotonic()
    client("sqs").list_queues()
    assert time.monotonic() - began >= 0.5


def test_what_is_armed_is_told_and_forgotten(engine: Engine, client: Callable[[str], Any]) -> None:
    fault = {"resource": "sqs:ListQueues", "error": "ThrottlingException"}
    send("DELETE", f"{engine.url}/_local/faults")
    hook(engine, "faults", **fault, times=2)
    with pytest.raises(ClientError, match="ThrottlingException"):
        client("sqs").list_queues()
    [left] = json.loads(send("GET", f"{engine.url}/_local/faults").text)
    assert left.items() >= {**fault, "times": 1}.items()
    send("DELETE", f"{engine.url}/_local/faults")
    client("sqs").list_queues()
    assert json.loads(send("GET", f"{engine.url}/_local/faults").text) == []


def test_an_instance_type_has_no_capacity(engine: Engine, hosts: Hosts) -> None:
    when = {"InstanceType": "t3.micro"}
    fault = {"resource": "ec2:RunInstances", "error": "InsufficientInstanceCapacity", "times": 2, "when": when}
    urllib.request.urlopen(f"{engine.url}/_local/faults", json.dumps(fault).encode(), timeout=5)  # noqa: S310 our own URL
    hosts.run(InstanceType="t3.nano")
    for _ in range(2):
        with pytest.raises(ClientError) as refused:
            hosts.run(InstanceType="t3.micro")
        answer = refused.value.response
        assert answer["Error"]["Code"] == "InsufficientInstanceCapacity"
        assert answer["ResponseMetadata"]["HTTPStatusCode"] == 500
    hosts.run(InstanceType="t3.micro")
