"""The GitOps pipeline end to end: real pushes are scanned, built, planned, applied, shifted to and tested for real."""

import json
import subprocess
from base64 import b64decode
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import pytest

from scripts import sample_repository
from scripts.local_engine import Engine
from scripts.sample_repository import FUNCTION, Change, Sample
from tests.e2e.approvals import PATIENCE_SECONDS, Approvals, decide, wait
from tests.e2e.conftest import waits_scaled
from tests.e2e.gitops_pipeline import BRANCH, Delivery, GitopsPipeline

SCANS = {"policy_scan", "secret_scan", "dependency_audit", "unit_tests"}
CANARY_SCALE = 0.15  # a minute's watch takes nine seconds: time for an alarm, whose minute takes one, to fire


@pytest.fixture(scope="module")
def second(gitops: GitopsPipeline, delivered: Delivery) -> Delivery:
    """The run of a second push, with a new version of the function."""
    assert delivered.status == "SUCCEEDED"
    return gitops.deliver(sample_repository.next_version())


def test_a_good_push_is_deployed(delivered: Delivery) -> None:
    assert delivered.states[-1] == "Succeeded"
    assert delivered.entry["status"] == "SUCCEEDED"
    assert delivered.pipeline.greet() == {"greeting": "Hello, Ada!", "version": 1}


def test_the_same_event_twice_is_one_run(pushed: list[Delivery], delivered: Delivery) -> None:
    [other] = [delivery for delivery in pushed if delivery is not delivered]
    assert other.states == ["IsStoppedRun", "ReadPush", "IsToRun", "Quiet"]
    assert decision(other) == "DUPLICATE"


def test_exactly_what_was_built_and_signed_is_deployed(delivered: Delivery) -> None:
    envelope = delivered.document(f"artifacts/{delivered.run_id}/manifest.json")
    manifest = json.loads(envelope["manifest"])
    assert (manifest["commit"], manifest["branch"]) == (delivered.commit, BRANCH)
    artifact = manifest["artifacts"]["greeter.zip"]
    zipped = delivered.pipeline.s3.get_object(
        Bucket=delivered.pipeline.outputs["bucket"], Key=artifact["key"], VersionId=artifact["version_id"]
    )["Body"].read()
    assert sha256(zipped).hexdigest() == artifact["sha256"]
    deployed = delivered.pipeline.functions.get_function_configuration(FunctionName=FUNCTION, Qualifier="live")
    assert b64decode(deployed["CodeSha256"]).hex() == artifact["sha256"]


def test_each_scan_published_its_report(delivered: Delivery) -> None:
    reports = {scan: delivered.document(f"runs/{delivered.run_id}/reports/{scan}.json") for scan in SCANS}
    assert {report["tool"] for report in reports.values()} == {"checkov", "secrets", "pip-audit", "junit"}


def test_the_team_is_told_who_what_how_long_and_where_to_read_on(delivered: Delivery) -> None:
    text = delivered.mail.message
    for told in (
        delivered.commit,
        "Ada Lovelace",
        "Plan: ",
        "apply",
        "smoke_test",
        "Log of build: http",
        delivered.run_id,
    ):
        assert told in text, f"{told!r} is not in:\n{text}"


def test_the_outcome_stands_beside_the_commit(delivered: Delivery) -> None:
    [comment] = delivered.comments()
    assert comment.startswith("**Deployed** (local)")


def test_a_new_version_gets_the_calls_step_by_step(second: Delivery, delivered: Delivery) -> None:
    assert second.status == "SUCCEEDED", second.execution.get("cause")
    assert second.states.count("ShiftTraffic") == 3
    assert second.states.count("JudgeCanary") == 2
    assert delivered.pipeline.greet()["version"] == 2
    assert second.pipeline.live()["weights"] == {}


@pytest.mark.parametrize(
    ("change", "scan", "what"),
    [
        (sample_repository.plant_secret, "secret_scan", "access.py"),
        (sample_repository.violate_policy, "policy_scan", "downloads.tf"),
    ],
)
def test_a_bad_push_is_rejected(
    gitops: GitopsPipeline, second: Delivery, change: Callable[[], Change], scan: str, what: str
) -> None:
    assert second.status == "SUCCEEDED"
    before = gitops.live()
    run = gitops.deliver(change())
    assert (run.status, run.states[-1]) == ("SUCCEEDED", "Rejected")
    assert run.entry["status"] == "REJECTED"
    assert "Build" not in run.states
    assert f"{scan}: " in run.mail.message
    assert what in run.mail.message
    [comment] = run.comments()
    assert comment.startswith("**Rejected**")
    assert gitops.live() == before
    assert gitops.holder == ""


