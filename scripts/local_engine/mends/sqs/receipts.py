"""SQS: what a receipt handle is good for, and for how long."""

import time
from typing import Any
from uuid import UUID

from ministack.services import sqs

from scripts.local_engine.patching import Function, wrap

MAX_VISIBILITY_SECONDS = 43_200


def apply() -> None:
    """Apply the mends of this file."""
    sqs._HANDLERS["ChangeMessageVisibility"] = wrap(sqs, "_act_change_visibility")(_change_visibility)
    sqs._HANDLERS["ChangeMessageVisibilityBatch"] = wrap(sqs, "_act_change_visibility_batch")(_change_batch)
    sqs._HANDLERS["DeleteMessage"] = wrap(sqs, "_act_delete_message")(_delete)
    sqs._HANDLERS["DeleteMessageBatch"] = wrap(sqs, "_act_delete_message_batch")(_delete_batch)
    wrap(sqs, "_delete_messages_for_esm")(_delete_for_mapping)


def _change_visibility(original: Function, data: dict[str, Any], qurl: str) -> Any:
    """Change the visibility of a message in flight only, for up to 12 hours.

    AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html
    (MessageNotInflight; 0 to 43,200 seconds). Engine: hid a message that everybody could see already, for any time.
    """
    queue = sqs._get_q(data.get("QueueUrl", qurl), "sqs:ChangeMessageVisibility")
    seconds = data.get("VisibilityTimeout", 30)
    if not 0 <= int(seconds) <= MAX_VISIBILITY_SECONDS:
        reason = f"Reason: VisibilityTimeout must be between 0 and {MAX_VISIBILITY_SECONDS}."
        raise sqs._Err("InvalidParameterValue", f"Value {seconds} for parameter VisibilityTimeout is invalid. {reason}")
    message = _held_by(queue, data.get("ReceiptHandle", ""))
    if message and message["visible_at"] <= time.time():
        raise sqs._Err("MessageNotInflight", "The specified message isn't in flight.")
    return original(data, qurl)


def _change_batch(original: Function, data: dict[str, Any], qurl: str) -> Any:  # noqa: ARG001 entry by entry instead
    """Change each message of a batch under the same rules."""
    return _each(data, qurl, "ChangeMessageVisibilityBatchRequestEntry", sqs._act_change_visibility)


def _delete(original: Function, data: dict[str, Any], qurl: str) -> Any:
    """Delete by the latest handle; an older one deletes nothing and is no error, but in a FIFO queue an expired is.

    AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html, and "The receipt
    handle has expired" (InvalidParameterValue) for FIFO queues. Engine: an older handle was an error; an expired one of
    a FIFO queue deleted the message.
    """
    queue, handle = sqs._get_q(data.get("QueueUrl", qurl), "sqs:DeleteMessage"), data.get("ReceiptHandle", "")
    message = _held_by(queue, handle)
    if message and _expired(queue, message):
        reason = f"Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has expired."
        raise sqs._Err("InvalidParameterValue", reason)
    return original(data, qurl) if message or not _well_formed(handle) else {}


def _delete_batch(original: Function, data: dict[str, Any], qurl: str) -> Any:  # noqa: ARG001 entry by entry instead
    """Delete each message of a batch under the same rules."""
    return _each(data, qurl, "DeleteMessageBatchRequestEntry", sqs._act_delete_message)


def _delete_for_mapping(original: Function, queue_url: str, receipt_handles: set[str]) -> None:
    """Leave what a mapping's function took too long for: it is delivered again, in a FIFO queue too."""
    with sqs._queues_lock:
        queue = sqs._get_q(queue_url)
        held = [message for message in queue["messages"] if message["receipt_handle"] in receipt_handles]
        expired = {message["receipt_handle"] for message in held if _expired(queue, message)}
        original(queue_url, receipt_handles - expired)


def _each(data: dict[str, Any], qurl: str, kind: str, act: Function) -> dict[str, Any]:
    entries, url = data.get("Entries", []), data.get("QueueUrl", qurl)
    sqs._validate_batch_entries(entries, kind)
    answer: dict[str, Any] = {"Successful": [], "Failed": []}
    for entry in entries:
        try:
            act({**entry, "QueueUrl": url}, url)
            answer["Successful"].append({"Id": entry["Id"]})
        except sqs._Err as error:
            failure = {"Code": error.code, "Message": error.message, "SenderFault": True}
            answer["Failed"].append({"Id": entry["Id"], **failure})
    return answer


def _held_by(queue: dict[str, Any], handle: str) -> dict[str, Any] | None:
    return next((message for message in queue["messages"] if handle and message["receipt_handle"] == handle), None)


def _expired(queue: dict[str, Any], message: dict[str, Any]) -> bool:
    return bool(queue["is_fifo"] and message["visible_at"] <= time.time())


def _well_formed(handle: str) -> bool:
    try:
        return bool(UUID(handle))
    except ValueError:
        return False
