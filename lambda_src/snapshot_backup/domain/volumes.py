"""Volumes and what is promised to them: by their own tag, or else by the tag of the instance they are attached to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snapshot_backup.domain.rules import NO_BACKUP, POLICY_TAG
from snapshot_backup.domain.tags import tags_of


@dataclass(frozen=True)
class Volume:
    """A volume as EC2 describes it; `instances` are those it is attached to, more than one only for Multi-Attach."""

    volume_id: str
    state: str
    size_gib: int
    created_at: datetime
    instances: tuple[str, ...]
    tags: Mapping[str, str]

    @classmethod
    def from_description(cls, found: Mapping[str, Any]) -> "Volume":
        """Read what EC2 says of a volume."""
        return cls(
            volume_id=found["VolumeId"],
            state=found["State"],
            size_gib=found["Size"],
            created_at=found["CreateTime"],
            instances=tuple(each["InstanceId"] for each in found.get("Attachments") or [] if each.get("InstanceId")),
            tags=tags_of(found),
        )

    @property
    def usable(self) -> bool:
        """Whether a snapshot can be made of it."""
        return self.state in {"available", "in-use"}

    @property
    def home(self) -> str:
        """The instance with which it is snapshotted, or itself; one instance only, however many share it."""
        return min(self.instances, default=self.volume_id)


@dataclass(frozen=True)
class Promised:
    """A volume and the name of the policy that its tag, or its instance's, asks for."""

    volume: Volume
    policy: str


def promised(volumes: list[Volume], instance_tags: Mapping[str, Mapping[str, str]]) -> list[Promised]:
    """Return the volumes that ask for a backup; `instance_tags` are those of the tagged instances, by their id."""
    wishes = [(volume, _wish(volume, instance_tags)) for volume in volumes]
    return [Promised(volume, policy) for volume, policy in wishes if policy not in {"", NO_BACKUP}]


def _wish(volume: Volume, instance_tags: Mapping[str, Mapping[str, str]]) -> str:
    inherited = (instance_tags.get(each, {}).get(POLICY_TAG, "") for each in sorted(volume.instances))
    return volume.tags.get(POLICY_TAG) or next(filter(None, inherited), "")


@dataclass(frozen=True)
class Group:
    """Volumes whose snapshots are made at one moment: those of an instance, or an unattached one alone."""

    home: str
    promises: tuple[Promised, ...]

    @property
    def volume_ids(self) -> list[str]:
        """The ids of the volumes, in order."""
        return sorted(promise.volume.volume_id for promise in self.promises)

    @property
    def policy(self) -> str:
        """The policy of those volumes that have no tag of their own: such a tag is copied to the snapshot."""
        inherited = [each.policy for each in self.promises if POLICY_TAG not in each.volume.tags]
        return inherited[0] if inherited else self.promises[0].policy

    @property
    def size_gib(self) -> int:
        """The size of all the volumes together."""
        return sum(promise.volume.size_gib for promise in self.promises)


def groups(promises: list[Promised]) -> list[Group]:
    """Put volumes that can be snapshotted together with those of the same instance."""
    homes: dict[str, list[Promised]] = {}
    for promise in promises:
        if promise.volume.usable:
            homes.setdefault(promise.volume.home, []).append(promise)
    return [Group(home, tuple(found)) for home, found in sorted(homes.items())]
