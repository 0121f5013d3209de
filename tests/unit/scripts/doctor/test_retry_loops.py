"""Retries that cannot help, are too many or never end; and those that are as they should be."""

from collections.abc import Mapping
from typing import Any

import pytest

from scripts.doctor.facts import Attempt, Environment, Execution, StateMachine
from scripts.doctor.findings import Confidence, Fault, Finding
from scripts.doctor.rules.retry_loops import findings, permanent, retrier_of

ARN = "arn:aws:states:us-east-1:123456789012:execution:load:run-1"
CATCH = [{"ErrorEquals": ["States.ALL"], "Next": "Fail"}]


def retry(*errors: str, attempts: int | None = 3) -> dict[str, Any]:
    return {"ErrorEquals": list(errors)} | ({} if attempts is None else {"MaxAttempts": attempts})


def machine(task: Mapping[str, Any], *executions: Execution, standard: bool = True) -> StateMachine:
    states = {
        "Load": {"Type": "Task", "Next": "Done", **task},
        "Done": {"Type": "Succeed"},
        "Fail": {"Type": "Fail"},
    }
    return StateMachine("load", "arn:load", {"StartAt": "Load", "States": states}, executions, standard)


def ran(error: str, count: int, status: str = "FAILED", cause: str = "no", **facts: Any) -> Execution:
    attempts = tuple(Attempt("Load", error, cause.format(number), float(number), number) for number in range(count))
    return Execution(ARN, status, 0.0, attempts, **{"visits": {"Load": 1}, **facts})


def diagnosed(*machines: StateMachine) -> list[Finding]:
    return list(findings(Environment("dev", machines=machines)))


def the_one(machine: StateMachine) -> Finding:
    [found] = diagnosed(machine)
    assert found.fault is Fault.RETRY_LOOP
    return found


@pytest.mark.parametrize(
    "execution",
    [
        ran("Lambda.TooManyRequestsException", 3, "SUCCEEDED"),
        ran("Lambda.TooManyRequestsException", 1),
        ran("Transient", 4, cause="attempt {}"),
        ran("KeyError", 1),
        Execution(ARN, "SUCCEEDED", 0.0),
    ],
)
def test_a_few_retries_of_what_passes_are_healthy(execution: Execution) -> None:
    assert diagnosed(machine({"Retry": [retry("States.ALL")], "Catch": CATCH}, execution)) == []


def test_items_of_a_map_that_fail_once_each_are_no_loop() -> None:
    execution = ran("KeyError", 40, visits={"Load": 40})
    assert diagnosed(machine({"Retry": [retry("States.ALL")]}, execution)) == []


def test_too_many_attempts_are_named_with_their_cost() -> None:
    found = the_one(
        machine({"Retry": [retry("Busy", attempts=99_999_999)], "Catch": CATCH}, ran("Busy", 201, "RUNNING"))
    )
    assert (found.cause, found.confidence) == ("excessive_attempts", Confidence.CERTAIN)
    assert "200 times in one execution" in found.root_cause
    assert "0.0050 USD" in found.root_cause
    assert "MaxAttempts of that retrier to 3" in found.fix.text
    assert "Catch" not in found.fix.text


def test_an_error_that_stays_is_taken_out_of_the_retry() -> None:
    found = the_one(machine({"Retry": [retry("States.ALL", attempts=6)], "Catch": CATCH}, ran("ValueError", 7)))
    assert (found.cause, found.confidence) == ("permanent_error_retried", Confidence.CERTAIN)
    assert '{"ErrorEquals": ["ValueError"], "MaxAttempts": 0}' in found.fix.text
    assert found.subject == "load.Load"


def test_an_error_that_stays_and_is_named_in_the_retry_has_to_leave_it() -> None:
    found = the_one(machine({"Retry": [retry("NoSuchKey")], "Catch": CATCH}, ran("NoSuchKey", 4)))
    assert "must not be among its ErrorEquals" in found.fix.text


