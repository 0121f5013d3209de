"""Whatever a record of the event holds or lacks, it is a message: nothing fails before it can be judged."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.queues.message import Message, lanes

ODD = st.none() | st.text() | st.integers().map(str)


def record(**attributes: Any) -> dict[str, Any]:
    return {"messageId": "m-1", "receiptHandle": "h", "body": "{}", "attributes": attributes}


def test_a_message_was_first_seen_when_it_was_sent_or_when_it_first_failed() -> None:
    sent = record(SentTimestamp="1795413600123")
    assert Message.from_record(sent).first_seen == "2026-11-23T06:00:00.123+00:00"
    redriven = sent | {
        "messageAttributes": {"first_seen": {"stringValue": "2026-11-01T00:00:00Z", "dataType": "String"}}
    }
    assert Message.from_record(redriven).first_seen == "2026-11-01T00:00:00Z"


@given(ODD, ODD, ODD)
def test_odd_attributes_have_defaults(count: str | None, sent: str | None, group: str | None) -> None:
    message = Message.from_record(record(ApproximateReceiveCount=count, SentTimestamp=sent, MessageGroupId=group))
    assert datetime.fromisoformat(message.first_seen).tzinfo == UTC
    assert isinstance(message.receive_count, int)


@pytest.mark.parametrize("empty", [{}, {"attributes": None, "messageAttributes": None}, {"messageId": None}])
def test_a_record_without_anything_is_a_message(empty: dict[str, Any]) -> None:
    message = Message.from_record(empty)
    assert (message.id, message.receive_count, message.group) == ("", 1, None)


def test_only_fifo_queues_keep_the_order_of_groups() -> None:
    standard = record(MessageGroupId="tenant-1") | {"eventSourceARN": "arn:aws:sqs:us-east-1:0:queue"}
    assert Message.from_record(standard).group is None
    assert Message.from_record(standard | {"eventSourceARN": "arn:aws:sqs:us-east-1:0:queue.fifo"}).group == "tenant-1"


def test_messages_of_a_group_share_a_lane() -> None:
    fifo = {"eventSourceARN": "arn:aws:sqs:us-east-1:0:queue.fifo"}
    batch = [record(MessageGroupId=name[0]) | fifo | {"messageId": name} for name in ("a1", "b1", "a2")]
    found = lanes([Message.from_record(message) for message in batch])
    assert [[message.id for message in lane] for lane in found] == [["a1", "a2"], ["b1"]]
