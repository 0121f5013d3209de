"""The backups under trouble: tried again, cut off, killed, stopped and unheard, they go on or fail loudly."""

from datetime import UTC, datetime, timedelta

import pytest

from scripts.local_engine import Engine
from tests.e2e.conftest import HOURS_SCALE, waits_scaled
from tests.e2e.snapshot_backup import ATTEMPTS, TELLINGS, Backups, wait

STEPS = ("plan_backup", "create_snapshots", "check_snapshots", "plan_retention", "copy_snapshots", "delete_snapshots")
ONE_DAY = {"standard": {"daily": 1, "weekly": 0, "monthly": 0, "rpo_hours": 26}}
VOLUMES = 8


def test_every_step_is_tried_again(backups: Backups) -> None:
    volume = backups.volume(backup="standard")
    for step in (*STEPS, "report_backup"):
        backups.fails(step)
    backups.nobody_hears()
    run = backups.run()
    assert run.status == "SUCCEEDED", run.execution
    assert run.told(run.slot, "SUCCEEDED")
    for step in ("start_drill", "check_drill", "end_drill"):
        backups.fails(step)
    backups.nobody_hears()
    drill = backups.drill()
    assert drill.status == "SUCCEEDED", drill.execution
    assert drill.told(volume, "DRILL_PASSED")


@pytest.mark.parametrize("step", STEPS)
def test_a_run_that_was_cut_off_is_told_and_goes_on_where_it_was(backups: Backups, step: str) -> None:
    volume, slot = backups.volume(backup="standard"), backups.slot()
    backups.fails(step, ATTEMPTS)
    backups.fails("report_backup", int(step != "delete_snapshots"))
    backups.nobody_hears()
    run = backups.run(slot)
    assert (run.status, run.states[-1]) == ("FAILED", "RunFailed")
    assert run.told(slot, "FAILED")
    again = backups.run(slot)
    assert again.status == "SUCCEEDED", again.execution
    assert again.outcomes("SNAPSHOT") == {volume: "DONE"}
    assert list(backups.copies().values()) == backups.of(volume)
    assert len(backups.of(volume)) == 1


@pytest.mark.parametrize(
    ("reports", "tellings", "told"),
    [
        (ATTEMPTS, 0, "The run ended early: Lambda.ServiceException"),
        (2 * ATTEMPTS, 0, "Backup failed, and so did its report"),
        (0, TELLINGS, "The run ended early: SNS.InternalErrorException"),
        (0, 2 * TELLINGS, ""),
    ],
)
def test_a_run_that_nobody_hears_of_has_failed(backups: Backups, reports: int, tellings: int, told: str) -> None:
    volume = backups.volume(backup="standard")
    backups.fails("report_backup", reports)
    backups.nobody_hears(tellings)
    run = backups.run()
    assert (run.status, run.states[-3:]) == ("FAILED", ["ReportFailure", "NotifyFailure", "RunFailed"])
    assert len(backups.of(volume)) == len(backups.copies()) == 1
    if told:
        assert run.told(told, "FAILED")


@pytest.mark.parametrize("step", ["start_drill", "check_drill"])
def test_a_drill_that_cannot_be_held_fails_and_leaves_nothing(backups: Backups, step: str) -> None:
    backups.volume(backup="standard")
    backups.run()
    backups.fails(step, ATTEMPTS)
    drill = backups.drill()
    assert (drill.status, drill.states[-1]) == ("FAILED", "DrillFailed")
    assert "Lambda.ServiceException" in drill.told("Restore drill failed", "DRILL_FAILED").message
    assert backups.volumes_of_drills() == []


def test_a_drill_that_cannot_end_says_what_to_look_for(backups: Backups) -> None:
    backups.volume(backup="standard")
    backups.run()
    backups.fails("end_drill", ATTEMPTS)
    drill = backups.drill()
    assert (drill.status, drill.states[-2:]) == ("FAILED", ["NotifyFailure", "RunFailed"])
    assert drill.execution["name"] in drill.told("its volume is left", "DRILL_FAILED").message
    assert len(backups.volumes_of_drills()) == 1


def test_a_drill_that_nobody_hears_of_has_failed(backups: Backups) -> None:
    backups.volume(backup="standard")
    backups.run()
    backups.nobody_hears(TELLINGS)
    drill = backups.drill()
    assert (drill.status, drill.states[-2:]) == ("FAILED", ["NotifyDrill", "RunFailed"])


def test_settings_that_contradict_themselves_are_told_before_anything_is_done(backups: Backups) -> None:
    backups.volume(backup="standard")
    with backups.settings.changed(copy_region=backups.region):
        run = backups.run()
    assert (run.status, run.error) == ("FAILED", "BadSettings")
    assert "name another one" in run.told(run.slot, "FAILED").message
    assert backups.mine() == []


def test_a_run_that_was_stopped_is_redriven(backups: Backups) -> None:
    volume, slot = backups.volume(backup="standard"), backups.slot()
    backups.change([volume], snapshots="pending")
    execution = backups.start(slot)
    backups.pass_through(execution, "CheckSnapshots")
    backups.states.stop_execution(executionArn=execution)
    [stopped] = backups.states.list_map_runs(executionArn=execution)["mapRuns"]
    wait(lambda: backups.states.describe_map_run(mapRunArn=stopped["mapRunArn"])["status"] == "ABORTED")
    backups.change(backups.of(volume), state="completed")
    backups.states.redrive_execution(executionArn=execution)
    run = backups.ended(execution, slot)
    assert (run.status, run.execution["redriveCount"]) == ("SUCCEEDED", 1)
    assert list(backups.copies().values()) == backups.of(volume)
    assert len(backups.of(volume)) == 1


def test_functions_killed_in_the_middle_act_on_everything_once(backups: Backups, engine: Engine) -> None:
    volumes = [backups.volume(backup="standard") for _ in range(VOLUMES)]
    old = [backups.nights(volume, [datetime.now(UTC) - timedelta(days=9)])[0] for volume in volumes]
    slot, half = backups.slot(), VOLUMES // 2
    for call in ("CreateSnapshot", "DeleteSnapshot"):
        backups.arm(f"ec2:{call}", "RequestLimitExceeded", 3)
    with waits_scaled(engine, HOURS_SCALE), backups.settings.changed(policies=ONE_DAY, copy_region=""):
        backups.slow("ec2:CreateSnapshot", VolumeId=sorted(volumes)[half])
        backups.slow("ec2:DeleteSnapshot", SnapshotId=old[half])
        execution = backups.start(slot)
        backups.kill_during("ec2:CreateSnapshot")
        backups.cut_off(execution, "WaitForTurn")
        backups.kill_during("ec2:DeleteSnapshot")
        backups.cut_off(execution, "WaitToDelete")
        run = backups.ended(execution, slot)
    assert run.status == "SUCCEEDED", run.execution
    assert run.outcomes("SNAPSHOT") == dict.fromkeys(volumes, "DONE")
    assert run.outcomes("DELETE") == dict.fromkeys(old, "DONE")
    assert run.reason(old[half], "DELETE").endswith("by an attempt that was cut off")
    assert sorted(each.volume_id for each in backups.seen()) == sorted(volumes), "one of each, and the old ones went"
