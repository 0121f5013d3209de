"""DynamoDB: the records of a stream, complete and never changing.

AWS: https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_StreamRecord.html
"""

import contextvars
import copy
from typing import Any
from uuid import uuid4

from ministack.services import dynamodb

from scripts.local_engine.patching import Function, wrap

# Who made the change in hand, when it was not a caller: `userIdentity` of the record.
identity: contextvars.ContextVar[dict[str, str] | None] = contextvars.ContextVar("stream_identity", default=None)


def apply() -> None:
    """Apply the mends of this file."""
    wrap(dynamodb, "_next_stream_seq")(_sequence_number)
    wrap(dynamodb, "_build_change_record")(_record)


def _sequence_number(original: Function) -> str:
    """Give records numbers of 21 to 40 digits without leading zeros. Engine: the numbers began with zeros."""
    return str(original()).lstrip("0")


def _record(
    original: Function, table: dict[str, Any], event_name: str, old_item: Any, new_item: Any, view_type: str
) -> dict[str, Any]:
    """Write a record that later changes of the item do not reach.

    Engine: a record held the very item that the table went on changing; no size, and nothing of who deleted it.
    """
    record: dict[str, Any] = copy.deepcopy(original(table, event_name, old_item, new_item, view_type))
    change = record["dynamodb"]
    images = (change["Keys"], change.get("OldImage"), change.get("NewImage"))
    change["SizeBytes"] = sum(dynamodb._item_size_bytes(image) for image in images if image)
    record["eventID"] = uuid4().hex
    return record | ({"userIdentity": found} if (found := identity.get()) else {})
