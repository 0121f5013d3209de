"""How a run's end is told: to the ledger, in a report, by mail and beside the commit."""

import json
from typing import Any

import pytest

from gitops_pipeline.domain.failure import Failure
from gitops_pipeline.handlers import tell_outcome
from tests.support.functions import Context
from tests.unit.gitops_pipeline.workflow import Workflow, commit, detail, execution

A = commit(1)
FACTS: dict[str, Any] = {
    "scans": {
        "stopping": 3,
        "findings": [{"scan": "secret_scan", "severity": "CRITICAL", "what": "aws-key: ***", "where": "a.py:3"}],
        "counts": {"policy_scan": {}, "secret_scan": {"CRITICAL": 3, "LOW": 1}},
        "report_key": "runs/r/findings.json",
    },
    "durations": {"secret_scan": 61.4, "build": 8},
    "links": {"build": "https://console.aws.amazon.com/build"},
    "rolled_back": ["app-one"],
}


def test_a_success_is_told_with_commit_author_durations_and_links(workflow: Workflow) -> None:
    run = workflow.begin()
    plan = {"summary": "2 to add, 1 to change, 0 to destroy"}
    approval = {"status": "APPROVED", "request_id": "deployment-1"}
    facts = {"durations": FACTS["durations"], "links": FACTS["links"], "plan": plan, "approval": approval}
    told = workflow.tell(run | {"approvers": ["grace", "alan"], "needed": 2}, "run-1", "SUCCEEDED", facts=facts)
    assert told["subject"] == f"Deployed to dev: platform main {A[:12]}"
    lines = told["text"].splitlines()
    assert lines[0] == f"Deployed: commit {A} of main in platform"
    for line in (
        "Environment: dev",
        "Message: Add the thing",
        "Author: Ada <ada@example.com>",
        "Pushed by: arn:aws:iam::000000000000:user/ada",
        "Plan: 2 to add, 1 to change, 0 to destroy",
        "Approval: APPROVED, wanted from 2 of grace, alan (deployment-1)",
        "Durations: secret_scan 61 s, build 8 s",
        "Log of build: https://console.aws.amazon.com/build",
        f"Whole plan: s3://workflows-gitops-pipeline/runs/{run['run_id']}/plan.txt",
        f"Report: s3://workflows-gitops-pipeline/reports/{run['run_id']}.json",
        f"Execution: {run['execution']}",
    ):
        assert line in lines
    assert workflow.status(A) == "SUCCEEDED"
    assert (told["repository"], told["commit"]) == ("platform", A)
    assert told["comment_token"] == f"{run['run_id']}-SUCCEEDED"


def test_a_rejection_shows_findings_and_the_comment_no_address(workflow: Workflow) -> None:
    run = workflow.begin()
    told = workflow.tell(run, "run-1", "REJECTED", facts=FACTS)
    shown = "- CRITICAL secret_scan: aws-key: *** (a.py:3)\n- and 2 more"
    assert shown in told["text"]
    assert shown in told["comment"]
    assert told["comment"].startswith("**Rejected** (dev)\n")
    assert "ada@example.com" not in told["comment"]
    assert "Found: policy_scan nothing, secret_scan 3 CRITICAL 1 LOW" in told["text"]
    assert "All findings: s3://workflows-gitops-pipeline/runs/r/findings.json" in told["text"]
    assert "Back at their last good version: app-one" in told["text"]
    report = workflow.object(told["report_key"])
    assert (report["outcome"], report["run"], report["facts"]) == ("REJECTED", run, FACTS)
    assert workflow.status(A) == "REJECTED"


def test_what_could_not_be_rolled_back_is_told(workflow: Workflow) -> None:
    left = {"Error": "RollBackIncomplete", "Cause": json.dumps({"errorMessage": "app-one: refused"})}
    told = workflow.tell(workflow.begin(), "run-1", "FAILED", facts={"not_rolled_back": left})
    line = "Not all is back at its last good version: RollBackIncomplete: app-one: refused"
    assert line in told["text"].splitlines()
    assert f"- {line}" in told["comment"].splitlines()


def test_a_comment_stands_beside_what_the_commit_changed(workflow: Workflow) -> None:
    assert workflow.tell(workflow.begin(), "run-1", "FAILED")["before"] == ""
    workflow.release("run-1", detail(A))
    workflow.codecommit.parents = (commit(5), commit(6))
    run = workflow.read("run-2", workflow.push(commit(3), A))["run"]
    assert workflow.tell(run, "run-2", "FAILED")["before"] == commit(5)
    event = {"execution": execution("run-9", detail(commit(9), A)), "outcome": "FAILED"}
    assert tell_outcome.handler(event, Context())["before"] == A