def test_of_quick_pushes_the_newest_waits_for_the_one_that_runs(gitops: GitopsPipeline, second: Delivery) -> None:
    assert second.status == "SUCCEEDED"
    running = gitops.sample.push(sample_repository.plant_secret())
    gitops.begun(running, "ScanPolicy")
    passed_over = gitops.sample.push(sample_repository.unchanged())
    [waited] = gitops.ended(commitId=passed_over)
    newest = gitops.sample.push(sample_repository.break_unit_test())
    waited_too, run = gitops.ended(count=2, commitId=newest)
    assert {decision(waited), decision(waited_too)} == {"QUEUED"}
    assert waited.entry["status"] == "SUPERSEDED"
    assert run.states[-1] == "Rejected"
    assert "unit_tests: " in run.mail.message


def test_a_deployment_whose_smoke_test_fails_is_taken_back(gitops: GitopsPipeline, second: Delivery) -> None:
    assert second.status == "SUCCEEDED"
    good = gitops.live()
    run = gitops.deliver(sample_repository.fail_smoke_test())
    assert (run.status, run.states[-1]) == ("FAILED", "RolledBack")
    assert run.entry["status"] == "ROLLED_BACK"
    assert gitops.live() == good
    assert gitops.greet() == {"greeting": "Hello, Ada!", "version": 2}
    assert f"Back at their last good version: {FUNCTION}" in run.mail.message
    assert run.comments()[0].startswith("**Rolled back**")


def test_alarms_take_a_deployment_back_while_few_calls_reach_it(
    gitops: GitopsPipeline, second: Delivery, engine: Engine
) -> None:
    assert second.status == "SUCCEEDED"
    good = gitops.live()
    with waits_scaled(engine, CANARY_SCALE), gitops.called():
        run = gitops.deliver(sample_repository.fail_in_canary())
    assert (run.states[-1], run.error) == ("RolledBack", "CanaryUnhealthy")
    assert f"{FUNCTION}-errors" in run.mail.message
    assert "SmokeTest" not in run.states
    assert gitops.live() == good
    wait(lambda: not gitops.alarms())


@pytest.mark.parametrize(("vote", "end"), [("approve", "Succeeded"), ("deny", "NotApproved")])
def test_a_protected_environment_waits_for_people(
    gitops: GitopsPipeline, second: Delivery, desk: Approvals, vote: str, end: str
) -> None:
    assert second.status == "SUCCEEDED"
    with gitops.protected(1, "bert", "cleo"):
        commit = gitops.sample.push(sample_repository.unchanged())
        gitops.begun(commit, "AskApprovers")
        assert decide(desk.link(commit, "cleo"), vote).status == 200
        [run] = gitops.ended(commitId=commit)
    assert run.states[-1] == end
    assert ("Apply" in run.states) is (vote == "approve")
    assert "Approval: " in run.mail.message
    assert run.comments()


def test_a_stopped_run_is_told_of_and_frees_the_branch(gitops: GitopsPipeline) -> None:
    commit = gitops.sample.push(sample_repository.unchanged())
    running = gitops.begun(commit, "ScanPolicy")
    gitops.states.stop_execution(executionArn=running, cause="the test stops it")
    assert gitops.inbox.wait_for(commit, PATIENCE_SECONDS, outcome="FAILED")
    wait(lambda: not gitops.holder)
    assert gitops.ledger(f"COMMIT#{commit}")["status"] == "FAILED"


def test_the_lock_of_a_holder_that_died_unheard_is_taken_over(gitops: GitopsPipeline) -> None:
    with gitops.deaf("aws.states"):
        running = gitops.begun(gitops.sample.push(sample_repository.unchanged()), "ScanPolicy")
        gitops.states.stop_execution(executionArn=running)
    assert gitops.holder == running
    run = gitops.deliver(sample_repository.plant_secret())
    assert run.states[-1] == "Rejected"
    assert gitops.holder == ""


def test_branches_that_are_deployed_nowhere_and_deletions_end_quietly(gitops: GitopsPipeline, tmp_path: Path) -> None:
    elsewhere = Sample(tmp_path, gitops.outputs["clone_url"], "elsewhere")
    [pushed] = gitops.ended(commitId=elsewhere.push(sample_repository.unchanged()))
    subprocess.run(["git", "push", "--quiet", elsewhere.clone_url, ":elsewhere"], cwd=tmp_path, check=True)
    [deleted] = gitops.ended(event="referenceDeleted", referenceName="elsewhere")
    assert [decision(each) for each in (pushed, deleted)] == ["IGNORED", "IGNORED"]
    assert {each.states[-1] for each in (pushed, deleted)} == {"Quiet"}


@pytest.mark.parametrize("project", ["policy_scan", "build", "plan", "apply", "smoke_test"])
def test_a_build_cannot_do_what_another_is_for(gitops: GitopsPipeline, delivered: Delivery, project: str) -> None:
    assert delivered
    assert (
        gitops.attempts(project)
        == {
            "policy_scan": {"report"},
            "build": {"artifact", "sign"},
            "plan": {"plan role", "plan"},
            "apply": {"apply role"},
            "smoke_test": {"call"},
        }[project]
    )


def decision(delivery: Delivery) -> str:
    """Return what became of a push that is not run now."""
    return str(json.loads(delivery.execution["output"])["decision"])
