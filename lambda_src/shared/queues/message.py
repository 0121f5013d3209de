"""A message as Lambda delivers it from SQS; what is missing or odd has a default, as nothing may fail here."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

FIRST_SEEN = "first_seen"


@dataclass(frozen=True)
class Message:
    """One message of a batch; `group` is None on queues that keep no order.

    `attributes` are the producer's, as Lambda spells them; `first_seen` is ISO 8601 in UTC.
    """

    id: str
    receipt_handle: str
    body: object
    receive_count: int
    first_seen: str
    group: str | None
    attributes: Mapping[str, Mapping[str, Any]]

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> "Message":
        """Read a record of the event.

        Lambda takes a failure without an id for that of the whole batch, so that not even a message without one is
        lost. https://docs.aws.amazon.com/lambda/latest/dg/services-sqs-errorhandling.html
        """
        system, own = record.get("attributes") or {}, record.get("messageAttributes") or {}
        ordered = str(record.get("eventSourceARN")).endswith(".fifo")  # a standard queue's groups only share fairly
        return cls(
            id=record.get("messageId") or "",
            receipt_handle=record.get("receiptHandle") or "",
            body=record.get("body"),
            receive_count=_whole(system.get("ApproximateReceiveCount"), 1),
            first_seen=own.get(FIRST_SEEN, {}).get("stringValue") or _moment(system.get("SentTimestamp")),
            group=system.get("MessageGroupId") if ordered else None,
            attributes=own,
        )


def lanes(messages: list[Message]) -> list[list[Message]]:
    """Return the messages in lanes: those of a group keep their order, and every other message is on its own."""
    found: dict[str, list[Message]] = {}
    for message in messages:
        found.setdefault(message.group or message.id, []).append(message)
    return list(found.values())


def _whole(text: object, default: int) -> int:
    with suppress(TypeError, ValueError):
        return int(str(text))
    return default


def _moment(milliseconds: object) -> str:
    moment = datetime.now(UTC)
    with suppress(OSError, OverflowError, ValueError):
        moment = datetime.fromtimestamp(int(str(milliseconds)) / 1000, UTC)
    return moment.isoformat(timespec="milliseconds")
