"""DynamoDB: items whose time to live is over are deleted, and the stream says so."""

import os
import threading
import time
from typing import Any

from ministack.core.responses import request_scope
from ministack.services import dynamodb

from scripts.local_engine.mends.dynamodb.stream_records import identity
from scripts.local_engine.patching import Function, wrap

ENGINES_THREAD = "dynamodb-ttl-reaper"
OLDEST_SECONDS = 5 * 365 * 24 * 3600
SWEEP_SECONDS = float(os.environ.get("ENGINE_TIME_TO_LIVE_SECONDS", "10"))  # AWS: within a few days
TIME_TO_LIVE = {"type": "Service", "principalId": "dynamodb.amazonaws.com"}

type Table = dict[str, Any]


def apply() -> None:
    """Apply the mends of this file."""
    remove = dynamodb._remove_item
    wrap(dynamodb, "_remove_item")(_unless_the_engines)
    threading.Thread(target=_sweep_for_ever, args=(remove,), name="time-to-live", daemon=True).start()


def _unless_the_engines(original: Function, table: Table, pk_val: str, sk_val: str) -> Any:
    """Delete expired items with a stream record of DynamoDB's own, and only those AWS deletes.

    AWS: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-before-you-start.html (a
    number, not older than five years), https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/time-to-live-ttl-streams.html
    Engine: deleted items once a minute without any stream record, whatever the attribute's type and age.
    """
    if threading.current_thread().name == ENGINES_THREAD:
        return None
    return original(table, pk_val, sk_val)


def _sweep_for_ever(remove: Function) -> None:
    identity.set(TIME_TO_LIVE)
    while True:
        time.sleep(SWEEP_SECONDS)
        for (account, region, name), setting in list(dynamodb._ttl_settings.all_items()):
            if setting["TimeToLiveStatus"] == "ENABLED":
                with request_scope(account, region):
                    _sweep(name, setting["AttributeName"], remove)


def _sweep(name: str, attribute: str, remove: Function) -> None:
    table = dynamodb._tables.get(name) or {"items": {}}
    for partition, items in list(table["items"].items()):
        for sort, item in list(items.items()):
            if _is_expired(item.get(attribute) or {}) and (removed := remove(table, partition, sort)):
                dynamodb._emit_stream_event(name, "REMOVE", removed, None)


def _is_expired(value: dict[str, str]) -> bool:
    now = time.time()
    return "N" in value and now - OLDEST_SECONDS < float(value["N"]) <= now
