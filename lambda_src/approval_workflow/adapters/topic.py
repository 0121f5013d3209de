"""The topic that tells people: each message goes to one recipient, whose subscription filters by name."""

from approval_workflow.domain.messages import Message
from shared.clients import client


def publish(topic_arn: str, message: Message) -> None:
    """Send a message."""
    attributes = {"recipient": message.recipient, "kind": message.kind}
    client("sns").publish(
        TopicArn=topic_arn,
        Subject=message.subject,
        Message=message.text,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
