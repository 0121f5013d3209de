"""A call that made something, as CloudTrail records it and EventBridge passes it on, or what EC2 says that came of it.

https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# For each call: the element of the answer that names what was made, and those of the request that name its sources.
# Newer calls of EC2 wrap both in an element of their own, with capitals, so that neither depth nor capitals matter.
_MADE: dict[str, tuple[str, tuple[str, ...]]] = {
    "CopyImage": ("imageId", ()),
    "CopySnapshot": ("snapshotId", ("sourceSnapshotId",)),
    "CreateImage": ("imageId", ("instanceId",)),
    "CreateNetworkInterface": ("networkInterfaceId", ()),
    "CreateSnapshot": ("snapshotId", ("volumeId",)),
    "CreateSnapshots": ("snapshotId", ("instanceId",)),
    "CreateVolume": ("volumeId", ("snapshotId",)),
    "RegisterImage": ("imageId", ()),
    "RunInstances": ("instanceId", ()),
}
# An image's snapshots are in no event: EC2 makes them by itself, and shows them when the image is ready.
# https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/monitor-ami-events.html
_IMAGE_CHANGED = "EC2 AMI State Change"
_EC2 = {"type": "AWSService", "invokedBy": "ec2.amazonaws.com"}


@dataclass(frozen=True)
class Call:
    """A call that succeeded; `tags` are those that the resources were made with, `sources` what they were made from.

    What only `inherits` has the owner of its source, or none yet: the source's own call is still to be told of.
    """

    name: str
    at: datetime
    identity: Mapping[str, Any]
    resource_ids: tuple[str, ...]
    sources: tuple[str, ...]
    tags: Mapping[str, str]
    inherits: bool = False

    @classmethod
    def from_event(cls, event: Mapping[str, Any]) -> "Call | None":
        """Read an event; None for a call that failed, was a dry run, or makes nothing that we tag."""
        record = _mapping(event.get("detail"))
        if event.get("detail-type") == _IMAGE_CHANGED:
            return cls._of_image(_moment(event.get("time")), record)
        request, answer = record.get("requestParameters"), record.get("responseElements")
        made, sources = _MADE.get(str(record.get("eventName")), ("", ()))
        ids = tuple(_texts(answer, made)) if made else ()
        if record.get("errorCode") or record.get("errorMessage") or not ids:
            return None
        return cls(
            name=record["eventName"],
            at=_moment(record.get("eventTime")),
            identity=_mapping(record.get("userIdentity")),
            resource_ids=tuple(dict.fromkeys(ids)),
            sources=tuple(dict.fromkeys(text for name in sources for text in _texts(request, name))),
            tags=dict(_tags(request)) | dict(_tags(answer)),
        )

    @classmethod
    def _of_image(cls, at: datetime, change: Mapping[str, Any]) -> "Call | None":
        if change.get("State") != "available":
            return None
        image = (str(change.get("ImageId")),)
        return cls(_IMAGE_CHANGED, at, _EC2, resource_ids=image, sources=image, tags={}, inherits=True)


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _elements(document: object) -> Iterator[Mapping[str, Any]]:
    """Yield every object in a JSON document, however deep."""
    if isinstance(document, Mapping):
        yield document
        document = list(document.values())
    if isinstance(document, list):
        for part in document:
            yield from _elements(part)


def _texts(document: object, name: str) -> Iterator[str]:
    """Yield the texts of the elements called `name`, in whatever capitals."""
    for element in _elements(document):
        yield from (value for key, value in element.items() if key.lower() == name.lower() and isinstance(value, str))


def _tags(document: object) -> Iterator[tuple[str, str]]:
    """Yield what looks like a tag: an object with a key and a value."""
    for element in _elements(document):
        pair = {key.lower(): value for key, value in element.items()}
        if isinstance(pair.get("key"), str) and isinstance(pair.get("value"), str):
            yield pair["key"], pair["value"]


def _moment(text: object) -> datetime:
    """Return the time of the call; now, if the record has none that can be read."""
    try:
        return datetime.fromisoformat(str(text)).astimezone(UTC)
    except ValueError:
        return datetime.now(UTC)
