"""Holds the age of each volume's last good snapshot against what its policy promises."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.operations.moments import iso
from snapshot_backup.domain.rules import Policy
from snapshot_backup.domain.snapshots import Snapshot, newest
from snapshot_backup.domain.volumes import Promised


@dataclass(frozen=True)
class Promise:
    """How old a volume's last good snapshot is; without one, how long the volume has been waiting for its first."""

    volume_id: str
    policy: str
    last_good: str
    hours: float
    broken: str

    def to_document(self) -> dict[str, Any]:
        """Return it for the report."""
        return {"volume": self.volume_id, "policy": self.policy, "last_good": self.last_good} | {
            "hours": round(self.hours, 1), "broken": self.broken,
        }  # fmt: skip


def look(
    volumes: list[Promised], snapshots: list[Snapshot], policies: Mapping[str, Policy], now: datetime
) -> list[Promise]:
    """Return every promise; `snapshots` are those of the volumes' own region, a copy alone does not keep a promise."""
    histories: dict[str, list[Snapshot]] = {}
    for snapshot in snapshots:
        histories.setdefault(snapshot.volume_id, []).append(snapshot)
    return [_promise(each, newest(histories.get(each.volume.volume_id, [])), policies, now) for each in volumes]


def _promise(promised: Promised, last: Snapshot | None, policies: Mapping[str, Policy], now: datetime) -> Promise:
    since = last.taken_at if last else promised.volume.created_at
    hours = max(0.0, (now - since).total_seconds() / 3600)
    policy = policies.get(promised.policy)
    broken = ""
    if policy is None:
        broken = f'the tag names no policy: "{promised.policy}"'
    elif hours > policy.rpo_hours:
        broken = f"{'the last good snapshot is' if last else 'never backed up, the volume is'} {hours:.1f} hours old"
        broken += f", {policy.rpo_hours} are promised"
    return Promise(promised.volume.volume_id, promised.policy, iso(last.taken_at) if last else "", hours, broken)
