"""SQS: which messages a consumer receives next, and which have been received too often."""

import json
import time
from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Any

from ministack.core.concurrency import esm_wake
from ministack.services import sqs

from scripts.local_engine.patching import Function, replace, wrap

type Message = dict[str, Any]


def apply() -> None:
    """Apply the mends of this file."""
    wrap(sqs, "_collect_msgs")(_collect)
    replace(sqs, "_dlq_sweep", lambda _queue: None)  # `_collect` moves what has been received too often


def _collect(original: Function, q: dict[str, Any], max_n: int, vis_timeout: int) -> list[Message]:  # noqa: ARG001
    """Receive up to `max_n` messages; those that were received `maxReceiveCount` times go to the dead-letter queue.

    AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html (moved
    when received once more), https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/FIFO-queues-understanding-logic.html
    (as many messages of one group as possible; no other message of a group while one is in flight).
    Engine: went through every message at each receive, which took seconds with a long backlog; a batch mixed the
    groups, and messages were moved although others of their group were in flight.
    """
    now = time.time()
    limit, dead_letters = _redrive(q)
    received: list[Message] = []
    dead: list[Message] = []
    for message in _available(q, now):
        if dead_letters is not None and message["receive_count"] >= limit:
            dead.append(message)
            continue
        received.append(_receive(message, now, vis_timeout))
        if len(received) == max_n:
            break
    if dead and dead_letters is not None:
        _bury(q, dead, dead_letters, now)
    return received


def _available(q: dict[str, Any], now: float) -> Iterable[Message]:
    if not q["is_fifo"]:
        return (message for message in q["messages"] if message["visible_at"] <= now)
    waiting, locked = list[Message](), set[str]()
    for message in q["messages"]:
        if message["visible_at"] <= now:
            waiting.append(message)
        elif message["receive_count"]:
            locked.add(message["group_id"])
    return _by_group(message for message in waiting if message["group_id"] not in locked)


def _by_group(messages: Iterable[Message]) -> Iterator[Message]:
    groups: dict[str, list[Message]] = {}
    for message in messages:
        groups.setdefault(message["group_id"], []).append(message)
    return chain.from_iterable(groups.values())


def _receive(message: Message, now: float, seconds: int) -> Message:
    sqs._ensure_msg_fields(message)
    message["receipt_handle"] = sqs.new_uuid()
    message["visible_at"] = now + seconds
    message["receive_count"] += 1
    message["first_receive_at"] = message.get("first_receive_at") or now
    return message


def _redrive(q: dict[str, Any]) -> tuple[int, dict[str, Any] | None]:
    policy = json.loads(q["attributes"].get("RedrivePolicy") or "{}")
    return int(policy.get("maxReceiveCount", 0)), sqs._queue_by_arn(policy.get("deadLetterTargetArn", ""))


def _bury(q: dict[str, Any], dead: list[Message], dead_letters: dict[str, Any], now: float) -> None:
    """Move messages, which keep their ids, attributes, counts and (unless FIFO) their age."""
    gone = {id(message) for message in dead}
    q["messages"] = [message for message in q["messages"] if id(message) not in gone]
    source = {"DeadLetterQueueSourceArn": q["attributes"]["QueueArn"]}
    for message in dead:
        moved = {**message, "receipt_handle": None, "visible_at": now, "sys": {**message.get("sys", {}), **source}}
        dead_letters["messages"].append(moved | ({"enqueued_at": now} if dead_letters["is_fifo"] else {}))
    esm_wake.set()
