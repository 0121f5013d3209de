"""Test hooks: what is old, what failed, and what there is no room for, which only time and bad luck do on AWS.

`POST /_local/ec2/resources {"ids": ["vol-…", "snap-…", "i-…"], "since": "2026-01-01T00:00:00Z"}` - when they were
created, taken or launched
`POST /_local/ec2/resources {"ids": ["vol-…", "snap-…"], "state": "error"}`
`POST /_local/ec2/resources {"ids": ["vol-…"], "snapshots": "error"}` - how snapshots of a volume, or copies of a
snapshot, end from now on: "completed", "error" or, for those that never end, "pending"
`POST /_local/ec2/resources {"ids": ["snap-…"], "volumes": "error"}` - what becomes of volumes made of a snapshot from
now on: "available", "error" or, for those that are never ready, "creating"
Answers 404 when one of them does not exist, and then changes none.
`POST /_local/ec2/capacity {"without": ["t3.micro"]}` - the instance types that neither launch nor start from now on
"""

import json
from datetime import UTC, datetime
from typing import Any

from ministack import app
from ministack.services import ec2 as engine

from scripts.local_engine.mends.ec2 import capacity
from scripts.local_engine.patching import Function, wrap

RESOURCES = "/_local/ec2/resources"
CAPACITY = "/_local/ec2/capacity"
_ANSWER = (200, {"Content-Type": "application/json"}, b"{}")
_STORES = {
    "vol": (engine._volumes, "CreateTime"),
    "snap": (engine._snapshots, "StartTime"),
    "i": (engine._instances, "LaunchTime"),
}


def apply() -> None:
    """Apply the mends of this file."""
    wrap(app, "_handle_admin_config_request")(_change)


async def _change(original: Function, path: str, method: str, body: bytes) -> Any:
    """Change resources of any account and region, or what there is room for. Engine: nothing of the kind."""
    if path not in {RESOURCES, CAPACITY} or method != "POST":
        return await original(path, method, body)
    asked = json.loads(body)
    if path == CAPACITY:
        capacity.without = set(asked["without"])
        return _ANSWER
    found = [_find(each) for each in asked["ids"]]
    if None in found:
        return 404, {}, b"{}"
    for resource_id, resource in zip(asked["ids"], found, strict=True):
        resource.update(_changes(resource_id, asked))
    return _ANSWER


def _find(resource_id: str) -> Any:
    store, _ = _STORES[resource_id.partition("-")[0]]
    return next((found for (_, _, name), found in store.all_items() if name == resource_id), None)


def _changes(resource_id: str, asked: dict[str, Any]) -> dict[str, Any]:
    _, since = _STORES[resource_id.partition("-")[0]]
    changes = {"State": asked.get("state"), "_snapshots": asked.get("snapshots"), "_volumes": asked.get("volumes")}
    if "since" in asked:
        changes[since] = f"{datetime.fromisoformat(asked['since']).astimezone(UTC):%Y-%m-%dT%H:%M:%S.000Z}"
    return {name: value for name, value in changes.items() if value is not None}
