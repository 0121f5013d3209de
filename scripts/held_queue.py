"""A queue that somebody looks through: every message once, hidden from others meanwhile, then as it was."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, ClassVar

from scripts.aws import Client

BATCH = 10  # https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html
LONGEST_HOLD_SECONDS = 12 * 3600

type Received = dict[str, Any]  # a message as ReceiveMessage answers it


@dataclass
class HeldQueue:
    """A queue by its address."""

    sqs: Client
    url: str
    _wait_seconds: ClassVar[int] = 1  # long polling asks all of SQS's servers, so that no answer means no message

    def size(self) -> int:
        """Return about how many messages the queue has."""
        names = ["ApproximateNumberOfMessages"]
        found = self.sqs.get_queue_attributes(QueueUrl=self.url, AttributeNames=names)["Attributes"]
        return int(found["ApproximateNumberOfMessages"])

    @contextmanager
    def batches(self, seconds_each: float = 0.03) -> Iterator[Iterator[list[Received]]]:
        """Yield the queue's messages in batches, each once; what is still there afterwards is visible again.

        `seconds_each` is how long the caller needs for a message: so long they stay invisible to others. Of a FIFO
        queue's group only the first ten are seen as long as these are not deleted: SQS keeps the order so.
        """
        hold = int(min(LONGEST_HOLD_SECONDS, 10 + self.size() * seconds_each))
        held: list[str] = []
        try:
            yield self._received(hold, held)
        finally:
            for start in range(0, len(held), BATCH):
                entries = [
                    {"Id": str(number), "ReceiptHandle": handle, "VisibilityTimeout": 0}
                    for number, handle in enumerate(held[start : start + BATCH])
                ]
                self.sqs.change_message_visibility_batch(QueueUrl=self.url, Entries=entries)

    def _received(self, hold: int, held: list[str]) -> Iterator[list[Received]]:
        seen: set[str] = set()
        while True:
            answer = self.sqs.receive_message(
                QueueUrl=self.url,
                MaxNumberOfMessages=BATCH,
                VisibilityTimeout=hold,
                WaitTimeSeconds=self._wait_seconds,
                AttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            received = answer.get("Messages", [])
            held += [message["ReceiptHandle"] for message in received]
            fresh = [message for message in received if message["MessageId"] not in seen]
            if not fresh:
                return
            seen |= {message["MessageId"] for message in fresh}
            yield fresh

    def delete(self, messages: list[Received]) -> None:
        """Delete messages for good."""
        for start in range(0, len(messages), BATCH):
            part = messages[start : start + BATCH]
            entries = [{"Id": str(n), "ReceiptHandle": message["ReceiptHandle"]} for n, message in enumerate(part)]
            self.sqs.delete_message_batch(QueueUrl=self.url, Entries=entries)
