"""What a consumer asks of its queues: to take a message that will never work, and to show one again later."""

from base64 import b64decode
from collections.abc import Iterable, Mapping
from itertools import batched
from typing import Any

from shared.clients import client
from shared.queues.message import FIRST_SEEN, Message
from shared.queues.translation import translated

# https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibilityBatch.html
_BATCH = 10


def send_away(failure_queue_url: str, message: Message, why: Mapping[str, str]) -> None:
    """Put a message into the failure queue as it is, with attributes that say why. Raises `Transient` and `Refused`.

    Of a message sent twice within five minutes a FIFO queue takes one, since its id says that it is the same.
    """
    about = {**why, FIRST_SEEN: message.first_seen, "source_message_id": message.id}
    own = {name: _as_sent(value) for name, value in message.attributes.items()}
    order = {"MessageGroupId": message.group, "MessageDeduplicationId": message.id} if message.group else {}
    with translated():
        client("sqs", hasty=True).send_message(
            QueueUrl=failure_queue_url,
            MessageBody=message.body,
            MessageAttributes=own | {name: {"DataType": "String", "StringValue": text} for name, text in about.items()},
            **order,
        )


def delay(queue_url: str, delays: Iterable[tuple[Message, int]]) -> None:
    """Keep messages invisible for some seconds from now, ten in a call. Raises `Transient` and `Refused`."""
    for batch in batched(delays, _BATCH, strict=False):
        entries = [
            {"Id": str(number), "ReceiptHandle": message.receipt_handle, "VisibilityTimeout": seconds}
            for number, (message, seconds) in enumerate(batch)
        ]
        with translated():
            client("sqs", hasty=True).change_message_visibility_batch(QueueUrl=queue_url, Entries=entries)


def _as_sent(attribute: Mapping[str, Any]) -> dict[str, Any]:
    """Spell an attribute as SQS takes it; Lambda delivers it with other capitals, and bytes in base64."""
    value = (
        {"BinaryValue": b64decode(attribute["binaryValue"])}
        if attribute.get("binaryValue")
        else {"StringValue": attribute.get("stringValue")}
    )
    return {"DataType": attribute.get("dataType"), **value}
