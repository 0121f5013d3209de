"""Step Functions: machines are kept whole, versions stay as published, bad definitions are refused."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.machines import Machines, definition

type Clients = Callable[[str], Any]
EVERYTHING = {"Action": "*", "Resource": "*"}


def answering(answer: int) -> list[dict[str, Any]]:
    return [{"Type": "Pass", "Output": answer}]


@pytest.fixture
def alias(machines: Machines) -> str:
    """An alias of a machine's version 1, that answers 1; the machine itself answers 2."""
    machine = machines.make(answering(1))
    version = machines.sfn.publish_state_machine_version(stateMachineArn=machine)["stateMachineVersionArn"]
    machines.sfn.update_state_machine(stateMachineArn=machine, definition=json.dumps(definition(answering(2))))
    routes = [{"stateMachineVersionArn": version, "weight": 100}]
    made: str = machines.sfn.create_state_machine_alias(name="live", routingConfiguration=routes)[
        "stateMachineAliasArn"
    ]
    return made


def test_an_alias_runs_its_version(machines: Machines, alias: str) -> None:
    ended = machines.run(alias)
    assert ended["output"] == "1"
    assert ended["stateMachineAliasArn"] == alias
    assert ended["stateMachineVersionArn"] == f"{ended['stateMachineArn']}:1"
    assert machines.run(ended["stateMachineArn"])["output"] == "2"
    listed = machines.sfn.list_executions(stateMachineArn=alias)["executions"]
    assert [execution["executionArn"] for execution in listed] == [ended["executionArn"]]
    described = machines.sfn.describe_state_machine(stateMachineArn=alias)
    assert json.loads(described["definition"])["States"]["A"]["Output"] == 1


def test_starting_again_by_name_is_idempotent_while_it_runs(machines: Machines) -> None:
    machine = machines.make([{"Type": "Wait", "Seconds": 1}])
    first, again = (machines.sfn.start_execution(stateMachineArn=machine, name="one", input="{}") for _ in range(2))
    assert first["executionArn"] == again["executionArn"]
    with pytest.raises(ClientError, match="ExecutionAlreadyExists"):
        machines.sfn.start_execution(stateMachineArn=machine, name="one", input='{"other": 1}')


def test_tracing_is_kept(machines: Machines) -> None:
    machine = machines.make([{"Type": "Pass"}], EVERYTHING, tracingConfiguration={"enabled": True})
    assert machines.sfn.describe_state_machine(stateMachineArn=machine)["tracingConfiguration"] == {"enabled": True}
    machines.sfn.update_state_machine(stateMachineArn=machine, tracingConfiguration={"enabled": False})
    assert machines.sfn.describe_state_machine(stateMachineArn=machine)["tracingConfiguration"] == {"enabled": False}


@pytest.mark.parametrize(
    ("broken", "code"),
    [
        ({"StartAt": "Nowhere", "States": {"A": {"Type": "Succeed"}}}, "MISSING_TRANSITION_TARGET"),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass", "Next": "Nowhere"}}}, "MISSING_TRANSITION_TARGET"),
        ({"StartAt": "A", "States": {"A": {"Type": "Pass"}}}, "SCHEMA_VALIDATION_FAILED"),
        ({"StartAt": "A", "States": {}}, "SCHEMA_VALIDATION_FAILED"),
    ],
)
def test_a_broken_definition_is_refused(machines: Machines, broken: dict[str, Any], code: str) -> None:
    text = json.dumps(broken)
    answer = machines.sfn.validate_state_machine_definition(definition=text)
    assert answer["result"] == "FAIL"
    assert answer["diagnostics"][0]["code"] == code
    role = "arn:aws:iam::000000000000:role/any"
    with pytest.raises(ClientError, match="InvalidDefinition"):
        machines.sfn.create_state_machine(name="broken", roleArn=role, definition=text)


def test_a_sound_definition_is_sound(machines: Machines) -> None:
    text = json.dumps(definition([{"Type": "Pass"}, {"Type": "Succeed"}]))
    assert machines.sfn.validate_state_machine_definition(definition=text)["result"] == "OK"


def test_redriving_goes_on_where_it_failed(machines: Machines, client: Clients, name: str) -> None:
    task = {
        "Type": "Task",
        "Resource": "arn:aws:states:::aws-sdk:s3:headBucket",
        "Arguments": {"Bucket": name},
        "Output": "{% $states.input %}",
    }
    machine = machines.make([{"Type": "Pass", "Output": {"kept": 1}}, task], EVERYTHING)
    failed = machines.run(machine)
    assert failed["status"] == "FAILED"
    client("s3").create_bucket(Bucket=name)
    machines.sfn.redrive_execution(executionArn=failed["executionArn"])
    time.sleep(0.5)
    ended = machines.sfn.describe_execution(executionArn=failed["executionArn"])
    assert (ended["status"], ended["output"], ended["redriveCount"]) == ("SUCCEEDED", '{"kept": 1}', 1)
    kinds = [event["type"] for event in machines.events(ended)]
    assert kinds.count("PassStateEntered") == 1
    assert "ExecutionRedriven" in kinds


def test_executions_are_counted(machines: Machines, client: Clients, alias: str) -> None:
    ended = machines.run(alias)
    dimensions = [{"Name": "StateMachineArn", "Value": ended["stateMachineArn"]}]
    listed = client("cloudwatch").list_metrics(Namespace="AWS/States", Dimensions=dimensions)["Metrics"]
    found = {(metric["MetricName"], *(d["Value"] for d in metric["Dimensions"][1:])) for metric in listed}
    assert {("ExecutionsStarted",), ("ExecutionsSucceeded",), ("ExecutionTime",)} <= found
    assert any("live" in names for names in found)
