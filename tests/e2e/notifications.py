"""Drives the notifications: lets things happen in the account, and looks at what Slack and Teams got."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from uuid import uuid4

from scripts.chat.connecting import REMEMBERED_SECONDS, settings_of
from scripts.chat.server import Chat, Post
from scripts.deployment import Deployment
from scripts.failure_queue.triage import Message, Triage
from scripts.local_engine import Engine

PATIENCE_SECONDS = 60
POLL_SECONDS = 0.1
SLACK, TEAMS = "operations", "engineering"
BOTH = (SLACK, TEAMS)


class Notifications:
    """The applied notifications; `chat` has their channels."""

    def __init__(self, deployment: Deployment, engine: Engine, chat: Chat) -> None:
        self.deployment = deployment
        self.engine = engine
        self.chat = chat
        self.outputs: dict[str, Any] = deployment.outputs["notifications"]
        self.sqs = deployment.client("sqs")
        self.triage = Triage.on(deployment, "notifications")

    def source(self) -> str:
        """Return the name of somebody who has never spoken before."""
        return f"test_{uuid4().hex[:8]}"

    def only(self, source: str, **changes: Any) -> Any:
        """Let both channels hear of one source only, and nobody of anything else, for a while."""
        routes = [{"name": source, "sources": [source], "channels": [SLACK, TEAMS]}, {"name": "rest", "channels": []}]
        return self.settings(**{"routes": routes, **changes})

    @contextmanager
    def settings(self, **changes: Any) -> Iterator[None]:
        """Change some of the settings for a while."""
        with settings_of(self.deployment).changed(**changes):
            time.sleep(REMEMBERED_SECONDS)
            yield

    def say(self, source: str, subject: str, text: str = "It is so.") -> None:
        """Put into the outbox what SNS would for a topic of that name."""
        topic = f"arn:aws:sns:us-east-1:000000000000:{self.deployment.outputs['foundation']['name']}-{source}"
        self.send({"Type": "Notification", "TopicArn": topic, "Subject": subject, "Message": text})

    def send(self, body: object) -> None:
        """Put a message into the outbox."""
        text = body if isinstance(body, str) else json.dumps(body)
        self.sqs.send_message(QueueUrl=self.outputs["queue_url"], MessageBody=text)

    def publish(self, topic_arn: str, subject: str, text: str, **attributes: str) -> None:
        """Publish to a topic."""
        typed = {name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}
        self.deployment.client("sns").publish(
            TopicArn=topic_arn, Subject=subject, Message=text, MessageAttributes=typed
        )

    def told(self, channel: str, marker: str) -> list[Post]:
        """Return what a channel took that mentions `marker`."""
        return [post for post in self.chat.of(channel) if marker in post.text]

    def heard(self, channel: str, marker: str) -> Post:
        """Wait until a channel is told what mentions `marker`."""
        self.wait(lambda: self.told(channel, marker), f"{channel} heard nothing of {marker!r}")
        return self.told(channel, marker)[0]

    def wait(self, condition: Callable[[], Any], complaint: str = "waited in vain") -> None:
        """Wait until `condition` holds."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not condition():
            assert time.monotonic() < deadline, complaint
            time.sleep(POLL_SECONDS)

    def wait_until_empty(self) -> None:
        """Wait until nothing is in the outbox: neither waiting, nor in flight, nor for later."""
        names = [f"ApproximateNumberOfMessages{which}" for which in ("", "NotVisible", "Delayed")]

        def count() -> int:
            found = self.sqs.get_queue_attributes(QueueUrl=self.outputs["queue_url"], AttributeNames=names)
            return sum(map(int, found["Attributes"].values()))

        self.wait(lambda: not count(), "the outbox does not get empty")

    def failures(self, marker: str) -> list[Message]:
        """Return what is on the failure queue and mentions `marker`, and leave it there."""
        with self.triage.messages() as batches:
            return [message for batch in batches for message in batch if marker in message.body]

    def log_text(self) -> str:
        """Return all that the function has logged."""
        group = f"/aws/lambda/{self.outputs['function_names']['send_notifications']}"
        pages = self.deployment.client("logs").get_paginator("filter_log_events").paginate(logGroupName=group)
        return "\n".join(event["message"] for page in pages for event in page["events"])


def marker() -> str:
    """Return words that nobody has said before."""
    return f"news {uuid4().hex[:12]}"
