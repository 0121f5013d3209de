"""SQS: how large a message may be."""

import base64
from typing import Any

from ministack.services import sqs

from scripts.local_engine.patching import Function, wrap


def apply() -> None:
    """Apply the mends of this file."""
    sqs._HANDLERS["SendMessage"] = wrap(sqs, "_act_send_message")(_send)


def _send(original: Function, data: dict[str, Any], qurl: str) -> Any:
    """Count a message's attributes, too: their names, types and values.

    AWS: https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-message-metadata.html ("part of
    the message size restriction"). Engine: only the body was counted.
    """
    queue = sqs._get_q(data.get("QueueUrl", qurl))
    limit = int(queue["attributes"]["MaximumMessageSize"])
    attributes = data.get("MessageAttributes") or {}
    size = len(str(data.get("MessageBody", "")).encode()) + sum(_size(*each) for each in attributes.items())
    if size > limit:
        reason = f"Reason: Message must be shorter than {limit} bytes."
        raise sqs._Err("InvalidParameterValue", f"One or more parameters are invalid. {reason}")
    return original(data, qurl)


def _size(name: str, attribute: dict[str, Any]) -> int:
    text = f"{name}{attribute.get('DataType', '')}{attribute.get('StringValue') or ''}"
    binary = attribute.get("BinaryValue") or b""
    return len(text.encode()) + len(base64.b64decode(binary) if isinstance(binary, str) else binary)
