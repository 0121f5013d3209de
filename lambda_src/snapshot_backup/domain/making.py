"""Which snapshots of a group are still to be made, and how: together as long as the volumes are."""

from collections.abc import Iterable
from dataclasses import dataclass

from snapshot_backup.domain.snapshots import Snapshot
from snapshot_backup.domain.volumes import Volume


@dataclass(frozen=True)
class Missing:
    """The volumes of a group that have no snapshot of the slot yet.

    `together`: attached to the group's instance, so their snapshots are of one moment. `alone`: never attached, or
    detached since the plan was made.
    """

    together: tuple[Volume, ...]
    alone: tuple[Volume, ...]

    @classmethod
    def of(cls, home: str, volumes: Iterable[Volume], made: Iterable[Snapshot]) -> "Missing":
        """Compare the volumes as they are now with what an earlier attempt made; a snapshot in error is none."""
        covered = {each.volume_id for each in made if each.state != "error"}
        left = [each for each in volumes if each.volume_id not in covered]
        return cls(
            tuple(each for each in left if home in each.instances),
            tuple(each for each in left if home not in each.instances),
        )
