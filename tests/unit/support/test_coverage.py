"""The judge of state coverage, on logs made by hand."""

from typing import Any

from tests.support.coverage import Branch, branches, visited

RETRY = [
    {"ErrorEquals": ["Busy"], "MaxAttempts": 2},
    {"ErrorEquals": ["States.TaskFailed"], "MaxAttempts": 1},
    {"ErrorEquals": ["States.ALL"], "MaxAttempts": 1},
]
CATCH = [
    {"ErrorEquals": ["Gone", "Lost"], "Next": "Mourn"},
    {"ErrorEquals": ["States.ALL"], "Next": "Panic"},
]
DEFINITION = {
    "StartAt": "Work",
    "States": {
        "Work": {"Type": "Task", "Retry": RETRY, "Catch": CATCH, "Next": "Done"},
        "Done": {"Type": "Succeed"},
        "Mourn": {"Type": "Fail"},
        "Panic": {"Type": "Fail"},
    },
}
BUSY, FAILED, ALL = (Branch("Work", "Retry", tuple(entry["ErrorEquals"])) for entry in RETRY)
LOST, ANY = (Branch("Work", "Catch", tuple(entry["ErrorEquals"])) for entry in CATCH)


def log(*events: tuple[str, dict[str, Any]], execution: str = "one") -> list[dict[str, Any]]:
    """Return the log of an execution whose events follow one another."""
    return [
        {"execution_arn": execution, "id": str(n), "previous_event_id": str(n - 1), "type": kind, "details": details}
        for n, (kind, details) in enumerate(events, 1)
    ]


def entered(state: str) -> tuple[str, dict[str, Any]]:
    return "TaskStateEntered", {"name": state}


def failed(error: str) -> tuple[str, dict[str, Any]]:
    return "TaskFailed", {"error": error}


SCHEDULED = ("TaskScheduled", {})


def gone_through(*events: tuple[str, dict[str, Any]]) -> set[Branch]:
    """Return the Retry and Catch entries that such an execution went through."""
    return {branch for branch in visited(DEFINITION, log(*events)) if branch.kind != "state"}


def test_every_state_and_entry_is_to_be_gone_through() -> None:
    labels = [str(branch) for branch in branches(DEFINITION)]
    assert labels[:6] == [
        "Work entered",
        "Work Retry Busy",
        "Work Retry States.TaskFailed",
        "Work Retry States.ALL",
        "Work Catch Gone, …",
        "Work Catch States.ALL",
    ]
    assert labels[6:] == ["Done entered", "Mourn entered", "Panic entered"]


def test_what_goes_well_visits_no_retry_and_no_catch() -> None:
    counted = visited(DEFINITION, log(entered("Work"), SCHEDULED, ("TaskSucceeded", {}), entered("Done")))
    assert counted == {Branch("Work", "state"): 1, Branch("Done", "state"): 1}


def test_the_first_retrier_that_matches_wins() -> None:
    assert gone_through(entered("Work"), SCHEDULED, failed("Busy"), SCHEDULED) == {BUSY}
    assert gone_through(entered("Work"), SCHEDULED, failed("Other"), SCHEDULED) == {FAILED}


def test_a_time_out_is_no_failed_task() -> None:
    assert gone_through(entered("Work"), SCHEDULED, ("TaskTimedOut", {}), SCHEDULED) == {ALL}


def test_a_failure_that_is_not_tried_again_is_no_retry() -> None:
    assert gone_through(entered("Work"), SCHEDULED, failed("Busy"), ("ExecutionFailed", {})) == set()


def test_the_first_catcher_that_matches_wins_and_its_target_is_entered() -> None:
    assert gone_through(entered("Work"), SCHEDULED, failed("Lost"), entered("Mourn")) == {LOST}
    assert gone_through(entered("Work"), SCHEDULED, failed("Other"), entered("Panic")) == {ANY}


def test_going_on_elsewhere_is_not_a_catch() -> None:
    assert gone_through(entered("Work"), SCHEDULED, failed("Lost"), entered("Panic")) == set()


def test_executions_are_told_apart_and_their_events_put_in_order() -> None:
    one = log(entered("Work"), SCHEDULED, failed("Busy"))
    other = log(entered("Work"), SCHEDULED, SCHEDULED, SCHEDULED, execution="other")
    assert visited(DEFINITION, [*other, *one]) == {Branch("Work", "state"): 2}
    long = log(entered("Work"), *[SCHEDULED] * 8, failed("Busy"), SCHEDULED)
    assert visited(DEFINITION, reversed(long))[BUSY] == 1, "event 10 comes after event 9"


def test_a_parallel_state_fails_by_what_failed_in_it() -> None:
    inner = {"StartAt": "Tell", "States": {"Tell": {"Type": "Task", "End": True}}}
    both = {"Type": "Parallel", "Branches": [inner], "Catch": CATCH, "Next": "Done"}
    definition = {"StartAt": "Both", "States": {**DEFINITION["States"], "Both": both}}  # type: ignore[dict-item]
    events = [
        entered("Both"),
        entered("Tell"),
        SCHEDULED,
        failed("Lost"),
        ("ParallelStateFailed", {}),
        entered("Mourn"),
    ]
    assert visited(definition, log(*events))[Branch("Both", "Catch", ("Gone", "Lost"))] == 1
