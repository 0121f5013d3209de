"""A promise is broken when the last good snapshot is too old, there is none in time, or no policy has that name."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from snapshot_backup.domain.promises import look
from snapshot_backup.domain.rules import Policy
from snapshot_backup.domain.snapshots import Snapshot
from snapshot_backup.domain.volumes import Promised, Volume
from tests.unit.snapshot_backup.workflow import Workflow

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
POLICIES = {"gold": Policy("gold", 7, 4, 12, 26)}


def broken(policy: str, created_hours: float, *taken: tuple[float, str]) -> str:
    created = NOW - timedelta(hours=created_hours)
    volume = Volume("vol-1", "in-use", 8, created, (), {})
    snapshots = [
        Snapshot(f"snap-{hours}", "vol-1", NOW - timedelta(hours=hours), state, 8, "", own=True, tags={})
        for hours, state in taken
    ]
    (promise,) = look([Promised(volume, policy)], snapshots, POLICIES, NOW)
    return promise.broken


@pytest.mark.parametrize(
    ("sentence", "policy", "created", "taken"),
    [
        ("", "gold", 900, [(25.9, "completed"), (50, "completed")]),
        ("", "gold", 25, []),
        ("the last good snapshot is 26.5 hours old, 26 are promised", "gold", 900, [(26.5, "completed")]),
        ("the last good snapshot is 50.0 hours old, 26 are promised", "gold", 900, [(1, "pending"), (50, "completed")]),
        ("the last good snapshot is 50.0 hours old, 26 are promised", "gold", 900, [(1, "error"), (50, "completed")]),
        ("never backed up, the volume is 27.0 hours old, 26 are promised", "gold", 27, []),
        ('the tag names no policy: "golden"', "golden", 1, [(0.5, "completed")]),
    ],
)
def test_promises(sentence: str, policy: str, created: float, taken: list[tuple[float, str]]) -> None:
    assert broken(policy, created, *taken) == sentence


def test_the_metrics_say_how_old_the_oldest_is_and_how_many_are_broken(
    workflow: Workflow, capsys: pytest.CaptureFixture[str]
) -> None:
    workflow.world.volume(backup="gold")
    workflow.night()
    workflow.world.volume(backup="platinum")
    workflow.world.now += timedelta(hours=40)
    capsys.readouterr()
    workflow.agree(dry_run=True)
    workflow.run()
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    (measured,) = [line for line in lines if "BrokenPromises" in line]
    assert (measured["OldestGoodSnapshotHours"], measured["BrokenPromises"]) == ([40.0], [2.0])
    assert measured["FailedItems"] == [0.0]
