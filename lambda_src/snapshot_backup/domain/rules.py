"""What an environment promises: how many generations each policy keeps, how old a backup may be, where copies go."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from snapshot_backup.domain.errors import BadSettings

POLICY_TAG, NO_BACKUP = "backup", "none"
_COUNTS = ("daily", "weekly", "monthly")


@dataclass(frozen=True)
class Policy:
    """How many days, weeks and months keep a snapshot, and how many hours old the newest may be."""

    name: str
    daily: int
    weekly: int
    monthly: int
    rpo_hours: int

    @classmethod
    def from_document(cls, name: str, document: Mapping[str, Any]) -> "Policy":
        """Read one policy of the settings. Raises `BadSettings`."""
        numbers = {field: document.get(field, 0) for field in _COUNTS} | {"rpo_hours": document.get("rpo_hours")}
        wrong = [field for field, number in numbers.items() if type(number) is not int or number < 0]
        if wrong or not any(numbers[field] for field in _COUNTS) or not numbers["rpo_hours"]:
            raise BadSettings(f"policy {name}: generations and rpo_hours are whole numbers, at least one each above 0")
        return cls(name, **numbers)


@dataclass(frozen=True)
class Rules:
    """The policies by name, the zone in which days begin, and the second region and its key; "" for no copies."""

    policies: Mapping[str, Policy]
    zone: tzinfo = UTC
    copy_region: str = ""
    copy_key: str = ""

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> "Rules":
        """Read the workflow's settings. Raises `BadSettings`."""
        policies = {name: Policy.from_document(name, each) for name, each in document.get("policies", {}).items()}
        if NO_BACKUP in policies:
            raise BadSettings(f'no policy may be named "{NO_BACKUP}": that tag means no backup')
        return cls(
            policies=policies,
            zone=_zone(document.get("time_zone") or "UTC"),
            copy_region=document.get("copy_region") or "",
            copy_key=document.get("copy_kms_key") or "",
        )


def _zone(name: str) -> tzinfo:
    """Return a time zone; UTC needs no database."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError, ValueError) as problem:
        raise BadSettings(f"time_zone: {name} is no zone that this function knows") from problem
