"""Whole runs over many volumes that change meanwhile: exactly the right ones go, all are accounted for."""

from collections import Counter

import pytest

from tests.support.functions import Context
from tests.unit.volume_cleanup.aws import Killed
from tests.unit.volume_cleanup.workflow import Workflow, entry
from volume_cleanup.handlers import delete_volumes, snapshot_volumes

MANY = 2000


def test_of_2000_volumes_exactly_the_right_ones_go_whatever_happens_meanwhile(workflow: Workflow) -> None:
    ids = [workflow.marked(f"vol-{number:017}") for number in range(MANY)]
    again, vanished, broken, right = set(ids[:100]), set(ids[100:150]), set(ids[150:170]), set(ids[170:])
    run = workflow.plan()
    for each in again:
        workflow.ec2.attach(each)
    for each in vanished:
        del workflow.ec2.volumes[each]
    for each in broken:
        workflow.ec2.volumes[each]["State"] = "error"
    workflow.ec2.throttled = 0.02
    workflow.ec2.kill_after = [7, 8, 300, 1111, 1999, 2000, 3003, 3500]
    for page_key in workflow.page_keys(run):
        workflow.process(page_key)
    workflow.ec2.throttled = 0
    report = workflow.finish(run)
    assert set(workflow.ec2.volumes) == again | broken
    assert Counter(snapshot["VolumeId"] for snapshot in workflow.ec2.snapshots.values()) == Counter(right)
    assert report["counts"] == {"DONE DELETE": 1830, "SKIPPED DELETE": 170}
    assert sorted(each["resource_id"] for each in report["entries"]) == sorted(ids)
    reasons = Counter(each["reason"] for each in report["entries"] if each["outcome"] == "SKIPPED DELETE")
    assert reasons == {"attached meanwhile": 100, "vanished": 50, "its state is error": 20}
    assert report["saved"] == {"gib": 18300, "usd_per_month": "1464.00"}
    assert workflow.cuts["killed"] == 8
    assert workflow.cuts["transient"] > 20
    assert {call[0] for call in workflow.ec2.changed()} == {"create_snapshot", "delete_volume"}


def test_a_volume_that_vanished_by_itself_is_not_counted_as_deleted_though_the_function_is_killed_at_it(
    workflow: Workflow,
) -> None:
    workflow.marked("vol-1")
    run = workflow.plan()
    del workflow.ec2.volumes["vol-1"]

    def kill(operation: str, _resource: str) -> None:
        if operation == "describe_volumes" and not workflow.cuts["killed"]:
            raise Killed

    workflow.ec2.before = kill
    (page_key,) = workflow.page_keys(run)
    workflow.until_done(delete_volumes, {"page_key": page_key})
    assert entry(workflow.finish(run), "vol-1")["outcome"] == "SKIPPED DELETE"


@pytest.mark.parametrize("change", range(1, 7))
def test_a_page_that_is_cut_off_at_any_change_is_continued_and_nothing_is_done_twice(
    workflow: Workflow, change: int
) -> None:
    ids = [workflow.marked(f"vol-{number}") for number in range(3)]
    workflow.ec2.kill_after = [change]
    report = workflow.run()
    assert report["counts"] == {"DONE DELETE": 3}
    assert workflow.cuts["killed"] == 1
    assert Counter(workflow.ec2.changed()) == Counter(
        [(operation, each) for each in ids for operation in ("create_snapshot", "delete_volume")]
    )


