"""CloudWatch: alarms watch exactly their metric, and say what they are told to say."""

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from scripts.local_engine import Engine
from tests.engine.hooks import hook
from tests.engine.waiting import MINUTE, until

type Clients = Callable[[str], Any]


class Alarms:
    def __init__(self, client: Clients, name: str) -> None:
        self.cloudwatch = client("cloudwatch")
        self.name = name

    def put(self, **more: Any) -> None:
        alarm = {
            "AlarmName": self.name,
            "Namespace": self.name,
            "MetricName": "Errors",
            "Statistic": "Sum",
            "Period": 60,
            "EvaluationPeriods": 1,
            "Threshold": 0,
            "ComparisonOperator": "GreaterThanThreshold",
            "TreatMissingData": "notBreaching",
        }
        merged = {key: value for key, value in {**alarm, **more}.items() if value is not None}
        self.cloudwatch.put_metric_alarm(**merged)

    def record(self, *values: float, minutes_ago: int = 0, metric: str = "Errors", **dimensions: str) -> None:
        stamp = time.time() - minutes_ago * MINUTE
        named = [{"Name": key, "Value": value} for key, value in dimensions.items()]
        datum = {"MetricName": metric, "Values": list(values), "Timestamp": stamp, "Dimensions": named}
        self.cloudwatch.put_metric_data(Namespace=self.name, MetricData=[datum])

    def state(self, name: str | None = None) -> str:
        kinds = ["MetricAlarm", "CompositeAlarm"]
        found = self.cloudwatch.describe_alarms(AlarmNames=[name or self.name], AlarmTypes=kinds)
        alarm = [*found["MetricAlarms"], *found["CompositeAlarms"]][0]
        return str(alarm["StateValue"])

    def becomes(self, state: str, name: str | None = None) -> bool:
        return until(lambda: self.state(name) == state)


@pytest.fixture
def alarms(client: Clients, name: str) -> Alarms:
    return Alarms(client, name)


def test_an_hour_takes_as_long_as_it_is_told_to(engine: Engine, alarms: Alarms) -> None:
    alarms.put(Period=3600, EvaluationPeriods=2, TreatMissingData="breaching")
    assert alarms.state() == "ALARM"
    before = hook(engine, "alarms", scale=1 / 3600)
    try:
        alarms.record(0)
        assert alarms.becomes("OK")
        assert alarms.becomes("ALARM"), "two hours of silence"
    finally:
        assert hook(engine, "alarms", **before) == {"scale": 1 / 3600}


def test_a_day_ends_with_every_minute(alarms: Alarms) -> None:
    alarms.put(Period=86400, TreatMissingData="breaching")
    assert alarms.becomes("ALARM")
    alarms.record(0)
    assert alarms.becomes("OK")


def test_an_alarm_fires_and_recovers_with_time_alone(alarms: Alarms) -> None:
    alarms.put()
    assert alarms.becomes("OK")
    alarms.record(1)
    assert alarms.becomes("ALARM")
    assert alarms.becomes("OK")


def test_other_dimensions_are_other_metrics(alarms: Alarms) -> None:
    alarms.put(Dimensions=[{"Name": "FunctionName", "Value": "mine"}])
    alarms.record(1, FunctionName="another")
    alarms.record(1)
    time.sleep(3 * MINUTE)
    assert alarms.state() == "OK"
    alarms.record(1, FunctionName="mine")
    assert alarms.becomes("ALARM")


def test_m_of_n_periods_must_breach(alarms: Alarms) -> None:
    alarms.put(EvaluationPeriods=5, DatapointsToAlarm=2)
    alarms.record(1, minutes_ago=1)
    time.sleep(1.2)
    assert alarms.state() == "OK"
    alarms.record(1, minutes_ago=3)
    assert alarms.becomes("ALARM")


@pytest.mark.parametrize(
    ("treatment", "state"),
    [("missing", "INSUFFICIENT_DATA"), ("ignore", "INSUFFICIENT_DATA"), ("breaching", "ALARM"), ("notBreaching", "OK")],
)
def test_missing_data_is_treated_as_told(alarms: Alarms, treatment: str, state: str) -> None:
    alarms.put(TreatMissingData=treatment)
    assert alarms.becomes(state)


def test_ignored_missing_data_keeps_the_state(alarms: Alarms) -> None:
    alarms.put(TreatMissingData="ignore")
    alarms.record(1)
    assert alarms.becomes("ALARM")
    time.sleep(5 * MINUTE)
    assert alarms.state() == "ALARM"


