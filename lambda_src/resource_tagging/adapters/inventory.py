"""EC2: lists everything that ought to have an owner, with its tags."""

from collections.abc import Iterator
from typing import Any

from resource_tagging.adapters.lists import KINDS, every

# Instances that have ended cannot be tagged, nor can interfaces that a service manages.
_WANTED: dict[str, dict[str, list[str]]] = {
    "eni": {"requester_managed": ["false"]},
    "i": {"instance_state_name": ["pending", "running", "stopping", "stopped"]},
}


def resources() -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the id and the tags of each of the account's instances, volumes, snapshots, images and interfaces."""
    for prefix, kind in KINDS.items():
        yield from ((each[kind.id], _tags(each)) for each in every(kind, **_WANTED.get(prefix, {})))


def _tags(resource: dict[str, Any]) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags") or resource.get("TagSet") or []}
