"""What goes is looked at once more; a policy that was shortened meets the limits; copies are made once and outlive."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from snapshot_backup.handlers import copy_snapshots, delete_snapshots, plan_retention
from tests.support.functions import Context
from tests.unit.snapshot_backup.aws import AWAY, HOME, refusal
from tests.unit.snapshot_backup.test_making import outcomes
from tests.unit.snapshot_backup.workflow import BUCKET, WORKFLOW, Workflow

LOOSE = {"max_gib": 10_000, "max_percent": 100}


def planned(workflow: Workflow, nights: int = 6) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Let nights pass without retention; return the last night's execution and the pages of its retention."""
    for _ in range(nights):
        workflow.world.now += timedelta(days=1)
        execution = workflow.execution()
        workflow.make(workflow.plan(execution))
        workflow.world.complete()
    keeping = plan_retention.handler({"execution": execution}, Context())
    return execution, [{"key": each["key"]} for each in workflow.read(keeping["pages_key"])]


@pytest.fixture
def volume(workflow: Workflow) -> str:
    """One volume with a backup: three days, two weeks, two months."""
    return workflow.world.volume(100, backup="gold")


def test_generations_stay_and_the_rest_goes_with_its_price(workflow: Workflow, volume: str) -> None:
    told = workflow.night(33)
    assert volume in workflow.world.volumes
    assert workflow.days() == ["11-29", "11-30", "12-03", "12-04", "12-05"]
    assert told["document"]["saved"] == {"gib": 100, "usd_per_month": "5.00"}
    reasons = {each["reason"] for each in told["document"]["entries"] if each["outcome"] == "NOT_PLANNED"}
    assert reasons == {
        "the last good one; daily 2026-12-05; weekly 2026-W49; monthly 2026-12",
        "daily 2026-12-04",
        "daily 2026-12-03",
        "monthly 2026-11",
        "weekly 2026-W48",
    }


def test_running_the_retention_again_changes_nothing(workflow: Workflow, volume: str) -> None:
    workflow.night(12)
    before = set(workflow.world.snapshots)
    workflow.world.volumes.clear()
    told = workflow.night(3)
    assert volume
    assert set(workflow.world.snapshots) == before
    assert set(outcomes(told).values()) == {"NOT_PLANNED"}


def test_a_shortened_policy_meets_the_limit_and_nothing_goes(workflow: Workflow, volume: str) -> None:
    workflow.agree(policies={"gold": {"daily": 30, "rpo_hours": 26}})
    workflow.night(9)
    workflow.agree(policies={"gold": {"daily": 1, "rpo_hours": 26}}, limits={"max_count": 8} | LOOSE)
    workflow.world.now += timedelta(days=1)
    execution = workflow.execution()
    workflow.make(workflow.plan(execution))
    workflow.world.complete()
    keeping = workflow.keep(execution)
    told = workflow.report(execution)
    assert keeping["exceeded"] == ["9 resources, the limit is 8"]
    assert (keeping["within_limits"], told["status"]) == (False, "LIMITS_EXCEEDED")
    assert workflow.world.count("delete_snapshot") == 0
    assert told["document"]["problem"] == "9 resources, the limit is 8"
    assert len(workflow.days()) == 10
    assert volume
    workflow.agree(limits={"max_count": 10} | LOOSE)
    workflow.night()
    assert len(workflow.days()) == 1


def test_nothing_foreign_goes_whatever_its_tags_say(workflow: Workflow, volume: str) -> None:
    workflow.night(2)
    tags = workflow.world.of(HOME)[0]["Tags"]
    call = {"Description": f"a copy of {volume}", "TagSpecifications": [{"Tags": tags}]}
    workflow.world.now -= timedelta(days=300)
    foreign = workflow.world.snapshot(HOME, volume, call)["SnapshotId"]
    workflow.world.now += timedelta(days=300)
    workflow.night(9)
    assert foreign in workflow.world.snapshots


