"""Step Functions under a customer's key: who must be allowed to use it, and what is told without it."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.denials import denied
from tests.engine.waiting import until
from tests.support.machines import TRUST, Machines, definition

type Clients = Callable[[str], Any]
type AsRole = Callable[..., Clients]
type Hear = Callable[..., Callable[[], list[dict[str, Any]]]]

ACCOUNT = "arn:aws:iam::000000000000:root"
LOGS = "arn:aws:logs:us-east-1:000000000000:*"
PASS = [{"Type": "Pass", "Output": {"secret": 42}}]
DELIVER = {
    "Action": [
        *(f"logs:{verb}LogDelivery" for verb in ("Create", "Get", "Update", "Delete")),
        "logs:ListLogDeliveries",
        "logs:PutResourcePolicy",
        "logs:DescribeResourcePolicies",
        "logs:DescribeLogGroups",
    ],
    "Resource": "*",
}


def make_key(client: Clients, *statements: dict[str, Any]) -> str:
    own = {"Effect": "Allow", "Action": "kms:*", "Resource": "*", "Principal": {"AWS": ACCOUNT}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [own, *statements]})
    return str(client("kms").create_key(Policy=policy)["KeyMetadata"]["Arn"])


@pytest.fixture(scope="module")
def key(client: Clients) -> str:
    return make_key(client)


def under(key: str) -> dict[str, Any]:
    return {"encryptionConfiguration": {"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": key}}


def use(key: str, *actions: str, machine: str = "*", via: str = "") -> dict[str, Any]:
    context = {"kms:EncryptionContext:aws:states:stateMachineArn": f"arn:aws:states:*:*:stateMachine:{machine}"}
    condition = {"StringLike": context} | ({"StringEquals": {"kms:ViaService": via}} if via else {})
    return {"Action": [f"kms:{action}" for action in actions], "Resource": key, "Condition": condition}


def through(key: str, *actions: str, **how: str) -> dict[str, Any]:
    return use(key, *actions, via="states.us-east-1.amazonaws.com", **how)


@pytest.fixture
def machine(machines: Machines, key: str) -> str:
    return machines.make(PASS, use(key, "Decrypt", "GenerateDataKey"), **under(key))


def test_an_execution_begins_only_if_the_role_may_use_the_key_for_this_machine(machines: Machines, key: str) -> None:
    both = ("Decrypt", "GenerateDataKey")
    able = machines.make(PASS, use(key, *both, machine="machine-*"), **under(key))
    assert machines.run(able)["status"] == "SUCCEEDED"
    for statement in (use(key, "Decrypt"), use(key, *both, machine="other"), through(key, *both)):
        unable = machines.make(PASS, statement, **under(key))
        with pytest.raises(ClientError, match=r"KmsAccessDeniedException.*kms:") as refusal:
            machines.sfn.start_execution(stateMachineArn=unable)
        assert f"on resource: {key}" in str(refusal.value)
        assert machines.sfn.list_executions(stateMachineArn=unable)["executions"] == []


def test_a_synchronous_execution_is_not_kept_so_its_role_only_decrypts(
    client: Clients, engine: Engine, machines: Machines, key: str
) -> None:
    session, here = client.session, Config(inject_host_prefix=False)  # type: ignore[attr-defined] # see conftest
    sfn = session.client("stepfunctions", endpoint_url=engine.url, config=here)
    express = {"type": "EXPRESS", **under(key)}
    able, unable = machines.make(PASS, use(key, "Decrypt"), **express), machines.make(PASS, **express)
    assert sfn.start_sync_execution(stateMachineArn=able)["status"] == "SUCCEEDED"
    with pytest.raises(ClientError, match="KmsAccessDeniedException"):
        sfn.start_sync_execution(stateMachineArn=unable)


def test_whoever_makes_or_changes_a_machine_must_be_allowed_to_use_the_key(
    as_role: AsRole, make_role: Callable[..., str], name: str, key: str
) -> None:
    make = {"Action": ["states:CreateStateMachine", "states:UpdateStateMachine", "iam:PassRole"], "Resource": "*"}
    look = {"Action": "kms:DescribeKey", "Resource": key}
    given = {"name": name, "roleArn": make_role(trust=TRUST), "definition": json.dumps(definition(PASS))}
    seal = through(key, "GenerateDataKey", machine=name)
    for statements, missing in (([seal], "kms:DescribeKey"), ([look], "kms:GenerateDataKey")):
        told = denied(as_role(make, *statements)("stepfunctions").create_state_machine, **given, **under(key))
        assert f"{missing} on resource: {key}" in told
    able = as_role(make, look, seal)("stepfunctions")
    arn = able.create_state_machine(**given, **under(key))["stateMachineArn"]
    able.update_state_machine(stateMachineArn=arn, roleArn=given["roleArn"])
    changed = as_role(make)("stepfunctions").update_state_machine
    assert "kms:DescribeKey" in denied(changed, stateMachineArn=arn, roleArn=given["roleArn"])


def test_whoever_reads_must_be_allowed_to_decrypt_unless_only_metadata_is_read(
    as_role: AsRole, machines: Machines, machine: str, key: str
) -> None:
    execution = machines.run(machine)["executionArn"]
    read = {"Action": ["states:Describe*", "states:GetExecutionHistory"], "Resource": "*"}
    bare, able = as_role(read)("stepfunctions"), as_role(read, through(key, "Decrypt"))("stepfunctions")
    calls = {
        "describe_state_machine": {"stateMachineArn": machine},
        "describe_state_machine_for_execution": {"executionArn": execution},
        "describe_execution": {"executionArn": execution},
        "get_execution_history": {"executionArn": execution},
    }
    for call, arguments in calls.items():
        with pytest.raises(ClientError) as refusal:
            getattr(bare, call)(**arguments)
        assert refusal.value.response["Error"]["Code"] == "KmsAccessDeniedException"
        assert f"kms:Decrypt on resource: {key}" in refusal.value.response["Error"]["Message"]
        assert getattr(able, call)(**arguments)
    seen = bare.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
    assert (seen["status"], "input" in seen, "output" in seen) == ("SUCCEEDED", False, False)
    assert "definition" not in bare.describe_state_machine(stateMachineArn=machine, includedData="METADATA_ONLY")
    assert able.describe_state_machine(stateMachineArn=machine)["encryptionConfiguration"]["kmsKeyId"] == key


def test_whoever_starts_or_stops_needs_no_key(as_role: AsRole, machines: Machines, key: str) -> None:
    waiting = machines.make([{"Type": "Wait", "Seconds": 60}], use(key, "Decrypt", "GenerateDataKey"), **under(key))
    caller = as_role({"Action": ["states:StartExecution", "states:StopExecution"], "Resource": "*"})("stepfunctions")
    execution = caller.start_execution(stateMachineArn=waiting)["executionArn"]
    assert caller.stop_execution(executionArn=execution)["stopDate"]


def test_a_machine_that_reads_its_own_executions_uses_its_own_right(machines: Machines, machine: str, key: str) -> None:
    execution = machines.run(machine, {"a": 1})["executionArn"]
    resource = "arn:aws:states:::aws-sdk:sfn:describeExecution"
    states = [{"Type": "Task", "Resource": resource, "Arguments": {"ExecutionArn": execution}}]
    look = {"Action": "states:DescribeExecution", "Resource": execution}
    seen = machines.once(states, look, through(key, "Decrypt"))
    assert json.loads(json.loads(seen["output"])["Input"]) == {"a": 1}
    blind = machines.once(states, look)
    assert (blind["error"], f"kms:Decrypt on resource: {key}" in blind["cause"]) == ("Sfn.SfnException", True)


@pytest.mark.parametrize("may_deliver", [True, False])
@pytest.mark.parametrize("may_encrypt", [True, False])
def test_logs_come_if_the_role_may_encrypt_and_the_delivery_may_decrypt_them(
    client: Clients, machines: Machines, name: str, *, may_encrypt: bool, may_deliver: bool
) -> None:
    condition = {"StringEquals": {"kms:EncryptionContext:SourceArn": LOGS}}
    delivery = {"Effect": "Allow", "Principal": {"Service": "delivery.logs.amazonaws.com"}, "Resource": "*"}
    key = make_key(client, *([{**delivery, "Action": "kms:Decrypt", "Condition": condition}] if may_deliver else []))
    encrypt = {"Action": "kms:GenerateDataKey", "Resource": key, "Condition": condition}
    client("logs").create_log_group(logGroupName=name)
    group = f"arn:aws:logs:us-east-1:000000000000:log-group:{name}:*"
    logging = {"level": "ALL", "destinations": [{"cloudWatchLogsLogGroup": {"logGroupArn": group}}]}
    statements = [DELIVER, use(key, "Decrypt", "GenerateDataKey"), *([encrypt] if may_encrypt else [])]
    assert machines.once(PASS, *statements, loggingConfiguration=logging, **under(key))["status"] == "SUCCEEDED"
    assert bool(client("logs").filter_log_events(logGroupName=name)["events"]) is (may_encrypt and may_deliver)


def test_nothing_begins_and_nothing_is_read_while_the_key_is_disabled(client: Clients, machines: Machines) -> None:
    key = make_key(client)
    machine = machines.make(PASS, use(key, "Decrypt", "GenerateDataKey"), **under(key))
    execution = machines.run(machine)["executionArn"]
    client("kms").disable_key(KeyId=key)
    for call, arguments in (
        ("start_execution", {"stateMachineArn": machine}),
        ("describe_state_machine", {"stateMachineArn": machine}),
        ("describe_execution", {"executionArn": execution}),
        ("get_execution_history", {"executionArn": execution}),
    ):
        with pytest.raises(ClientError, match="KmsInvalidStateException"):
            getattr(machines.sfn, call)(**arguments)
    seen = machines.sfn.describe_execution(executionArn=execution, includedData="METADATA_ONLY")
    assert seen["status"] == "SUCCEEDED"


@pytest.mark.parametrize("sealed", [True, False])
def test_events_of_a_machine_under_a_key_tell_no_data(
    machines: Machines, key: str, hear: Hear, *, sealed: bool
) -> None:
    fail = [{"Type": "Fail", "Error": "Broken", "Cause": "secret"}]
    machine = machines.make(fail, use(key, "Decrypt", "GenerateDataKey"), **(under(key) if sealed else {}))
    heard = hear({"source": ["aws.states"], "detail": {"stateMachineArn": [machine], "status": ["FAILED"]}})
    ended = machines.run(machine, {"a": 1})
    assert (ended["error"], json.loads(ended["input"])) == ("Broken", {"a": 1})
    [event] = until(heard)
    told = {name: event["detail"][name] for name in ("input", "inputDetails", "output", "error", "cause")}
    data = {"input": '{"a": 1}', "inputDetails": {"included": True}, "error": "Broken", "cause": "secret"}
    nothing = {"input": None, "inputDetails": {"included": False}, "error": None, "cause": None}
    assert told == {"output": None, **(nothing if sealed else data)}


def test_the_children_of_a_distributed_map_are_under_the_same_key(
    as_role: AsRole, machines: Machines, key: str
) -> None:
    each = {"ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}}
    each |= {"StartAt": "One", "States": {"One": {"Type": "Pass", "End": True}}}
    states = [{"Type": "Map", "Label": "Each", "Items": [1], "ItemProcessor": each}]
    follow = {"Action": ["states:StartExecution", "states:DescribeExecution"], "Resource": "*"}
    ended = machines.once(states, follow, use(key, "Decrypt", "GenerateDataKey"), **under(key))
    assert ended["status"] == "SUCCEEDED", ended
    [run] = machines.sfn.list_map_runs(executionArn=ended["executionArn"])["mapRuns"]
    [child] = machines.sfn.list_executions(mapRunArn=run["mapRunArn"])["executions"]
    reader = as_role({"Action": "states:GetExecutionHistory", "Resource": "*"})("stepfunctions")
    assert "kms:Decrypt" in denied(reader.get_execution_history, executionArn=child["executionArn"])


def test_waiting_for_a_machine_under_a_key_needs_the_right_to_read_it(
    machines: Machines, machine: str, key: str
) -> None:
    states = [
        {
            "Type": "Task",
            "Resource": "arn:aws:states:::states:startExecution.sync:2",
            "Arguments": {"StateMachineArn": machine, "Input": {}},
        }
    ]
    run = {"Action": ["states:*", "events:*"], "Resource": "*"}
    assert f"kms:Decrypt on resource: {key}" in machines.once(states, run)["cause"]
    read = through(key, "Decrypt", machine=machine.rpartition(":")[2])
    assert json.loads(machines.once(states, run, read)["output"])["Output"] == {"secret": 42}
