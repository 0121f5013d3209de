"""A drill restores the newest good snapshot of the volume whose turn it is, checks it, and always removes it."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from snapshot_backup.domain.errors import NothingToRestore
from snapshot_backup.handlers import check_drill, end_drill, start_drill
from tests.support.functions import Context
from tests.unit.snapshot_backup.aws import HOME
from tests.unit.snapshot_backup.workflow import Workflow


@pytest.fixture
def backed_up(workflow: Workflow) -> Workflow:
    """Two volumes with a backup of two nights."""
    for size in (10, 20):
        workflow.world.volume(size, backup="gold")
    workflow.night(2)
    return workflow


def drills(workflow: Workflow) -> list[str]:
    """Return the volumes that a drill made and that are still there."""
    return [
        volume_id
        for volume_id, volume in workflow.world.volumes.items()
        if {"Key": "purpose", "Value": "restore-drill"} in volume["Tags"]
    ]


def test_a_good_backup_passes_and_leaves_nothing(backed_up: Workflow, capsys: pytest.CaptureFixture[str]) -> None:
    capsys.readouterr()
    told = backed_up.drill()
    assert told["passed"]
    assert told["subject"].startswith("Restore drill passed: vol-")
    assert backed_up.world.count("create_volume") == 1
    assert (len(told["removed"]), told["left"], drills(backed_up)) == (1, [], [])
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines() if "_aws" in line]
    assert [line["RestoreDrillPassed"] for line in lines] == [[1.0]]


def test_each_month_it_is_the_next_volumes_turn_and_its_newest_good_snapshot(backed_up: Workflow) -> None:
    newest = {each["VolumeId"]: each["SnapshotId"] for each in backed_up.world.of(HOME)}
    backed_up.world.now += timedelta(days=1)
    backed_up.make(backed_up.plan(backed_up.execution()))
    backed_up.world.complete("error")
    turns = []
    for month in (1, 2, 3):
        backed_up.world.now = datetime(2027, month, 1, tzinfo=UTC)
        drill = start_drill.handler({"execution": backed_up.execution()}, Context())
        assert drill["snapshot_id"] == newest[drill["of"]]
        turns.append(drill["of"])
    assert turns[0] == turns[2] != turns[1]


@pytest.mark.parametrize(
    ("state", "fault"),
    [("error", "the volume's state is error"), ("creating", "the volume was still being made when the drill ended")],
)
def test_a_volume_that_does_not_come_up_fails_the_drill(backed_up: Workflow, state: str, fault: str) -> None:
    backed_up.world.restored_state = state
    told = backed_up.drill()
    assert not told["passed"]
    assert fault in told["text"]
    assert told["left"] == drills(backed_up)
    assert bool(told["left"]) == (state == "creating")  # EC2 does not delete what it is making; people are told


def test_a_volume_that_is_too_small_or_gone_fails_the_drill(backed_up: Workflow) -> None:
    drill = start_drill.handler({"execution": backed_up.execution("x")}, Context())
    volume = backed_up.world.volumes[drill["volume_id"]]
    volume |= {"State": "available", "Size": 1}
    assert check_drill.handler({"drill": drill}, Context())["faults"] == [f"it has 1 GiB of {drill['size_gib']}"]
    del backed_up.world.volumes[drill["volume_id"]]
    assert "gone" in check_drill.handler({"drill": drill}, Context())["faults"][0]


def test_a_step_that_is_tried_again_makes_no_second_volume(backed_up: Workflow) -> None:
    execution = backed_up.execution("drill-1")
    backed_up.killed("create_volume", start_drill.handler, {"execution": execution})
    again = start_drill.handler({"execution": execution}, Context())
    assert drills(backed_up) == [again["volume_id"]]


def test_a_drill_that_broke_off_is_cleared_away_without_knowing_its_volume(backed_up: Workflow) -> None:
    execution = backed_up.execution("drill-1")
    backed_up.killed("create_volume", start_drill.handler, {"execution": execution})
    (volume_id,) = drills(backed_up)
    backed_up.world.volumes[volume_id]["State"] = "available"
    check = {"pending": False, "faults": ["Sandbox.Timedout: "]}
    told = end_drill.handler({"execution": execution, "drill": {}, "check": check}, Context())
    assert (told["passed"], told["removed"], drills(backed_up)) == (False, [volume_id], [])


def test_what_an_earlier_drill_left_goes_but_not_that_of_one_at_work(backed_up: Workflow) -> None:
    left = start_drill.handler({"execution": backed_up.execution("old")}, Context())["volume_id"]
    backed_up.world.volumes[left]["State"] = "available"
    backed_up.world.now += timedelta(days=2)
    at_work = start_drill.handler({"execution": backed_up.execution("other")}, Context())["volume_id"]
    told = backed_up.drill()
    assert left in told["removed"]
    assert drills(backed_up) == [at_work]


def test_without_a_good_snapshot_there_is_nothing_to_restore(workflow: Workflow) -> None:
    with pytest.raises(NothingToRestore):
        workflow.drill()


def test_a_dry_run_names_what_it_would_restore(backed_up: Workflow) -> None:
    backed_up.agree(dry_run=True)
    told = backed_up.drill()
    assert (told["passed"], backed_up.world.count("create_volume")) == (True, 0)
    assert told["text"].startswith("Would be restored: snap-")
