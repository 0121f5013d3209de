"""What comes out of the queue: a message of a topic, an event, a digest that is due, or anything else."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Published:
    """A message that SNS delivered, as https://docs.aws.amazon.com/sns/latest/dg/sns-sqs-as-subscriber.html has it.

    `topic` is the topic's name without the environment's prefix and with underscores, such as "etl_pipeline".
    """

    topic: str
    subject: str
    message: str
    attributes: Mapping[str, str]
    at: str

    @property
    def document(self) -> Mapping[str, Any] | None:
        """The message as a JSON object, if it is one."""
        return parsed(self.message)


@dataclass(frozen=True)
class Event:
    """An event of EventBridge: https://docs.aws.amazon.com/eventbridge/latest/ref/overiew-event-structure.html."""

    source: str
    kind: str
    at: str
    account: str
    region: str
    resources: tuple[str, ...]
    detail: Mapping[str, Any]


@dataclass(frozen=True)
class DigestDue:
    """Our own reminder that a window of a storm has ended; `start` is in seconds since 1970."""

    route: str
    channel: str
    start: int
    seconds: int

    def to_body(self) -> str:
        """Return the reminder as a message's body."""
        return json.dumps({"digest_due": vars(self)})


@dataclass(frozen=True)
class Text:
    """A message that nobody agreed on; it is told as it is."""

    text: str


type Incoming = Published | Event | DigestDue | Text


def incoming(body: object, prefix: str) -> Incoming:
    """Say what a message's body is; topics' names begin with `prefix` and a hyphen."""
    text = body if isinstance(body, str) else json.dumps(body)
    document = parsed(text)
    if document is None:
        return Text(text)
    if document.get("Type") == "Notification" and isinstance(document.get("Message"), str):
        return _published(document, prefix)
    if isinstance(document.get("detail-type"), str) and isinstance(document.get("detail"), dict):
        return _event(document)
    return _due(document.get("digest_due")) or Text(text)


def parsed(text: str) -> dict[str, Any] | None:
    """Return the JSON object that a text is, None for any other text."""
    try:
        document = json.loads(text)
    except (RecursionError, ValueError):
        return None
    return document if isinstance(document, dict) else None


def _published(document: Mapping[str, Any], prefix: str) -> Published:
    attributes = document.get("MessageAttributes")
    given = attributes.items() if isinstance(attributes, dict) else ()
    name = str(document.get("TopicArn", "")).rpartition(":")[2].removeprefix(f"{prefix}-")
    return Published(
        topic=name.replace("-", "_") or "sns",
        subject=str(document.get("Subject") or ""),
        message=document["Message"],
        attributes={name: str(each.get("Value", "")) for name, each in given if isinstance(each, dict)},
        at=str(document.get("Timestamp", "")),
    )


def _event(document: Mapping[str, Any]) -> Event:
    resources = document.get("resources")
    return Event(
        source=str(document.get("source", "")),
        kind=document["detail-type"],
        at=str(document.get("time", "")),
        account=str(document.get("account", "")),
        region=str(document.get("region", "")),
        resources=tuple(map(str, resources)) if isinstance(resources, list) else (),
        detail=document["detail"],
    )


def _due(given: object) -> DigestDue | None:
    if not isinstance(given, dict) or given.keys() != DigestDue.__dataclass_fields__.keys():
        return None
    try:
        return DigestDue(str(given["route"]), str(given["channel"]), int(given["start"]), int(given["seconds"]))
    except (TypeError, ValueError):
        return None