def test_a_page_out_of_time_says_so_and_is_continued(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    (page_key,) = workflow.page_keys(workflow.plan())
    late = snapshot_volumes.handler({"page_key": page_key}, Context(19))
    assert late == {"done": False, "wait_seconds": 0}
    assert workflow.ec2.changed() == []


def test_nobody_takes_a_volume_that_another_function_may_be_at(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    (page_key,) = workflow.page_keys(workflow.plan())
    workflow.ec2.kill_after = [1]
    with pytest.raises(Killed):
        snapshot_volumes.handler({"page_key": page_key}, Context(100))
    assert snapshot_volumes.handler({"page_key": page_key}, Context(100)) == {"done": False, "wait_seconds": 115}
    workflow.pass_time(seconds=115)
    assert snapshot_volumes.handler({"page_key": page_key}, Context(100))["done"]
    assert len(workflow.ec2.snapshots) == 1


def test_a_volume_that_is_attached_in_the_last_moment_is_refused_by_ec2_and_stays(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    workflow.ec2.before = lambda operation, each: workflow.ec2.attach(each) if operation == "delete_volume" else None
    report = workflow.run()
    assert entry(report, "vol-1")["reason"].startswith("VolumeInUse")
    assert entry(report, "vol-1")["outcome"] == "SKIPPED DELETE"


def test_one_failing_volume_does_not_stop_the_others_and_fails_the_run_at_its_end(workflow: Workflow) -> None:
    for number in range(3):
        workflow.marked(f"vol-{number}")
    workflow.ec2.snapshots_end_as = {"vol-1": "error"}
    report = workflow.run()
    assert report["counts"] == {"DONE DELETE": 2, "FAILED DELETE": 1}
    assert set(workflow.ec2.volumes) == {"vol-1"}
    assert "is in state error" in entry(report, "vol-1")["reason"]
    assert (report["told"]["failed"], report["told"]["unfinished"]) == (1, 0)
    assert report["told"]["subject"] == "Volume clean-up: 2 deleted, 1 failed"


def test_a_snapshot_that_is_never_completed_keeps_its_volume(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    workflow.ec2.snapshots_end_as = {"vol-1": "pending"}
    report = workflow.run()
    assert "not completed yet" in entry(report, "vol-1")["reason"]
    assert set(workflow.ec2.volumes) == {"vol-1"}


def test_a_volume_attached_while_its_snapshot_was_made_stays_even_when_it_is_free_again(workflow: Workflow) -> None:
    workflow.marked("vol-1")

    def use(operation: str, _resource: str) -> None:
        if operation == "describe_snapshots" and workflow.ec2.snapshots:
            workflow.ec2.detach("vol-1")
        elif workflow.ec2.snapshots:
            workflow.ec2.attach("vol-1")

    workflow.ec2.before = use
    report = workflow.run()
    assert entry(report, "vol-1")["reason"] == "attached while its snapshot was made"
    assert set(workflow.ec2.volumes) == {"vol-1"}


@pytest.mark.parametrize(
    ("tags", "reason"),
    [
        ([], "its mark is another one than planned"),
        ([{"Key": "keep-until", "Value": "2030-01-01"}], "kept until 2030-01-01 (keep-until)"),
    ],
)
def test_what_its_owner_says_while_the_snapshot_is_made_counts(
    workflow: Workflow, tags: list[dict[str, str]], reason: str
) -> None:
    workflow.marked("vol-1")

    def speak(operation: str, _resource: str) -> None:
        if operation == "describe_volumes" and workflow.ec2.snapshots:
            workflow.ec2.volumes["vol-1"]["Tags"] = tags

    workflow.ec2.before = speak
    assert entry(workflow.run(), "vol-1")["reason"] == reason
    assert set(workflow.ec2.volumes) == {"vol-1"}


def test_without_a_snapshot_of_this_run_nothing_is_deleted(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    run = workflow.plan()
    (page_key,) = workflow.page_keys(run)
    workflow.until_done(delete_volumes, {"page_key": page_key})
    report = workflow.finish(run)
    assert entry(report, "vol-1")["reason"] == "SnapshotFailed: there is none"
    assert set(workflow.ec2.volumes) == {"vol-1"}


def test_what_a_run_did_not_come_to_is_in_its_report(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    run = workflow.plan()
    report = workflow.finish(run, {"Error": "States.Timeout", "Cause": "too long"})
    assert report["problem"] == "States.Timeout: too long"
    assert report["counts"] == {"PLANNED DELETE": 1}
    assert report["told"]["unfinished"] == 1
    assert "The run ended early: States.Timeout" in report["told"]["text"]
