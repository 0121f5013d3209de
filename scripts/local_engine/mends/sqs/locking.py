"""SQS: messages are put into a queue and taken out of it by one thread at a time."""

import threading
from typing import Any

from ministack.services import eventbridge, s3, sns, sqs

from scripts.local_engine.patching import Function, replace, wrap

PRODUCERS = (
    (sns, "_deliver_to_sqs"),
    (s3, "_deliver_event_to_sqs"),
    (eventbridge, "_dispatch_to_sqs"),
)
OTHERS = ("_collect_msgs", "_expire_retained", "_refresh_counts", "_act_send_message")


def apply() -> None:
    """Apply the mends of this file."""
    replace(sqs, "_queues_lock", threading.RLock())
    for module, name in PRODUCERS:
        wrap(module, name)(_locked)
    for name in OTHERS:
        wrap(sqs, name)(_locked)
    for action, handler in sqs._HANDLERS.items():
        if action != "ReceiveMessage":  # it waits for messages, and takes them with `_collect_msgs`
            sqs._HANDLERS[action] = _holding_the_lock(handler)


def _locked(original: Function, *arguments: Any, **options: Any) -> Any:
    """Keep every message that was accepted.

    AWS: a message stays until it is deleted or too old
    (https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-lifecycle.html).
    Engine: event source mappings and requests replaced a queue's list of messages at the same time, without a common
    lock; a message sent meanwhile could be lost, or a deleted one come back.
    """
    with sqs._queues_lock:
        return original(*arguments, **options)


def _holding_the_lock(handler: Function) -> Function:
    return lambda *arguments: _locked(handler, *arguments)
