"""The idle resources' workflow under trouble: cut off, throttled, overtaken by events; nothing is done twice."""

from collections.abc import Callable

from tests.e2e.approvals import wait
from tests.e2e.conftest import HOURS_SCALE, waits_scaled
from tests.e2e.disturbances import kill_functions
from tests.e2e.idle_machines import OFFICE, iso
from tests.e2e.idle_resources import ALWAYS, NEVER, IdleResources
from tests.engine.hooks import hook

ATTEMPTS = 5  # of a step: the first, and four more
TOLD = 4  # of a notification


def kill(idle: IdleResources, execution: str, begun: Callable[[], object]) -> None:
    """Kill a run's functions as soon as a step is at work on an item and has begun with it."""
    run_id = execution.rpartition(":")[2]
    wait(lambda: "ACTING" in {row["status"] for row in idle.rows(run_id).values()} and begun())
    assert kill_functions(idle.engine)


def go_on(idle: IdleResources, execution: str, step: str) -> None:
    """Let the claim of a function that was killed pass, for which the machine waits meanwhile."""
    wait(lambda: f"WaitTo{step}" in idle.entered(execution))
    assert idle.let_claims_pass(execution.rpartition(":")[2]) == 1, "one item was cut off, and all others were free"


def done(idle: IdleResources, instance_id: str, call: str) -> int:
    """Return how many calls of that name about an instance succeeded."""
    return idle.calls(instance_id, call).count("")


def test_killed_starts_and_stops_are_continued_and_what_changed_meanwhile_is_left_alone(idle: IdleResources) -> None:
    started = idle.stopped({}, {})
    kept, ended, by_hand, *same = idle.launch(*[OFFICE] * 5)
    group = idle.group((1, 1, 1))
    idle.run()
    for each in started:
        idle.tag(each, {"schedule": "morning"})
    idle.agree(calendars={"office": NEVER, "morning": ALWAYS})
    with waits_scaled(idle.engine, HOURS_SCALE):
        with idle.jammed("StartInstances"):
            execution = idle.start()
            kill(idle, execution, lambda: "StartInstances" in idle.entered(execution))
        wait(lambda: "WaitToStartInstances" in idle.entered(execution))
        idle.tag(kept, {"keep-running-until": iso(hours=1)})
        idle.ec2.terminate_instances(InstanceIds=[ended])
        idle.ec2.stop_instances(InstanceIds=[by_hand])
        idle.reach("stopped", by_hand)
        idle.delete_group(group)
        with idle.jammed("StopInstances"):
            go_on(idle, execution, "StartInstances")
            kill(idle, execution, lambda: any("stopped-by" in idle.tags(each) for each in same))
        go_on(idle, execution, "StopInstances")
        run = idle.ended(execution)
    assert run.status == "SUCCEEDED"
    assert [(run.outcome(each), done(idle, each, "StartInstances")) for each in started] == [("DONE START", 1)] * 2
    assert [(run.outcome(each), done(idle, each, "StopInstances")) for each in same] == [("DONE STOP", 1)] * 2
    assert {run.outcome(each) for each in (kept, ended, by_hand, group)} == {"SKIPPED STOP"}
    assert run.reason(kept).startswith("now it is to UNMARK: kept running until")
    assert run.reason(ended) in {"its state is shutting-down", "its state is terminated"}
    assert run.reason(by_hand) == "stopped, but not by this workflow"
    assert run.reason(group) == "vanished"
    assert idle.state(kept) == "running"


def test_killed_scalings_and_warnings_are_continued(idle: IdleResources) -> None:
    groups = [idle.group((1, 1, 2)), idle.group((0, 1, 2))]
    idle.office(open_now=False)
    idle.run()
    ids = idle.launch(OFFICE, OFFICE)
    with waits_scaled(idle.engine, HOURS_SCALE):
        with idle.jammed("CreateTags"):
            idle.fail("dynamodb:BatchWriteItem", 3, "ProvisionedThroughputExceededException")
            execution = idle.start()
            kill(idle, execution, lambda: "stop-after" not in idle.group_tags(min(groups)))
            go_on(idle, execution, "ScaleGroups")
            kill(idle, execution, lambda: "WarnOwners" in idle.entered(execution))
        go_on(idle, execution, "WarnOwners")
        run = idle.ended(execution)
    assert [(run.outcome(each), idle.sizes(each)) for each in groups] == [("DONE STOP", (0, 0, 2))] * 2
    assert {run.outcome(each) for each in ids} == {"DONE WARN"}
    mail = idle.mail(ids[0], "ada", "warning")
    assert mail.subject == "2 of your machines will be stopped", "told once, of both"
    assert all(idle.tags(each)["stop-after"] in mail.message for each in ids)
    idle.office(open_now=True)
    run = idle.run()
    assert {run.outcome(each) for each in groups} == {"DONE START"}
    assert [idle.sizes(each) for each in groups] == [(1, 1, 2), (0, 1, 2)]