def test_telling_twice_tells_the_same(workflow: Workflow) -> None:
    run = workflow.begin()
    first = workflow.tell(run, "run-1", "ROLLED_BACK", facts=FACTS)
    assert workflow.tell(run, "run-1", "ROLLED_BACK", facts=FACTS) == first


def test_the_commit_of_another_execution_is_not_written_to(workflow: Workflow) -> None:
    run = workflow.begin()
    workflow.tell(run | {"execution": "another"}, "run-1", "FAILED")
    assert workflow.status(A) == "RUNNING"


@pytest.mark.parametrize("started_with", [None, {}, {"detail": {"event": "x"}}, "text"])
def test_an_execution_that_was_started_with_anything_else_is_told_as_well(
    workflow: Workflow, started_with: object
) -> None:
    odd = execution("run-1", {}) | {"Input": started_with}
    event = {"run": None, "execution": odd, "outcome": "FAILED", "failure": {"Error": "UnexpectedEvent", "Cause": "x"}}
    told = tell_outcome.handler(event, Context())
    assert told["subject"] == "Failed: unknown"
    assert "UnexpectedEvent: x" in told["text"]
    assert told["report_key"] == "reports/run-1.json"
    assert workflow.ledger() == {}


def test_a_run_that_failed_before_it_was_one_is_told_by_its_push(workflow: Workflow) -> None:
    told = workflow.tell(None, "run-1", "FAILED", failure={"Error": "BadRules", "Cause": "no"})
    assert told["subject"] == f"Failed: platform main {A[:12]}"


def test_a_subject_is_what_sns_takes(workflow: Workflow) -> None:
    run = workflow.begin() | {"branch": "größe/" + "x" * 200}
    subject = workflow.tell(run, "run-1", "FAILED")["subject"]
    assert len(subject) == 100
    assert subject.isascii()


@pytest.mark.parametrize("outcome", ["RUNNING", "SUPERSEDED", "GOOD"])
def test_what_is_no_end_of_a_run_is_refused(workflow: Workflow, outcome: str) -> None:
    with pytest.raises(ValueError, match=outcome):
        workflow.tell(workflow.begin(), "run-1", outcome)


def test_a_comment_is_no_longer_than_codecommit_takes(workflow: Workflow) -> None:
    many = [{"scan": "s", "severity": "HIGH", "what": "ü" * 9000, "where": ""}] * 2
    told = workflow.tell(workflow.begin(), "run-1", "REJECTED", facts={"scans": {"stopping": 2, "findings": many}})
    assert 9_990 < len(told["comment"].encode()) <= 10_000


BUILD = {
    "Id": "build:1",
    "BuildStatus": "FAILED",
    "Phases": [
        {"PhaseType": "INSTALL", "PhaseStatus": "SUCCEEDED", "Contexts": [{"Message": "fine"}]},
        {"PhaseType": "BUILD", "PhaseStatus": "FAILED", "Contexts": [{"Message": "exit status 1"}]},
        {"PhaseType": "COMPLETED"},
    ],
    "Logs": {"DeepLink": "https://logs"},
}


@pytest.mark.parametrize(
    ("caught", "failure"),
    [
        ({"Error": "BadManifest", "Cause": json.dumps({"errorMessage": "no"})}, Failure("BadManifest", "no")),
        ({"Error": "States.Timeout", "Cause": ""}, Failure("States.Timeout", "")),
        ({"Cause": "not JSON, token=abc"}, Failure("Unknown", "not JSON, token=***")),
        ({"Error": "E", "Cause": "[1]"}, Failure("E", "[1]")),
        ({"Error": "E", "Cause": '{"Build": 3}'}, Failure("E", '{"Build": 3}')),
        (
            {"Error": "States.TaskFailed", "Cause": json.dumps({"Build": BUILD})},
            Failure("States.TaskFailed", "build:1 ended as FAILED; BUILD: exit status 1", "https://logs"),
        ),
        (
            {"Error": "States.TaskFailed", "Cause": json.dumps({"BuildStatus": "STOPPED", "Logs": None})},
            Failure("States.TaskFailed", "the build ended as STOPPED"),
        ),
        ({"Error": "States.Timeout", "Cause": "", "State": "Plan"}, Failure("States.Timeout", "", state="Plan")),
    ],
)
def test_what_was_caught_is_told_in_a_sentence(caught: dict[str, str], failure: Failure) -> None:
    assert Failure.from_caught(caught) == failure


def test_a_failed_build_s_log_is_linked(workflow: Workflow) -> None:
    caught = {"Error": "States.TaskFailed", "Cause": json.dumps({"Build": BUILD})}
    told = workflow.tell(workflow.begin(), "run-1", "FAILED", failure=caught | {"State": "Apply"})
    why = "At Apply: States.TaskFailed: build:1 ended as FAILED; BUILD: exit status 1"
    for text in (told["text"], told["comment"].replace("\n- ", "\n")):
        assert f"\n{why}\nLog: https://logs\n" in text
