"""A queue's message as a function sees it.

AWS: https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html#example-standard-queue-message-event
Engine: without the MD5 of the message's attributes, their empty lists, and the queue a dead letter came from.
"""

from typing import Any

from ministack.core.responses import get_region
from ministack.services import sqs


def of_message(message: dict[str, Any], queue_arn: str) -> dict[str, Any]:
    """Return the event record of a message that was just received."""
    attributes = message.get("message_attributes") or {}
    digest = sqs._md5_msg_attrs(attributes)
    return {
        "messageId": message["id"],
        "receiptHandle": message["receipt_handle"],
        "body": message["body"],
        "attributes": sqs._build_sys_attrs(message, ["All"]),
        "messageAttributes": {name: _attribute(value) for name, value in attributes.items()},
        "md5OfBody": message["md5_body"],
        **({"md5OfMessageAttributes": digest} if digest else {}),
        "eventSource": "aws:sqs",
        "eventSourceARN": queue_arn,
        "awsRegion": get_region(),
    }


def _attribute(value: dict[str, Any]) -> dict[str, Any]:
    given = {f"{key[0].lower()}{key[1:]}": content for key, content in value.items()}
    return {"stringListValues": [], "binaryListValues": [], **given}
