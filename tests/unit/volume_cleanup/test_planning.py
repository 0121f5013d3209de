"""What a run decides: by clocks, marks, opt-outs and limits; and that a dry run touches nothing."""

from copy import deepcopy
from datetime import timedelta
from typing import Any

import pytest

from shared.operations.adapters.runs import AnotherRun
from shared.operations.adapters.workers import DryRun
from shared.operations.moments import iso
from shared.operations.plan import Page
from tests.support.functions import Context
from tests.unit.volume_cleanup.workflow import RULES, START, Workflow, entry
from volume_cleanup.handlers import mark_volumes

MARKED_AT, DELETE_AFTER = "cleanup-marked-at", "cleanup-delete-after"


def age(workflow: Workflow, days: int) -> dict[str, Any]:
    """Run once a day; return the last report."""
    report: dict[str, Any] = {}
    for _ in range(days):
        report = workflow.run()
        workflow.pass_time(days=1)
    return report


def test_a_volume_is_marked_after_two_weeks_and_deleted_after_another_whatever_its_age(workflow: Workflow) -> None:
    workflow.ec2.add("vol-1", CreateTime=START - timedelta(days=900))
    report = age(workflow, 14)
    assert entry(report, "vol-1")["reason"] == "unattached for 13 of 14 days"
    report = age(workflow, 1)
    assert entry(report, "vol-1")["outcome"] == "DONE MARK"
    assert workflow.ec2.tags("vol-1") == {MARKED_AT: "2026-12-07T03:00:00Z", DELETE_AFTER: "2026-12-14T03:00:00Z"}
    report = age(workflow, 6)
    assert entry(report, "vol-1")["reason"] == "marked, to be deleted after 2026-12-14T03:00:00Z"
    assert entry(age(workflow, 1), "vol-1")["outcome"] == "DONE DELETE"
    assert workflow.ec2.volumes == {}
    assert age(workflow, 1)["entries"] == []
    assert [key for key in workflow.table.items if key[0] == "#seen"] == []


