"""EventBridge rules and schedules: the permissions of their targets, dead-letter queues and metrics."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.waiting import until

Clients = Callable[[str], Any]
ACCOUNT = "000000000000"


def make_queue(client: Clients, name: str, sender: str | None = None, source: str = "*") -> dict[str, str]:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    arn = f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"
    if sender:
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": sender},
            "Action": "sqs:SendMessage",
            "Resource": arn,
            "Condition": {"ArnLike": {"aws:SourceArn": source}, "StringEquals": {"aws:SourceAccount": ACCOUNT}},
        }
        policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    return {"url": url, "arn": arn}


def messages(client: Clients, queue: dict[str, str], wait: int = 0) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (
        client("sqs")
        .receive_message(QueueUrl=queue["url"], MessageAttributeNames=["All"], WaitTimeSeconds=wait)
        .get("Messages", [])
    )
    return found


def failed_invocations(client: Clients, rule: str) -> float:
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Events",
        MetricName="FailedInvocations",
        Dimensions=[{"Name": "RuleName", "Value": rule}],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
        Period=86400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


@pytest.fixture
def rule(client: Clients, name: str) -> str:
    return str(client("events").put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"])


def emit(client: Clients, source: str) -> None:
    client("events").put_events(Entries=[{"Source": source, "DetailType": "d", "Detail": '{"n": 1}'}])


def test_a_queue_target_needs_the_queues_policy(client: Clients, name: str, rule: str) -> None:
    closed = make_queue(client, f"{name}-closed")
    opened = make_queue(client, f"{name}-open", "events.amazonaws.com", rule)
    targets = [{"Id": "closed", "Arn": closed["arn"]}, {"Id": "open", "Arn": opened["arn"]}]
    client("events").put_targets(Rule=name, Targets=targets)
    emit(client, name)
    assert until(lambda: messages(client, opened))
    assert messages(client, closed) == []
    assert failed_invocations(client, name) == 1


def test_a_machine_target_needs_its_role_and_what_is_refused_goes_to_the_dead_letter_queue(
    client: Clients, name: str, rule: str, make_role: Callable[..., str]
) -> None:
    machine = client("stepfunctions").create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn=make_role(trust="states.amazonaws.com"),
    )["stateMachineArn"]
    dead = make_queue(client, f"{name}-dead", "events.amazonaws.com", rule)

    def target(role: str) -> None:
        settings = {"Id": "t", "Arn": machine, "RoleArn": role, "DeadLetterConfig": {"Arn": dead["arn"]}}
        client("events").put_targets(Rule=name, Targets=[settings])
        emit(client, name)

    started = lambda: client("stepfunctions").list_executions(stateMachineArn=machine)["executions"]  # noqa: E731
    target(make_role(trust="events.amazonaws.com"))
    refused = until(lambda: messages(client, dead))[0]
    assert refused["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert refused["MessageAttributes"]["RULE_ARN"]["StringValue"] == rule
    assert json.loads(refused["Body"])["detail"] == {"n": 1}
    start = {"Action": "states:StartExecution", "Resource": machine}
    other_rule = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": f"{rule}-other"}}
    target(make_role(start, trust={"Principal": {"Service": "events.amazonaws.com"}, "Condition": other_rule}))
    assert until(lambda: messages(client, dead))
    assert started() == []
    this_rule = {"StringEquals": {"aws:SourceAccount": ACCOUNT}, "ArnEquals": {"aws:SourceArn": rule}}
    target(make_role(start, trust={"Principal": {"Service": "events.amazonaws.com"}, "Condition": this_rule}))
    assert until(started)


def test_a_target_that_is_gone_is_named_in_the_dead_letter(client: Clients, name: str, rule: str) -> None:
    gone = make_queue(client, f"{name}-gone", "events.amazonaws.com")
    dead = make_queue(client, f"{name}-dead", "events.amazonaws.com", rule)
    target = {"Id": "t", "Arn": gone["arn"], "DeadLetterConfig": {"Arn": dead["arn"]}}
    client("events").put_targets(Rule=name, Targets=[target])
    client("sqs").delete_queue(QueueUrl=gone["url"])
    emit(client, name)
    attributes = until(lambda: messages(client, dead))[0]["MessageAttributes"]
    assert attributes["TARGET_ARN"]["StringValue"] == gone["arn"]


def schedule(client: Clients, name: str, role: str, target: dict[str, str], dead: dict[str, str]) -> None:
    client("scheduler").create_schedule(
        Name=name,
        ScheduleExpression=f"at({datetime.now(UTC) + timedelta(seconds=0.2):%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target={
            "Arn": target["arn"],
            "RoleArn": role,
            "Input": json.dumps({"schedule": name}),
            "DeadLetterConfig": {"Arn": dead["arn"]},
        },
    )


def test_a_schedule_reaches_its_target_and_dead_letter_queue_with_its_role_only(
    client: Clients, name: str, make_role: Callable[..., str]
) -> None:
    target, dead = make_queue(client, name), make_queue(client, f"{name}-dead")
    send = [{"Action": "sqs:SendMessage", "Resource": queue["arn"]} for queue in (target, dead)]
    schedule(client, name, make_role(send[1], trust="scheduler.amazonaws.com"), target, dead)
    refused = until(lambda: messages(client, dead, wait=1))[0]
    assert refused["MessageAttributes"]["ERROR_CODE"]["StringValue"] == "NO_PERMISSIONS"
    assert json.loads(refused["Body"]) == {"schedule": name}
    assert messages(client, target) == []
    client("scheduler").delete_schedule(Name=name)  # and made again under the same name, it fires again
    schedule(client, name, make_role(send[0], trust="scheduler.amazonaws.com"), target, dead)
    assert json.loads(until(lambda: messages(client, target, wait=1))[0]["Body"]) == {"schedule": name}


def test_a_schedules_role_must_trust_its_group(client: Clients, name: str, make_role: Callable[..., str]) -> None:
    queue = make_queue(client, name)
    group = f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule-group/other"
    condition = {"ArnEquals": {"aws:SourceArn": group}}
    role = make_role(trust={"Principal": {"Service": "scheduler.amazonaws.com"}, "Condition": condition})
    with pytest.raises(ClientError, match="must allow AWS EventBridge Scheduler to assume the role"):
        schedule(client, name, role, queue, queue)


def test_an_event_may_come_twice(client: Clients, name: str, rule: str, engine: Engine) -> None:
    queue = make_queue(client, name, "events.amazonaws.com", rule)
    client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue["arn"]}])
    hook(engine, "events/repetitions", rule=name, times=1)
    emit(client, name)
    emit(client, name)
    ids: list[str] = []

    def all_three() -> bool:
        ids.extend(json.loads(message["Body"])["id"] for message in messages(client, queue))
        return len(ids) >= 3

    until(all_three)
    assert (len(ids), len(set(ids))) == (3, 2), "the first event, as it was, twice"
