"""Whole runs: warned, then stopped, then started again; nothing that should not be touched ever is."""

from copy import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from botocore.exceptions import ClientError

from idle_resources.adapters import instances
from idle_resources.handlers import start_instances, stop_instances
from shared.operations.adapters.workers import DryRun
from shared.operations.pace import Pace, Rate
from tests.support.functions import Context
from tests.unit.idle_resources.workflow import AT_ONCE, RULES, Workflow, outcome
from tests.unit.volume_cleanup.aws import refusal

OFFICE = {"schedule": "office", "owner": "ada"}
OURS = {"stopped-by", "stopped-at", "stop-after"}


def evening(workflow: Workflow) -> dict[str, Any]:
    """Warn at six in the evening in Berlin, and stop after seven."""
    workflow.at(17.5).run()
    return workflow.at(19).run()


def test_a_day_of_an_instance(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    assert outcome(workflow.at(12).run(), instance) == ("NOT_PLANNED", "working hours (office)")
    assert outcome(workflow.at(17.5).run(), instance) == ("DONE WARN", "off hours (office)")
    assert workflow.ec2.tags(instance)["stop-after"] == "2026-11-23T18:30:00Z"
    waiting = outcome(workflow.at(18.25).run(), instance)
    assert waiting == ("NOT_PLANNED", "off hours (office); warned, to be stopped after 2026-11-23T18:30:00Z")
    assert outcome(workflow.at(18.5).run(), instance)[0] == "DONE STOP"
    assert workflow.ec2.state(instance) == "stopped"
    assert set(workflow.ec2.tags(instance)) - set(OFFICE) == {"stopped-by", "stopped-at"}
    assert outcome(workflow.at(5, day=1).run(), instance) == ("NOT_PLANNED", "off hours (office)")
    report = workflow.at(6, day=1).run()
    assert outcome(report, instance) == ("DONE START", "working hours (office)")
    assert workflow.ec2.state(instance) == "running"
    assert workflow.ec2.tags(instance) == OFFICE


def test_the_owner_is_told_once_and_how_to_veto(workflow: Workflow) -> None:
    workflow.ec2.add("a", tags=OFFICE)
    workflow.ec2.add("b", tags=OFFICE)
    workflow.ec2.add("c", tags={"schedule": "office"})
    for hour in (17.5, 17.75):
        workflow.at(hour).run()
    told = {each["MessageAttributes"]["recipient"]["StringValue"]: each for each in workflow.topic.messages}
    assert len(workflow.topic.messages) == 2
    assert told["ada"]["Subject"] == "2 of your machines will be stopped"
    assert "i-a  7.59 USD a month  off hours (office); stopped after 2026-11-23T18:30:00Z" in told["ada"]["Message"]
    assert "keep-running-until" in told["ada"]["Message"]
    assert "i-c" in told["operators"]["Message"]


def test_a_veto_counts_until_it_expires(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    workflow.at(17.5).run()
    workflow.ec2.set_tags(instance, keep_running_until="2026-11-23T22:00:00+01:00")
    reason = "kept running until 2026-11-23T22:00:00+01:00 (keep-running-until)"
    assert outcome(workflow.at(19).run(), instance) == ("DONE UNMARK", reason)
    assert "stop-after" not in workflow.ec2.tags(instance)
    expired = "off hours (office); keep-running-until expired at 2026-11-23T22:00:00+01:00"
    assert outcome(workflow.at(21.5).run(), instance) == ("DONE WARN", expired)
    assert outcome(workflow.at(22.75).run(), instance)[0] == "DONE STOP"


def test_a_veto_that_cannot_be_read_protects_and_says_so(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE | {"keep-running-until": "tomorrow"})
    fate, reason = outcome(workflow.at(19).run(), instance)
    assert (fate, "'tomorrow'" in reason) == ("NOT_PLANNED", True)


def test_the_cores_opt_out_protects_too(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE | {"keep-until": "forever"})
    assert outcome(workflow.at(19).run(), instance) == ("NOT_PLANNED", "kept for ever (keep-until)")


def test_an_idle_instance_is_stopped_and_stays_so(workflow: Workflow) -> None:
    instance = workflow.measured(workflow.ec2.add("a", tags={"owner": "ada"}))
    reason = "idle: at most 1.0 % CPU and 1,000 bytes an hour in 24 hours"
    assert outcome(workflow.run(), instance) == ("DONE WARN", reason)
    workflow.now += timedelta(hours=1, minutes=1)
    assert outcome(workflow.run(), instance)[0] == "DONE STOP"
    stays = ("NOT_PLANNED", "stopped for being idle: whoever needs it starts it")
    assert outcome(workflow.at(12, day=1).run(), instance) == stays


@pytest.mark.parametrize(
    ("usage", "reason"),
    [
        ({"hours": 0}, "too little is measured: 0 of 20 hours"),
        ({"hours": 19}, "too little is measured: 19 of 20 hours"),
        ({"cpu": 5}, "in use: at most 5.0 % CPU and 1,000 bytes an hour in 24 hours"),
        ({"network": 1_000_000}, "in use: at most 1.0 % CPU and 1,000,000 bytes an hour in 24 hours"),
    ],
)
def test_what_is_used_or_not_measured_is_not_idle(workflow: Workflow, usage: dict[str, float], reason: str) -> None:
    instance = workflow.measured(workflow.ec2.add("a"), **usage)  # type: ignore[arg-type]  # hours are whole
    assert outcome(workflow.run(), instance) == ("NOT_PLANNED", reason)


def test_an_hour_counts_only_if_everything_was_measured(workflow: Workflow) -> None:
    instance = workflow.measured(workflow.ec2.add("a"))
    paginate = workflow.watch.paginate

    def without_network(**call: Any) -> Any:
        for page in paginate(**call):
            if page["MetricDataResults"][0]["Id"] == "q1":
                page["MetricDataResults"][0] |= {"Timestamps": [], "Values": []}
            yield page

    workflow.watch.paginate = without_network  # type: ignore[method-assign]  # a metric that is not there
    assert outcome(workflow.run(), instance)[1] == "too little is measured: 0 of 20 hours"


def test_a_fresh_instance_is_not_idle(workflow: Workflow) -> None:
    launched = workflow.now - timedelta(hours=23)
    instance = workflow.measured(workflow.ec2.add("a", LaunchTime=launched))
    assert outcome(workflow.run(), instance) == ("NOT_PLANNED", "runs only since 2026-11-22T13:00:00Z")
    assert workflow.watch.queries == 0


def test_an_instance_that_is_used_again_is_unmarked(workflow: Workflow) -> None:
    instance = workflow.measured(workflow.ec2.add("a"))
    workflow.run()
    workflow.now += timedelta(hours=2)
    workflow.measured(instance, cpu=80)
    assert outcome(workflow.run(), instance)[0] == "DONE UNMARK"
    assert workflow.ec2.tags(instance) == {}


def test_without_settings_for_it_nothing_is_idle(workflow: Workflow) -> None:
    workflow.agree(idle=None)
    instance = workflow.measured(workflow.ec2.add("a"))
    assert outcome(workflow.run(), instance) == ("NOT_PLANNED", "has no schedule")


UNTOUCHABLE: dict[str, dict[str, Any]] = {
    "a spot instance": {"InstanceLifecycle": "spot"},
    "its root is an instance store": {"RootDeviceType": "instance-store"},
    "a m5d.large has disks that a stop empties": {"kind": "m5d.large"},
    "part of the Auto Scaling group web": {"tags": OFFICE | {"aws:autoscaling:groupName": "web"}},
    "managed by eks.amazonaws.com": {"Operator": {"Managed": True, "Principal": "eks.amazonaws.com"}},
}


@pytest.mark.parametrize(("reason", "changes"), UNTOUCHABLE.items(), ids=UNTOUCHABLE)
def test_what_must_not_be_stopped_is_not_even_warned_of(
    workflow: Workflow, reason: str, changes: dict[str, Any]
) -> None:
    instance = workflow.ec2.add("a", **{"tags": OFFICE, **changes})
    assert outcome(workflow.at(19).run(), instance) == ("NOT_PLANNED", reason)
    workflow.ec2.set_tags(instance, stop_after="2026-11-23T18:30:00Z")
    assert outcome(workflow.at(20).run(), instance) == ("DONE UNMARK", reason)
    assert workflow.ec2.state(instance) == "running"


def test_an_unknown_calendar_decides_nothing(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags={"schedule": "ofice"})
    assert outcome(workflow.at(19).run(), instance) == ("NOT_PLANNED", "there is no calendar 'ofice'")


def test_only_what_the_workflow_stopped_is_started(workflow: Workflow) -> None:
    theirs = workflow.ec2.add("a", state="stopped", tags=OFFICE)
    others = workflow.ec2.add("b", state="stopped", tags=OFFICE | {"stopped-by": "other", "stopped-at": "x"})
    ours = workflow.ec2.add("c", tags=OFFICE)
    evening(workflow)
    report = workflow.at(7, day=1).run()
    assert outcome(report, theirs) == ("NOT_PLANNED", "stopped, but not by this workflow")
    assert outcome(report, others) == ("NOT_PLANNED", "stopped, but not by this workflow")
    assert outcome(report, ours)[0] == "DONE START"


def test_what_somebody_started_and_stopped_since_is_theirs(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    evening(workflow)
    workflow.at(20)
    workflow.ec2.become(instance, "running")
    workflow.ec2.become(instance, "stopped")
    reason = "somebody has started and stopped it since this workflow did"
    assert outcome(workflow.at(7, day=1).run(), instance) == ("NOT_PLANNED", reason)


def test_what_somebody_started_off_hours_is_warned_of_anew(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    evening(workflow)
    workflow.at(20)
    workflow.ec2.become(instance, "running")
    workflow.ec2.set_tags(instance, stop_after="2026-11-23T18:30:00Z")  # as if the stop had been cut off
    assert outcome(workflow.at(20.1).run(), instance)[0] == "DONE WARN"
    assert workflow.ec2.state(instance) == "running"


def test_what_somebody_starts_after_the_warning_is_warned_of_anew(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    workflow.at(17.5).run()
    workflow.at(18)
    workflow.ec2.become(instance, "running")
    assert outcome(workflow.at(18.6).run(), instance)[0] == "DONE WARN"
    assert outcome(workflow.at(19.5).run(), instance)[0] == "NOT_PLANNED"
    assert outcome(workflow.at(19.6).run(), instance)[0] == "DONE STOP"


def test_a_missed_evening_and_a_missed_morning_are_caught_up(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    assert outcome(workflow.at(22).run(), instance)[0] == "DONE WARN"
    assert outcome(workflow.at(23.5).run(), instance)[0] == "DONE STOP"
    assert outcome(workflow.at(14, day=1).run(), instance)[0] == "DONE START"


def test_a_stop_that_would_end_before_it_begins_is_not_announced(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    assert outcome(workflow.at(5.5).run(), instance) == ("NOT_PLANNED", "working hours (office)")


def test_a_warning_from_the_morning_is_withdrawn_when_people_work(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    workflow.at(4.5).run()
    assert outcome(workflow.at(6.5).run(), instance)[0] == "DONE UNMARK"


def test_starts_keep_their_order_and_each_wave_waits_for_the_one_before(workflow: Workflow) -> None:
    orders = {"web": "20", "db": "10", "cache": "10", "any": "", "odd": "first"}
    for name, order in orders.items():
        workflow.ec2.add(name, tags=OFFICE | ({"start-order": order} if order else {}))
    evening(workflow)
    workflow.ec2.starts_slowly = True
    running: list[int] = []

    def settle(operation: str, _instance: str) -> None:
        if operation == "start_instances":
            running.append(sum(workflow.ec2.state(each) == "running" for each in workflow.ec2.instances))

    workflow.ec2.before = settle
    run = workflow.at(7, day=1).plan()
    for done in (2, 3, 5):
        answer = start_instances.handler({"run_id": run["run_id"]}, Context(300))
        assert answer == {"done": False, "wait_seconds": 10}
        started = workflow.ec2.done("start_instances")
        assert len(started) == done
        for each in started:
            workflow.ec2.become(each, "running")
    workflow.until_done(start_instances, run["run_id"])
    assert workflow.ec2.done("start_instances") == ["i-cache", "i-db", "i-web", "i-any", "i-odd"]
    assert running == [0, 0, 2, 3, 3]


def test_starts_keep_to_ec2s_pace(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    rates = {name: rate for name, rate in RULES["rates"].items() if name != "StartInstances"}
    workflow.agree(rates=rates)
    for number in range(9):
        workflow.ec2.add(str(number), tags=OFFICE)
    evening(workflow)
    slept: list[float] = []
    monkeypatch.setattr("shared.operations.adapters.workers.Pace", _slow(slept))
    workflow.at(7, day=1).run()
    assert sum(slept) == pytest.approx((9 - 5) / 2)


def _slow(slept: list[float]) -> Any:
    def pace(rate: Rate) -> Pace:
        return Pace(rate, lambda: sum(slept), slept.append)

    return pace


def test_without_room_the_next_size_starts_and_the_own_size_comes_back(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", "m5.large", tags=OFFICE)
    evening(workflow)
    workflow.ec2.no_room = {"m5.large", "m5a.large"}
    report = workflow.at(7, day=1).run()
    assert outcome(report, instance)[0] == "DONE START"
    assert workflow.ec2.instances[instance]["InstanceType"] == "m6i.large"
    assert workflow.ec2.tags(instance) == OFFICE | {"own-type": "m5.large"}
    workflow.ec2.no_room = set()
    workflow.at(17.5, day=1).run()
    workflow.at(19, day=1).run()
    assert outcome(workflow.at(7, day=2).run(), instance)[0] == "DONE START"
    assert workflow.ec2.instances[instance]["InstanceType"] == "m5.large"
    assert workflow.ec2.tags(instance) == OFFICE


def test_what_there_is_no_room_for_is_asked_for_once(workflow: Workflow, monkeypatch: pytest.MonkeyPatch) -> None:
    instance = workflow.ec2.add("a", "m5.large", tags=OFFICE)
    evening(workflow)
    workflow.ec2.no_room = {"m5.large"}
    patient = copy(workflow.ec2)
    patient.start_instances = _sent_again  # type: ignore[method-assign]  # by the client that tries again
    monkeypatch.setattr(instances, "client", lambda _service: patient)
    assert outcome(workflow.at(7, day=1).run(), instance)[0] == "DONE START"
    assert workflow.ec2.done("start_instances") == [instance] * 2, "once for each type"


def _sent_again(**_: Any) -> None:
    raise AssertionError("botocore takes a lack of capacity for a server's fault")


def test_without_any_room_the_next_run_tries_again_and_others_start(workflow: Workflow) -> None:
    instance, other = workflow.ec2.add("a", "m5.large", tags=OFFICE), workflow.ec2.add("b", tags=OFFICE)
    evening(workflow)
    workflow.ec2.no_room = {"m5.large", "m5a.large", "m6i.large"}
    report = workflow.at(7, day=1).run()
    failed = ("FAILED START", "NoCapacity: no room for m5.large, m5a.large, m6i.large")
    assert (outcome(report, instance), outcome(report, other)[0]) == (failed, "DONE START")
    assert (report["failed"], report["told"]["failed"]) == (1, 1)
    assert workflow.ec2.instances[instance]["InstanceType"] == "m5.large"
    workflow.ec2.no_room = set()
    assert outcome(workflow.at(7.25, day=1).run(), instance)[0] == "DONE START"
    assert workflow.ec2.tags(instance) == OFFICE


def test_a_start_that_ec2_takes_back_is_told_and_tried_again(workflow: Workflow) -> None:
    instance, other = workflow.ec2.add("a", tags=OFFICE), workflow.ec2.add("b", tags=OFFICE)
    evening(workflow)
    workflow.ec2.taken_back = {instance}
    report = workflow.at(7, day=1).run()
    why = "EC2 stopped it again: Client.InternalError: Client error on launch"
    assert (outcome(report, instance), outcome(report, other)[0]) == (("FAILED START", why), "DONE START")
    assert report["told"]["text"].startswith("0.1248 USD were saved"), "only the other's stop has ended"
    workflow.ec2.taken_back = set()
    report = workflow.at(7.25, day=1).run()
    assert outcome(report, instance)[0] == "DONE START"
    assert report["told"]["text"].startswith("0.1274 USD were saved")
    assert workflow.ec2.tags(instance) == OFFICE


def test_a_start_whose_run_ends_before_its_success_is_seen_is_a_start(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    evening(workflow)
    workflow.ec2.starts_slowly = True
    run = workflow.at(7, day=1).plan()
    assert start_instances.handler({"run_id": run["run_id"]}, Context(300)) == {"done": False, "wait_seconds": 10}
    workflow.ec2.become(instance, "running")
    assert outcome(workflow.at(7.25, day=1).run(), instance)[0] == "DONE UNMARK"
    assert workflow.ec2.tags(instance) == OFFICE


def test_groups_come_back_to_exactly_their_size(workflow: Workflow) -> None:
    group = workflow.scaling.add("web", (2, 4, 10), **OFFICE)
    small = workflow.scaling.add("job", (0, 1, 3), **OFFICE, off_hours_size="1")
    free = workflow.scaling.add("free", (1, 1, 1))
    assert outcome(evening(workflow), group)[0] == "DONE STOP"
    assert workflow.scaling.size("web") == (0, 0, 10)
    report = workflow.at(20).run()
    assert outcome(report, group) == ("NOT_PLANNED", "off hours (office)")
    assert outcome(report, small) == ("NOT_PLANNED", "has its off-hours size of 1 already")
    assert outcome(report, free) == ("NOT_PLANNED", "has no schedule")
    assert outcome(workflow.at(7, day=1).run(), group)[0] == "DONE START"
    assert workflow.scaling.size("web") == (2, 4, 10)
    assert workflow.scaling.tags("web") == OFFICE


def test_a_groups_veto_brings_it_back(workflow: Workflow) -> None:
    group = workflow.scaling.add("web", (2, 4, 10), **OFFICE)
    evening(workflow)
    tags = {"Key": "keep-running-until", "Value": "2026-11-24T00:00:00Z", "ResourceId": "web"}
    tags |= {"ResourceType": "auto-scaling-group", "PropagateAtLaunch": False}
    workflow.scaling.create_or_update_tags(Tags=[tags])
    assert outcome(workflow.at(20).run(), group)[0] == "DONE START"
    assert workflow.scaling.size("web") == (2, 4, 10)


@pytest.mark.parametrize("cut", range(1, 7))
def test_a_group_survives_a_cut_at_any_point(workflow: Workflow, cut: int) -> None:
    group = workflow.scaling.add("web", (2, 4, 10), **OFFICE)
    workflow.scaling.kill_after = [cut]
    evening(workflow)
    assert workflow.scaling.size("web") == (0, 0, 10)
    report = workflow.at(7, day=1).run()
    assert outcome(report, group)[0] == "DONE START"
    assert workflow.scaling.size("web") == (2, 4, 10)
    assert workflow.scaling.tags("web") == OFFICE


@pytest.mark.parametrize("cut", range(1, 7))
def test_an_instance_survives_a_cut_at_any_point(workflow: Workflow, cut: int) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    workflow.ec2.kill_after = [cut]
    report = evening(workflow)
    assert outcome(report, instance)[0] == "DONE STOP"
    assert workflow.ec2.done("stop_instances") == [instance]
    assert outcome(workflow.at(7, day=1).run(), instance)[0] == "DONE START"
    assert workflow.ec2.done("start_instances") == [instance]
    assert workflow.ec2.tags(instance) == OFFICE
    assert len(workflow.topic.messages) == 1


def test_what_changes_between_plan_and_act_is_left_alone(workflow: Workflow) -> None:
    names = ("vetoed", "restarted", "gone", "stopped", "rescheduled", "same")
    ids = {name: workflow.ec2.add(name, tags=OFFICE) for name in names}
    workflow.at(17.5).run()
    run = workflow.at(19).plan()
    workflow.ec2.set_tags(ids["vetoed"], keep_running_until="2026-11-24T00:00:00Z")
    workflow.ec2.become(ids["restarted"], "running")
    del workflow.ec2.instances[ids["gone"]]
    workflow.ec2.become(ids["stopped"], "stopped")
    workflow.ec2.set_tags(ids["rescheduled"], schedule="unknown")
    workflow.until_done(stop_instances, run["run_id"])
    report = workflow.finish(run)
    found = {name: outcome(report, instance) for name, instance in ids.items()}
    assert found["vetoed"][0] == found["restarted"][0] == found["rescheduled"][0] == "SKIPPED STOP"
    assert found["gone"] == ("SKIPPED STOP", "vanished")
    assert found["stopped"] == ("SKIPPED STOP", "stopped, but not by this workflow")
    assert workflow.ec2.done("stop_instances") == [ids["same"]]


def test_an_instance_that_works_again_is_not_stopped_by_an_old_plan(workflow: Workflow) -> None:
    instance = workflow.measured(workflow.ec2.add("a"))
    workflow.run()
    workflow.now += timedelta(hours=1, minutes=1)
    run = workflow.plan()
    workflow.measured(instance, cpu=99)
    workflow.until_done(stop_instances, run["run_id"])
    assert outcome(workflow.finish(run), instance)[0] == "SKIPPED STOP"
    assert workflow.ec2.done("stop_instances") == []


def test_one_failing_machine_does_not_hold_up_the_rest(workflow: Workflow) -> None:
    bad, good = workflow.scaling.add("bad", **OFFICE), workflow.scaling.add("good", **OFFICE)
    busy = workflow.scaling.add("busy", **OFFICE)
    workflow.scaling.fails = {"bad": refusal("ValidationError"), "busy": refusal("ScalingActivityInProgress")}
    report = evening(workflow)
    fates = [outcome(report, each)[0] for each in (bad, busy, good)]
    assert fates == ["FAILED STOP", "SKIPPED STOP", "DONE STOP"]


def test_savings_are_exact(workflow: Workflow) -> None:
    instance, group = workflow.ec2.add("a", tags=OFFICE), workflow.scaling.add("web", (2, 4, 10), **OFFICE)
    report = evening(workflow)
    assert report["saved"]["usd_per_month"] == str(Decimal("0.0104") * 730 * 5)
    report = workflow.at(7, day=1).run()
    saved = {each["resource_id"]: each["facts"].get("saved_usd") for each in report["entries"]}
    assert saved == {instance: "0.1248", group: "0.4992"}
    assert report["told"]["text"].startswith("0.6240 USD were saved by stops that have ended.")
    assert workflow.at(8, day=1).run()["told"]["text"].startswith("0 USD")


def test_a_type_without_a_price_is_named(workflow: Workflow) -> None:
    workflow.ec2.add("a", "c9.huge", tags=OFFICE)
    report = evening(workflow)
    assert report["unpriced"] == ["c9.huge"]


def test_over_a_limit_nothing_at_all_is_done(workflow: Workflow) -> None:
    workflow.agree(limits={"max_count": 1, "max_gib": 0, "max_percent": 100})
    instances = [workflow.ec2.add(name, tags=OFFICE) for name in "ab"]
    workflow.at(17.5).run()
    report = workflow.at(19).run()
    assert report["problem"] == "LimitsExceeded: 2 resources, the limit is 1"
    assert [workflow.ec2.state(each) for each in instances] == ["running", "running"]


def test_limits_do_not_hold_up_a_morning(workflow: Workflow) -> None:
    instances = [workflow.ec2.add(name, tags=OFFICE) for name in "abc"]
    evening(workflow)
    workflow.agree(limits={"max_count": 1, "max_gib": 0, "max_percent": 1})
    workflow.at(7, day=1).run()
    assert [workflow.ec2.state(each) for each in instances] == ["running"] * 3


@pytest.mark.parametrize("dry_run", [True, None, "false"])
def test_a_dry_run_touches_nothing(workflow: Workflow, dry_run: object) -> None:
    workflow.agree(dry_run=dry_run)
    instance = workflow.ec2.add("a", tags=OFFICE)
    group = workflow.scaling.add("web", **OFFICE)
    report = workflow.at(19).run()
    assert {outcome(report, each)[0] for each in (instance, group)} == {"WOULD_WARN"}
    assert report["told"]["subject"] == "Idle resources (dry run): 2 warned"
    assert (workflow.ec2.changes, workflow.scaling.changes, workflow.topic.messages) == (0, 0, [])
    with pytest.raises(DryRun):
        stop_instances.handler({"run_id": "run-1"}, Context(300))


def test_a_run_leaves_everything_to_another_one_that_is_at_work(workflow: Workflow) -> None:
    workflow.plan()
    workflow.states.running = {"arn:aws:states:us-east-1:000000000000:execution:idle-resources:run-1"}
    assert workflow.plan() == {"run_id": "run-2", "another_run": True}
    workflow.states.running = set()
    assert workflow.plan()["another_run"] is False


def test_operators_hear_only_what_is_news(workflow: Workflow) -> None:
    workflow.ec2.add("a", tags=OFFICE)
    heard = [workflow.at(hour).run()["told"]["is_news"] for hour in (12, 17.5, 17.75, 19, 19.25)]
    assert heard == [False, True, False, True, False]
    assert workflow.at(7, day=1).run()["told"]["is_news"]


def test_a_dry_run_is_told_once(workflow: Workflow) -> None:
    workflow.agree(dry_run=True)
    workflow.ec2.add("a", tags=OFFICE)
    assert [workflow.at(hour).run()["told"]["is_news"] for hour in (19, 19.25)] == [True, False]
    run = workflow.at(19.5).plan()
    workflow.ec2.add("b", tags=OFFICE)
    assert workflow.finish(run)["told"]["is_news"] is False
    assert workflow.at(19.75).run()["told"]["is_news"]


def test_a_step_without_time_goes_on_where_it_was(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    workflow.at(17.5).run()
    run = workflow.at(19).plan()
    assert stop_instances.handler({"run_id": run["run_id"]}, Context(1)) == {"done": False, "wait_seconds": 0}
    assert workflow.ec2.state(instance) == "running"
    workflow.until_done(stop_instances, run["run_id"])
    assert workflow.ec2.state(instance) == "stopped"


def test_measurements_are_asked_for_in_few_requests(workflow: Workflow) -> None:
    for number in range(200):
        workflow.measured(workflow.ec2.add(str(number)))
    workflow.agree(dry_run=True, rates=dict.fromkeys(RULES["rates"], AT_ONCE))
    report = workflow.run()
    assert report["counts"] == {"WOULD_WARN": 200}
    assert workflow.watch.queries == 600


def test_errors_that_nobody_foresaw_are_told(workflow: Workflow) -> None:
    instance = workflow.ec2.add("a", tags=OFFICE)
    workflow.at(17.5).run()

    def protected(operation: str, _instance: str) -> None:
        if operation == "stop_instances":
            raise refusal("OperationNotPermitted")

    workflow.ec2.before = protected
    report = workflow.at(19).run()
    assert outcome(report, instance)[0] == "FAILED STOP"
    assert ClientError.__name__ in outcome(report, instance)[1]
    workflow.ec2.before = lambda _operation, _instance: None
    assert outcome(workflow.at(19.25).run(), instance)[0] == "DONE STOP"
