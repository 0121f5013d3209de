"""Traffic moves to new versions a share at a time, judged by alarms, and back from wherever it is."""

from typing import Any

import pytest

from gitops_pipeline.domain.errors import LockLost, NoAlarms, RollBackIncomplete
from gitops_pipeline.handlers import roll_back
from shared.clients import client
from shared.faults import TransientFailure
from tests.support.functions import Context
from tests.unit.gitops_pipeline.aws import refusal
from tests.unit.gitops_pipeline.workflow import Workflow, commit, detail, execution


def stopped(name: str = "run-1", number: int = 1) -> dict[str, Any]:
    """Roll back for an execution that was stopped."""
    return roll_back.handler({"run": {}, "execution": execution(name, detail(commit(number)))}, Context())


def back(run: dict[str, Any]) -> list[str]:
    """Roll back within a run."""
    moved: list[str] = roll_back.handler({"run": run}, Context())["rolled_back"]
    return moved


def deployed(workflow: Workflow) -> tuple[dict[str, Any], list[dict[str, str]]]:
    """Begin a run that has published a new version of one of two functions."""
    workflow.functions.add("app-one", "1", "2")
    workflow.functions.add("app-two", "7")
    workflow.functions.add("other", "4")
    run = workflow.begin()
    remembered = workflow.remember(run)
    workflow.functions.publish("app-one", "10")
    return run, remembered


