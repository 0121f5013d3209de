"""A slot is filled once: at one moment for all of an instance's volumes, wherever runs are cut off."""

import json
from datetime import timedelta
from typing import Any

import pytest

from shared.faults import TransientFailure
from shared.operations.adapters import runs
from shared.operations.adapters.runs import AnotherRun
from shared.operations.adapters.workers import DryRun
from snapshot_backup.adapters import volumes
from snapshot_backup.domain.errors import BadInput, BadSettings
from snapshot_backup.domain.run import Run
from snapshot_backup.handlers import create_snapshots, plan_backup
from tests.support.functions import Context
from tests.unit.snapshot_backup.aws import AWAY, HOME, refusal
from tests.unit.snapshot_backup.workflow import Workflow

SLOT = "2026-11-02T02:00:00Z"


def made_of(workflow: Workflow) -> list[str]:
    return sorted(each["VolumeId"] for each in workflow.world.of(HOME))


def outcomes(told: dict[str, Any]) -> dict[str, str]:
    """Return what became of each item, without the promises."""
    entries = [each for each in told["document"]["entries"] if not each["outcome"].startswith("PROMISE")]
    return {each["resource_id"]: each["outcome"] for each in entries}


def test_an_instances_volumes_are_snapshotted_at_one_moment(workflow: Workflow) -> None:
    instance = workflow.world.instance(backup="gold")
    disks = [workflow.world.volume(8, (instance,), Name=f"disk {number}") for number in range(3)]
    workflow.run()
    assert workflow.world.count("create_snapshots") == 1
    assert workflow.world.count("create_snapshot") == 0
    assert made_of(workflow) == disks
    assert {tag["Value"] for each in workflow.world.of(HOME) for tag in each["Tags"] if tag["Key"] == "backup-of"} == {
        instance
    }
    assert {"Key": "Name", "Value": "disk 1"} in workflow.world.of(HOME)[1]["Tags"]


def test_only_promised_volumes_are_snapshotted_the_root_volume_or_not(workflow: Workflow) -> None:
    instance = workflow.world.instance()
    workflow.world.volume(8, (instance,))
    promised = workflow.world.volume(8, (instance,), backup="gold")
    workflow.world.volume(8, (instance,))
    kept_out = workflow.world.instance(backup="gold")
    root = workflow.world.volume(8, (kept_out,))
    workflow.world.volume(8, (kept_out,), backup="none")
    workflow.world.volume(8)
    workflow.run()
    assert made_of(workflow) == [promised, root]


def test_a_volume_that_two_instances_share_is_snapshotted_once(workflow: Workflow) -> None:
    instances = (workflow.world.instance(backup="gold"), workflow.world.instance(backup="gold"))
    shared, own = workflow.world.volume(8, instances), workflow.world.volume(8, instances[1:])
    untagged = workflow.world.instance()
    inherits = workflow.world.volume(8, (untagged, *instances))
    workflow.run()
    assert made_of(workflow) == [shared, own, inherits]


def test_an_unattached_volumes_tags_go_with_its_snapshot_all_but_awss(workflow: Workflow) -> None:
    workflow.world.volume(8, backup="gold", owner="ada", **{"aws:cloudformation:stack-name": "web"})
    workflow.run()
    (snapshot,) = workflow.world.of(HOME)
    tags = {tag["Key"]: tag["Value"] for tag in snapshot["Tags"]}
    assert tags["owner"] == "ada"
    assert not any(name.startswith("aws:") for name in tags)


def test_a_volume_that_was_restored_with_a_snapshots_tags_is_backed_up_like_any_other(workflow: Workflow) -> None:
    instance = workflow.world.instance(backup="gold")
    attached = workflow.world.volume(8, (instance,), **{"backup-slot": "old", "backup-of": "i-0"})
    alone = workflow.world.volume(8, backup="gold", **{"backup-slot": "old", "backup-copy-of": "snap-0"})
    told = workflow.run()
    assert made_of(workflow) == [attached, alone]
    assert "broken promises: 0" in told["subject"]


def test_a_volume_with_too_many_tags_is_backed_up_without_them(workflow: Workflow) -> None:
    workflow.agree(copy_region=AWAY)
    many = {f"tag {number}": "x" for number in range(48)}
    instance = workflow.world.instance(backup="gold")
    disks = [workflow.world.volume(8, attached, **many) for attached in ((instance,), ())]
    workflow.world.volumes[disks[1]]["Tags"].append({"Key": "backup", "Value": "gold"})
    told = workflow.run()
    assert made_of(workflow) == disks
    assert len(workflow.copied()) == 2
    assert "failed: 0, broken promises: 0" in told["subject"]


