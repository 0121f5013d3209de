"""The machine's steps may run twice: the same answer, one audit entry; and what people decided is never lost."""

import json
from typing import Any

import pytest

from approval_workflow.adapters.requests import Ledger
from approval_workflow.domain.errors import UnknownRequest, WrongOutcome
from approval_workflow.domain.lifecycle import closed
from approval_workflow.handlers import close_request, decide, record_outcome, resume_workflow, validate_request
from shared.faults import TransientFailure
from tests.support.functions import Context
from tests.unit.approval_workflow.aws import refusal
from tests.unit.approval_workflow.workflow import AUDIT, ENVIRONMENT, REQUESTS, WISH, Workflow, api_event


def decision(status: str) -> str:
    return json.dumps({"decision": status})


def kinds(workflow: Workflow) -> list[tuple[str, str]]:
    """Return recipient and kind of every message."""
    attributes = [message["MessageAttributes"] for message in workflow.topic.messages]
    return [(each["recipient"]["StringValue"], each["kind"]["StringValue"]) for each in attributes]


def test_every_approver_is_asked_with_all_they_need_to_know(workflow: Workflow) -> None:
    request_id = workflow.asked()
    assert kinds(workflow) == [(name, "approval_asked") for name in ("bert", "cleo", "dana")]
    message = workflow.topic.messages[0]
    assert message["Subject"] == f"Approval asked by ada ({request_id})"
    facts = {
        "Requester: ada", "Instance type: t3.micro, or else t3.small", "Hours: 24", "Costs at most: 0.4992 USD",
        "Purpose: Load test", "Decide until: 2026-11-26 08:00 UTC", "Approvals: 0 of 2",
    }  # fmt: skip
    assert facts <= set(message["Message"].splitlines())
    assert message["Message"].splitlines()[-1].startswith(ENVIRONMENT["DECISIONS_URL"])
    assert "token-0" not in message["Message"]


def test_reminders_go_to_those_who_have_not_decided(workflow: Workflow) -> None:
    request_id = workflow.asked()
    workflow.decide(workflow.link(request_id, "bert"), decision="approve")
    assert workflow.ask(request_id, 1, "token-1") == {"asked": ["cleo", "dana"]}
    assert kinds(workflow)[3:] == [("cleo", "reminder"), ("dana", "reminder")]
    assert workflow.stored(request_id)["task_token"] == "token-1"
    assert workflow.trail(request_id)[2:] == ["ASKED", "APPROVED_BY", "REMINDED"]


def test_a_round_that_is_tried_again_has_one_entry_and_the_newer_token(workflow: Workflow) -> None:
    request_id = workflow.asked()
    workflow.ask(request_id)
    workflow.ask(request_id, 0, "token-0b")
    assert workflow.trail(request_id) == ["SUBMITTED", "VALIDATED", "ASKED"]
    assert workflow.stored(request_id)["task_token"] == "token-0b"
    assert [len(items) for items in workflow.everything()] == [1, 3, 3]


@pytest.mark.parametrize(("choice", "status"), [("approve", "APPROVED"), ("deny", "REJECTED")])
def test_a_stored_decision_is_answered_from_the_stream(workflow: Workflow, choice: str, status: str) -> None:
    request_id = workflow.asked()
    for name in ("bert", "cleo"):
        workflow.decide(workflow.link(request_id, name), decision=choice)
    assert workflow.states.answers == []
    assert workflow.resume(request_id) == {"batchItemFailures": []}
    assert workflow.states.answers == [("token-0", decision(status))]


def test_a_decision_between_two_rounds_is_answered_by_the_next_one(workflow: Workflow) -> None:
    request_id = workflow.approved()
    before, messages = workflow.everything(), len(workflow.topic.messages)
    assert workflow.ask(request_id, 1, "token-1") == {"asked": []}
    assert workflow.states.answers == [("token-1", decision("APPROVED"))]
    assert (workflow.everything(), len(workflow.topic.messages)) == (before, messages)


@pytest.mark.parametrize("code", ["TaskTimedOut", "TaskDoesNotExist", "InvalidToken"])
def test_a_token_that_nobody_waits_with_is_no_error(workflow: Workflow, code: str) -> None:
    request_id = workflow.approved()
    error = getattr(workflow.states.exceptions, code)({"Error": {"Code": code}}, "SendTaskSuccess")
    workflow.states.fails = [error]
    assert workflow.resume(request_id) == {"batchItemFailures": []}


def test_an_answer_that_fails_comes_again_with_the_stream(workflow: Workflow) -> None:
    request_id = workflow.approved()
    workflow.states.fails = [refusal("InternalError", 500)]
    with pytest.raises(TransientFailure):
        workflow.resume(request_id)
    workflow.resume(request_id)
    assert workflow.states.answers == [("token-0", decision("APPROVED"))]


def test_a_function_that_dies_after_storing_a_decision_loses_nothing(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch
) -> None:
    request_id = workflow.asked()
    workflow.decide(workflow.link(request_id, "bert"), decision="approve")
    with monkeypatch.context() as patch:
        patch.setattr(decide, "page", lambda _html: 1 / 0)
        assert workflow.decide(workflow.link(request_id, "cleo"), decision="approve")["statusCode"] == 500
    workflow.resume(request_id)
    assert workflow.states.answers == [("token-0", decision("APPROVED"))]
    assert workflow.decide(workflow.link(request_id, "cleo"), decision="approve")["statusCode"] == 409


