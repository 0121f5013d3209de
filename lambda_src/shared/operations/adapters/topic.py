"""The workflow's topic: each message goes to one recipient, whose subscription filters by name."""

from shared.clients import client

_MAX_SUBJECT = 100  # https://docs.aws.amazon.com/sns/latest/api/API_Publish.html


def publish(topic_arn: str, recipient: str, kind: str, subject: str, text: str) -> None:
    """Send a message; `recipient` is an owner's name or "operators"."""
    attributes = {"recipient": recipient, "kind": kind}
    client("sns").publish(
        TopicArn=topic_arn,
        Subject=subject.encode("ascii", "replace").decode()[:_MAX_SUBJECT],
        Message=text,
        MessageAttributes={name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()},
    )