def test_a_volume_that_was_detached_since_is_snapshotted_alone(workflow: Workflow) -> None:
    instance = workflow.world.instance(backup="gold")
    stays, leaves = (workflow.world.volume(8, (instance,)) for _ in range(2))
    run = workflow.plan(workflow.execution())
    workflow.world.detach(leaves)
    assert workflow.make(run) == [{"pending": 2}]
    assert made_of(workflow) == [stays, leaves]


def test_a_volume_that_is_detached_in_the_very_moment_is_snapshotted_alone(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    instance = workflow.world.instance(backup="gold")
    stays, leaves = (workflow.world.volume(8, (instance,)) for _ in range(2))
    look = volumes.attached_to

    def detach(instance_id: str) -> volumes.Attached:
        workflow.world.detach(leaves)
        return look(instance_id)

    monkeypatch.setattr(volumes, "attached_to", detach)
    workflow.run()
    assert made_of(workflow) == [stays, leaves]


def test_volumes_that_vanished_or_are_in_error_are_accounted_for(workflow: Workflow) -> None:
    gone, broken = workflow.world.volume(backup="gold"), workflow.world.volume(8, (), "error", backup="gold")
    execution = workflow.execution()
    breaks = workflow.world.volume(backup="gold")
    run = workflow.plan(execution)
    del workflow.world.volumes[gone]
    workflow.world.volumes[breaks]["State"] = "error"
    workflow.make(run)
    told = workflow.report(execution)
    assert outcomes(told) == {gone: "SKIPPED SNAPSHOT", breaks: "SKIPPED SNAPSHOT", broken: "NOT_PLANNED"}
    assert [each["reason"] for each in told["document"]["entries"][:2]] == [
        "vanished",
        "no snapshot can be made of a volume that is error",
    ]


def test_one_failing_instance_does_not_keep_the_others_from_their_backup(workflow: Workflow) -> None:
    instances = [workflow.world.instance(backup="gold") for _ in range(2)]
    disks = [workflow.world.volume(8, (each,)) for each in instances]
    workflow.world.fails["create_snapshots"] = [refusal("UnauthorizedOperation", 403)]
    told = workflow.run()
    assert [outcomes(told)[each] for each in instances] == ["FAILED SNAPSHOT", "DONE SNAPSHOT"]
    assert made_of(workflow) == disks[1:]
    assert "failed: 1, broken promises: 0" in told["subject"]


@pytest.mark.parametrize("attached", [True, False])
def test_a_run_cut_off_before_the_ledger_is_written_makes_nothing_twice(workflow: Workflow, *, attached: bool) -> None:
    instance = workflow.world.instance(backup="gold")
    for _ in range(3):
        workflow.world.volume(8, (instance,) if attached else (), backup="gold")
    run = workflow.plan(workflow.execution(slot=SLOT))
    page = {"key": workflow.read(run["pages_key"])[0]["key"], "slot": run["slot"]}
    call = "create_snapshots" if attached else "create_snapshot"
    workflow.killed(call, create_snapshots.handler, page)
    assert len(workflow.world.of(HOME)) == (3 if attached else 1)
    assert create_snapshots.handler(page, Context())["wait_seconds"] > 0  # until the cut attempt must have ended
    workflow.run(workflow.execution("again", SLOT))
    workflow.world.now += timedelta(minutes=2)
    told = workflow.run(workflow.execution("later", SLOT))
    assert len(workflow.world.of(HOME)) == 3
    assert set(outcomes(told).values()) == {"DONE SNAPSHOT", "NOT_PLANNED"}


def test_an_answer_that_was_lost_is_looked_for(workflow: Workflow) -> None:
    workflow.world.volume(backup="gold")
    run = workflow.plan(workflow.execution())
    page = {"key": workflow.read(run["pages_key"])[0]["key"], "slot": run["slot"]}
    workflow.world.fails["create_snapshot"] = [refusal("InternalError", 500)]
    with pytest.raises(TransientFailure):
        create_snapshots.handler(page, Context())
    workflow.until_done(create_snapshots.handler, page)
    assert len(workflow.world.of(HOME)) == 1


def test_a_slot_that_is_delivered_again_makes_nothing_more(workflow: Workflow) -> None:
    workflow.world.volume(backup="gold")
    first = workflow.run(workflow.execution("first", SLOT))
    workflow.world.now += timedelta(hours=1)
    again = workflow.run(workflow.execution("again", SLOT))
    assert len(workflow.world.of(HOME)) == 1
    assert outcomes(first) == outcomes(again)


def test_two_runs_do_not_work_at_once(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    workflow.world.volume(backup="gold")
    workflow.plan(workflow.execution("first", SLOT))
    monkeypatch.setattr(runs, "is_running", lambda arn: arn.endswith(":first"))
    for slot in (SLOT, "2026-11-02T03:00:00Z"):
        with pytest.raises(AnotherRun):
            workflow.plan(workflow.execution("second", slot))
    assert workflow.plan(workflow.execution("first", SLOT))["slot"] == SLOT  # its function was tried again


def test_a_plan_that_was_cut_off_before_its_pages_is_written_to_its_end(workflow: Workflow) -> None:
    workflow.world.volume(backup="gold")
    run = workflow.plan(workflow.execution(slot=SLOT))
    del workflow.world.bucket.objects[run["pages_key"]]
    assert workflow.read(workflow.plan(workflow.execution(slot=SLOT))["pages_key"])


def test_one_run_keeps_to_the_settings_it_began_with(workflow: Workflow) -> None:
    workflow.world.volume(backup="gold")
    workflow.plan(workflow.execution(slot=SLOT))
    workflow.agree(dry_run=True)
    assert not workflow.plan(workflow.execution("again", SLOT))["dry_run"]


def test_a_dry_run_touches_nothing_and_says_what_it_would_do(workflow: Workflow) -> None:
    workflow.agree(dry_run=True)
    volume = workflow.world.volume(backup="gold")
    told = workflow.run()
    assert workflow.world.snapshots == {}
    assert outcomes(told) == {volume: "WOULD_SNAPSHOT"}
    assert told["text"].startswith("Dry run: nothing was touched.")


def test_no_page_of_a_dry_run_can_be_acted_on(workflow: Workflow) -> None:
    workflow.world.volume(backup="gold")
    run = workflow.plan(workflow.execution())
    key = workflow.read(run["pages_key"])[0]["key"]
    page = workflow.read(key)
    page["rules"]["dry_run"] = True
    workflow.world.bucket.objects[key] = json.dumps(page).encode()
    with pytest.raises(DryRun):
        create_snapshots.handler({"key": key, "slot": SLOT}, Context())


def test_a_snapshot_in_error_fills_no_slot(workflow: Workflow) -> None:
    workflow.world.volume(backup="gold")
    run = workflow.plan(workflow.execution(slot=SLOT))
    page = {"key": workflow.read(run["pages_key"])[0]["key"], "slot": run["slot"]}
    workflow.killed("create_snapshot", create_snapshots.handler, page)
    workflow.world.complete("error")
    workflow.until_done(create_snapshots.handler, page)
    assert sorted(each["State"] for each in workflow.world.of(HOME)) == ["error", "pending"]


@pytest.mark.parametrize(("given", "slot"), [
    ("2026-10-25T03:30:00+01:00", "2026-10-25T02:30:00Z"),
    ("2026-11-02T02:00:00Z", SLOT),
    ("", SLOT),
])  # fmt: skip
def test_the_slot_is_the_schedules_moment_or_that_of_the_start(given: str, slot: str) -> None:
    execution = {"StartTime": "2026-11-02T02:00:00.123Z", "Input": {"slot": given} if given else {}}
    assert Run.from_execution(execution).slot == slot


@pytest.mark.parametrize("slot", ["<aws.scheduler.scheduled-time>", "2026-11-02T02:00:00", 7])
def test_a_slot_that_is_no_moment_is_refused(slot: Any) -> None:
    with pytest.raises(BadInput):
        Run.from_execution({"StartTime": SLOT, "Input": {"slot": slot}})


@pytest.mark.parametrize("mistake", [{"copy_region": HOME}, {"limits": {}}, {"limits": None}, {"time_zone": "Mars"}])
def test_mistakes_in_the_settings_are_told_before_anything_is_done(workflow: Workflow, mistake: dict[str, Any]) -> None:
    workflow.agree(**mistake)
    with pytest.raises(BadSettings, match=next(iter(mistake))):
        plan_backup.handler({"execution": workflow.execution()}, Context())
