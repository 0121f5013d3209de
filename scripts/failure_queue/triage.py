"""A workflow's failure queue: what is in it and why, and a way back or out for all messages or some.

A message is sent back before it is deleted here, so stopping half-way leaves some in both queues, never in none;
consumers must be idempotent, as ours are.
"""

import getpass
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from scripts.aws import Client
from scripts.deployment import Deployment
from scripts.held_queue import HeldQueue

OUR_ATTRIBUTES = ("reason", "error_type", "first_seen", "source_message_id")
RECEIVED_TOO_OFTEN = "received too often without success"
SAMPLES = 3


class TriageError(Exception):
    """What was asked cannot be done; one sentence."""


@dataclass(frozen=True)
class Message:
    """A message in the failure queue."""

    body: str
    raw: dict[str, Any]

    @classmethod
    def of(cls, received: dict[str, Any]) -> "Message":
        """Take what ReceiveMessage answers."""
        return cls(received["Body"], received)

    @property
    def reason(self) -> str:
        """Why it is here, as the consumer said; without a word from it, it was received too often."""
        return self._attribute("reason") or RECEIVED_TOO_OFTEN

    @property
    def error_type(self) -> str:
        """The kind of error, as the consumer said."""
        return self._attribute("error_type") or "Unknown"

    @property
    def first_seen(self) -> str:
        """When it was first sent: ISO 8601 from the consumer, else milliseconds since the epoch from SQS."""
        return self._attribute("first_seen") or str(self.raw.get("Attributes", {}).get("SentTimestamp", ""))

    def entry(self, number: int) -> dict[str, Any]:
        """Return the entry of SendMessageBatch that sends it back as it was, without what was added on the way."""
        attributes = {k: v for k, v in self.raw.get("MessageAttributes", {}).items() if k not in OUR_ATTRIBUTES}
        entry = {"Id": str(number), "MessageBody": self.body, "MessageAttributes": attributes}
        group = self.raw.get("Attributes", {}).get("MessageGroupId")
        if group:  # its own deduplication id would make the queue swallow it within five minutes
            again = f"{self.raw['MessageId']}-{self.raw['Attributes'].get('ApproximateReceiveCount', '')}"
            entry |= {"MessageGroupId": group, "MessageDeduplicationId": again}
        return entry

    def _attribute(self, name: str) -> str:
        return str(self.raw.get("MessageAttributes", {}).get(name, {}).get("StringValue", ""))


@dataclass
class Triage:
    """One operator's session with one failure queue."""

    sqs: Client
    logs: Client
    operator: str
    queue_url: str
    failure_queue_url: str
    log_group: str
    stream: str = field(default_factory=lambda: f"{getpass.getuser()}-{time.time_ns()}")

    @classmethod
    def on(cls, deployment: Deployment, workflow: str) -> "Triage":
        """Return the triage of a workflow's failure queue. Raises TriageError if the workflow has none."""
        outputs = deployment.outputs.get(workflow, {})
        if "failure_queue_url" not in outputs:
            raise TriageError(f"{workflow!r} is no workflow of {deployment.environment} with a failure queue")
        return cls(
            deployment.client("sqs"),
            deployment.client("logs"),
            deployment.client("sts").get_caller_identity()["Arn"],
            outputs["queue_url"],
            outputs["failure_queue_url"],
            outputs["triage_log_group"],
        )

    @property
    def failures(self) -> HeldQueue:
        """The failure queue, to be looked through."""
        return HeldQueue(self.sqs, self.failure_queue_url)

    def size(self) -> int:
        """Return about how many messages the failure queue has."""
        return self.failures.size()

    @contextmanager
    def messages(self, seconds_each: float = 0.03) -> Iterator[Iterator[list[Message]]]:
        """Yield the failure queue's messages in batches, as `HeldQueue.batches` does."""
        with self.failures.batches(seconds_each) as batches:
            yield ([Message.of(received) for received in batch] for batch in batches)

    def send_back(self, batch: list[Message]) -> int:
        """Send messages back to their queue, record that, then delete them here; return how many were moved."""
        entries = [message.entry(number) for number, message in enumerate(batch)]
        answer = self.sqs.send_message_batch(QueueUrl=self.queue_url, Entries=entries)
        sent = [batch[int(done["Id"])] for done in answer.get("Successful", [])]
        self._remove(sent, "redriven")
        return len(sent)

    def throw_away(self, batch: list[Message]) -> int:
        """Record that messages are deleted, then delete them; return how many."""
        self._remove(batch, "purged")
        return len(batch)

    def _remove(self, batch: list[Message], action: str) -> None:
        if not batch:
            return
        self._record(batch, action)
        self.failures.delete([message.raw for message in batch])

    def _record(self, batch: list[Message], action: str) -> None:
        """Write who did what to which message into the workflow's triage log."""
        with suppress(self.logs.exceptions.ResourceAlreadyExistsException):  # made for an earlier batch
            self.logs.create_log_stream(logGroupName=self.log_group, logStreamName=self.stream)
        now = int(time.time() * 1000)
        events = [
            {
                "timestamp": now,
                "message": json.dumps(
                    {"action": action, "by": self.operator, "message_id": m.raw["MessageId"], "reason": m.reason}
                ),
            }
            for m in batch
        ]
        self.logs.put_log_events(logGroupName=self.log_group, logStreamName=self.stream, logEvents=events)


def survey(triage: Triage, wanted: Callable[[Message], bool]) -> tuple[Counter[tuple[str, str]], list[Message]]:
    """Count the wanted messages by error type and reason, and keep a few as samples; changes nothing."""
    counts: Counter[tuple[str, str]] = Counter()
    samples: list[Message] = []
    with triage.messages() as batches:
        for message in (message for batch in batches for message in batch if wanted(message)):
            kind = (message.error_type, message.reason)
            counts[kind] += 1
            if counts[kind] <= SAMPLES:
                samples.append(message)
    return counts, samples


def move(triage: Triage, wanted: Callable[[Message], bool], act: Callable[[list[Message]], int], rate: float) -> int:
    """Do `act` to the wanted messages, at most `rate` a second; return to how many it was done."""
    moved, began = 0, time.monotonic()
    with triage.messages(seconds_each=0.03 + 1 / rate) as batches:
        for batch in batches:
            chosen = [message for message in batch if wanted(message)]
            moved += act(chosen) if chosen else 0
            time.sleep(max(0.0, began + moved / rate - time.monotonic()))
    return moved
