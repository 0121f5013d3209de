"""A queue that listens to a topic: shows which notifications were sent."""

import json
import time
import uuid
from dataclasses import dataclass
from typing import Any, Self

from scripts.deployment import Deployment


@dataclass(frozen=True)
class Notification:
    """What subscribers of a topic receive."""

    subject: str
    message: str


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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Unsubscribe and delete the queue."""
        self._sns.unsubscribe(SubscriptionArn=self._subscription)
        self._sqs.delete_queue(QueueUrl=self._url)

    def wait_for(self, marker: str, timeout_seconds: float = 10) -> Notification | None:
        """Return the first notification that mentions `marker`, or None when none came in time; drops all others."""
        deadline = time.monotonic() + timeout_seconds
        while time.monotonic() < deadline:
            answer = self._sqs.receive_message(QueueUrl=self._url, MaxNumberOfMessages=10, WaitTimeSeconds=1)
            for received in answer.get("Messages", []):
                self._sqs.delete_message(QueueUrl=self._url, ReceiptHandle=received["ReceiptHandle"])
                envelope: dict[str, Any] = json.loads(received["Body"])
                if marker in received["Body"]:
                    return Notification(envelope.get("Subject") or "", envelope["Message"])
        return None


def _policy(queue_arn: str, topic_arn: str) -> dict[str, str]:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "sns.amazonaws.com"},
        "Action": "sqs:SendMessage",
        "Resource": queue_arn,
        "Condition": {"ArnEquals": {"aws:SourceArn": topic_arn}},
    }
    return {"Policy": json.dumps({"Version": "2012-10-17", "Statement": [statement]})}