def test_a_missing_catch_is_part_of_the_cure() -> None:
    found = the_one(machine({"Retry": [retry("States.ALL")]}, ran("Lambda.ResourceNotFoundException", 4)))
    assert "nothing catches it" in found.root_cause
    assert "a Catch for States.ALL" in found.fix.text


def test_an_unknown_error_that_was_always_the_same_is_likely_to_stay() -> None:
    found = the_one(machine({"Retry": [retry("States.TaskFailed", attempts=8)]}, ran("BadOrder", 9, cause="order 7")))
    assert (found.cause, found.confidence) == ("permanent_error_retried", Confidence.LIKELY)


def test_a_functions_error_is_the_same_whatever_the_requests_id() -> None:
    cause = '{{"errorMessage": "order 7", "requestId": "{}"}}'
    found = the_one(machine({"Retry": [retry("States.TaskFailed", attempts=8)]}, ran("BadOrder", 9, cause=cause)))
    assert found.cause == "permanent_error_retried"


def test_an_error_that_the_retry_names_is_expected_to_pass() -> None:
    assert diagnosed(machine({"Retry": [retry("Busy", attempts=8)]}, ran("Busy", 9))) == []


def test_express_machines_are_not_billed_by_transition() -> None:
    found = the_one(machine({"Retry": [retry("States.ALL")]}, ran("TypeError", 4), standard=False))
    assert "billed by time" in found.root_cause


def test_one_state_is_one_finding_over_many_executions() -> None:
    one = ran("TypeError", 4)
    other = Execution(ARN + "-2", "FAILED", 0.0, one.attempts, {"Load": 1})
    found = the_one(machine({"Retry": [retry("States.ALL")]}, one, other))
    assert len(found.symptoms) == 2
    assert "6 times in 2" in found.root_cause


def polling(leave: bool = True, **visits: int) -> StateMachine:
    states = {
        "Wait": {"Type": "Wait", "Seconds": 1, "Next": "Look"},
        "Look": {"Type": "Pass", "Next": "Ready?" if leave else "Wait"},
        "Ready?": {"Type": "Choice", "Choices": [{"Condition": "{% false %}", "Next": "Done"}], "Default": "Wait"},
        "Done": {"Type": "Succeed"},
    }
    execution = Execution(ARN, "RUNNING", 0.0, visits=visits, transitions=3 * visits.get("Wait", 0))
    return StateMachine("poll", "arn:poll", {"StartAt": "Wait", "States": states}, (execution,))


def test_a_loop_that_goes_round_a_few_times_is_healthy() -> None:
    assert diagnosed(polling(Wait=20, Look=20)) == []


def test_a_loop_without_an_end_in_sight_is_named_with_its_ways_out() -> None:
    found = the_one(polling(Wait=4000, Look=4000))
    assert (found.cause, found.confidence) == ("endless_cycle", Confidence.LIKELY)
    assert "Ready? -> Done" in found.root_cause
    assert "0.3000 USD" in found.root_cause


def test_a_loop_without_any_way_out_is_certain() -> None:
    assert the_one(polling(leave=False, Wait=101)).confidence is Confidence.CERTAIN


def test_the_first_retrier_that_takes_an_error_decides() -> None:
    state = {"Retry": [retry("A"), retry("States.TaskFailed", attempts=1), retry("States.ALL", attempts=2)]}
    found = [retrier_of(state, error) for error in ("A", "B", "States.Timeout", "States.Runtime")]
    assert [each and each["MaxAttempts"] for each in found] == [3, 1, 2, 1]
    assert retrier_of({"Retry": [retry("States.ALL")]}, "States.Runtime") is None


def test_the_last_part_of_an_errors_name_tells_whether_it_stays() -> None:
    assert permanent("Lambda.ResourceNotFoundException")
    assert permanent("States.QueryEvaluationError")
    assert not permanent("States.Timeout")
    assert not permanent("States.ALL")