def test_a_snapshot_in_error_does_not_count_as_the_last_good_one(workflow: Workflow, volume: str) -> None:
    workflow.agree(policies={"gold": {"daily": 1, "rpo_hours": 26}})
    workflow.night()
    for _ in range(3):
        workflow.world.now += timedelta(days=1)
        execution = workflow.execution()
        workflow.make(workflow.plan(execution))
        workflow.world.complete("error")
        workflow.keep(execution)
        told = workflow.report(execution)
    assert [each["State"] for each in workflow.world.of(HOME)] == ["completed", "error", "error", "error"]
    assert "broken promises: 1" in told["subject"]
    (broken,) = [each for each in told["document"]["entries"] if each["outcome"] == "PROMISE_BROKEN"]
    assert broken["reason"] == "the last good snapshot is 72.0 hours old, 26 are promised"
    assert broken["resource_id"] == volume


def test_every_local_day_keeps_its_snapshot_over_the_change_of_clocks(workflow: Workflow, volume: str) -> None:
    workflow.agree(policies={"gold": {"daily": 5, "rpo_hours": 26}})
    nights = [datetime(2026, 10, 23, 23, 30, tzinfo=UTC), datetime(2026, 10, 24, 23, 30, tzinfo=UTC)]
    nights += [datetime(2026, 10, 26 + day, 0, 30, tzinfo=UTC) for day in range(3)]  # 01:30 in Berlin, each of them
    for night in nights:
        workflow.world.now = night
        told = workflow.run()
        assert "broken promises: 0" in told["subject"]
    assert volume
    assert len(workflow.days()) == 5


def test_a_tag_protects_a_snapshot_until_it_expires(workflow: Workflow, volume: str) -> None:
    workflow.night()
    first = workflow.world.of(HOME)[0]
    first["Tags"].append({"Key": "keep-snapshot-until", "Value": "2026-11-20"})
    workflow.night(15)
    assert first["SnapshotId"] in workflow.world.snapshots
    workflow.night(5)
    assert volume
    assert first["SnapshotId"] not in workflow.world.snapshots


def test_a_volumes_own_opt_out_does_not_keep_each_of_its_snapshots(workflow: Workflow) -> None:
    workflow.world.volume(backup="gold", **{"keep-until": "forever"})
    workflow.night(12)
    assert len(workflow.days()) == 4


@pytest.mark.parametrize("change", ["protected", "pillar gone", "in use", "in error"])
def test_what_changed_since_the_plan_is_left_alone(workflow: Workflow, volume: str, change: str) -> None:
    execution, pages = planned(workflow)
    doomed, last = workflow.world.of(HOME)[0], workflow.world.of(HOME)[-1]
    if change == "protected":
        doomed["Tags"].append({"Key": "keep-snapshot-until", "Value": "soon"})
    elif change == "pillar gone":
        del workflow.world.snapshots[last["SnapshotId"]]
    elif change == "in error":
        doomed["State"] = "error"
    else:
        workflow.world.fails["delete_snapshot"] = [refusal("InvalidSnapshot.InUse")]
    for page in pages:
        workflow.until_done(delete_snapshots.handler, page)
    assert volume
    assert doomed["SnapshotId"] in workflow.world.snapshots
    assert outcomes(workflow.report(execution))[doomed["SnapshotId"]] == "SKIPPED DELETE"


def test_what_vanished_since_the_plan_is_accounted_for(workflow: Workflow, volume: str) -> None:
    execution, pages = planned(workflow)
    gone = workflow.world.of(HOME)[1]["SnapshotId"]
    del workflow.world.snapshots[gone]
    for page in pages:
        workflow.until_done(delete_snapshots.handler, page)
    assert volume
    assert outcomes(workflow.report(execution))[gone] == "SKIPPED DELETE"


def test_a_deletion_that_was_cut_off_counts_as_done(workflow: Workflow, volume: str) -> None:
    execution, (page,) = planned(workflow)
    doomed = workflow.world.of(HOME)[0]["SnapshotId"]
    workflow.killed("delete_snapshot", delete_snapshots.handler, page)
    workflow.until_done(delete_snapshots.handler, page)
    assert volume
    assert outcomes(workflow.report(execution))[doomed] == "DONE DELETE"


def test_copies_are_made_once_and_kept_by_the_same_retention(workflow: Workflow, volume: str) -> None:
    workflow.agree(copy_region=AWAY, copy_kms_key="arn:aws:kms:eu-west-1:000000000000:key/1")
    workflow.night(14)
    assert workflow.world.count("copy_snapshot") == 14
    assert workflow.days(HOME) == ["11-14", "11-15", "11-16"]
    sources = {each["SnapshotId"] for each in workflow.world.of(HOME)}
    assert sources <= set(workflow.copied())
    assert len(workflow.copied()) <= len(sources) + 2  # a copy goes the night after its source
    assert volume