def test_percentiles_are_judged(alarms: Alarms) -> None:
    alarms.put(Statistic=None, ExtendedStatistic="p90", Threshold=50)
    alarms.record(*range(40), 1000)
    time.sleep(2 * MINUTE)
    assert alarms.state() == "OK"
    alarms.record(*range(100))
    assert alarms.becomes("ALARM")


def test_metric_math_is_judged(alarms: Alarms) -> None:
    def query(name: str) -> dict[str, Any]:
        stat = {"Metric": {"Namespace": alarms.name, "MetricName": name}, "Period": 60, "Stat": "Sum"}
        return {"Id": name.lower(), "MetricStat": stat, "ReturnData": False}

    share = {"Id": "share", "Expression": "IF(calls > 0, 100 * errors / calls, 0)", "ReturnData": True}
    single = dict.fromkeys(("Namespace", "MetricName", "Statistic", "Period"))
    alarms.put(**single, Metrics=[query("Errors"), query("Calls"), share], Threshold=10)
    alarms.record(1)
    alarms.record(1, 1, 1, 1, metric="Calls")
    assert alarms.becomes("ALARM")


def test_actions_are_sent_both_ways(alarms: Alarms, client: Clients, name: str) -> None:
    topic = client("sns").create_topic(Name=name)["TopicArn"]
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    alarms.put(AlarmActions=[topic], OKActions=[topic], AlarmDescription="what to do")
    received: list[str] = []

    def states() -> list[str]:
        for message in client("sqs").receive_message(QueueUrl=url).get("Messages", []):
            client("sqs").delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            received.append(json.loads(json.loads(message["Body"])["Message"])["NewStateValue"])
        return received

    assert until(lambda: states() == ["OK"])
    alarms.record(1)
    assert until(lambda: states() == ["OK", "ALARM", "OK"])


def test_a_composite_alarm_follows_and_changes_are_events(alarms: Alarms, client: Clients, name: str) -> None:
    url = client("sqs").create_queue(QueueName=name)["QueueUrl"]
    queue = client("sqs").get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    statement = {"Effect": "Allow", "Principal": "*", "Action": "sqs:SendMessage", "Resource": queue}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    pattern = {"source": ["aws.cloudwatch"], "detail": {"alarmName": [f"{name}-both"], "state": {"value": ["ALARM"]}}}
    client("events").put_rule(Name=name, EventPattern=json.dumps(pattern))
    client("events").put_targets(Rule=name, Targets=[{"Id": "queue", "Arn": queue}])
    alarms.put()
    alarms.cloudwatch.put_composite_alarm(AlarmName=f"{name}-both", AlarmRule=f'ALARM("{name}")')
    alarms.record(1)
    assert alarms.becomes("ALARM", f"{name}-both")
    message = until(lambda: client("sqs").receive_message(QueueUrl=url).get("Messages"))[0]
    event = json.loads(message["Body"])
    assert event["detail-type"] == "CloudWatch Alarm State Change"
    assert event["resources"] == [f"arn:aws:cloudwatch:us-east-1:000000000000:alarm:{name}-both"]


def test_an_unknown_alarm_operator_is_refused(alarms: Alarms) -> None:
    with pytest.raises(ClientError):
        alarms.put(ComparisonOperator="Unlike")


def test_an_encrypted_topic_is_reached_when_its_key_lets_cloudwatch(alarms: Alarms, client: Clients, name: str) -> None:
    key = client("kms").create_key()["KeyMetadata"]["Arn"]
    topic = client("sns").create_topic(Name=name, Attributes={"KmsMasterKeyId": key})["TopicArn"]
    alarms.put(OKActions=[topic], AlarmActions=[topic])
    ask = {"AlarmName": name, "HistoryItemType": "Action", "ScanBy": "TimestampAscending"}

    def outcomes() -> list[str]:
        items = alarms.cloudwatch.describe_alarm_history(**ask)["AlarmHistoryItems"]
        return [json.loads(item["HistoryData"])["actionState"] for item in items]

    assert until(lambda: outcomes() == ["Failed"])
    owner = {"Principal": {"AWS": "arn:aws:iam::000000000000:root"}, "Action": "kms:*"}
    service = {"Principal": {"Service": "cloudwatch.amazonaws.com"}, "Action": ["kms:Decrypt", "kms:GenerateDataKey*"]}
    statements = [{"Effect": "Allow", "Resource": "*", **each} for each in (owner, service)]
    policy = json.dumps({"Version": "2012-10-17", "Statement": statements})
    client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=policy)
    alarms.record(1)
    assert until(lambda: outcomes()[:2] == ["Failed", "Succeeded"])
