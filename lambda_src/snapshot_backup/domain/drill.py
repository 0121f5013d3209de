"""The restore drill: whose turn it is, and whether what came of the snapshot is what was backed up."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from snapshot_backup.domain.errors import NothingToRestore
from snapshot_backup.domain.snapshots import CREATED_BY, Snapshot, newest
from snapshot_backup.domain.volumes import Volume

PURPOSE, RESTORE_DRILL, DRILL = "purpose", "restore-drill", "drill"


def choose(snapshots: list[Snapshot], slot: datetime) -> Snapshot:
    """Return the newest good snapshot of the volume whose turn it is, each month the next one's.

    Raises `NothingToRestore`.
    """
    good = [each for each in snapshots if each.good]
    volumes = sorted({each.volume_id for each in good})
    if not volumes:
        raise NothingToRestore("there is no good snapshot of any volume")
    turn = volumes[(slot.year * 12 + slot.month) % len(volumes)]
    chosen = newest([each for each in good if each.volume_id == turn])
    assert chosen  # noqa: S101  # the volume is one that has a good snapshot
    return chosen


def drill_tags(workflow: str, name: str) -> dict[str, str]:
    """Return the tags by which the volume of the drill `name` is found again, and by which alone it may be deleted."""
    return {CREATED_BY: workflow, PURPOSE: RESTORE_DRILL, DRILL: name, "Name": f"{RESTORE_DRILL} {name}"}


def faults(volume: Volume | None, size_gib: int) -> list[str] | None:
    """Return what is wrong with a restored volume, nothing if it is right, or None while it is being made."""
    if volume is None:
        return ["the volume is gone: EC2 removes one whose key it may not use"]
    if volume.state == "creating":
        return None
    found = [] if volume.state == "available" else [f"the volume's state is {volume.state}"]
    return found + ([] if volume.size_gib >= size_gib else [f"it has {volume.size_gib} GiB of {size_gib}"])


def verdict(drill: Mapping[str, Any], check: Mapping[str, Any], left: list[str]) -> dict[str, Any]:
    """Return whether a drill passed, and what people are told.

    `drill` and `check` are the steps' answers, `drill` is empty if none began; `left` are volumes that stayed behind.
    """
    wrong = [*check["faults"], *(f"{volume_id} could not be removed: delete it by hand" for volume_id in left)]
    if check["pending"]:
        wrong.insert(0, "the volume was still being made when the drill ended")
    what = f"{drill['snapshot_id']} of {drill['of']}, taken at {drill['taken_at']}" if drill else "no snapshot"
    if drill.get("dry_run") and not wrong:
        return {"passed": True, "subject": "Restore drill: dry run", "text": f"Would be restored: {what}"}
    outcome = wrong or ["It was complete; the volume is removed."]
    subject = f"Restore drill {'failed' if wrong else 'passed'}: {drill.get('of', 'nothing was restored')}"
    return {"passed": not wrong, "subject": subject, "text": "\n".join([f"Restored: {what}", *outcome])}
