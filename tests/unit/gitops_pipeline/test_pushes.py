"""What a push leads to: one run of a branch at a time, each commit once, the newest at last."""

from typing import Any

import pytest

from gitops_pipeline.adapters.ledger import Ledger
from gitops_pipeline.domain.errors import BadRules, LockLost, UnexpectedEvent
from gitops_pipeline.domain.run import Run
from gitops_pipeline.handlers import release_lock
from shared.faults import TransientFailure
from tests.support.functions import Context
from tests.unit.gitops_pipeline.workflow import RULES, Workflow, commit, detail, execution

A, B, C = commit(1), commit(2), commit(3)


def test_a_push_becomes_a_run_with_all_that_the_steps_need_to_know(workflow: Workflow) -> None:
    answer = workflow.read("run-1", workflow.push(B, A, branch="release/1"))
    run = answer["run"]
    assert (answer["decision"], answer["reason"]) == ("RUN", "nobody held the lock")
    assert run["run_id"].startswith(f"{B[:12]}-")
    expected = {"commit": B, "previous": A, "repository": "platform", "branch": "release/1", "environment": "prod"}
    expected |= {"author": "Ada <ada@example.com>", "message": "Add the thing", "needed": 2, "protected": True}
    expected |= {"approvers": ["grace", "alan"], "thresholds": RULES["thresholds"], "canary": RULES["canary"]}
    assert {name: run[name] for name in expected} == expected
    assert Run.from_document(run).to_document() == run


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"referenceType": "tag", "referenceName": "v1"}, "a tag is not built"),
        ({"event": "referenceDeleted", "commitId": None}, "the branch was deleted"),
        ({"event": "referenceSwapped"}, "referenceSwapped is no push"),
        ({"referenceName": "topic"}, "topic is not deployed anywhere"),
    ],
)
def test_what_is_not_deployed_is_ignored_and_leaves_no_trace(
    workflow: Workflow, changes: dict[str, Any], reason: str
) -> None:
    answer = workflow.read("run-1", detail(A) | changes)
    assert answer == {"decision": "IGNORED", "reason": reason, "run": None}
    assert workflow.ledger() == {}


@pytest.mark.parametrize("pushed", [{}, {"event": "referenceUpdated"}, detail("")])
def test_what_is_no_event_of_codecommit_is_refused(workflow: Workflow, pushed: dict[str, Any]) -> None:
    with pytest.raises(UnexpectedEvent):
        workflow.read("run-1", pushed)


def test_the_same_event_twice_is_one_run(workflow: Workflow) -> None:
    pushed = workflow.push(A)
    first = workflow.read("run-1", pushed)
    again = workflow.read("run-2", pushed)
    assert (again["decision"], again["reason"], again["run"]) == ("DUPLICATE", "the commit is known: RUNNING", None)
    workflow.tell(first["run"], "run-1", "SUCCEEDED")
    workflow.release("run-1", pushed, first["run"])
    assert workflow.read("run-3", pushed)["reason"] == "the commit is known: SUCCEEDED"


def test_a_function_that_died_after_it_took_the_lock_gets_the_same_answer(workflow: Workflow) -> None:
    pushed = workflow.push(A)
    first = workflow.read("run-1", pushed)
    assert workflow.read("run-1", pushed) == first | {"reason": "this execution holds the lock already"}


def test_a_push_during_a_run_waits_and_a_newer_one_takes_its_place(workflow: Workflow) -> None:
    first = workflow.push(A)
    run = workflow.read("run-1", first)["run"]
    second = workflow.read("run-2", workflow.push(B, A))
    assert second["decision"] == "QUEUED"
    assert second["reason"].endswith(f":run-1 is at work on {A[:12]}")
    assert workflow.read("run-3", workflow.push(C, B))["decision"] == "QUEUED"
    assert [workflow.status(each) for each in (A, B, C)] == ["RUNNING", "SUPERSEDED", "QUEUED"]
    answer = workflow.release("run-1", first, run)
    assert answer == {"released": True, "next": {"commit": C, "push": detail(C, B)}}
    ((name, started),) = workflow.states.started.items()
    assert started["detail"] == detail(C, B)
    assert workflow.read(name, started["detail"])["decision"] == "RUN"
    assert workflow.release("run-1", first, run) == {"released": False, "next": None}


def test_a_waiting_push_that_is_delivered_again_keeps_its_place(workflow: Workflow) -> None:
    workflow.begin()
    pushed = workflow.push(B, A)
    assert workflow.read("run-2", pushed)["decision"] == "QUEUED"
    before = workflow.ledger()
    assert workflow.read("run-3", pushed)["decision"] == "QUEUED"
    assert workflow.ledger() == before


