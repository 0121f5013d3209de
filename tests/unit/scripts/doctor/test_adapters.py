"""What the adapters make of what AWS answers: lines in both formats, histories, traces, policies, patterns."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from scripts.deployment import Deployment
from scripts.doctor.adapters import apis, functions, logs, machines, roles, triggers
from scripts.doctor.adapters.reading import Reader, Window
from scripts.doctor.facts import Denial, Function, Invocation, Line
from scripts.doctor.rules.refusals import parse

ID = "5f4d0a4e-1111-2222-3333-444455556666"
GROUP = "/aws/lambda/load"
AT = datetime(2026, 11, 23, 12, tzinfo=UTC)


def event(text: Any, seconds: float = 0, stream: str = "s1") -> dict[str, Any]:
    message = text if isinstance(text, str) else json.dumps(text)
    return {"timestamp": int((AT.timestamp() + seconds) * 1000), "message": message, "logStreamName": stream}


def read(*events: dict[str, Any]) -> tuple[Invocation, ...]:
    return logs.invocations(logs.lines(events, GROUP))


def platform(kind: str, **record: Any) -> dict[str, Any]:
    return {"time": "2026-11-23T12:00:05.000Z", "type": f"platform.{kind}", "record": {"requestId": ID, **record}}


def test_a_report_in_text_tells_all_of_an_invocation() -> None:
    report = (
        f"REPORT RequestId: {ID}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\t"
        "Max Memory Used: 126 MB\tInit Duration: 250.50 ms\tStatus: timeout\nXRAY TraceId: 1-a-b\tSegmentId: c"
    )
    [found] = read(
        event(f"START RequestId: {ID} Version: 7"), event("loading"), event(f"END RequestId: {ID}"), event(report)
    )
    assert (found.status, found.duration_ms, found.init_ms) == ("timeout", 3000.0, 250.5)
    assert (found.memory_mb, found.peak_mb, found.trace_id) == (128, 126, "1-a-b")
    assert [line.text for line in found.lines] == ["loading"]


def test_a_report_in_json_tells_the_same() -> None:
    metrics = {"durationMs": 5000, "initDurationMs": 90.0, "memorySizeMB": 256, "maxMemoryUsedMB": 80}
    tracing = {"type": "X-Amzn-Trace-Id", "value": "Root=1-a-b;Parent=c;Sampled=1"}
    line = {"level": "INFO", "message": "x", "function_request_id": ID, "timestamp": "2026-11-23 12:00:01,500+0000"}
    [found] = read(
        event(platform("start", version="7"), 5),
        event(line, 5),
        event(f"2026-11-23T12:00:05.000Z {ID} Task timed out after 5.00 seconds", 5),
        event(platform("report", metrics=metrics, status="timeout", tracing=tracing), 5),
    )
    assert (found.status, found.at, found.init_ms, found.trace_id) == ("timeout", AT.timestamp(), 90.0, "1-a-b")
    assert [each.at - AT.timestamp() for each in found.lines] == [1.5]


def test_lines_of_several_environments_are_kept_apart() -> None:
    other = ID.replace("5f", "6f")
    found = read(
        event(f"START RequestId: {ID}", stream="a"),
        event(f"START RequestId: {other}", stream="b"),
        event("first", stream="a"),
        event("second", stream="b"),
        event(f"REPORT RequestId: {ID}\tDuration: 1.00 ms", stream="a"),
        event(f"REPORT RequestId: {other}\tDuration: 1.00 ms\tStatus: error\tError Type: KeyError", stream="b"),
    )
    assert {each.request_id: [line.text for line in each.lines] for each in found} == {ID: ["first"], other: ["second"]}
    assert [each.error_type for each in found] == ["", "KeyError"]


def test_an_invocation_that_has_not_ended_is_left_out() -> None:
    assert read(event(f"START RequestId: {ID}"), event("loading")) == ()


def test_a_functions_refusals_are_told_once_an_invocation() -> None:
    sentence = "User: arn:aws:sts::1:assumed-role/load/load is not authorized to perform: s3:GetObject on resource: x"
    lines = (Line(0, "fine", "g"), Line(1, sentence, "g"), Line(2, f"again: {sentence}", "g"))
    run = Invocation("r-1", 0, 1, "error", lines[0], lines=lines)
    function = Function("load", "arn", "arn:aws:iam::1:role/load", 3, 128, invocations=(run,))
    assert list(functions.denials(function)) == [Denial(sentence, "g", "r-1", "arn:aws:iam::1:role/load")]


def test_a_refusal_within_a_json_line_is_read_without_its_quotes() -> None:
    sentence = (
        "User: arn:aws:sts::1:assumed-role/load/l is not authorized to perform: s3:GetObject on resource: "
        '"arn:aws:s3:::lake/a" because no identity-based policy allows it'
    )
    text = json.dumps({"error": sentence})
    found = parse(Denial(text, "g", "r-1"))
    assert found
    assert (found.role_name, found.action, found.resource) == ("load", "s3:GetObject", "arn:aws:s3:::lake/a")


def test_calls_are_read_from_a_trace_at_any_depth() -> None:
    inner = {
        "name": "S3",
        "namespace": "aws",
        "start_time": 2.0,
        "in_progress": True,
        "aws": {"operation": "GetObject"},
    }
    outer = {"name": "handler", "start_time": 1.0, "end_time": 9.0, "subsegments": [inner]}
    remote = {"name": "partner.example", "namespace": "remote", "start_time": 1.0, "end_time": 1.5}
    found = list(functions.calls_in({"subsegments": [outer, remote]}, "trace t"))
    assert [(each.name, each.started, each.duration_ms) for each in found] == [
        ("s3:GetObject", 2.0, None),
        ("partner.example", 1.0, 500.0),
    ]


def happened(number: int, kind: str, before: int, **details: Any) -> dict[str, Any]:
    return {
        "id": number,
        "previousEventId": before,
        "type": kind,
        "timestamp": AT + timedelta(seconds=number),
        **details,
    }


def test_attempts_belong_to_the_state_they_happened_in() -> None:
    refused = {"error": "Lambda.AWSLambdaException", "cause": "User: a is not authorized to perform: b:C"}
    found = machines.read(
        "arn:run",
        "FAILED",
        AT.timestamp(),
        [
            happened(1, "ExecutionStarted", 0),
            happened(2, "TaskStateEntered", 0, stateEnteredEventDetails={"name": "Load"}),
            happened(3, "TaskScheduled", 2),
            happened(4, "TaskFailed", 3, taskFailedEventDetails=refused),
            happened(5, "TaskScheduled", 4),
            happened(6, "TaskTimedOut", 5, taskTimedOutEventDetails={}),
            happened(7, "ExecutionFailed", 6, executionFailedEventDetails=refused),
        ],
    )
    assert [(each.state, each.error, each.event) for each in found.attempts] == [
        ("Load", "Lambda.AWSLambdaException", 4),
        ("Load", "States.Timeout", 6),
    ]
    assert (dict(found.visits), found.transitions, found.complete) == ({"Load": 1}, 2, True)


def test_a_line_of_the_access_log_becomes_a_call() -> None:
    fields = {"status": "502", "time": "1700000000000", "request_id": "q", "route": "/x", "integration_status": "-"}
    found = apis.read(Line(0, json.dumps(fields), "g"))
    assert found
    assert (found.status, found.at, found.route, found.integration_status) == (502, 1_700_000_000.0, "/x", "")
    assert apis.read(Line(0, "something else", "g")) is None


@pytest.fixture
def reader() -> Iterator[Reader]:
    with mock_aws():
        deployment = Deployment("dev", {"foundation": {"name": "flows-dev"}}, "us-east-1")
        now = datetime.now(UTC).timestamp()
        yield Reader(deployment, Window(now - 3600, now + 60, 100))


def test_a_role_is_read_with_all_that_limits_it(reader: Reader) -> None:
    iam = boto3.client("iam", "us-east-1")
    document = json.dumps(
        {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}
    )
    managed = iam.create_policy(PolicyName="limit", PolicyDocument=document)["Policy"]["Arn"]
    arn = iam.create_role(RoleName="load", AssumeRolePolicyDocument=document, PermissionsBoundary=managed)["Role"][
        "Arn"
    ]
    iam.put_role_policy(RoleName="load", PolicyName="permissions", PolicyDocument=document)
    iam.attach_role_policy(RoleName="load", PolicyArn=managed)
    found = roles.role(reader, arn)
    assert found
    assert [each.where for each in found.policies] == [
        "inline policy permissions of the role load",
        "managed policy limit of the role load",
    ]
    assert found.boundary
    assert found.trust
    assert roles.role(reader, arn + "-gone") is None
    assert reader.unread == []


def test_policies_of_resources_are_read_and_missing_ones_are_empty(reader: Reader) -> None:
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    boto3.client("sqs", "us-east-1").create_queue(QueueName="q", Attributes={"Policy": json.dumps(document)})
    here, gone = "arn:aws:sqs:us-east-1:123456789012:q", "arn:aws:sqs:us-east-1:123456789012:gone"
    found = roles.resource_policies(reader, [here, gone, "arn:aws:dynamodb:::t"])
    assert {arn: policy.document for arn, policy in found.items()} == {here: document, gone: {}}
    assert reader.unread == []


def test_what_may_not_be_read_is_noted(reader: Reader) -> None:
    def refuse() -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "no"}}, "GetRole")

    assert reader.get("the role load", "default", refuse) == "default"
    assert reader.exists("the role load", refuse) is None
    assert [each.startswith("the role load: ") for each in reader.unread] == [True, True]


def test_more_lines_than_the_limit_are_noted(reader: Reader) -> None:
    client = boto3.client("logs", "us-east-1")
    client.create_log_group(logGroupName="g")
    client.create_log_stream(logGroupName="g", logStreamName="s")
    now = int(reader.window.until * 1000) - 90_000
    client.put_log_events(
        logGroupName="g", logStreamName="s", logEvents=[{"timestamp": now, "message": str(n)} for n in range(120)]
    )
    assert len(logs.events(reader, "g")) == 100
    assert "more than 100 lines" in reader.unread[0]


def test_a_rule_is_read_with_its_bucket_objects_and_queue(reader: Reader) -> None:
    s3, events, sqs = (boto3.client(service, "us-east-1") for service in ("s3", "events", "sqs"))
    s3.create_bucket(Bucket="flows-dev-lake")
    s3.put_object(Bucket="flows-dev-lake", Key="incomming/a.csv", Body=b"x")
    sqs.create_queue(QueueName="flows-dev-undelivered")
    sqs.send_message(QueueUrl=sqs.get_queue_url(QueueName="flows-dev-undelivered")["QueueUrl"], MessageBody="lost")
    pattern = {
        "source": ["aws.s3"],
        "detail": {"bucket": {"name": ["flows-dev-lake"]}, "object": {"key": [{"prefix": "incoming/"}]}},
    }
    events.put_rule(Name="flows-dev-etl", EventPattern=json.dumps(pattern), State="DISABLED")
    events.put_rule(Name="others", ScheduleExpression="rate(1 day)")
    queue = "arn:aws:sqs:us-east-1:123456789012:flows-dev-undelivered"
    machine = "arn:aws:states:us-east-1:123456789012:stateMachine:gone"
    target = {"Id": "t", "Arn": machine, "DeadLetterConfig": {"Arn": queue}}
    events.put_targets(Rule="flows-dev-etl", Targets=[target])
    reader.client("events").test_event_pattern = lambda **_: {"Result": False}  # moto has none
    [found] = [each for each in triggers.triggers(reader) if each.kind == "rule"]
    assert (found.name, found.enabled, found.source_on, found.literals) == (
        "flows-dev-etl",
        False,
        False,
        ("incoming/",),
    )
    [only] = found.targets
    assert (only.exists, only.failure_queue, only.failure_queue_exists) == (False, queue, True)
    assert [(each.key, each.passes) for each in found.arrivals] == [("incomming/a.csv", False)]
    assert "1 events wait" in found.undelivered[0].text


@pytest.mark.parametrize(
    ("key", "event", "passes"),
    [
        ("incoming/a.csv", "PutObject", True),
        ("incoming/a.txt", "PutObject", False),
        ("incoming/a.csv", "CompleteMultipartUpload", False),
    ],
)
def test_a_notification_passes_what_its_events_and_filter_name(key: str, event: str, *, passes: bool) -> None:
    rules = [{"Name": "Prefix", "Value": "incoming/"}, {"Name": "suffix", "Value": ".csv"}]
    assert triggers._notified(key, event, ["s3:ObjectCreated:Put"], rules) is passes  # noqa: SLF001


def test_of_the_engine_s_decisions_only_the_functions_own_calls_count() -> None:
    role = "arn:aws:iam::123456789012:role/load"
    function = Function("load", "arn:load", role, 3, 128)
    entry = {"principal": role, "time": 100.5, "via": "api", "context": {}}
    decisions = [
        {**entry, "action": "dynamodb:GetItem"},
        {**entry, "action": "kms:Decrypt", "context": {"kms:ViaService": "dynamodb.us-east-1.amazonaws.com"}},
        {**entry, "action": "logs:PutLogEvents", "via": "lambda"},
        {**entry, "action": "s3:GetObject", "principal": "arn:aws:iam::123456789012:role/other"},
    ]
    run = Invocation("1", 100.0, 3000.0, "timeout", Line(103.0, "REPORT", GROUP))
    [call] = functions.decided(function, run, decisions)
    assert (call.name, call.duration_ms) == ("dynamodb:GetItem", None)
    answered = replace(run, lines=(Line(100.5, "there is none", GROUP),))
    [call] = functions.decided(function, answered, decisions)
    assert call.duration_ms == 0.0, "what is written in the same millisecond comes after the answer"
