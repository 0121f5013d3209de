"""Snapshots as this workflow sees them: which are its own, of which volume, from when, and the tags that say so."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from snapshot_backup.domain.errors import BadInput
from snapshot_backup.domain.moments import parse
from snapshot_backup.domain.rules import POLICY_TAG
from snapshot_backup.domain.tags import tags_of

CREATED_BY, BACKUP_OF, SLOT, DEFAULT_POLICY = "backup-by", "backup-of", "backup-slot", "backup-policy"
COPY_OF, VOLUME, TAKEN_AT = "backup-copy-of", "backup-volume", "backup-taken-at"
RESERVED = {CREATED_BY, BACKUP_OF, SLOT, DEFAULT_POLICY, COPY_OF, VOLUME, TAKEN_AT}
_ROOM = 50 - len(RESERVED)  # https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/Using_Tags.html#tag-restrictions
KEEP_UNTIL = "keep-snapshot-until"  # not the volumes' own tag: that one is copied to each of their snapshots


@dataclass(frozen=True)
class Snapshot:
    """A snapshot; of a copy, `volume_id` and `taken_at` are those of the snapshot that was copied."""

    snapshot_id: str
    volume_id: str
    taken_at: datetime
    state: str
    size_gib: int
    region: str
    own: bool
    tags: Mapping[str, str]

    @classmethod
    def from_description(cls, found: Mapping[str, Any], region: str, workflow: str) -> "Snapshot":
        """Read what EC2 says of a snapshot; a copy that no longer says of what is nobody's, and so is left alone."""
        tags = tags_of(found)
        origin = _origin(tags) if COPY_OF in tags else (found["VolumeId"], found["StartTime"])
        volume_id, taken_at = origin or (found["VolumeId"], found["StartTime"])
        own = origin is not None and is_own(workflow, found.get("Description", ""), tags)
        return cls(
            found["SnapshotId"], volume_id, taken_at, found["State"], found["VolumeSize"], region, own=own, tags=tags
        )

    @property
    def good(self) -> bool:
        """Whether it is this workflow's and can be restored."""
        return self.own and self.state == "completed"

    @property
    def copy_of(self) -> str:
        """The id of the snapshot of which this is a copy, or ""."""
        return self.tags.get(COPY_OF, "")

    @property
    def policy(self) -> str:
        """The policy it was made under: the volume's own tag was copied to it, the instance's is kept beside."""
        return self.tags.get(POLICY_TAG) or self.tags.get(DEFAULT_POLICY, "")


def newest(snapshots: list[Snapshot]) -> Snapshot | None:
    """Return the good snapshot that was taken last, or None."""
    return max((each for each in snapshots if each.good), key=age_order, default=None)


def age_order(snapshot: Snapshot) -> tuple[datetime, str]:
    """Sort by age; the id settles a tie, so that everybody sees the same order."""
    return snapshot.taken_at, snapshot.snapshot_id


def describe(workflow: str, slot: str) -> str:
    """Return the description of an own snapshot: tags may be copied from a volume to anything, this cannot."""
    return f"{workflow} {slot}"


def is_own(workflow: str, description: str, tags: Mapping[str, str]) -> bool:
    """Tell whether this workflow made a snapshot: creator, origin and slot are tagged, and the description agrees."""
    signed = tags.get(CREATED_BY) == workflow and bool(tags.get(BACKUP_OF))
    return signed and description == describe(workflow, tags.get(SLOT, ""))


def may_copy(tags: Mapping[str, str]) -> bool:
    """Tell whether EC2 may copy a volume's tags: not if they are too many, or meet ours as once a snapshot's."""
    return len(tags) <= _ROOM and not RESERVED & set(tags)


@dataclass(frozen=True)
class Marks:
    """What the snapshots that are made together are marked with.

    `home` is the instance, or the volume alone; `policy` that of the volumes without a tag of their own.
    """

    home: str
    slot: str
    policy: str

    def tags(self, workflow: str) -> dict[str, str]:
        """Return the marks as tags."""
        return {CREATED_BY: workflow, BACKUP_OF: self.home, SLOT: self.slot, DEFAULT_POLICY: self.policy}

    def beside(self, others: Mapping[str, str], workflow: str) -> dict[str, str]:
        """Return the marks and a volume's tags: none if they are too many, and none that once were a snapshot's."""
        kept = {name: value for name, value in others.items() if name not in RESERVED}
        return (kept if len(kept) <= _ROOM else {}) | self.tags(workflow)


def copy_tags(source: Snapshot, taken_at: str) -> dict[str, str]:
    """Return the tags of a copy, which EC2 attributes to an arbitrary volume: those of its source, and what it is."""
    return {**source.tags, COPY_OF: source.snapshot_id, VOLUME: source.volume_id, TAKEN_AT: taken_at}


def _origin(tags: Mapping[str, str]) -> tuple[str, datetime] | None:
    """Return the volume and the moment of the snapshot that was copied, None if people have changed these tags."""
    try:
        return tags[VOLUME], parse(tags[TAKEN_AT])
    except (BadInput, KeyError):
        return None