def test_a_release_that_was_cut_off_starts_the_next_run_all_the_same_and_once(workflow: Workflow) -> None:
    run = workflow.begin()
    workflow.read("run-2", workflow.push(B, A))
    for _ in range(3):
        assert workflow.release("run-1", detail(A), run)["next"]["commit"] == B
    assert len(workflow.states.started) == 1


def test_a_push_may_overtake_the_one_that_was_to_run_next(workflow: Workflow) -> None:
    run = workflow.begin()
    workflow.read("run-2", workflow.push(B, A))
    workflow.release("run-1", detail(A), run)
    assert workflow.read("run-3", workflow.push(C, B))["decision"] == "RUN"
    ((name, started),) = workflow.states.started.items()
    late = workflow.read(name, started["detail"])
    assert (late["decision"], late["reason"]) == ("SUPERSEDED", f"the branch is at {C[:12]} by now")
    assert workflow.status(B) == "SUPERSEDED"


def test_events_in_the_wrong_order_run_the_newest_push(workflow: Workflow) -> None:
    workflow.begin()
    older, newer = workflow.push(B, A), workflow.push(C, B)
    assert workflow.read("run-3", newer)["decision"] == "QUEUED"
    assert workflow.read("run-2", older)["decision"] == "SUPERSEDED"
    assert workflow.ledger()["LOCK"]["waiting"].startswith(f'{{"commit": "{C}"')


def test_a_superseded_commit_that_becomes_the_newest_again_is_run(workflow: Workflow) -> None:
    first = workflow.begin()
    workflow.read("run-2", workflow.push(B, A))
    workflow.read("run-3", workflow.push(C, B))
    assert workflow.read("run-4", workflow.push(B, C))["decision"] == "QUEUED"
    assert [workflow.status(each) for each in (B, C)] == ["QUEUED", "SUPERSEDED"]
    assert workflow.release("run-1", detail(A), first)["next"]["commit"] == B


def test_a_commit_that_waits_a_second_time_is_started_under_another_name(workflow: Workflow) -> None:
    first = workflow.begin()
    workflow.read("run-2", workflow.push(B, A))
    workflow.release("run-1", detail(A), first)
    overtaking = workflow.read("run-3", workflow.push(C, B))["run"]
    workflow.read(*next((name, event["detail"]) for name, event in workflow.states.started.items()))
    assert workflow.read("run-4", workflow.push(B, C))["decision"] == "QUEUED"
    workflow.release("run-3", detail(C, B), overtaking)
    assert [event["detail"]["commitId"] for event in workflow.states.started.values()] == [B, B]


def test_a_branch_that_is_gone_by_now_is_not_run(workflow: Workflow) -> None:
    pushed = workflow.push(A)
    workflow.codecommit.branches.clear()
    assert workflow.read("run-1", pushed)["reason"] == "the branch is gone"


def test_a_lock_whose_holder_died_is_taken_over(workflow: Workflow) -> None:
    run = workflow.begin()
    workflow.die(run)
    answer = workflow.read("run-2", workflow.push(B, A))
    assert (answer["decision"], answer["reason"]) == (
        "RUN",
        f"taken over from {run['execution']}: it no longer runs",
    )
    assert workflow.release("run-1", detail(A), run) == {"released": False, "next": None}


def test_a_lock_whose_lease_is_over_is_taken_over_and_its_holder_may_do_nothing_more(workflow: Workflow) -> None:
    run = workflow.begin()
    workflow.pass_time(seconds=3599)
    assert workflow.read("run-2", workflow.push(B, A))["decision"] == "QUEUED"
    workflow.pass_time(seconds=1)
    answer = workflow.read("run-3", workflow.push(C, B))
    assert (answer["decision"], answer["reason"][-17:]) == ("RUN", "its lease is over")
    assert workflow.status(B) == "SUPERSEDED"
    with pytest.raises(LockLost, match=run["run_id"]):
        workflow.remember(run)
    assert workflow.ledger()["LOCK"]["execution"] == answer["run"]["execution"]


def test_steps_prolong_the_lease(workflow: Workflow) -> None:
    run = workflow.begin()
    workflow.pass_time(seconds=3000)
    workflow.remember(run)
    workflow.pass_time(seconds=3000)
    assert workflow.read("run-2", workflow.push(B, A))["decision"] == "QUEUED"


def test_branches_do_not_wait_for_each_other(workflow: Workflow) -> None:
    workflow.begin("run-1", 1, "main")
    workflow.begin("run-2", 2, "release/1")


