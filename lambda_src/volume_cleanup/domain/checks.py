"""What has to be true of a volume right before it is touched: it may be another one than when the run was planned."""

from datetime import datetime

from shared.operations.acting import Skip, Status, Vanished
from shared.operations.opt_out import opt_out
from shared.operations.plan import Item
from shared.operations.report import Outcome
from volume_cleanup.domain.marks import KEYS
from volume_cleanup.domain.rules import Rules
from volume_cleanup.domain.volume import Snapshot, Volume

COMPLETED = "completed"


class SnapshotFailed(Exception):
    """There is no good snapshot of the volume, so it stays."""


def check_unattached(volume: Volume | None, rules: Rules, now: datetime) -> Volume:
    """Return the volume if it is still unattached and nobody keeps it. Raises `Skip`."""
    if volume is None:
        raise Vanished
    if volume.attached:
        raise Skip("attached meanwhile")
    if volume.state != "available":
        raise Skip(f"its state is {volume.state}")
    kept = opt_out(volume.tags, now, rules.opt_out_tag)
    if kept.protected:
        raise Skip(kept.reason)
    return volume


def check_marked(item: Item, volume: Volume) -> None:
    """Check that the volume carries the very mark with which its deletion was planned. Raises `Skip`."""
    if {key: volume.tags.get(key) for key in KEYS} != item.facts["mark"]:
        raise Skip("its mark is another one than planned")


def check_snapshot(snapshot: Snapshot | None, made: Outcome | None) -> Snapshot:
    """Return the snapshot if it is completed; `made` is what became of its making. Raises `Skip`, `SnapshotFailed`."""
    if snapshot is None:
        if made and made.status is Status.SKIPPED:
            raise Skip(made.reason)
        raise SnapshotFailed(made.reason if made and made.status is Status.FAILED else "there is none")
    if snapshot.state == "pending":
        raise Skip(f"its snapshot {snapshot.snapshot_id} is not completed yet")
    if snapshot.state != COMPLETED:
        raise SnapshotFailed(f"its snapshot {snapshot.snapshot_id} is in state {snapshot.state}")
    return snapshot