@pytest.mark.parametrize("outcome", ["APPROVED", "REJECTED", "EXPIRED", "INVALID", "LAUNCH_FAILED"])
def test_an_outcome_is_recorded_once(workflow: Workflow, outcome: str) -> None:
    request_id = at_the_end(workflow, outcome)
    for _ in range(2):
        answer = workflow.step(record_outcome, request_id, outcome=outcome, detail=["too dear", "too long"])
        assert answer == {"status": outcome, "requester_name": "ada"}
    stored = workflow.stored(request_id)
    assert (stored["status"], stored["outcome"], stored["detail"]) == (outcome, outcome, "too dear; too long")
    assert workflow.trail(request_id).count(outcome) == 1
    assert "task_token" not in stored


def at_the_end(workflow: Workflow, outcome: str) -> str:
    """Return the id of a request that comes out in some way."""
    if outcome == "INVALID":
        request_id = workflow.submit(WISH | {"hours": 100})
        workflow.validate(request_id)
        return request_id
    request_id = workflow.asked()
    if outcome == "EXPIRED":
        workflow.step(close_request, request_id)
    else:
        for name in ("bert", "cleo"):
            workflow.decide(workflow.link(request_id, name), decision="deny" if outcome == "REJECTED" else "approve")
    return request_id


@pytest.mark.parametrize(
    ("decided", "told"),
    [
        ("REJECTED", "LAUNCH_FAILED"),
        ("REJECTED", "APPROVED"),
        ("EXPIRED", "APPROVED"),
        ("APPROVED", "INVALID"),
        ("INVALID", "ENDED"),
        ("INVALID", ""),
    ],
)
def test_the_machine_cannot_report_what_was_not_decided(workflow: Workflow, decided: str, told: str) -> None:
    request_id = at_the_end(workflow, decided)
    before = workflow.everything()
    with pytest.raises(WrongOutcome):
        workflow.step(record_outcome, request_id, outcome=told, detail="")
    assert workflow.everything() == before


@pytest.mark.parametrize(
    ("detail", "text"),
    [
        (None, ""), ("x" * 2000, "x" * 1000), ({"Error": "LaunchRefused", "Cause": "no"}, "LaunchRefused: no"),
        ({"Error": "States.Timeout"}, "States.Timeout: "), ({}, "Unknown: "), ([], ""),
    ],
)  # fmt: skip
def test_whatever_the_machine_says_about_an_outcome_is_kept_as_text(workflow: Workflow, detail: Any, text: str) -> None:
    request_id = at_the_end(workflow, "LAUNCH_FAILED")
    workflow.step(record_outcome, request_id, outcome="LAUNCH_FAILED", detail=detail)
    assert workflow.audit(request_id)[-1]["detail"] == text


def test_a_request_that_does_not_exist_is_an_error(workflow: Workflow) -> None:
    for step in (validate_request, close_request):
        with pytest.raises(UnknownRequest):
            workflow.step(step, "req-" + "0" * 20)


class Refusing:
    """DynamoDB, whose transactions are cancelled for a reason."""

    def __init__(self, tables: Any, code: str) -> None:
        self._tables = tables
        self.code = code
        self.attempts = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._tables, name)

    def transact_write_items(self, **_call: Any) -> None:
        self.attempts += 1
        reasons = [{"Code": "None"}, {"Code": self.code}]
        answer = {"Error": {"Code": "TransactionCanceledException"}, "CancellationReasons": reasons}
        raise self.exceptions.TransactionCanceledException(answer | {"ResponseMetadata": {}}, "TransactWriteItems")


@pytest.mark.parametrize(
    ("code", "attempts", "error"),
    [
        ("TransactionConflict", 10, TransientFailure),
        ("ConditionalCheckFailed", 10, TransientFailure),
        ("ThrottlingError", 1, TransientFailure),
        ("ValidationError", 1, Exception),
    ],
)
def test_a_change_that_cannot_be_written_fails_after_a_bounded_number_of_attempts(
    workflow: Workflow, monkeypatch: pytest.MonkeyPatch, code: str, attempts: int, error: type[Exception]
) -> None:
    request_id = workflow.asked()
    refusing = Refusing(workflow.dynamodb, code)
    monkeypatch.setattr("approval_workflow.adapters.requests.client", lambda _service: refusing)
    with pytest.raises(error):
        Ledger(REQUESTS, AUDIT).change(request_id, lambda stored: closed(stored, ""))
    assert refusing.attempts == attempts


def test_no_change_is_written_without_its_entry(workflow: Workflow) -> None:
    request_id = workflow.asked()
    version = workflow.stored(request_id)["version"]
    item = {"request_id": {"S": request_id}, "entry_id": {"S": f"{version + 1:06}#APPROVED_BY"}}
    workflow.dynamodb.put_item(TableName=AUDIT, Item=item, ConditionExpression="attribute_not_exists(entry_id)")
    answer = workflow.decide(workflow.link(request_id, "bert"), decision="approve")
    assert answer["statusCode"] == 503
    assert workflow.stored(request_id)["version"] == version


def test_the_golden_stream_record_is_answered(workflow: Workflow) -> None:
    resume_workflow.handler(api_event("approval_requests_stream"), Context())
    assert workflow.states.answers == [("token-0", decision("APPROVED"))]
