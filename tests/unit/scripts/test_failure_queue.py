"""Triage of a failure queue: nothing is changed unasked, what is moved is recorded, and what is not is left alone."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from scripts.deployment import Deployment
from scripts.failure_queue import __main__ as command
from scripts.failure_queue.triage import RECEIVED_TOO_OFTEN, Message, Triage, TriageError, move, survey
from scripts.held_queue import HeldQueue

LOG_GROUP = "/workflows/test/queue_processor/triage"


def everything(_: object) -> bool:
    return True


@pytest.fixture
def triage(monkeypatch: pytest.MonkeyPatch) -> Iterator[Triage]:
    monkeypatch.setattr(HeldQueue, "_wait_seconds", 0)
    with mock_aws():
        sqs, logs = boto3.client("sqs", "us-east-1"), boto3.client("logs", "us-east-1")
        logs.create_log_group(logGroupName=LOG_GROUP)
        outputs = {
            "queue_url": sqs.create_queue(QueueName="work")["QueueUrl"],
            "failure_queue_url": sqs.create_queue(QueueName="work-failures")["QueueUrl"],
            "triage_log_group": LOG_GROUP,
        }
        yield Triage.on(Deployment("test", {"queue_processor": outputs}, "us-east-1"), "queue_processor")


def fail(triage: Triage, body: str, reason: str = "", **attributes: str) -> None:
    attributes |= {"reason": reason, "error_type": "BadRecord"} if reason else {}
    triage.sqs.send_message(
        QueueUrl=triage.failure_queue_url,
        MessageBody=body,
        MessageAttributes={k: {"DataType": "String", "StringValue": v} for k, v in attributes.items()},
    )


def bodies(triage: Triage, url: str) -> list[str]:
    found: list[dict[str, Any]] = []
    while batch := triage.sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        found += batch
    return sorted(message["Body"] for message in found)


def recorded(triage: Triage) -> list[dict[str, str]]:
    return [json.loads(event["message"]) for event in triage.logs.filter_log_events(logGroupName=LOG_GROUP)["events"]]


def test_messages_are_grouped_by_reason_and_stay(triage: Triage) -> None:
    for number in range(25):
        fail(triage, str(number), "not JSON")
    fail(triage, "late")
    counts, samples = survey(triage, everything)
    assert counts == {("BadRecord", "not JSON"): 25, ("Unknown", RECEIVED_TOO_OFTEN): 1}
    assert len(samples) == 4, "three of one kind are enough"
    assert triage.size() == 26, "all are visible again"
    assert not recorded(triage)


def test_a_selection_is_sent_back_as_it_was_and_recorded(triage: Triage) -> None:
    fail(triage, "good", "price list was missing", tenant="a")
    fail(triage, "bad", "not JSON")
    assert move(triage, lambda m: "price" in m.reason, triage.send_back, rate=1000) == 1
    back = triage.sqs.receive_message(QueueUrl=triage.queue_url, MessageAttributeNames=["All"])["Messages"]
    assert [message["Body"] for message in back] == ["good"]
    assert list(back[0]["MessageAttributes"]) == ["tenant"], "what was added on the way is gone"
    assert bodies(triage, triage.failure_queue_url) == ["bad"]
    [entry] = recorded(triage)
    assert (entry["action"], entry["reason"]) == ("redriven", "price list was missing")
    assert entry["by"].startswith("arn:aws:")


def test_a_message_that_cannot_be_sent_back_stays(triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(triage, "stuck", "x")

    def refuse(**_: object) -> dict[str, Any]:
        return {"Failed": [{"Id": "0"}]}

    monkeypatch.setattr(triage.sqs, "send_message_batch", refuse)
    assert move(triage, everything, triage.send_back, rate=1000) == 0
    assert bodies(triage, triage.failure_queue_url) == ["stuck"]


def test_redriving_is_a_rehearsal_unless_asked_for(triage: Triage, capsys: pytest.CaptureFixture[str]) -> None:
    fail(triage, "one", "x")
    command.redrive(triage, everything, 1000, sure=False)
    assert "1 messages would be sent back; add --yes" in capsys.readouterr().out
    assert triage.size() == 1


@pytest.mark.parametrize("answers", [["yes"], ["work-failures", "2"]])
def test_purging_asks_twice(triage: Triage, monkeypatch: pytest.MonkeyPatch, answers: list[str]) -> None:
    fail(triage, "one", "x")
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    with pytest.raises(TriageError, match="nothing was deleted"):
        command.purge(triage, everything)
    assert triage.size() == 1


def test_purging_records_what_it_deletes(triage: Triage, monkeypatch: pytest.MonkeyPatch) -> None:
    fail(triage, "one", "x")
    answers = ["work-failures", "1"]
    monkeypatch.setattr("builtins.input", lambda _: answers.pop(0))
    command.purge(triage, everything)
    assert triage.size() == 0
    assert [entry["action"] for entry in recorded(triage)] == ["purged"]


def test_the_rate_is_kept(triage: Triage) -> None:
    for number in range(20):
        fail(triage, str(number), "x")
    began = time.monotonic()
    move(triage, everything, triage.send_back, rate=40)
    assert time.monotonic() - began >= 20 / 40


def test_a_fifo_message_goes_back_to_its_group_under_a_new_deduplication_id() -> None:
    received = {
        "MessageId": "id",
        "Body": "b",
        "Attributes": {"MessageGroupId": "g", "MessageDeduplicationId": "old", "ApproximateReceiveCount": "2"},
    }
    entry = Message.of(received).entry(0)
    assert (entry["MessageGroupId"], entry["MessageDeduplicationId"]) == ("g", "id-2")
