"""Tags as a dict, and as EC2 has them."""

from collections.abc import Mapping
from typing import Any


def tags_of(resource: Mapping[str, Any]) -> dict[str, str]:
    """Return a resource's tags."""
    return {tag["Key"]: tag["Value"] for tag in resource.get("Tags") or []}


def pairs(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Return tags as EC2 takes them; those that AWS itself gives are not ours to give."""
    return [{"Key": name, "Value": value} for name, value in sorted(tags.items()) if not name.startswith("aws:")]
