"""S3: the events it sends to EventBridge name the object's version."""

import json
from contextvars import ContextVar
from typing import Any

from ministack.services import eventbridge, s3

from scripts.local_engine.patching import Function, wrap

_version_id: ContextVar[str | None] = ContextVar("version_id", default=None)


def apply() -> None:
    """Apply the mends of this file."""
    wrap(s3, "_fire_s3_event")(_remember_version)
    wrap(eventbridge, "_dispatch_event")(_name_version)


def _remember_version(original: Function, *arguments: Any, **named: Any) -> None:
    """Keep the version in reach while the engine builds the event without it."""
    token = _version_id.set(named.get("version_id"))
    try:
        original(*arguments, **named)
    finally:
        _version_id.reset(token)


def _name_version(original: Function, event: dict[str, Any], view: Any = None) -> Any:
    """Put the version's id into the event's detail.

    AWS: `detail.object.version-id` is there for a bucket with versioning
    (https://docs.aws.amazon.com/AmazonS3/latest/userguide/ev-events.html). Engine: no version.
    """
    version_id = _version_id.get()
    if version_id and event.get("Source") == "aws.s3":
        detail = json.loads(event["Detail"])
        detail["object"]["version-id"] = version_id
        event, view = {**event, "Detail": json.dumps(detail)}, None  # the view was made of the old detail
    return original(event, view)