def test_the_versions_to_go_back_to_are_kept_in_the_bucket_and_the_ledger(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    assert remembered == [{"function": "app-one", "version": "2"}, {"function": "app-two", "version": "7"}]
    assert workflow.object(f"runs/{run['run_id']}/versions.json") == {"aliases": remembered}
    assert workflow.ledger()["VERSIONS"]["settled"] is False


def test_the_traffic_is_shifted_step_by_step(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    assert workflow.shift(run, remembered, 0) == {"percent": 10, "done": False, "wait_seconds": 300}
    assert workflow.functions.where("app-one") == ("2", {"10": 0.1})
    assert workflow.shift(run, remembered, 1) == {"percent": 50, "done": False, "wait_seconds": 30}
    assert workflow.functions.where("app-one") == ("2", {"10": 0.5})
    assert workflow.shift(run, remembered, 2) == {"percent": 100, "done": True, "wait_seconds": 0}
    assert workflow.functions.where("app-one") == ("10", {})
    assert workflow.functions.where("app-two") == ("7", {})
    assert workflow.functions.where("other") == ("4", {})


def test_a_step_that_is_repeated_moves_nothing_again(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    first = workflow.shift(run, remembered, 0)
    moves = list(workflow.functions.moves)
    assert workflow.shift(run, remembered, 0) == first
    assert workflow.functions.moves == moves == ["app-one"]


def test_an_alias_that_the_deploy_moved_at_once_begins_with_its_share(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.functions.aliases["app-one"] = {"FunctionVersion": "10"}
    workflow.shift(run, remembered, 0)
    assert workflow.functions.where("app-one") == ("2", {"10": 0.1})


def test_a_deploy_without_new_versions_is_done_at_once(workflow: Workflow) -> None:
    workflow.functions.add("app-one", "2")
    run = workflow.begin()
    assert workflow.shift(run, workflow.remember(run), 0) == {"percent": 100, "done": True, "wait_seconds": 0}
    assert workflow.functions.moves == []


def test_functions_that_come_and_go_with_the_deploy_are_left_alone(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    del workflow.functions.versions["app-two"], workflow.functions.aliases["app-two"]
    workflow.functions.add("app-new", "1")
    assert workflow.shift(run, remembered, 2)["done"] is True
    assert workflow.functions.moves == ["app-one"]
    assert back(run) == ["app-one"]


def test_a_roll_back_ends_at_the_last_good_versions_however_often_it_is_done(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.shift(run, remembered, 1)
    assert back(run) == ["app-one"]
    assert workflow.functions.where("app-one") == ("2", {})
    assert back(run) == []
    assert workflow.ledger()["VERSIONS"]["settled"] is True


def test_a_roll_back_of_a_stopped_run_goes_back_to_what_that_run_noted(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.shift(run, remembered, 0)
    workflow.die(run)
    assert stopped() == {"rolled_back": ["app-one"], "noted": True, "ended": False, "run": run}
    assert stopped() == {"rolled_back": [], "noted": True, "ended": False, "run": run}
    assert workflow.functions.where("app-one") == ("2", {})


@pytest.mark.parametrize("outcome", ["SUCCEEDED", "FAILED", "REJECTED"])
def test_a_run_whose_end_was_told_before_it_was_stopped_is_left_as_it_is(workflow: Workflow, outcome: str) -> None:
    run, remembered = deployed(workflow)
    workflow.shift(run, remembered, 2)
    workflow.tell(run, "run-1", outcome)
    workflow.release("run-1", detail(commit(1)), run)
    assert stopped() == {"rolled_back": [], "noted": False, "ended": True, "run": run}
    assert workflow.functions.where("app-one") == ("10", {})
    assert workflow.status(commit(1)) == outcome


def test_a_run_that_noted_nothing_and_an_execution_that_was_none_have_nothing_to_go_back_to(workflow: Workflow) -> None:
    workflow.functions.add("app-one", "1", "2")
    run = workflow.begin()
    assert back(run) == []
    assert stopped() == {"rolled_back": [], "noted": False, "ended": False, "run": run}
    assert stopped("run-9", 9) == {"rolled_back": [], "noted": False, "ended": True, "run": None}
    assert roll_back.handler({"execution": {"Id": "x", "Name": "x"}}, Context())["ended"] is True


def test_one_alias_that_cannot_be_moved_does_not_keep_the_others(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.functions.publish("app-two", "8")
    workflow.shift(run, remembered, 0)
    workflow.functions.refused["app-one"] = refusal("InvalidParameterValueException")
    with pytest.raises(RollBackIncomplete, match=r"^app-one: .*InvalidParameterValueException"):
        back(run)
    assert workflow.functions.where("app-two") == ("7", {})
    assert workflow.ledger()["VERSIONS"]["settled"] is False


def test_a_fault_of_lambda_that_passes_is_named_so(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.functions.refused["app-one"] = refusal("ServiceException", 500)
    with pytest.raises(TransientFailure):
        workflow.shift(run, remembered, 0)


def test_versions_that_were_never_found_good_are_not_gone_back_to(workflow: Workflow) -> None:
    """A run died when the deploy had moved the alias already: the next one still knows the version before."""
    run, _ = deployed(workflow)
    workflow.functions.aliases["app-one"] = {"FunctionVersion": "10"}
    workflow.functions.add("app-new", "1")
    workflow.die(run)
    after = workflow.begin("run-2", 2)
    remembered = {each["function"]: each["version"] for each in workflow.remember(after)}
    assert remembered == {"app-one": "2", "app-two": "7", "app-new": "1"}


def test_a_run_that_noted_nothing_settles_nothing(workflow: Workflow) -> None:
    run, _ = deployed(workflow)
    workflow.die(run)
    workflow.tell(workflow.begin("run-2", 2), "run-2", "SUCCEEDED")
    assert workflow.ledger()["VERSIONS"]["settled"] is False


def test_a_stopped_execution_of_a_repeated_event_is_not_the_run_of_its_commit(workflow: Workflow) -> None:
    deployed(workflow)
    assert workflow.read("run-2", detail(commit(1)))["decision"] == "DUPLICATE"
    assert stopped("run-2") == {"rolled_back": [], "noted": False, "ended": True, "run": None}


def test_versions_of_a_run_that_succeeded_are_the_good_ones(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.shift(run, remembered, 2)
    workflow.tell(run, "run-1", "SUCCEEDED")
    workflow.release("run-1", detail(commit(1)), run)
    after = workflow.begin("run-2", 2)
    assert workflow.remember(after)[0] == {"function": "app-one", "version": "10"}


def test_a_run_that_is_asked_again_remembers_what_it_remembered(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.shift(run, remembered, 2)
    assert workflow.remember(run) == remembered


def test_a_run_that_lost_its_lock_moves_nothing(workflow: Workflow) -> None:
    run, remembered = deployed(workflow)
    workflow.die(run)
    workflow.begin("run-2", 2)
    for act in (lambda: workflow.shift(run, remembered, 0), lambda: back(run)):
        with pytest.raises(LockLost):
            act()
    assert workflow.functions.moves == []


def test_the_alarms_judge(workflow: Workflow) -> None:
    run = workflow.begin()
    cloudwatch = client("cloudwatch")
    for name in ("app-one-errors", "app-two-errors", "other-errors"):
        cloudwatch.put_metric_alarm(
            AlarmName=name,
            Namespace="n",
            MetricName="m",
            Period=60,
            EvaluationPeriods=1,
            Threshold=1,
            ComparisonOperator="GreaterThanThreshold",
            Statistic="Sum",
        )
    cloudwatch.set_alarm_state(AlarmName="other-errors", StateValue="ALARM", StateReason="r")
    assert workflow.judge_canary(run) == {"healthy": True, "alarms": []}
    cloudwatch.set_alarm_state(AlarmName="app-two-errors", StateValue="ALARM", StateReason="r")
    assert workflow.judge_canary(run) == {"healthy": False, "alarms": ["app-two-errors"]}


def test_a_canary_that_nobody_judges_is_none(workflow: Workflow) -> None:
    with pytest.raises(NoAlarms, match="'app-'"):
        workflow.judge_canary(workflow.begin())
