"""Drives a queue processor and gathers what became of its messages."""

import json
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import batched
from typing import Any

from scripts.deployment import Deployment
from scripts.failure_queue.triage import Message, Triage

POLL_SECONDS = 0.2


@dataclass(frozen=True)
class Sent:
    """A message: its body, and for a FIFO queue its group."""

    body: str
    group: str | None = None


def usage(usage_id: str, customer: str = "acme", meter: str = "api_calls", quantity: str = "10") -> str:
    """Return a good usage record."""
    record = {"usage_id": usage_id, "customer": customer, "meter": meter, "quantity": quantity, "period": "2026-11"}
    return json.dumps(record)


class QueueProcessor:
    """An applied queue processor."""

    def __init__(self, deployment: Deployment) -> None:
        self.deployment = deployment
        self.outputs: dict[str, Any] = deployment.outputs["queue_processor"]
        self.sqs = deployment.client("sqs")
        self.dynamodb = deployment.client("dynamodb")
        self.triage = Triage.on(deployment, "queue_processor")

    def send(self, messages: Iterable[Sent]) -> None:
        """Send messages, ten at a time."""
        numbered = enumerate(messages)
        for batch in batched(numbered, 10, strict=False):
            entries = [self._entry(number, message) for number, message in batch]
            answer = self.sqs.send_message_batch(QueueUrl=self.outputs["queue_url"], Entries=entries)
            assert not answer.get("Failed"), answer["Failed"]

    def _entry(self, number: int, message: Sent) -> dict[str, str]:
        entry = {"Id": str(number), "MessageBody": message.body}
        if message.group:
            entry |= {"MessageGroupId": message.group, "MessageDeduplicationId": f"{time.time_ns()}-{number}"}
        return entry

    def wait_until_empty(self, seconds: float) -> None:
        """Wait until no message is in the queue any more, visible or in flight."""
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        self.wait(lambda: not any(map(int, self._attributes(names).values())), seconds)

    def wait(self, condition: Callable[[], Any], seconds: float) -> None:
        """Wait until `condition` holds; fails after `seconds`."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "waited in vain"
            time.sleep(POLL_SECONDS)

    def _attributes(self, names: list[str]) -> dict[str, str]:
        found: dict[str, str] = self.sqs.get_queue_attributes(QueueUrl=self.outputs["queue_url"], AttributeNames=names)[
            "Attributes"
        ]
        return found

    def results(self) -> dict[str, dict[str, Any]]:
        """Return the stored results by business key, attributes in DynamoDB's JSON."""
        return {item["business_key"]["S"]: item for item in self._items("results_table")}

    def totals(self) -> dict[str, dict[str, Any]]:
        """Return the totals by customer and currency."""
        items = ((item["customer_currency"]["S"], item) for item in self._items("totals_table"))
        return {key: item for key, item in items if not key.startswith("seen#")}

    def _items(self, table: str) -> Iterator[dict[str, Any]]:
        for page in self.dynamodb.get_paginator("scan").paginate(TableName=self.outputs[table]):
            yield from page["Items"]

    def failures(self) -> list[Message]:
        """Return what is on the failure queue, and leave it there."""
        with self.triage.messages() as batches:
            return [message for batch in batches for message in batch]
