"""A queue that listens to a topic: shows which notifications were sent."""

import json
import time
import uuid
from dataclasses import dataclass, field
from typing import Any, Self

from scripts.deployment import Deployment


@dataclass(frozen=True)
class Notification:
    """What subscribers of a topic receive."""

    subject: str
    message: str
    attributes: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, envelope: dict[str, Any]) -> Self:
        """Take what SNS sends to a queue."""
        attributes = {name: each["Value"] for name, each in envelope.get("MessageAttributes", {}).items()}
        return cls(envelope.get("Subject") or "", envelope["Message"], attributes)

    def matches(self, marker: str, attributes: dict[str, str]) -> bool:
        """Tell whether it mentions `marker` and has these attributes."""
        return marker in f"{self.subject}\n{self.message}" and attributes.items() <= self.attributes.items()


class Inbox:
    """A temporary subscriber of `topic_arn`; remove it with `close`, or use it as a context manager."""

    def __init__(self, deployment: Deployment, topic_arn: str) -> None:
        self._sqs, self._sns = deployment.client("sqs"), deployment.client("sns")
        self._url: str = self._sqs.create_queue(QueueName=f"inbox-{uuid.uuid4().hex[:12]}")["QueueUrl"]
        attributes = self._sqs.get_queue_attributes(QueueUrl=self._url, AttributeNames=["QueueArn"])["Attributes"]
        self._sqs.set_queue_attributes(QueueUrl=self._url, Attributes=_policy(attributes["QueueArn"], topic_arn))
        subscription = self._sns.subscribe(
            TopicArn=topic_arn, Protocol="sqs", Endpoint=attributes["QueueArn"], ReturnSubscriptionArn=True
        )
        self._subscription: str = subscription["SubscriptionArn"]
        self._received: list[Notification] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unsubscribe and delete the queue."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._url)

    def wait_for(self, marker: str, timeout_seconds: float = 10, **attributes: str) -> Notification | None:
        """Return the first notification that mentions `marker` and has the message attributes given.

        Each is returned once; None when none came in time. All others are kept for later calls.
        """
        deadline = time.monotonic() + timeout_seconds
        while True:
            for notification in self._received:
                if notification.matches(marker, attributes):
                    self._received.remove(notification)
                    return notification
            if time.monotonic() >= deadline:
                return None
            self._receive()

    def _receive(self) -> None:
        answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
        for received in answer.get("Messages", []):
            self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=received["ReceiptHandle"])
            self._received.append(Notification.of(json.loads(received["Body"])))


def _policy(queue_arn: str, topic_arn: str) -> dict[str, str]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
