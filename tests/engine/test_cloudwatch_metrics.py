"""CloudWatch: queues are measured, log events carry metrics, expressions are calculated."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.engine.waiting import until

type Clients = Callable[[str], Any]


def metric(client: Clients, namespace: str, name: str, statistic: str, **dimensions: str) -> float | None:
    now = datetime.now(UTC)
    points = client("cloudwatch").get_metric_statistics(
        Namespace=namespace,
        MetricName=name,
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(hours=1),
        EndTime=now + timedelta(minutes=2),
        Period=7200,
        Statistics=[statistic],
    )["Datapoints"]
    return points[0][statistic] if points else None


def test_a_queue_is_measured(client: Clients, name: str) -> None:
    sqs = client("sqs")
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="one")
    entries = [{"Id": "two", "MessageBody": "2"}, {"Id": "three", "MessageBody": "3"}]
    sqs.send_message_batch(QueueUrl=url, Entries=entries)

    def of_queue(what: str, statistic: str = "Sum") -> float | None:
        return metric(client, "AWS/SQS", what, statistic, QueueName=name)

    assert of_queue("NumberOfMessagesSent") == 3
    assert until(lambda: of_queue("ApproximateNumberOfMessagesVisible", "Maximum") == 3)
    assert until(lambda: (of_queue("ApproximateAgeOfOldestMessage", "Maximum") or 0) > 1)
    for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    assert of_queue("NumberOfMessagesReceived") == 3
    assert of_queue("NumberOfMessagesDeleted") == 3


@pytest.fixture
def write(client: Clients, name: str) -> Callable[..., None]:
    logs = client("logs")
    logs.create_log_group(logGroupName=name)
    logs.create_log_stream(logGroupName=name, logStreamName="s")

    def put(*messages: Any) -> None:
        now = int(time.time() * 1000)
        texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
        events = [{"timestamp": now, "message": text} for text in texts]
        logs.put_log_events(logGroupName=name, logStreamName="s", logEvents=events)

    return put


def test_the_embedded_metric_format_is_read(client: Clients, name: str, write: Callable[..., None]) -> None:
    directive = {
        "Namespace": name,
        "Dimensions": [["service"]],
        "Metrics": [{"Name": "Rows", "Unit": "Count"}, {"Name": "Times"}],
    }
    stamp = int(time.time() * 1000)
    event = {"_aws": {"Timestamp": stamp, "CloudWatchMetrics": [directive]}, "service": "etl", "Rows": 3}
    write({**event, "Times": [1, 2]}, {**event, "Times": []}, '{"_aws": "broken"}')
    assert metric(client, name, "Rows", "Sum", service="etl") == 6
    assert metric(client, name, "Times", "Sum", service="etl") == 3


def test_metric_filters_count(client: Clients, name: str, write: Callable[..., None]) -> None:
    transformations = [
        {"metricNamespace": name, "metricName": "Slow", "metricValue": "$.ms", "dimensions": {"Path": "$.path"}}
    ]
    client("logs").put_metric_filter(
        logGroupName=name,
        filterName="slow",
        filterPattern='{ $.ms > 100 && $.level = "WARN*" }',
        metricTransformations=transformations,
    )
    write(
        {"ms": 250, "level": "WARNING", "path": "/a"},
        {"ms": 50, "level": "WARNING", "path": "/a"},
        {"ms": 500, "level": "INFO", "path": "/a"},
        "not json",
    )
    assert metric(client, name, "Slow", "Sum", Path="/a") == 250


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("ERROR", [0]),
        ("error", []),
        ("?ERROR ?lost", [0, 1]),
        ("connection -ERROR", [1]),
        ('"connection lost"', [1]),
        ("{ $.n > 2 }", [3]),
        ("{ $.n = 1 || $.inner.flag IS TRUE }", [2, 3]),
        ("{ $.inner NOT EXISTS && $.n = * }", [2]),
        ("{ ($.n != 1) }", [3]),
    ],
)
def test_filter_patterns(
    client: Clients, name: str, write: Callable[..., None], pattern: str, found: list[int]
) -> None:
    messages = ["ERROR in connection", "connection lost", {"n": 1}, {"n": 3, "inner": {"flag": True}}]
    write(*messages)
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    events = client("logs").filter_log_events(logGroupName=name, filterPattern=pattern)["events"]
    assert [event["message"] for event in events] == [texts[index] for index in found]


def test_expressions_are_calculated(client: Clients, name: str) -> None:
    for what, value in (("Errors", 1.0), ("Calls", 4.0)):
        datum = {"MetricName": what, "Value": value}
        client("cloudwatch").put_metric_data(Namespace=name, MetricData=[datum])

    def query(what: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": name, "MetricName": what}, "Period": 60, "Stat": "Sum"}
        return {"Id": what.lower(), "MetricStat": stat, "ReturnData": False}

    now = datetime.now(UTC)
    results = client("cloudwatch").get_metric_data(
        MetricDataQueries=[query("Errors"), query("Calls"), {"Id": "share", "Expression": "100 * errors / calls"}],
        StartTime=now - timedelta(minutes=5),
        EndTime=now + timedelta(minutes=1),
    )["MetricDataResults"]
    assert [(result["Id"], result["Values"]) for result in results] == [("share", [25.0])]


def test_what_instances_did_in_the_hours_before(client: Clients, name: str) -> None:
    end = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    dimensions = [{"Name": "InstanceId", "Value": name}]
    points = [
        {
            "MetricName": metric,
            "Dimensions": dimensions,
            "Timestamp": end - timedelta(hours=hour, minutes=-minute),
            "Value": value * hour,
            "Unit": unit,
        }
        for metric, value, unit in (("CPUUtilization", 10.0, "Percent"), ("NetworkIn", 1000.0, "Bytes"))
        for hour in (0, 1, 24, 25)
        for minute in (0, 5)
    ]
    client("cloudwatch").put_metric_data(Namespace="AWS/EC2", MetricData=points)
    queries = [
        {
            "Id": f"q{number}",
            "MetricStat": {
                "Metric": {"Namespace": "AWS/EC2", "MetricName": metric, "Dimensions": dimensions},
                "Period": 3600,
                "Stat": statistic,
            },
        }
        for number, (metric, statistic) in enumerate(
            [("CPUUtilization", "Maximum"), ("NetworkIn", "Sum"), ("NetworkOut", "Sum")]
        )
    ]
    pages = client("cloudwatch").get_paginator("get_metric_data")
    between = {"StartTime": end - timedelta(hours=24), "EndTime": end}
    found = {
        result["Id"]: dict(zip(result["Timestamps"], result["Values"], strict=True))
        for page in pages.paginate(MetricDataQueries=queries, **between)
        for result in page["MetricDataResults"]
    }
    last, first = (end - timedelta(hours=hours) for hours in (1, 24))
    assert found == {"q0": {last: 10.0, first: 240.0}, "q1": {last: 2000.0, first: 48_000.0}, "q2": {}}
