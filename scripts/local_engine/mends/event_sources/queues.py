"""Queues as event sources: batches are received, filtered, handed to the function, and deleted when they succeeded."""

import time
from typing import Any

from ministack.services import lambda_svc, sqs

from scripts.local_engine.mends.event_sources import filters, queue_records
from scripts.local_engine.mends.event_sources.answers import failed_items
from scripts.local_engine.mends.event_sources.polling import THROTTLED_SECONDS, Mapping, Slots, each_mapping
from scripts.local_engine.mends.event_sources.scaling import Scale
from scripts.local_engine.mends.lambda_limits import SYNCHRONOUS_BYTES
from scripts.local_engine.patching import replace

RECEIVED_AT_ONCE = 10
# Room for ten more messages and what surrounds them: what is gathered so far is handed over before it gets too large.
FULL_BYTES = SYNCHRONOUS_BYTES // 2

_slots = Slots()
_gathering = Slots()
_scales: dict[str, Scale] = {}

type Messages = list[dict[str, Any]]


def apply() -> None:
    """Apply the mends of this file."""
    replace(lambda_svc, "_poll_sqs", poll)


def poll() -> bool:
    """Start a batch for every queue that has messages and a free slot; return whether there was any.

    AWS: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#sqs-polling-behavior (batching window),
    https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-scaling.html (groups of a FIFO queue in parallel).
    Engine: no batching window; one batch of a FIFO queue at a time; a throttled batch waited for its visibility
    timeout to end, which used up the messages' receives.
    """
    return True in [_poll(mapping) for mapping in each_mapping("sqs")]


def _poll(mapping: Mapping) -> bool:
    queue = sqs._queue_by_arn(mapping.source)
    if queue is None or _gathering.taken(mapping.key):
        return False
    scale = _scales.setdefault(mapping.key, Scale())
    if _slots.taken(mapping.key) >= scale.limit((mapping.record.get("ScalingConfig") or {}).get("MaximumConcurrency")):
        scale.busy()
        return False
    messages = _receive(mapping, queue, mapping.batch_size)
    if not messages:
        scale.idle()
        return False
    _start(mapping, queue, messages, scale)
    return True


def _start(mapping: Mapping, queue: dict[str, Any], messages: Messages, scale: Scale) -> None:
    if mapping.window and not _is_full(mapping, messages):
        _gathering.run(mapping.key, _gather, mapping, queue, messages, scale)
    else:
        _slots.run(mapping.key, _process, mapping, queue, messages, scale)


def _receive(mapping: Mapping, queue: dict[str, Any], number: int) -> Messages:
    """Receive messages and discard those that the filters do not let through."""
    received: Messages = sqs._receive_messages_for_esm(queue["url"], min(number, RECEIVED_AT_ONCE))
    records = {message["id"]: queue_records.of_message(message, mapping.source) for message in received}
    wanted = {key for key, record in records.items() if filters.matches(record, mapping.record)}
    unwanted = [message for message in received if message["id"] not in wanted]
    if unwanted:
        _delete(queue, unwanted)
    return [dict(message) for message in received if message["id"] in wanted]


def _gather(mapping: Mapping, queue: dict[str, Any], messages: Messages, scale: Scale) -> None:
    """Add to a batch until it is full or the batching window ends, then hand it over."""
    deadline = time.monotonic() + mapping.window
    while not _is_full(mapping, messages) and mapping.wait_until(deadline):
        messages += _receive(mapping, queue, mapping.batch_size - len(messages))
    _slots.run(mapping.key, _process, mapping, queue, messages, scale)


def _is_full(mapping: Mapping, messages: Messages) -> bool:
    return len(messages) >= mapping.batch_size or sum(len(message["body"]) for message in messages) > FULL_BYTES


def _process(mapping: Mapping, queue: dict[str, Any], messages: Messages, scale: Scale) -> None:
    result = _invoke(mapping, messages)
    if result.get("error"):
        mapping.record["LastProcessingResult"] = "FAILED"
        scale.failed()
        return
    known = {message["id"] for message in messages}
    failed = failed_items(result.get("body"), known) if mapping.reports_failures else set[str]()
    _delete(queue, [message for message in messages if message["id"] not in failed])
    mapping.record["LastProcessingResult"] = "OK"
    scale.failed() if failed == known else scale.succeeded()


def _invoke(mapping: Mapping, messages: Messages) -> dict[str, Any]:
    """Invoke the function, again while it is throttled and the messages are still invisible."""
    event = {"Records": [queue_records.of_message(message, mapping.source) for message in messages]}
    deadline = min(message["visible_at"] for message in messages) - THROTTLED_SECONDS
    while True:
        record, _ = mapping.function()
        result: dict[str, Any] = lambda_svc._execute_function(record, event) if record else {"error": True}
        if not result.get("throttle") or time.time() >= deadline or not mapping.in_use():
            return result
        time.sleep(THROTTLED_SECONDS)


def _delete(queue: dict[str, Any], messages: Messages) -> None:
    sqs._delete_messages_for_esm(queue["url"], {message["receipt_handle"] for message in messages})
