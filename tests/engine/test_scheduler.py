"""EventBridge Scheduler: moments in time zones, retries, dead letters, context attributes, aliases as targets."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.functions import Functions
from tests.engine.hooks import hook
from tests.engine.waiting import until

type Clients = Callable[[str], Any]
ACCOUNT = "000000000000"
TOKYO = ZoneInfo("Asia/Tokyo")


class Schedules:
    """Makes schedules with a queue as target, another one for dead letters, and a role for both."""

    def __init__(self, client: Clients, make_role: Callable[..., str]) -> None:
        self.client = client("scheduler")
        self._sqs = client("sqs")
        self._make_role = make_role

    def queue(self) -> str:
        name = f"queue-{uuid4().hex[:12]}"
        self._sqs.create_queue(QueueName=name)
        return f"arn:aws:sqs:us-east-1:{ACCOUNT}:{name}"

    def messages(self, arn: str) -> list[dict[str, Any]]:
        url = self._sqs.get_queue_url(QueueName=arn.rpartition(":")[2])["QueueUrl"]
        found = self._sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
        return list(found.get("Messages", []))

    def make(self, expression: str, **settings: Any) -> tuple[str, str]:
        """Return the queues for what arrives and for what does not."""
        target, dead = self.queue(), self.queue()
        role = self._make_role(
            {"Action": "sqs:SendMessage", "Resource": [target, dead]}, trust="scheduler.amazonaws.com"
        )
        given = {"Arn": target, "RoleArn": role, "DeadLetterConfig": {"Arn": dead}, **settings.pop("target", {})}
        self.put(settings.pop("name", dead.rpartition(":")[2]), expression, given, **settings)
        return target, dead

    def put(self, name: str, expression: str, target: dict[str, Any], **settings: Any) -> None:
        put = self.client.update_schedule if settings.pop("update", False) else self.client.create_schedule
        off = {"FlexibleTimeWindow": {"Mode": "OFF"}}
        put(Name=name, ScheduleExpression=expression, Target=target, **{**off, **settings})


@pytest.fixture(scope="module")
def schedules(client: Clients, make_role: Callable[..., str]) -> Schedules:
    return Schedules(client, make_role)


def at(moment: datetime) -> str:
    return f"at({moment:%Y-%m-%dT%H:%M:%S})"


def soon(zone: Any = UTC) -> datetime:
    return datetime.now(zone) + timedelta(seconds=2)


def test_a_time_is_that_of_its_zone(schedules: Schedules) -> None:
    tokyo, _ = schedules.make(at(soon(TOKYO)), ScheduleExpressionTimezone="Asia/Tokyo")
    elsewhere, _ = schedules.make(at(soon(TOKYO)))
    flexible = {"FlexibleTimeWindow": {"Mode": "FLEXIBLE", "MaximumWindowInMinutes": 15}}
    here, _ = schedules.make(at(soon()), **flexible)
    assert until(lambda: schedules.messages(tokyo))
    assert until(lambda: schedules.messages(here))
    assert schedules.messages(elsewhere) == []


def test_the_past_is_not_made_up_for(schedules: Schedules) -> None:
    past, _ = schedules.make(at(datetime.now(UTC) - timedelta(minutes=2)))
    rated, _ = schedules.make("rate(1 hour)", name="rated")
    assert until(lambda: schedules.messages(rated))  # a rate begins at once
    schedules.client.delete_schedule(Name="rated")
    assert schedules.messages(past) == []


def test_a_changed_schedule_runs_again(schedules: Schedules) -> None:
    target, _ = schedules.make(at(soon()), name="changed")
    assert until(lambda: schedules.messages(target))
    time.sleep(1.1)
    given = schedules.client.get_schedule(Name="changed")["Target"]
    schedules.put("changed", at(soon()), given, update=True)
    assert until(lambda: schedules.messages(target))


def test_a_schedule_that_is_over_can_go(schedules: Schedules, client: Clients) -> None:
    target, _ = schedules.make(at(soon()), name="once", ActionAfterCompletion="DELETE")
    assert until(lambda: schedules.messages(target))
    until(lambda: "once" not in [each["Name"] for each in client("scheduler").list_schedules()["Schedules"]])


def test_the_input_tells_of_the_schedule(engine: Engine, schedules: Schedules) -> None:
    context = ("schedule-arn", "scheduled-time", "execution-id", "attempt-number")
    text = json.dumps({name: f"<aws.scheduler.{name}>" for name in context})
    target, _ = schedules.make("cron(0 3 1 1 ? 2099)", name="told", target={"Input": text})
    hook(engine, "schedules", name="told", time="2026-11-23T03:00:00+01:00")
    told = json.loads(until(lambda: schedules.messages(target))[0]["Body"])
    assert len(told.pop("execution-id")) == 16
    assert told == {
        "schedule-arn": f"arn:aws:scheduler:us-east-1:{ACCOUNT}:schedule/default/told",
        "scheduled-time": "2026-11-23T02:00:00Z",
        "attempt-number": "1",
    }


def dropped(client: Clients) -> float:
    """Return how many invocations of the default group were dropped, by whichever test."""
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Scheduler",
        MetricName="InvocationDroppedCount",
        Dimensions=[{"Name": "ScheduleGroup", "Value": "default"}],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
        Period=86400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_failures_that_pass_are_tried_again(engine: Engine, schedules: Schedules, client: Clients) -> None:
    text = json.dumps({"attempt": "<aws.scheduler.attempt-number>"})
    target, _ = schedules.make("rate(30 days)", name="again", target={"Input": text}, State="DISABLED")
    hook(engine, "faults", resource="scheduler:sqs:SendMessage", error="ThrottlingException", times=1)
    hook(engine, "schedules", name="again")
    assert json.loads(until(lambda: schedules.messages(target))[0]["Body"]) == {"attempt": "2"}
    policy, before = {"RetryPolicy": {"MaximumRetryAttempts": 1, "MaximumEventAgeInSeconds": 60}}, dropped(client)
    _, dead = schedules.make("rate(30 days)", name="over", target={"Input": text, **policy}, State="DISABLED")
    hook(engine, "faults", resource="scheduler:sqs:SendMessage", error="ThrottlingException", times=2)
    hook(engine, "schedules", name="over", time="2026-11-23T03:00:00Z")
    [letter] = until(lambda: schedules.messages(dead))
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    wanted = {
        "ERROR_CODE": "ThrottlingException",
        "EXHAUSTED_RETRY_CONDITION": "MaximumRetryAttempts",
        "RETRY_ATTEMPTS": "1",
        "SCHEDULED_TIME": "2026-11-23T03:00:00Z",
    }
    assert told.items() >= wanted.items()
    assert json.loads(letter["Body"]) == {"attempt": "2"}
    assert dropped(client) == before + 1


def test_what_no_attempt_helps_is_a_dead_letter_at_once(engine: Engine, schedules: Schedules) -> None:
    made = {name: schedules.make("rate(30 days)", name=name, State="DISABLED") for name in ("gone", "there")}
    error = "ResourceNotFoundException"
    hook(engine, "faults", resource="scheduler:sqs:SendMessage", error=error, times=1, when={"Name": "gone"})
    for name in ("there", "gone"):
        hook(engine, "schedules", name=name)
    [letter] = until(lambda: schedules.messages(made["gone"][1]))
    told = {name: value["StringValue"] for name, value in letter["MessageAttributes"].items()}
    assert (told["ERROR_CODE"], told["RETRY_ATTEMPTS"]) == (error, "0")
    assert "EXHAUSTED_RETRY_CONDITION" not in told
    assert until(lambda: schedules.messages(made["there"][0]))


def test_aliases_are_reached_with_the_schedules_role(  # noqa: PLR0913, PLR0917 two kinds of targets and their permissions
    engine: Engine,
    schedules: Schedules,
    client: Clients,
    make_role: Callable[..., str],
    functions: Functions,
    name: str,
) -> None:
    states = client("stepfunctions")
    machine = states.create_state_machine(
        name=name,
        definition=json.dumps({"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}),
        roleArn=make_role(trust="states.amazonaws.com"),
        publish=True,
    )
    routes = [{"stateMachineVersionArn": machine["stateMachineVersionArn"], "weight": 100}]
    alias = states.create_state_machine_alias(name="live", routingConfiguration=routes)["stateMachineAliasArn"]
    function = functions.alias(functions.make("def handler(event, _): print('slot', event['slot'])"))
    client("logs").create_log_group(logGroupName=f"/aws/lambda/{function.split(':')[6]}")
    live = {"StringEquals": {"states:StateMachineQualifier": "live"}}
    dead, text = schedules.queue(), json.dumps({"slot": "<aws.scheduler.scheduled-time>"})
    send = {"Action": "sqs:SendMessage", "Resource": dead}
    grants = {
        alias: {"Action": "states:StartExecution", "Resource": machine["stateMachineArn"], "Condition": live},
        function: {"Action": "lambda:InvokeFunction", "Resource": function},
    }
    for target, grant in grants.items():
        for statements in ([send], [send, grant]):
            given = {"Arn": target, "Input": text, "DeadLetterConfig": {"Arn": dead}}
            role = {"RoleArn": make_role(*statements, trust="scheduler.amazonaws.com")}
            schedules.put(f"s-{uuid4().hex[:8]}", "cron(0 3 1 1 ? 2099)", {**given, **role})
    for each in schedules.client.list_schedules(NamePrefix="s-")["Schedules"]:
        hook(engine, "schedules", name=each["Name"], time="2026-11-23T03:00:00Z")
    denied: list[str] = []

    def all_denied() -> bool:
        letters = schedules.messages(dead)
        denied.extend(letter["MessageAttributes"]["TARGET_ARN"]["StringValue"] for letter in letters)
        return len(denied) == len(grants)

    until(all_denied)
    assert set(denied) == set(grants)
    [execution] = until(lambda: states.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"])
    started = states.describe_execution(executionArn=execution["executionArn"])
    assert json.loads(started["input"]) == {"slot": "2026-11-23T03:00:00Z"}
    assert started["stateMachineAliasArn"] == alias
    until(lambda: "slot 2026-11-23T03:00:00Z" in "".join(functions.log(function.split(":")[6])))


@pytest.mark.parametrize(
    "settings",
    [
        {"ScheduleExpression": "cron(61 3 * * ? *)"},
        {"ScheduleExpression": "every(1 day)"},
        {"ScheduleExpressionTimezone": "Europe/Atlantis"},
        {"FlexibleTimeWindow": {"Mode": "FLEXIBLE"}},
        {"FlexibleTimeWindow": {"Mode": "OFF", "MaximumWindowInMinutes": 5}},
    ],
)
def test_what_cannot_work_is_refused(schedules: Schedules, settings: dict[str, Any]) -> None:
    expression = settings.pop("ScheduleExpression", "rate(1 day)")
    with pytest.raises(ClientError, match="ValidationException"):
        schedules.make(expression, **settings)
