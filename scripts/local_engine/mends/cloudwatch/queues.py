"""AWS/SQS: how many messages a queue holds, how old the oldest is, and what was sent, received and deleted."""

import time
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import cloudwatch, sqs

from scripts.local_engine.mends.cloudwatch.evaluation import SCALE
from scripts.local_engine.patching import wrap

_GAUGE_SECONDS = max(60 * SCALE, 1)
_gauged = {"at": 0.0}


def gauge_queues() -> None:
    """Record every queue's state, once a minute (scaled as alarms' periods are).

    AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-available-cloudwatch-metrics.html
    Engine: no metrics of queues at all.
    """
    now = time.time()
    if now - _gauged["at"] < _GAUGE_SECONDS * 0.9:  # the clock's own unsteadiness must not skip a period
        return
    _gauged["at"] = now
    for (account, region, *_), queue in list(sqs._queues._data.items()):
        with request_scope(account, region):
            for name, value, unit in _state(queue, now):
                _record(queue, name, value, unit)


def _state(queue: dict[str, Any], now: float) -> list[tuple[str, float, str]]:
    sqs._refresh_counts(queue)
    held, attributes = queue["messages"], queue["attributes"]
    waiting = [message.get("sent_at", now) for message in held]
    return [
        ("ApproximateNumberOfMessagesVisible", float(attributes["ApproximateNumberOfMessages"]), "Count"),
        ("ApproximateNumberOfMessagesNotVisible", float(attributes["ApproximateNumberOfMessagesNotVisible"]), "Count"),
        ("ApproximateNumberOfMessagesDelayed", float(attributes["ApproximateNumberOfMessagesDelayed"]), "Count"),
        ("ApproximateAgeOfOldestMessage", now - min(waiting, default=now), "Seconds"),
    ]


def _record(queue: dict[str, Any], name: str, value: float, unit: str = "Count") -> None:
    queue_name = queue["attributes"]["QueueArn"].rsplit(":", 1)[1]
    cloudwatch.record_metric("AWS/SQS", name, value, unit, {"QueueName": queue_name})


def send_message(original: Any, data: dict[str, Any], qurl: str) -> Any:
    """Count a message sent, one of a batch too, and its size."""
    answer = original(data, qurl)
    queue = _queue(data, qurl)
    _record(queue, "NumberOfMessagesSent", 1)
    _record(queue, "SentMessageSize", len(str(data.get("MessageBody", "")).encode()), "Bytes")
    return answer


async def receive_message(original: Any, data: dict[str, Any], qurl: str) -> Any:
    """Count messages received, or a receive that found none."""
    answer = await original(data, qurl)
    received = len(answer.get("Messages", []))
    name = "NumberOfMessagesReceived" if received else "NumberOfEmptyReceives"
    _record(_queue(data, qurl), name, received or 1)
    return answer


def delete_message(original: Any, data: dict[str, Any], qurl: str) -> Any:
    """Count a message deleted."""
    answer = original(data, qurl)
    _record(_queue(data, qurl), "NumberOfMessagesDeleted", 1)
    return answer


def delete_message_batch(original: Any, data: dict[str, Any], qurl: str) -> Any:
    """Count the messages of a batch that were deleted."""
    answer = original(data, qurl)
    _record(_queue(data, qurl), "NumberOfMessagesDeleted", len(answer["Successful"]))
    return answer


def _queue(data: dict[str, Any], qurl: str) -> dict[str, Any]:
    queue: dict[str, Any] = sqs._get_q(data.get("QueueUrl", qurl))
    return queue


def receive_for_mapping(original: Any, queue_url: str, max_number: int) -> Any:
    """Count messages received by an event source mapping; its empty polls are the engine's own rhythm, not AWS's."""
    messages = original(queue_url, max_number)
    if messages:
        _record(sqs._get_q(queue_url), "NumberOfMessagesReceived", len(messages))
    return messages


def delete_for_mapping(original: Any, queue_url: str, receipt_handles: set[str]) -> Any:
    """Count messages deleted by an event source mapping."""
    answer = original(queue_url, receipt_handles)
    _record(sqs._get_q(queue_url), "NumberOfMessagesDeleted", len(receipt_handles))
    return answer


def apply() -> None:
    """Count what goes through queues; requests come in by a table of handlers, other services call the functions."""
    actions = {
        "SendMessage": ("_act_send_message", send_message),
        "ReceiveMessage": ("_act_receive_message", receive_message),
        "DeleteMessage": ("_act_delete_message", delete_message),
        "DeleteMessageBatch": ("_act_delete_message_batch", delete_message_batch),
    }
    for action, (name, mend) in actions.items():
        sqs._HANDLERS[action] = wrap(sqs, name)(mend)
    wrap(sqs, "_receive_messages_for_esm")(receive_for_mapping)
    wrap(sqs, "_delete_messages_for_esm")(delete_for_mapping)