def test_one_failing_item_does_not_hold_up_the_rest(idle: IdleResources) -> None:
    protected, other = idle.launch(OFFICE, OFFICE)
    idle.office(open_now=False)
    idle.run()
    idle.fail("ec2:StopInstances", 1, "OperationNotPermitted", **{"InstanceId.1": protected})
    run = idle.run()
    assert run.failure == ("ItemsFailed", "1 items failed; the report names them.")
    assert (run.outcome(protected), run.outcome(other)) == ("FAILED STOP", "DONE STOP")
    assert "OperationNotPermitted" in run.reason(protected)
    assert run.reason(protected) in idle.mail(run.run_id, "operators", "report").message
    run = idle.run()
    assert (run.status, run.outcome(protected)) == ("SUCCEEDED", "DONE STOP")


def test_what_ec2_throttles_is_done_all_the_same(idle: IdleResources) -> None:
    ids = idle.launch(OFFICE, OFFICE)
    idle.office(open_now=False)
    slow = {"burst": 1, "per_second": 2}
    hook(idle.engine, "ec2/rates", CreateTags=slow, StopInstances=slow)
    runs = [idle.run(), idle.run()]
    refused = hook(idle.engine, "ec2/rates")
    assert refused["CreateTags"] > 0, "AWS was busier than the workflow could know"
    assert [{run.outcome(each) for each in ids} for run in runs] == [{"DONE WARN"}, {"DONE STOP"}]
    assert [done(idle, each, "StopInstances") for each in ids] == [1, 1]


def test_every_step_is_tried_again(idle: IdleResources) -> None:
    [instance] = idle.launch(OFFICE)
    idle.office(open_now=False)
    for function in idle.outputs["function_names"]:
        idle.fail_step(function)
    idle.fail_telling()
    run = idle.run()
    assert (run.status, run.outcome(instance)) == ("SUCCEEDED", "DONE WARN")


def test_a_step_that_fails_ends_the_run_and_the_next_one_does_the_rest(idle: IdleResources) -> None:
    [instance] = idle.launch(OFFICE)
    idle.office(open_now=False)
    assert_fails(idle, "warn_owners", instance, "PLANNED WARN")
    assert idle.run().outcome(instance) == "DONE WARN"
    for function in ("start_instances", "scale_groups", "stop_instances"):
        assert_fails(idle, function, instance, "PLANNED STOP")
        assert idle.state(instance) == "running"
    assert idle.run().outcome(instance) == "DONE STOP"


def assert_fails(idle: IdleResources, function: str, instance_id: str, outcome: str) -> None:
    """Assert that a run which cannot go on with a step accounts for what it left, and tells."""
    idle.fail_step(function, ATTEMPTS)
    run = idle.run()
    assert run.failure[0] == "Lambda.ServiceException"
    assert (run.outcome(instance_id), run.reason(instance_id)) == (outcome, "the run did not come to it")
    assert "The run ended early: Lambda.ServiceException" in idle.mail(run.run_id, "operators", "failure").message


def test_a_run_without_a_plan_is_told(idle: IdleResources) -> None:
    idle.fail_step("plan_idle", ATTEMPTS)
    assert idle.run().entered == ["PlanIdle", "TellFailure", "RunFailed"]
    assert "Lambda.ServiceException" in idle.mail("there is no plan", "operators", "failure").message


def test_a_report_that_comes_late_is_told_as_a_failure(idle: IdleResources) -> None:
    idle.fail_step("report_idle", ATTEMPTS + 1)
    idle.fail_telling()
    run = idle.run()
    assert run.entered[-4:] == ["ReportIdle", "ReportFailure", "TellFailure", "RunFailed"]
    assert "Lambda.ServiceException" in run.report["problem"]
    assert idle.mail(run.run_id, "operators", "failure")


def test_a_failure_that_nobody_hears_of_is_a_failed_run(idle: IdleResources) -> None:
    idle.fail_step("report_idle", 2 * ATTEMPTS)
    idle.fail_telling(TOLD)
    run = idle.run()
    assert run.entered[-4:] == ["ReportIdle", "ReportFailure", "TellFailure", "RunFailed"]
    assert run.failure[0] == "Lambda.ServiceException"


def test_a_report_that_nobody_hears_of_is_a_failed_run(idle: IdleResources) -> None:
    [instance] = idle.launch(OFFICE)
    idle.office(open_now=False)
    idle.fail_telling(TOLD)
    run = idle.run()
    assert run.failure[0] == "SNS.InternalErrorException"
    assert run.outcome(instance) == "DONE WARN"
