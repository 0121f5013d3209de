"""The queue processor end to end: every message ends in the results or, with its reason, on the failure queue."""

import json
import subprocess
import sys
import time
from collections import Counter, defaultdict
from dataclasses import asdict
from decimal import Decimal
from typing import Any

import pytest

from scripts.deployment import ROOT
from scripts.local_engine import Engine
from scripts.parameters import Parameter
from tests.e2e.conftest import post
from tests.e2e.disturbances import kill_functions
from tests.e2e.queue import QueueProcessor, Sent, usage
from tests.support.applied import Applied

GOOD, DUPLICATES, POISON = 9_300, 400, 300
CUSTOMERS = 7
HOPELESS = {"BadJson", "BrokenContract", "UnknownMeter"}
PATIENCE_SECONDS = 240
POISONS = [
    "not JSON",
    usage("unknown-meter", meter="nobody sells this"),
    usage("negative", quantity="-1"),
]


def customer(number: int) -> str:
    return f"customer-{number % CUSTOMERS}"


@pytest.fixture(scope="module")
def processor(engine: Engine, local: Applied) -> QueueProcessor:
    """The local environment's, with the shortest visibility timeout that the function allows."""
    assert engine.pid()
    found = QueueProcessor(local.deployment)
    found.sqs.set_queue_attributes(QueueUrl=found.outputs["queue_url"], Attributes={"VisibilityTimeout": "12"})
    return found


@pytest.fixture(scope="module")
def aftermath(processor: QueueProcessor, engine: Engine) -> QueueProcessor:
    """After 10,000 messages, some twice, some hopeless, while the table throttled and every function was killed."""
    good = [usage(f"u{n}", customer(n)) for n in range(GOOD)]
    messages = good + good[:DUPLICATES] + [POISONS[n % len(POISONS)] for n in range(POISON)]
    post(engine, "/_local/faults", {"resource": "dynamodb:PutItem", "error": "ThrottlingException", "times": 300})
    processor.send(Sent(body) for body in messages)
    processor.wait(lambda: len(processor.results()) > GOOD // 10, PATIENCE_SECONDS)
    assert kill_functions(engine)
    processor.wait_until_empty(PATIENCE_SECONDS)
    return processor


def test_every_message_is_accounted_for(aftermath: QueueProcessor) -> None:
    stored = set(aftermath.results())
    failed = aftermath.failures()
    given_up = {json.loads(m.body)["usage_id"] for m in failed if m.error_type not in HOPELESS}
    assert stored | given_up == {f"u{n}" for n in range(GOOD)}
    twice = {f"u{n}" for n in range(DUPLICATES)}  # of two copies, one may be stored and one given up
    assert stored & given_up <= twice
    poison = Counter(m.body for m in failed if m.error_type in HOPELESS)
    assert poison == {body: POISON // len(POISONS) for body in POISONS}


def test_poison_says_why_and_since_when(aftermath: QueueProcessor) -> None:
    for message in aftermath.failures():
        if message.body in POISONS:
            assert message.reason
            assert message.error_type in HOPELESS
            assert message.first_seen.startswith("20")


def test_duplicates_have_no_effect(aftermath: QueueProcessor) -> None:
    results = aftermath.results()
    lines = Counter(item["customer"]["S"] for item in results.values())
    wanted = sums(results)

    def settled() -> bool:
        return {key: Decimal(item["total"]["N"]) for key, item in aftermath.totals().items()} == wanted

    aftermath.wait(settled, PATIENCE_SECONDS)
    counted = {key.split("#")[0]: int(item["lines"]["N"]) for key, item in aftermath.totals().items()}
    assert counted == lines


def sums(results: dict[str, dict[str, Any]]) -> dict[str, Decimal]:
    totals: dict[str, Decimal] = defaultdict(Decimal)
    for item in results.values():
        totals[f"{item['customer']['S']}#{item['currency']['S']}"] += Decimal(item["amount"]["N"])
    return totals


def test_a_stream_record_that_cannot_be_counted_is_kept_aside_and_the_rest_goes_on(aftermath: QueueProcessor) -> None:
    table = aftermath.outputs["results_table"]
    aftermath.dynamodb.put_item(TableName=table, Item={"business_key": {"S": "broken"}, "amount": {"S": "no number"}})
    aftermath.send([Sent(usage("after-the-broken-one", "late customer"))])
    aftermath.wait(lambda: any(key.startswith("late customer#") for key in aftermath.totals()), PATIENCE_SECONDS)
    queue = aftermath.outputs["totals_failure_queue_url"]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (kept := aftermath.sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=5).get("Messages")):
        assert time.monotonic() < deadline
    assert "DDBStreamBatchInfo" in json.loads(kept[0]["Body"])
    aftermath.dynamodb.delete_item(TableName=table, Key={"business_key": {"S": "broken"}})


def test_the_failure_queue_s_depth_raises_an_alarm(aftermath: QueueProcessor) -> None:
    name = {"Name": "QueueName", "Value": aftermath.outputs["failure_queue_arn"].rsplit(":", 1)[-1]}
    pages = aftermath.deployment.client("cloudwatch").get_paginator("describe_alarms")

    def raised() -> list[dict[str, Any]]:
        alarms = [alarm for page in pages.paginate(StateValue="ALARM") for alarm in page["MetricAlarms"]]
        return [alarm for alarm in alarms if name in alarm.get("Dimensions", [])]

    aftermath.wait(raised, PATIENCE_SECONDS)
    assert raised()[0]["AlarmActions"] == [aftermath.deployment.outputs["foundation"]["alarm_topic_arn"]]


# What an operator runs, for one of the poisons.
REDRIVE = """
import json, sys
from scripts.deployment import Deployment
from scripts.failure_queue.triage import Triage, move

triage = Triage.on(Deployment(**json.loads(sys.argv[1])), "queue_processor")
move(triage, lambda message: message.body == sys.argv[2], triage.send_back, rate=50)
"""


def test_a_redrive_that_is_killed_loses_nothing(aftermath: QueueProcessor) -> None:
    before = len(aftermath.failures())
    deployment = json.dumps(asdict(aftermath.deployment))
    process = subprocess.Popen([sys.executable, "-c", REDRIVE, deployment, POISONS[0]], cwd=ROOT)
    logs, group = aftermath.deployment.client("logs"), aftermath.outputs["triage_log_group"]
    aftermath.wait(lambda: logs.filter_log_events(logGroupName=group)["events"], PATIENCE_SECONDS)
    process.kill()
    assert process.wait() < 0, "it was killed while working"
    recorded = [json.loads(event["message"]) for event in logs.filter_log_events(logGroupName=group)["events"]]
    assert {entry["action"] for entry in recorded} == {"redriven"}
    aftermath.wait_until_empty(PATIENCE_SECONDS)
    # What was sent back is poison still, so it is on the failure queue again; what was held becomes visible.
    aftermath.wait(lambda: aftermath.triage.size() >= before, PATIENCE_SECONDS)


def test_a_change_of_the_prices_takes_effect_without_a_deployment(processor: QueueProcessor) -> None:
    seconds = processor.deployment.outputs["foundation"]["configuration_seconds"]
    prices = Parameter(processor.deployment, processor.outputs["prices_parameter"], seconds)
    sold = {"currency": "EUR", "tiers": [{"unit_price": "0.5"}]}
    with prices.changed(trial_hours=sold):
        processor.send([Sent(usage("trial", "trial-customer", "trial_hours"))])
        processor.wait(lambda: "trial" in processor.results(), PATIENCE_SECONDS)
