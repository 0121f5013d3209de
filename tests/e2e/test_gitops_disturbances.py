"""The GitOps pipeline under trouble: each step is tried again, and whatever fails is told and frees the branch."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.approvals import Approvals, decide
from tests.e2e.gitops_pipeline import Delivery, GitopsPipeline
from tests.e2e.paper import ANSWERS, BROKEN, SCANS, Paper

PROTECTED = {"protected": True, "approvers": ["bert", "cleo"], "needed": 1}
UNHEARD = {"OpenDecision": {"request_id": "req-0", "rounds": [1, 1]}, "AskApprovers": {}, "AskApprovers again": {}}
PARENT = "0" * 40
LOOK = "LookUpStoppedRun"
ENDING = ("TellOutcome", "PublishOutcome", "CommentOutcome", "ReleaseLock")


@pytest.fixture(scope="module")
def paper(gitops: GitopsPipeline, delivered: Delivery) -> Iterator[Paper]:
    """Runs on paper, whose ends nobody hears of: what follows from them would meet what is armed for others."""
    with gitops.deaf("aws.states"):
        yield Paper(delivered)


def stopped(paper: Paper) -> dict[str, Any]:
    """Return the event that tells of a run's end from outside."""
    told = {
        "executionArn": paper.pipeline.outputs["state_machine_arn"].replace(":stateMachine:", ":execution:") + ":paper",
        "name": "paper",
        "status": "TIMED_OUT",
        "startDate": 0,
    }
    return {"source": "aws.states", "detail": told}


def test_every_step_is_tried_again(paper: Paper, desk: Approvals) -> None:
    running = paper.begin({name: [paper.refusal(name)] for name in ANSWERS}, parent=PARENT, **PROTECTED)
    assert decide(desk.link(paper.commit, "cleo"), "approve").status == 200
    run = paper.end(running)
    assert run.states[-1] == "Succeeded"
    assert {"ConfirmManifest", "JudgeCanary", "CommentOutcome"} <= set(run.states)


def test_a_request_that_nobody_answers_expires(paper: Paper) -> None:
    refused = paper.refusal("CloseRequest")
    run = paper.deliver(
        {"CloseRequest": [refused]}, answers=UNHEARD | {"CloseRequest": {"status": "EXPIRED"}}, **PROTECTED
    )
    assert run.states.count("AskApprovers") == 2
    assert run.states[-1] == "NotApproved"


@pytest.mark.parametrize(
    "step",
    [
        "ReadPush",
        "JudgeFindings",
        "Build",
        "ReadManifest",
        "Plan",
        "OpenDecision",
        "AskApprovers",
        "CloseRequest",
        "ConfirmManifest",
        "RememberVersions",
    ],
)
def test_what_fails_before_anything_is_changed_is_told(paper: Paper, step: str) -> None:
    given = {name: answer for name, answer in UNHEARD.items() if not name.startswith(step)}
    run = paper.deliver({step: [BROKEN]}, answers=given, **(PROTECTED if step in (*UNHEARD, "CloseRequest") else {}))
    assert (run.states[-1], run.error) == ("Failed", BROKEN)
    assert "RollBack" not in run.states
    assert run.mail.subject.startswith("Failed: ")


def test_scans_that_cannot_be_run_pass_nothing(paper: Paper) -> None:
    run = paper.deliver({scan: [BROKEN] for scan in SCANS}, answers={"JudgeFindings": None})
    assert (run.states[-1], run.error) == ("Failed", "ScanNotRun")
    assert "Build" not in run.states


def test_a_scan_without_a_report_has_not_passed(paper: Paper) -> None:
    run = paper.deliver({}, answers={"JudgeFindings": None})
    assert run.states[-1] == "Rejected"
    assert "Build" not in run.states


@pytest.mark.parametrize("step", ["Apply", "ShiftTraffic", "JudgeCanary", "SmokeTest"])
def test_what_fails_once_something_is_changed_is_rolled_back(paper: Paper, step: str) -> None:
    run = paper.deliver({step: [BROKEN], "RollBack": [paper.refusal("RollBack")]})
    assert (run.states[-1], run.error) == ("RolledBack", BROKEN)
    assert run.mail.subject.startswith("Rolled back: ")


def test_that_nothing_could_be_rolled_back_is_told(paper: Paper) -> None:
    run = paper.deliver({"Apply": [BROKEN], "RollBack": [BROKEN]})
    assert run.states[-1] == "Failed"
    assert "Not all is back at its last good version" in run.mail.message


@pytest.mark.parametrize("parent", [PARENT, ""])
def test_a_failure_s_end_is_tried_again(paper: Paper, parent: str) -> None:
    run = paper.deliver({"Build": [BROKEN]} | {name: [paper.refusal(name)] for name in ENDING}, parent=parent)
    comment = "CommentFailure" if parent else "CommentFailureOfFirst"
    assert run.states[-4:] == [comment, "ReleaseFailedLock", "IsRolledBack", "Failed"]


@pytest.mark.parametrize("parent", [PARENT, ""])
@pytest.mark.parametrize("failing", [{}, {"Build": [BROKEN]}], ids=["a success", "a failure"])
@pytest.mark.parametrize("step", ENDING)
def test_an_end_that_fails_frees_the_branch_all_the_same(
    paper: Paper, step: str, failing: dict[str, list[str]], parent: str
) -> None:
    run = paper.deliver({**failing, step: [BROKEN]}, parent=parent)
    assert run.states[-1] == ("LockNotReleased" if step == "ReleaseLock" else "Failed")
    assert any(state in run.states for state in ("ReleaseLock", "ReleaseFailedLock"))
    if step != "PublishOutcome":
        assert run.mail


def test_the_comment_on_a_first_commit_is_tried_again(paper: Paper) -> None:
    run = paper.deliver({"CommentOutcome": [paper.refusal("CommentOutcome")]}, parent="")
    assert run.states[-1] == "Succeeded"
    assert "CommentOutcomeOfFirst" in run.states


@pytest.mark.parametrize("broken", [False, True])
def test_a_stopped_run_is_ended_whatever_fails(paper: Paper, broken: bool) -> None:
    fates = {"RollBack": [BROKEN if broken else paper.refusal("RollBack")], LOOK: [paper.refusal(LOOK)]}
    run = paper.deliver(fates, answers={LOOK: paper.event}, event=stopped(paper))
    assert run.states[:4] == ["IsStoppedRun", LOOK, "IsAboutAnEnd", "RollBackStoppedRun"]
    assert run.states[-1] == ("Failed" if broken else "RolledBack")


def test_what_was_started_about_an_end_is_not_looked_after(paper: Paper) -> None:
    run = paper.deliver({}, answers={LOOK: stopped(paper)}, event=stopped(paper))
    assert run.states == ["IsStoppedRun", LOOK, "IsAboutAnEnd", "Quiet"]


@pytest.mark.parametrize("told", [True, False])
def test_a_stopped_run_that_cannot_be_looked_up_is_told_and_starts_nothing(paper: Paper, told: bool) -> None:
    fates = {LOOK: [BROKEN], "TellUnseen": [paper.refusal("TellUnseen") if told else BROKEN]}
    run = paper.deliver(fates, answers=dict.fromkeys(fates), event=stopped(paper))
    assert run.states == ["IsStoppedRun", LOOK, "TellUnseen", "Unseen"]
    assert run.execution["status"] == "SUCCEEDED", "a failure would be looked up in turn"
    if told:
        mail = paper.pipeline.inbox.wait_for("could not be looked up", outcome="FAILED")
        assert mail
        assert BROKEN in mail.message
