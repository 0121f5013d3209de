"""One light for each workflow, graphs of what is measured, and executions that ended badly: kept, seen and redriven."""

import json
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from scripts import saved_queries
from scripts.deployment import Deployment
from scripts.failed_executions import __main__ as command
from scripts.failed_executions.failures import Failures
from tests.e2e.approvals import wait
from tests.e2e.pipeline import Pipeline
from tests.e2e.volume_cleanup import VolumeCleanup
from tests.support.applied import Applied

DAY = 86_400  # seconds

type Redriving = Callable[..., tuple[int, str]]


@pytest.fixture
def failed_executions(local: Applied, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Redriving:
    """The command, which answers its exit code and all that it said."""
    monkeypatch.setattr(command, "load", lambda _: local.deployment)

    def call(*arguments: str) -> tuple[int, str]:
        code = command.main(list(arguments))
        told = capsys.readouterr()
        return code, told.out + told.err

    return call


def waiting(deployment: Deployment, workflow: str, execution_arn: str) -> Any:
    """Return what is known of an execution that a workflow's queue has kept."""

    def look() -> Any:
        [failures] = Failures.on(deployment, workflow)
        with failures.held() as found:
            return next((one for one in found if one.arn == execution_arn), None)

    return wait(look)


def test_a_stopped_execution_is_kept_redriven_and_goes_on_where_it_was(
    cleanup: VolumeCleanup, failed_executions: Redriving
) -> None:
    [volume] = cleanup.due(1)
    cleanup.change([volume], snapshots="pending")
    execution = cleanup.start()
    run_id = execution.rsplit(":", 1)[1]
    snapshots = wait(lambda: cleanup.snapshots(**{"cleanup-run": run_id}))
    cleanup.states.stop_execution(executionArn=execution, error="Operator", cause="the account's backups are moved")
    runs = cleanup.states.list_map_runs(executionArn=execution)["mapRuns"]
    assert wait(lambda: cleanup.states.describe_map_run(mapRunArn=runs[0]["mapRunArn"])["status"] == "ABORTED")

    found = waiting(cleanup.deployment, "volume_cleanup", execution)
    assert (found.status, found.state, found.error) == ("ABORTED", "ProcessPages", "Operator")
    code, told = failed_executions("--workflow", "volume_cleanup", "redrive", run_id)
    assert code == 0
    assert "the account's backups are moved" in told
    assert "1 of 1 executions would be redriven" in told
    assert cleanup.states.describe_execution(executionArn=execution)["status"] == "ABORTED", "it was only a rehearsal"

    cleanup.change([each["SnapshotId"] for each in snapshots], state="completed")
    assert failed_executions("--workflow", "volume_cleanup", "redrive", run_id, "--yes") == (
        0,
        f"volume_cleanup {run_id}: redriven\n",
    )
    run = cleanup.finished(execution)
    assert (run.status, run.execution["redriveCount"]) == ("SUCCEEDED", 1)
    assert run.states.count("PlanCleanup") == 1, "what had succeeded was not done again"
    assert [each["VolumeId"] for each in run.snapshots] == [volume]
    code, told = failed_executions("--workflow", "volume_cleanup", "redrive", run_id)
    assert (code, told) == (1, f"no execution '{run_id}' waits; `list` shows those that do\n")


def test_an_execution_that_told_of_its_failure_is_kept_and_not_redriven_into_it_again(
    pipeline: Pipeline, failed_executions: Redriving
) -> None:
    run = pipeline.run("planes", b"not,what,the,contract,says\n")
    assert run.status == "FAILED"
    name, arn = run.name, run.arn
    found = waiting(pipeline.deployment, "etl_pipeline", arn)
    assert (found.state, found.status) == ("RunFailed", "FAILED")
    code, told = failed_executions("redrive", name, "--yes")
    assert code == 1
    assert "it ended in RunFailed, a Fail state" in told
    assert waiting(pipeline.deployment, "etl_pipeline", arn).reason, "it is still there"
    code, told = failed_executions("list", "--json")
    assert (code, arn in [each["arn"] for each in json.loads(told)]) == (0, True)
    assert failed_executions("discard", name, "--yes") == (0, f"etl_pipeline {name}: discarded\n")
    code, told = failed_executions("list", "--json")
    assert arn not in [each["arn"] for each in json.loads(told)]


def test_the_light_of_a_workflow_is_on_while_one_of_its_alarms_is(local: Applied) -> None:
    cloudwatch = local.deployment.client("cloudwatch")
    light = f"{local.deployment.outputs['foundation']['name']}-queue-processor"

    def turns(summary: str) -> int:
        pages = cloudwatch.get_paginator("describe_alarm_history").paginate(
            AlarmName=light, AlarmTypes=["CompositeAlarm"], HistoryItemType="StateUpdate"
        )
        return sum(item["HistorySummary"].endswith(summary) for page in pages for item in page["AlarmHistoryItems"])

    def is_on() -> bool:
        found = cloudwatch.describe_alarms(AlarmNames=[light], AlarmTypes=["CompositeAlarm"])["CompositeAlarms"]
        return bool(found[0]["StateValue"] != "OK")

    assert wait(lambda: not is_on())
    before = turns("from OK to ALARM")
    cloudwatch.set_alarm_state(AlarmName=f"{light}-age", StateValue="ALARM", StateReason="a test")
    assert wait(lambda: turns("from OK to ALARM") == before + 1), "for as long as the alarm needs to judge anew"
    assert wait(lambda: not is_on()), "the alarm judges anew, and the light follows"


def test_saved_queries_find_what_went_wrong(pipeline: Pipeline, local: Applied) -> None:
    answers = partial(saved_queries.ask, local.deployment, seconds=DAY)
    run = pipeline.run("planes", b"not,what,the,contract,says\n")
    assert {name.split("/")[0] for name in saved_queries.saved(local.deployment)} == set(workflows(local))
    failures = answers("etl_pipeline/failures_in_executions")
    assert [row["details.error"] for row in failures if row["execution_arn"] == run.arn and "details.error" in row]
    errors = answers("etl_pipeline/errors_in_functions")
    assert any("WrongColumns" in json.dumps(row) for row in errors)
    slowest = [float(row["record.metrics.durationMs"]) for row in answers("etl_pipeline/slowest_calls")]
    assert slowest
    assert slowest == sorted(slowest, reverse=True)
    starts = answers("etl_pipeline/cold_starts")
    assert all(float(row["longest_ms"]) >= float(row["average_ms"]) > 0 for row in starts)
    assert starts


def test_every_saved_query_can_be_asked(
    local: Applied, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(saved_queries, "load", lambda _: local.deployment)
    assert saved_queries.main([]) == 0
    names = capsys.readouterr().out.split()
    assert names == sorted(saved_queries.saved(local.deployment))
    for name in names:
        assert saved_queries.main([name, "--minutes", "1440", "--json"]) == 0
        assert isinstance(json.loads(capsys.readouterr().out), list)
    assert saved_queries.main(["etl_pipeline/nonsense"]) == 1
    assert "no query is saved as 'etl_pipeline/nonsense'; there are: approval_workflow/" in capsys.readouterr().err


def workflows(local: Applied) -> list[str]:
    """Return the names of the workflows that the overview shows."""
    return [found["values"]["alarm_name"].removeprefix(prefix(local)).replace("-", "_") for found in lights(local)]


def lights(local: Applied) -> list[dict[str, Any]]:
    return local.resources("aws_cloudwatch_composite_alarm")


def prefix(local: Applied) -> str:
    return f"{local.deployment.outputs['foundation']['name']}-"


def test_there_is_a_group_of_traces_for_each_workflow(local: Applied) -> None:
    groups = {group["GroupName"]: group for group in local.deployment.client("xray").get_groups()["Groups"]}
    names = {f"{prefix(local)}{name.replace('_', '-')}"[:32].removesuffix("-") for name in workflows(local)}
    assert names <= set(groups)
    etl = groups[f"{prefix(local)}etl-pipeline"]["FilterExpression"]
    assert f'service("{prefix(local)}etl-pipeline-load-chunk")' in etl
    assert f'service("{prefix(local)}etl-pipeline")' in etl


def test_there_is_a_dashboard_of_each_workflow_and_one_of_all(local: Applied) -> None:
    cloudwatch = local.deployment.client("cloudwatch")
    overview = local.deployment.outputs["overview"]
    names = {each["DashboardName"] for each in cloudwatch.list_dashboards()["DashboardEntries"]}
    assert {overview, *(f"{overview}-{name.replace('_', '-')}" for name in workflows(local))} <= names
    body = json.loads(cloudwatch.get_dashboard(DashboardName=overview)["DashboardBody"])
    status, *graphs = body["widgets"]
    assert sorted(status["properties"]["alarms"]) == sorted(found["values"]["arn"] for found in lights(local))
    assert len(graphs) == 8
    for graph in graphs:
        shown = {row[-1]["label"].split()[0] for row in graph["properties"]["metrics"] if row[-1].get("visible", True)}
        assert shown <= set(workflows(local)), "one line for a workflow, or for each way its executions end"