def test_a_source_waits_for_its_copy(workflow: Workflow, volume: str) -> None:
    workflow.agree(copy_region=AWAY, policies={"gold": {"daily": 1, "rpo_hours": 26}})
    for _ in range(4):
        workflow.world.now += timedelta(days=1)
        execution = workflow.execution()
        workflow.make(workflow.plan(execution))
        for each in workflow.world.of(HOME):
            each["State"] = "completed"
        workflow.keep(execution)  # the copies stay pending
    assert len(workflow.world.of(HOME)) == len(workflow.world.of(AWAY)) == 4
    for each in workflow.world.of(AWAY)[:-1]:
        each["State"] = "error"
    workflow.night()
    assert len(workflow.world.of(HOME)) == 4 + 1 - 1  # the one with a completed copy went
    workflow.night(3)
    assert volume
    assert [each["State"] for each in workflow.world.of(AWAY)].count("error") == 3  # nothing incomplete goes


def test_a_region_that_is_full_is_waited_for(workflow: Workflow, volume: str) -> None:
    workflow.agree(copy_region=AWAY)
    workflow.world.fails["copy_snapshot"] = [refusal("ResourceLimitExceeded")] * 3
    _, (page,) = planned(workflow, 2)
    assert copy_snapshots.handler(page, Context()) == {"done": False, "wait_seconds": 60}
    workflow.until_done(copy_snapshots.handler, page)
    assert volume
    assert len(workflow.copied()) == 2


def test_a_copy_that_was_cut_off_is_made_once(workflow: Workflow, volume: str) -> None:
    workflow.agree(copy_region=AWAY)
    _, (page,) = planned(workflow, 2)
    workflow.killed("copy_snapshot", copy_snapshots.handler, page)
    workflow.until_done(copy_snapshots.handler, page)
    assert volume
    assert len(set(workflow.copied())) == len(workflow.copied()) == 2


def test_a_copy_says_what_it_is_a_copy_of(workflow: Workflow, volume: str) -> None:
    workflow.agree(copy_region=AWAY)
    workflow.night()
    (source,), (copy,) = workflow.world.of(HOME), workflow.world.of(AWAY)
    tags = {tag["Key"]: tag["Value"] for tag in copy["Tags"]}
    assert tags["backup-volume"] == volume
    assert tags["backup-copy-of"] == source["SnapshotId"]
    assert copy["Description"] == source["Description"] == f"{WORKFLOW} {tags['backup-slot']}"


@pytest.mark.parametrize("tag", ["backup-volume", "backup-taken-at"])
def test_a_copy_whose_tags_people_changed_is_left_alone(workflow: Workflow, volume: str, tag: str) -> None:
    workflow.agree(copy_region=AWAY)
    workflow.night()
    (copy,) = workflow.world.of(AWAY)
    copy["Tags"] = [each for each in copy["Tags"] if each["Key"] != tag]
    workflow.night(9)
    assert volume
    assert copy["SnapshotId"] in workflow.world.snapshots


def test_a_source_that_vanished_is_not_copied(workflow: Workflow, volume: str) -> None:
    workflow.agree(copy_region=AWAY)
    execution, (page,) = planned(workflow, 1)
    (gone,) = workflow.world.snapshots
    workflow.world.snapshots.clear()
    workflow.until_done(copy_snapshots.handler, page)
    assert volume
    assert outcomes(workflow.report(execution))[gone] == "SKIPPED COPY"


def test_a_failed_run_reports_what_is_known(workflow: Workflow, volume: str) -> None:
    execution = workflow.execution()
    failure = {"Error": "Runtime.ExitError", "Cause": '{"errorMessage": "no memory"}'}
    told = workflow.report(execution, failure)
    assert (told["status"], told["document"]["problem"]) == ("FAILED", "Runtime.ExitError: no memory")
    workflow.make(workflow.plan(execution))
    told = workflow.report(execution, failure)
    assert outcomes(told) == {volume: "DONE SNAPSHOT"}
    assert told["report"].startswith(f"s3://{BUCKET}/reports/")