def test_the_run_of_a_stopped_execution_is_found_by_what_it_was_started_with(workflow: Workflow) -> None:
    run = workflow.begin()
    workflow.read("run-2", workflow.push(B, A))
    workflow.die(run)
    told = workflow.tell(None, "run-1", "FAILED", failure={"Error": "ABORTED", "Cause": "stopped"})
    assert (told["commit"], told["outcome"]) == (A, "FAILED")
    assert workflow.status(A) == "FAILED"
    assert workflow.release("run-1", detail(A))["next"]["commit"] == B


def test_an_execution_that_never_was_a_run_releases_nothing(workflow: Workflow) -> None:
    run = workflow.begin()
    pushed = workflow.push(B, A)
    workflow.read("run-2", pushed)
    assert workflow.release("run-2", pushed) == {"released": False, "next": None}
    assert workflow.ledger()["LOCK"]["execution"] == run["execution"]


def test_an_execution_that_was_started_with_no_push_holds_no_lock(workflow: Workflow) -> None:
    odd = execution("run-1", {}) | {"Input": {"detail": {}}}
    event = {"run": None, "execution": odd}
    assert release_lock.handler(event, Context()) == {"released": False, "next": None}
    assert workflow.ledger() == {}


def test_others_that_are_faster_all_the_time_make_it_try_later(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = workflow.begin()
    monkeypatch.setattr(Ledger, "write", lambda *_: False)
    with pytest.raises(TransientFailure, match="platform#main"):
        workflow.read("run-2", workflow.push(B, A))
    with pytest.raises(TransientFailure, match="platform#main"):
        workflow.release("run-1", detail(A), run)


def test_a_lock_that_was_changed_meanwhile_is_looked_at_again(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, real, calls = workflow.begin(), Ledger.write, []

    def lose_once(ledger: Ledger, *change: Any) -> bool:
        calls.append(change)
        if len(calls) == 1:
            ledger.keep(Run.from_document(run))
        return real(ledger, *change)

    monkeypatch.setattr(Ledger, "write", lose_once)
    assert workflow.read("run-2", workflow.push(B, A))["decision"] == "QUEUED"
    assert [int(lock.version) for lock, _ in calls] == [2, 3]


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"thresholds": {}}, "nothing would be scanned"),
        ({"thresholds": {"policy_scan": "high"}}, "'high' is none of INFO"),
        ({"lease_seconds": 0}, "a lease takes"),
        ({"canary": [{"percent": 50, "minutes": 1}, {"percent": 10, "minutes": 1}]}, "percents must grow"),
        ({"canary": [{"percent": 100, "minutes": 1}]}, "percents must grow"),
        ({"canary": [{"percent": 10, "minutes": 0}]}, "some minutes"),
        ({"canary": [{"percent": 10, "minutes": 1440}, {"percent": 50, "minutes": 1}]}, "no more than 1,440"),
        ({"branches": {"main": {"environment": "prod", "approvers": ["a", "a"], "needed": 2}}}, "needs 2 of 1"),
        ({"branches": ["main"]}, "cannot be read"),
    ],
)
def test_settings_that_contradict_themselves_are_refused(
    workflow: Workflow, changes: dict[str, Any], sentence: str
) -> None:
    workflow.agree(**changes)
    with pytest.raises(BadRules, match=sentence):
        workflow.read("run-1", workflow.push(A))
    assert workflow.ledger() == {}


def test_a_table_that_is_busy_is_tried_again_later_and_other_refusals_are_not(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    from gitops_pipeline.adapters import ledger  # noqa: PLC0415  # the module, not the class

    class Table:
        code = "ThrottlingError"

        def __getattr__(self, name: str) -> Any:
            return getattr(real, name)

        def transact_write_items(self, **_: Any) -> None:
            reasons = [{"Code": self.code}, {"Code": "None"}]
            answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
            raise real.exceptions.TransactionCanceledException(answer, "TransactWriteItems")

    real = ledger.client("dynamodb")
    table = Table()
    monkeypatch.setattr(ledger, "client", lambda _service: table)
    with pytest.raises(TransientFailure, match="ThrottlingError"):
        workflow.read("run-1", workflow.push(A))
    table.code = "ValidationError"
    with pytest.raises(real.exceptions.TransactionCanceledException):
        workflow.read("run-1", workflow.push(A))


def test_what_is_kept_of_commits_goes_away_by_itself_and_the_lock_does_not(workflow: Workflow) -> None:
    workflow.begin()
    ledger = workflow.ledger()
    assert int(ledger[f"COMMIT#{A}"]["remove_at"]) - workflow.now.timestamp() == 90 * 86400
    assert "remove_at" not in ledger["LOCK"]