def test_a_volume_that_is_attached_again_is_unmarked_and_its_clock_begins_anew(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    workflow.ec2.attach("vol-1")
    assert entry(workflow.run(), "vol-1")["reason"] == "attached again"
    assert workflow.ec2.tags("vol-1") == {}
    workflow.ec2.detach("vol-1")
    workflow.pass_time(days=1)
    assert entry(workflow.run(), "vol-1")["reason"] == "unattached for 0 of 14 days"


def test_a_volume_used_between_two_runs_is_unmarked_because_cloudtrail_knows(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    workflow.detached("vol-1", START - timedelta(hours=5))
    report = workflow.run()
    assert entry(report, "vol-1")["outcome"] == "DONE UNMARK"
    assert "unattached only since 2026-11-22T22:00:00Z" in entry(report, "vol-1")["reason"]
    workflow.pass_time(days=1)
    workflow.trail.events = []
    assert entry(workflow.run(), "vol-1")["reason"] == "unattached for 1 of 14 days"


def test_detachments_that_failed_or_were_earlier_do_not_move_the_clock(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    workflow.detached("vol-1", START - timedelta(hours=5), error="Client.IncorrectState")
    workflow.marked("vol-2")
    workflow.trail.events[0]["CloudTrailEvent"] = '{"errorCode": "Client.IncorrectState", "requestParameters": null}'
    workflow.detached("vol-2", START - timedelta(days=40))
    assert workflow.run()["counts"] == {"DONE DELETE": 2}


def test_cloudtrail_is_read_from_where_the_last_run_ended_with_some_overlap(workflow: Workflow) -> None:
    workflow.run()
    workflow.pass_time(days=1)
    workflow.run()
    workflow.pass_time(days=100)
    workflow.run()
    starts = [START - timedelta(days=14), START - timedelta(hours=6), START + timedelta(days=101 - 14)]
    assert workflow.trail.asked_from == starts


def test_the_clock_of_a_volume_that_was_not_there_for_a_day_begins_anew(workflow: Workflow) -> None:
    workflow.ec2.add("vol-1")
    age(workflow, 10)
    workflow.ec2.attach("vol-1")
    age(workflow, 1)
    workflow.ec2.detach("vol-1")
    assert entry(age(workflow, 1), "vol-1")["reason"] == "unattached for 0 of 14 days"


@pytest.mark.parametrize("mark", [{MARKED_AT: "yesterday"}, {DELETE_AFTER: "2026-01-01T00:00:00Z"}])
def test_a_mark_that_cannot_be_read_is_none_so_the_grace_begins_anew(workflow: Workflow, mark: dict[str, str]) -> None:
    workflow.ec2.add("vol-1", tags=mark)
    workflow.saw("vol-1", days_ago=30)
    assert entry(workflow.run(), "vol-1")["outcome"] == "DONE MARK"
    assert workflow.ec2.tags("vol-1")[DELETE_AFTER] == iso(START + timedelta(days=7))


def test_a_volume_restored_with_its_old_marks_is_not_deleted(workflow: Workflow) -> None:
    old = {MARKED_AT: "2026-01-01T00:00:00Z", DELETE_AFTER: "2026-01-08T00:00:00Z"}
    workflow.ec2.add("vol-1", tags=old)
    assert entry(workflow.run(), "vol-1")["outcome"] == "DONE UNMARK"


@pytest.mark.parametrize(
    ("text", "outcome", "reason"),
    [
        ("2026-11-22", "DONE DELETE", "keep-until expired on 2026-11-22"),
        ("2026-11-23", "DONE UNMARK", "kept until 2026-11-23"),
        ("2026-11-24", "DONE UNMARK", "kept until 2026-11-24"),
        ("forever", "DONE UNMARK", "kept for ever"),
        ("next spring", "DONE UNMARK", "neither a date"),
    ],
)
def test_an_opt_out_protects_until_it_expires_and_when_it_cannot_be_read(
    workflow: Workflow, text: str, outcome: str, reason: str
) -> None:
    workflow.marked("vol-1", tags={"keep-until": text})
    found = entry(workflow.run(), "vol-1")
    assert found["outcome"] == outcome
    assert reason in found["reason"]


def test_an_opt_out_counts_that_comes_after_the_plan(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    run = workflow.plan()
    workflow.ec2.volumes["vol-1"]["Tags"].append({"Key": "keep-until", "Value": "forever"})
    (page_key,) = workflow.page_keys(run)
    workflow.process(page_key)
    assert entry(workflow.finish(run), "vol-1")["reason"] == "kept for ever (keep-until)"
    assert "vol-1" in workflow.ec2.volumes


def test_a_mark_that_changed_after_the_plan_protects(workflow: Workflow) -> None:
    workflow.marked("vol-1")
    run = workflow.plan()
    workflow.ec2.volumes["vol-1"]["Tags"] = []
    (page_key,) = workflow.page_keys(run)
    workflow.process(page_key)
    assert entry(workflow.finish(run), "vol-1")["reason"] == "its mark is another one than planned"
    assert workflow.ec2.snapshots == {}


def test_a_volume_in_use_is_so_even_while_ec2_names_no_instance(workflow: Workflow) -> None:
    workflow.marked("vol-1", State="in-use")
    assert entry(workflow.run(), "vol-1")["reason"] == "attached again"


@pytest.mark.parametrize(
    ("limit", "sentence"),
    [
        ({"max_count": 2, "max_gib": 99, "max_percent": 100}, "3 resources, the limit is 2"),
        ({"max_count": 3, "max_gib": 29, "max_percent": 100}, "30 GiB, the limit is 29"),
        ({"max_count": 3, "max_gib": 30, "max_percent": 59.9}, "60.0 % of all 5, the limit is 59.9 %"),
    ],
)
def test_a_plan_over_a_limit_touches_nothing(workflow: Workflow, limit: dict[str, float], sentence: str) -> None:
    for number in range(3):
        workflow.marked(f"vol-{number}")
    workflow.saw(workflow.ec2.add("vol-3"), days_ago=30)
    workflow.ec2.attach(workflow.ec2.add("vol-4"))
    workflow.agree(limits=limit)
    run = workflow.plan()
    assert (run["exceeded"], run["pages"], workflow.page_keys(run)) == ([sentence], 0, [])
    report = workflow.finish(run, {"Error": "LimitsExceeded", "Cause": sentence})
    assert workflow.ec2.changed() == []
    assert report["counts"] == {"PLANNED DELETE": 3, "PLANNED MARK": 1}
    assert sentence in report["told"]["text"]
    assert report["told"]["subject"] == "Volume clean-up ended early (LimitsExceeded): 4 unfinished"


def test_a_plan_at_its_limits_is_done(workflow: Workflow) -> None:
    for number in range(3):
        workflow.marked(f"vol-{number}")
    workflow.agree(limits={"max_count": 3, "max_gib": 30, "max_percent": 100})
    assert workflow.run()["counts"] == {"DONE DELETE": 3}


@pytest.mark.parametrize("setting", [{"dry_run": True}, {"dry_run": "no"}, {"dry_run": None}])
def test_a_dry_run_touches_nothing_and_says_what_it_would_do(workflow: Workflow, setting: dict[str, Any]) -> None:
    workflow.marked("vol-1")
    workflow.saw(workflow.ec2.add("vol-2", tags={"owner": "ada"}), days_ago=30)
    workflow.ec2.attach(workflow.marked("vol-3"))
    before = deepcopy(workflow.ec2.volumes)
    workflow.agree(**setting)
    report = workflow.run()
    assert (workflow.ec2.volumes, workflow.ec2.snapshots, workflow.ec2.changed()) == (before, {}, [])
    assert report["counts"] == {"WOULD_DELETE": 1, "WOULD_MARK": 1, "WOULD_UNMARK": 1}
    assert report["saved"] == {"gib": 10, "usd_per_month": "0.80"}
    assert "Dry run: nothing was touched." in report["told"]["text"]
    assert report["told"]["subject"] == "Volume clean-up: 1 would be deleted, 1 would be marked"
    assert workflow.topic.messages == []


def test_no_page_of_a_dry_run_is_acted_on_even_by_somebody_who_has_one(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = Page("run-1", 0, 1, {name: value for name, value in RULES.items() if name != "dry_run"}, ())
    monkeypatch.setattr(mark_volumes, "read_page", lambda _bucket, _key: page)
    with pytest.raises(DryRun):
        mark_volumes.handler({"page_key": "plans/run-1/0.json"}, Context())
    assert workflow.ec2.changed() == []


def test_a_volume_in_any_other_state_is_left_alone_and_accounted_for(workflow: Workflow) -> None:
    for state in ("creating", "deleting", "error"):
        workflow.ec2.add(f"vol-{state}", State=state)
        workflow.saw(f"vol-{state}", days_ago=30)
    report = workflow.run()
    assert report["counts"] == {"NOT_PLANNED": 3}
    assert entry(report, "vol-error")["reason"] == "its state is error"


def test_volumes_come_a_page_at_a_time_and_one_that_moves_between_the_listings_counts_as_attached(
    workflow: Workflow,
) -> None:
    workflow.ec2.page_size = 2
    ids = [workflow.marked(f"vol-{number}") for number in range(7)]
    listings: list[str] = []

    def attach(operation: str, _resource: str) -> None:
        listings.append(operation)
        if len(listings) == 2:
            workflow.ec2.attach("vol-3")

    workflow.ec2.before = attach
    run = workflow.plan()
    assert (run["deletions"], len(ids)) == (6, 7)


def test_one_run_at_a_time(workflow: Workflow) -> None:
    first = workflow.plan()
    workflow.states.running = {"arn:aws:states:us-east-1:000000000000:execution:volume-cleanup:run-1"}
    with pytest.raises(AnotherRun):
        workflow.plan()
    workflow.states.running = set()
    assert workflow.plan()["run_id"] == "run-3"
    assert first["run_id"] == "run-1"
