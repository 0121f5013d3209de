"""Lambda's metrics, asynchronous invocations and resource policies."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.engine.functions import LOGGING, Functions
from tests.engine.waiting import until

Clients = Callable[[str], Any]
FAILING = "def handler(event, context): raise ValueError(event)"


@pytest.fixture
def queue(client: Clients, name: str) -> dict[str, str]:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    return {"url": url, "arn": f"arn:aws:sqs:us-east-1:000000000000:{name}"}


def received(client: Clients, queue: dict[str, str], seconds: float = 10) -> dict[str, Any]:
    def receive() -> Any:
        got = client("sqs").receive_message(QueueUrl=queue["url"], MessageAttributeNames=["All"])
        return got.get("Messages")

    message: dict[str, Any] = until(receive, seconds)[0]
    return message


def total(client: Clients, metric: str, **dimensions: str) -> float:
    found = client("cloudwatch").get_metric_statistics(
        Namespace="AWS/Lambda",
        MetricName=metric,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=datetime.now(UTC) - timedelta(hours=1),
        EndTime=datetime.now(UTC) + timedelta(hours=1),
        Period=86400,
        Statistics=["Sum"],
    )
    return float(sum(point["Sum"] for point in found["Datapoints"]))


def test_every_invocation_is_counted_for_the_function_and_for_the_alias(functions: Functions, client: Clients) -> None:
    name = functions.make(FAILING)
    functions.alias(name)
    functions.fails(name)
    functions.fails(name, Qualifier="live")
    assert total(client, "Invocations", FunctionName=name) == 2
    assert total(client, "Errors", FunctionName=name) == 2
    assert total(client, "Errors", FunctionName=name, Resource=f"{name}:live") == 1
    assert total(client, "Duration", FunctionName=name, Resource=name) > 0


def test_a_throttled_invocation_counts_as_that_only(functions: Functions, client: Clients) -> None:
    name = functions.make(FAILING)
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    functions.refused(name)
    assert total(client, "Throttles", FunctionName=name) == 1
    assert total(client, "Invocations", FunctionName=name) == 0


def test_active_tracing_uses_its_permissions(functions: Functions, engine: Any, make_role: Callable[..., str]) -> None:
    role = make_role(LOGGING)
    functions.invoke(functions.make("def handler(e, c): return 1", Role=role, TracingConfig={"Mode": "Active"}))
    used = {d["action"]: d["decision"] for d in engine.decisions() if d["principal"] == role}
    assert used["xray:PutTraceSegments"] == used["xray:PutTelemetryRecords"] == "ImplicitDeny"
    assert used["logs:PutLogEvents"] == "Allow"


def test_without_permission_nothing_is_logged(functions: Functions, client: Clients, make_role: Any) -> None:
    name = functions.make("def handler(e, c): print('hello')", Role=make_role())
    client("logs").create_log_group(logGroupName=f"/aws/lambda/{name}")
    functions.invoke(name)
    assert functions.log(name) == []


def test_json_logging_writes_platform_events_to_one_stream(functions: Functions, client: Clients) -> None:
    name = functions.make("def handler(e, c): print('hello')", LoggingConfig={"LogFormat": "JSON"})
    functions.invoke(name)
    functions.invoke(name)
    events = client("logs").filter_log_events(logGroupName=f"/aws/lambda/{name}")["events"]
    assert len({event["logStreamName"] for event in events}) == 1
    kinds = [json.loads(e["message"])["type"] if e["message"][0] == "{" else e["message"] for e in events]
    again = ["platform.start", "hello", "platform.report"]
    assert kinds == ["platform.initStart", *again, *again]


@pytest.mark.parametrize("logging", ["Text", "JSON"])
def test_a_report_names_the_trace_where_tracing_is_active(functions: Functions, logging: str) -> None:
    source = "import os\ndef handler(e, c): return os.environ['_X_AMZN_TRACE_ID']"
    for mode in ("Active", "PassThrough"):
        settings = {"TracingConfig": {"Mode": mode}, "LoggingConfig": {"LogFormat": logging}}
        name = functions.make(source, **settings)
        trace = functions.invoke(name).partition(";")[0].removeprefix("Root=")
        assert (trace in functions.log(name)[-1]) is (mode == "Active")


def test_a_failed_event_reaches_the_aliass_failure_destination(
    functions: Functions, client: Clients, queue: dict[str, str], make_role: Callable[..., str]
) -> None:
    role = make_role(LOGGING, {"Action": "sqs:SendMessage", "Resource": queue["arn"]})
    name = functions.make(FAILING, Role=role)
    alias = functions.alias(name)
    client("lambda").put_function_event_invoke_config(
        FunctionName=name,
        Qualifier="live",
        MaximumRetryAttempts=0,
        DestinationConfig={"OnFailure": {"Destination": queue["arn"]}},
    )
    functions.invoke(name, {"n": 1}, Qualifier="live", InvocationType="Event")
    record = json.loads(received(client, queue)["Body"])
    assert record["requestPayload"] == {"n": 1}
    assert record["requestContext"]["functionArn"] == alias
    assert record["requestContext"]["approximateInvokeCount"] == 1
    assert record["responsePayload"]["errorType"] == "ValueError"


def test_a_function_that_may_not_run_at_all_fails_its_events_at_once(
    functions: Functions, client: Clients, queue: dict[str, str], make_role: Callable[..., str]
) -> None:
    name = functions.make(FAILING, Role=make_role(LOGGING, {"Action": "sqs:SendMessage", "Resource": queue["arn"]}))
    client("lambda").put_function_event_invoke_config(
        FunctionName=name, DestinationConfig={"OnFailure": {"Destination": queue["arn"]}}
    )
    client("lambda").put_function_concurrency(FunctionName=name, ReservedConcurrentExecutions=0)
    functions.invoke(name, {"n": 1}, InvocationType="Event")
    record = json.loads(received(client, queue)["Body"])
    assert record["requestContext"]["condition"] == "ZeroReservedConcurrency"
    assert record["requestContext"]["approximateInvokeCount"] == 0


def test_a_failure_destination_needs_the_functions_permission(
    functions: Functions, client: Clients, queue: dict[str, str]
) -> None:
    name = functions.make(FAILING)
    client("lambda").put_function_event_invoke_config(
        FunctionName=name, MaximumRetryAttempts=0, DestinationConfig={"OnFailure": {"Destination": queue["arn"]}}
    )
    functions.invoke(name, InvocationType="Event")
    until(lambda: total(client, "DestinationDeliveryFailures", FunctionName=name))
    assert "Messages" not in client("sqs").receive_message(QueueUrl=queue["url"])


def test_a_dead_letter_queue_gets_the_event_itself(
    functions: Functions, client: Clients, queue: dict[str, str], make_role: Callable[..., str]
) -> None:
    role = make_role({"Action": "sqs:SendMessage", "Resource": queue["arn"]})
    name = functions.make(FAILING, Role=role, DeadLetterConfig={"TargetArn": queue["arn"]})
    client("lambda").put_function_event_invoke_config(FunctionName=name, MaximumRetryAttempts=0)
    functions.invoke(name, {"n": 2}, InvocationType="Event")
    message = received(client, queue)
    assert json.loads(message["Body"]) == {"n": 2}
    assert message["MessageAttributes"]["ErrorMessage"]["StringValue"] == "{'n': 2}"


@pytest.mark.parametrize("service", ["s3", "sns", "events"])
def test_services_invoke_only_what_the_resource_policy_allows(
    service: str, functions: Functions, client: Clients, name: str
) -> None:
    function = functions.make("def handler(event, context): pass")
    arn = f"arn:aws:lambda:us-east-1:000000000000:function:{function}"
    source, emit = SOURCES[service](client, name, arn)
    emit()
    time.sleep(0.4)
    assert total(client, "Invocations", FunctionName=function) == 0
    client("lambda").add_permission(
        FunctionName=function,
        StatementId="allow",
        Action="lambda:InvokeFunction",
        Principal=f"{service}.amazonaws.com",
        SourceArn=source,
        SourceAccount="000000000000",
    )
    emit()
    until(lambda: total(client, "Invocations", FunctionName=function))


def bucket_source(client: Clients, name: str, arn: str) -> tuple[str, Callable[[], Any]]:
    s3 = client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_notification_configuration(
        Bucket=name,
        NotificationConfiguration={
            "LambdaFunctionConfigurations": [{"LambdaFunctionArn": arn, "Events": ["s3:ObjectCreated:*"]}]
        },
    )
    return f"arn:aws:s3:::{name}", lambda: s3.put_object(Bucket=name, Key="k", Body=b"")


def topic_source(client: Clients, name: str, arn: str) -> tuple[str, Callable[[], Any]]:
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    client("sns").subscribe(TopicArn=topic, Protocol="lambda", Endpoint=arn)
    return topic, lambda: client("sns").publish(TopicArn=topic, Message="m")


def rule_source(client: Clients, name: str, arn: str) -> tuple[str, Callable[[], Any]]:
    events = client("events")
    rule = events.put_rule(Name=name, EventPattern=json.dumps({"source": [name]}))["RuleArn"]
    events.put_targets(Rule=name, Targets=[{"Id": "t", "Arn": arn}])
    return rule, lambda: events.put_events(Entries=[{"Source": name, "DetailType": "d", "Detail": "{}"}])


SOURCES = {"s3": bucket_source, "sns": topic_source, "events": rule_source}
